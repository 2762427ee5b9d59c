use segloss_core::Error;
use segloss_core::class::ClassTerm;
use segloss_core::compose::{Definition, MapDefinition, Registry, WeightMap};
use segloss_core::lanes::Real;
use segloss_core::level::Level;
use segloss_core::maps::MapLevel;
use segloss_core::pixel::PixelTerm;
use segloss_core::region::RegionTerm;
use segloss_core::summation::Accumulator;

use crate::{AnyLevel, with_level};

/// The terms and maps that texts can name, run at one level: the built-in ones and any number of
/// others, each added by its type.
///
/// ```
/// use segloss_core::{Error, lanes::Lanes, pixel::*, term::*};
/// use segloss_simd::{AnyLevel, Library};
///
/// #[derive(Clone, Copy)]
/// struct SquaredError;
///
/// impl PixelTerm for SquaredError {
///     const NAME: &'static str = "squared_error";
///     const PARAMETERS: &'static [Parameter] = &[];
///
///     fn new(_: Arguments<'_>) -> Self {
///         SquaredError
///     }
///
///     fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
///         (pixel.p - pixel.y) * (pixel.p - pixel.y)
///     }
/// }
///
/// let mut library = Library::<f32>::new(AnyLevel::best());
/// library.add_pixel::<SquaredError>()?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Library<T: Real, A: Accumulator = f64> {
    level: AnyLevel,
    terms: Vec<Definition<'static, T, A>>,
    maps: Vec<MapDefinition<'static, T>>,
}

impl<T: Real, A: Accumulator> Default for Library<T, A> {
    /// The built-in terms at the fastest level of this machine.
    fn default() -> Self {
        Library::new(AnyLevel::best())
    }
}

impl<T: Real, A: Accumulator> Library<T, A> {
    /// The built-in terms at `level`.
    pub fn new(level: AnyLevel) -> Self {
        Library { level, terms: Vec::new(), maps: Vec::new() }
    }

    /// The level that everything runs at.
    pub fn level(&self) -> AnyLevel {
        self.level
    }

    /// Adds a pixel term.
    ///
    /// # Errors
    /// [`Error::Definition`] for a name or parameters that cannot be, as with the other methods.
    pub fn add_pixel<P: PixelTerm>(&mut self) -> Result<(), Error> {
        fn define<P: PixelTerm, T: Real, A: Accumulator, Lv: Level>(
            _: Lv,
        ) -> Definition<'static, T, A> {
            Definition::pixel::<P, Lv>()
        }
        self.add_term(with_level!(self.level, level => define::<P, T, A, _>(level)))
    }

    /// Adds a class term.
    ///
    /// # Errors
    /// [`Error::Definition`].
    pub fn add_class<P: ClassTerm>(&mut self) -> Result<(), Error> {
        fn define<P: ClassTerm, T: Real, A: Accumulator, Lv: Level>(
            _: Lv,
        ) -> Definition<'static, T, A> {
            Definition::class::<P, Lv>()
        }
        self.add_term(with_level!(self.level, level => define::<P, T, A, _>(level)))
    }

    /// Adds a region term.
    ///
    /// # Errors
    /// [`Error::Definition`].
    pub fn add_region<P: RegionTerm>(&mut self) -> Result<(), Error> {
        self.add_term(Definition::region::<P>())
    }

    /// Adds a term of tiles ([`Definition::pixel_tiles`] and its like).
    ///
    /// # Errors
    /// [`Error::Definition`].
    pub fn add_term(&mut self, term: Definition<'static, T, A>) -> Result<(), Error> {
        self.terms.push(term);
        let checked = self.builtin().with_terms(&self.terms).map(|_| ());
        if checked.is_err() {
            self.terms.pop();
        }
        checked
    }

    /// Adds a weight map.
    ///
    /// # Errors
    /// [`Error::Definition`].
    pub fn add_map<M: WeightMap>(&mut self) -> Result<(), Error> {
        self.add_map_definition(MapDefinition::computed::<M>())
    }

    /// Adds a map that is an object or that the caller gives ([`MapDefinition::given`]).
    ///
    /// # Errors
    /// [`Error::Definition`].
    pub fn add_map_definition(&mut self, map: MapDefinition<'static, T>) -> Result<(), Error> {
        self.maps.push(map);
        let checked = self.builtin().with_maps(&self.maps).map(|_| ());
        if checked.is_err() {
            self.maps.pop();
        }
        checked
    }

    fn builtin(&self) -> Registry<'static, T, A> {
        fn builtin<T: Real, A: Accumulator, Lv: MapLevel>(_: Lv) -> Registry<'static, T, A> {
            Registry::builtin::<Lv>()
        }
        with_level!(self.level, level => builtin(level))
    }

    /// All terms and maps.
    pub fn registry(&self) -> Registry<'_, T, A> {
        let builtin: Registry<'_, T, A> = self.builtin();
        // Each was checked when it was added.
        let with_terms = builtin.with_terms(&self.terms).unwrap_or(builtin);
        with_terms.with_maps(&self.maps).unwrap_or(with_terms)
    }
}
