use core::ffi::{c_char, c_void};
use core::ptr;

use super::author::{Author, Fields};
use super::handle::{Plugin, Term, hand_out};
use super::parameters::PluginParameter;
use crate::entry;
use crate::result::ResultCode;
use segloss_c_boundary::versioned::{Versioned, read};
use segloss_c_boundary::{BadArgument, options};
use segloss_core::compose::{Definition, TileRegionTerm};
use segloss_core::lanes::Dual;
use segloss_core::region::{Occurring, Pool, SUMS, Seed, SeededSums};
use segloss_core::term::{Absent, Arguments};

/// In which sum a region term is differentiated. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionSeed {
    /// In none: the slope is not read.
    Nothing = 0,
    /// In the false positives of `seed_class`.
    FalsePositive = 1,
    /// In the false negatives of `seed_class`, whose true positives fall as these grow: the derivative in
    /// the former minus that in the latter.
    FalseNegative = 2,
}

/// The sums of all classes over the valid pixels of a sample or of the batch. With p the probability of
/// a class and g its target, each class has three numbers in this order: true positives, the sum of p g;
/// false positives, of p (1 - g); and false negatives, of (1 - p) g. The target's mass is the sum of the
/// first and the last, the predicted mass that of the first two. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RegionSums {
    /// sizeof(segloss_region_sums), of the library.
    pub struct_size: u32,
    /// A segloss_region_seed.
    pub seed: i32,
    /// The class of the sum that the loss is differentiated in.
    pub seed_class: usize,
    /// Three numbers a class.
    pub sums: *const f64,
    /// The number of classes; 1 for a binary mask.
    pub classes: usize,
    /// Not 0 if classes whose target's mass is 0 are to be left out (`absent=skip`): those of neither true
    /// positives nor false negatives.
    pub skips_absent: i32,
    /// 0.
    pub reserved: i32,
    /// The number of valid pixels in which each class can occur, one a class. A class of 0 (a channel that is ignored as
    /// a whole, a label that is ignored) is to have no part in a mean over classes.
    pub counts: *const f64,
}

/// A region term: a loss of sums over regions. Start from SEGLOSS_REGION_TERM_INIT.
///
/// Its functions may be called on any thread, several at the same time. They return normally: no
/// exception and no longjmp leaves them. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RegionTerm {
    /// sizeof(segloss_region_term).
    pub struct_size: u32,
    /// SEGLOSS_PLUGIN_API_VERSION.
    pub api_version: u32,
    /// Its name in text: letters, digits and `_`.
    pub name: *const c_char,
    /// Its parameters. NULL: none.
    pub parameters: *const PluginParameter,
    /// Entries of `parameters`, up to 8.
    pub parameter_count: usize,
    /// What its functions are given first.
    pub context: *mut c_void,
    /// Writes the loss of all classes to `value`, and its derivative in the seed that `sums` names to
    /// `slope`. `parameters` are as many as declared, in that order.
    pub loss: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            parameters: *const f64,
            sums: *const RegionSums,
            value: *mut f64,
            slope: *mut f64,
        ),
    >,
    /// (optional) Called once with the context when the plugin and all losses made with it are freed.
    /// Not called if the plugin is refused.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Not 0 if it is formed for each sample unless the text says otherwise (`pool=`), 0 for the batch.
    pub pools_samples: i32,
    /// 0.
    pub reserved: i32,
}

// SAFETY: its size comes first, and zeros are valid in every field.
unsafe impl Versioned for RegionTerm {
    const FIRST: usize = size_of::<Self>();
}

/// A region term as a plugin, into `plugin`, as segloss_plugin_pixel does for pixel terms. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; the functions do what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_plugin_region(
    term: *const RegionTerm,
    plugin: *mut *mut Plugin,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let table = unsafe { read(term, "term")? };
        let RegionTerm { api_version, name, parameters, parameter_count, context, .. } = table;
        let fields = Fields { api_version, name, parameters, parameter_count, context };
        // SAFETY: as above.
        let author = unsafe { Author::read(fields)? };
        options::reserved("term.reserved", table.reserved)?;
        let loss = table.loss.ok_or(BadArgument::Null { argument: "term", field: ".loss" })?;
        let pool = if table.pools_samples == 0 { Pool::Batch } else { Pool::Sample };
        // SAFETY: as above.
        unsafe { hand_out(Own { author, loss, pool }, context, table.release, plugin) }
    })
}

/// A term of regions' sums, by a function of the author's.
#[derive(Debug)]
struct Own {
    author: Author,
    loss: unsafe extern "C" fn(
        *mut c_void,
        *const f64,
        *const RegionSums,
        value: *mut f64,
        slope: *mut f64,
    ),
    pool: Pool,
}

impl Term for Own {
    fn single(&'static self) -> Definition<'static, f32, f64> {
        Definition::region_tiles(self.author.name, self.author.parameters(), self)
    }

    fn double(&'static self) -> Definition<'static, f64, f64> {
        Definition::region_tiles(self.author.name, self.author.parameters(), self)
    }
}

impl TileRegionTerm<f64> for Own {
    fn pool(&self, _: Arguments<'_>, _: usize) -> Pool {
        self.pool
    }

    fn loss(&self, arguments: Arguments<'_>, sums: SeededSums<'_, f64>) -> Dual<f64> {
        let (seed, seed_class) = match sums.seed() {
            None => (RegionSeed::Nothing, 0),
            Some(Seed::FalsePositive(class)) => (RegionSeed::FalsePositive, class),
            Some(Seed::FalseNegative(class)) => (RegionSeed::FalseNegative, class),
        };
        let all = sums.accumulators();
        let region = RegionSums {
            struct_size: size_of::<RegionSums>() as u32,
            seed: seed as i32,
            seed_class,
            sums: all.as_ptr(),
            classes: all.len() / SUMS,
            skips_absent: i32::from(sums.options().absent == Absent::Skip),
            reserved: 0,
            counts: match sums.occurring() {
                Occurring::Counts(counts) => counts.as_ptr(),
                Occurring::AllBut(_) => ptr::null(),
            },
        };
        let values = self.author.values(arguments);
        let (mut value, mut slope) = (0.0, 0.0);
        // SAFETY: the sums are as many as it says, and the author's word for the rest.
        unsafe {
            (self.loss)(self.author.context, values.as_ptr(), &region, &mut value, &mut slope);
        }
        Dual::new(value, if seed == RegionSeed::Nothing { 0.0 } else { slope })
    }
}
