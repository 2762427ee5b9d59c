use core::fmt;

use segloss_core::builtin::{self, TermVisitor};
use segloss_core::class::{ClassPixel, ClassTerm};
use segloss_core::compose::{Definition, MapDefinition, Registry};
use segloss_core::engine::Link;
use segloss_core::level::Scalar;
use segloss_core::pixel::{Pixel, PixelTerm};
use segloss_core::region::RegionTerm;
use segloss_core::term::Arguments;

use crate::sums::TracedSums;
use crate::trace::{Expr, Format};
use segloss_core::lanes::Dual;

/// The terms that a loss on a device can name: the built-in ones, and plugins by their type.
///
/// A plugin is the same type that `segloss-simd` takes; that its formula is traced is all there is to
/// it. Maps of plugins are not computed on devices: give their weights.
#[derive(Debug)]
pub struct Library {
    definitions: Vec<Definition<'static, f32>>,
    maps: Vec<MapDefinition<'static, f32>>,
    formulas: Formulas,
}

impl Default for Library {
    fn default() -> Self {
        Library::new()
    }
}

impl Library {
    /// The built-in terms and maps.
    pub fn new() -> Self {
        let mut formulas = Formulas::default();
        builtin::visit(&mut formulas);
        Library { definitions: Vec::new(), maps: Vec::new(), formulas }
    }

    /// Adds a pixel term.
    ///
    /// # Errors
    /// [`segloss_core::Error::Definition`] for a name that is taken or that no text can hold, or for
    /// parameters that no text can give.
    pub fn add_pixel<P: PixelTerm>(&mut self) -> Result<(), segloss_core::Error> {
        self.add(Definition::pixel::<P, Scalar>(), Formula::pixel::<P>())
    }

    /// Adds a class term.
    ///
    /// # Errors
    /// [`segloss_core::Error::Definition`] for a name that is taken or that no text can hold, or for
    /// parameters that no text can give.
    pub fn add_class<P: ClassTerm>(&mut self) -> Result<(), segloss_core::Error> {
        self.add(Definition::class::<P, Scalar>(), Formula::class::<P>())
    }

    /// Adds a region term.
    ///
    /// # Errors
    /// [`segloss_core::Error::Definition`] for a name that is taken or that no text can hold, or for
    /// parameters that no text can give.
    pub fn add_region<P: RegionTerm>(&mut self) -> Result<(), segloss_core::Error> {
        self.add(Definition::region::<P>(), Formula::region::<P>())
    }

    /// Adds a map whose weights every call gives by its name ([`MapDefinition::given`]).
    ///
    /// # Errors
    /// [`segloss_core::Error::Definition`] for a name that is taken or that no text can hold, or for
    /// parameters that no text can give.
    pub fn add_map(&mut self, map: MapDefinition<'static, f32>) -> Result<(), segloss_core::Error> {
        self.maps.push(map);
        let checked = self.try_registry().map(|_| ());
        if checked.is_err() {
            self.maps.pop();
        }
        checked
    }

    fn add(
        &mut self,
        definition: Definition<'static, f32>,
        formula: Formula,
    ) -> Result<(), segloss_core::Error> {
        self.definitions.push(definition);
        let checked = self.try_registry().map(|_| ());
        match checked {
            Ok(()) => self.formulas.of.push(formula),
            Err(_) => drop(self.definitions.pop()),
        }
        checked
    }

    fn try_registry(&self) -> Result<Registry<'_, f32>, segloss_core::Error> {
        Registry::builtin::<Scalar>().with_terms(&self.definitions)?.with_maps(&self.maps)
    }

    /// What texts are read with.
    pub(crate) fn registry(&self) -> Registry<'_, f32> {
        // Checked when each of them was added.
        self.try_registry().unwrap_or_else(|_| Registry::builtin::<Scalar>())
    }

    /// The formula of the term called `name` under `link`.
    pub(crate) fn formula(&self, name: &str, link: Link) -> Option<Formula> {
        let is_asked =
            |formula: &&Formula| formula.name == name && formula.link.is_none_or(|own| own == link);
        self.formulas.of.iter().find(is_asked).copied()
    }
}

/// The formulas of all terms: those of the crate, then those of plugins.
#[derive(Debug, Default)]
struct Formulas {
    of: Vec<Formula>,
}

impl TermVisitor for Formulas {
    fn pixel<P: PixelTerm>(&mut self) {
        self.of.push(Formula::pixel::<P>());
    }

    fn class<P: ClassTerm>(&mut self) {
        self.of.push(Formula::class::<P>());
    }

    fn region<P: RegionTerm>(&mut self) {
        self.of.push(Formula::region::<P>());
    }
}

/// Loss and slope of a pixel term.
pub(crate) type PixelFormula<T> =
    for<'g> fn(Arguments<'_>, &Pixel<Expr<'g, T>>) -> (Expr<'g, T>, Expr<'g, T>);
/// Loss and slope of a class term.
pub(crate) type ClassFormula<T> =
    for<'g> fn(Arguments<'_>, &ClassPixel<Expr<'g, T>>) -> (Expr<'g, T>, Expr<'g, T>);
/// Loss of a region term and its derivative in the seeded sum.
pub(crate) type RegionFormula<T> =
    for<'g> fn(Arguments<'_>, &TracedSums<'g, T>) -> Dual<Expr<'g, T>>;

/// A format, and which formula of a term is in it.
pub(crate) trait Traced: Format {
    fn of(formula: &Formula) -> FormulaIn<Self>;
}

impl Traced for f32 {
    fn of(formula: &Formula) -> FormulaIn<f32> {
        formula.single
    }
}

impl Traced for f64 {
    fn of(formula: &Formula) -> FormulaIn<f64> {
        formula.double
    }
}

/// A term's formula, to be traced in either format.
#[derive(Clone, Copy)]
pub(crate) struct Formula {
    name: &'static str,
    link: Option<Link>,
    single: FormulaIn<f32>,
    double: FormulaIn<f64>,
}

#[derive(Clone, Copy)]
pub(crate) enum FormulaIn<T> {
    Pixel(PixelFormula<T>),
    Class(ClassFormula<T>),
    Region(RegionFormula<T>),
}

impl fmt::Debug for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Formula").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Formula {
    fn pixel<P: PixelTerm>() -> Self {
        Formula {
            name: P::NAME,
            link: Some(Link::Sigmoid),
            single: FormulaIn::Pixel(pixel_formula::<P, f32>),
            double: FormulaIn::Pixel(pixel_formula::<P, f64>),
        }
    }

    fn class<P: ClassTerm>() -> Self {
        Formula {
            name: P::NAME,
            link: Some(Link::Softmax),
            single: FormulaIn::Class(class_formula::<P, f32>),
            double: FormulaIn::Class(class_formula::<P, f64>),
        }
    }

    fn region<P: RegionTerm>() -> Self {
        Formula {
            name: P::NAME,
            link: None,
            single: FormulaIn::Region(region_formula::<P, f32>),
            double: FormulaIn::Region(region_formula::<P, f64>),
        }
    }
}

fn pixel_formula<'g, P: PixelTerm, T: Format>(
    arguments: Arguments<'_>,
    pixel: &Pixel<Expr<'g, T>>,
) -> (Expr<'g, T>, Expr<'g, T>) {
    P::new(arguments).value_and_slope(pixel)
}

fn class_formula<'g, P: ClassTerm, T: Format>(
    arguments: Arguments<'_>,
    pixel: &ClassPixel<Expr<'g, T>>,
) -> (Expr<'g, T>, Expr<'g, T>) {
    P::new(arguments).value_and_slope(pixel)
}

fn region_formula<'g, P: RegionTerm, T: Format>(
    arguments: Arguments<'_>,
    sums: &TracedSums<'g, T>,
) -> Dual<Expr<'g, T>> {
    P::new(arguments).loss(sums)
}
