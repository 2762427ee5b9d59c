use core::ffi::{c_char, c_void};

use super::parameters::Declared;
use super::{Body, Plugin, PluginParameter, check_version};
use crate::entry;
use crate::fault::Fault;
use crate::names;
use crate::result::ResultCode;
use crate::text;
use crate::versioned::{Versioned, read};
use segloss_core::compose::TileRegionTerm;
use segloss_core::lanes::Dual;
use segloss_core::region::{Pool, SUMS, Seed, SeededSums};
use segloss_core::term::{Arguments, Missing};

/// In which sum a region term is differentiated. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionSeed {
    /// In none: the slope is not read.
    Nothing = 0,
    /// In the false positives of `seed_class`.
    FalsePositive = 1,
    /// In the false negatives of `seed_class`.
    FalseNegative = 2,
}

/// The sums of all classes over the valid pixels of a sample or of the batch. With p the probability of
/// a class and g its target, each class has three numbers in this order: false positives, the sum of
/// p (1 - g); false negatives, of (1 - p) g; and the target's mass, of g. Since 0.1.
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
    /// Not 0 if classes whose target's mass is 0 are to be left out (`absent=skip`).
    pub skips_absent: i32,
    /// 0.
    pub reserved: i32,
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
    /// Writes the loss of all classes to `value`, and its derivative in the sum that `sums` names to
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

#[derive(Clone, Copy, Debug)]
pub(super) struct Functions {
    loss: unsafe extern "C" fn(
        *mut c_void,
        *const f64,
        *const RegionSums,
        value: *mut f64,
        slope: *mut f64,
    ),
    pool: Pool,
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
        let term = unsafe { read(term, "term")? };
        check_version(term.api_version)?;
        if term.reserved != 0 {
            let (argument, value) = ("term.reserved", term.reserved.into());
            return Err(Fault::Option { argument, value, expected: "0" });
        }
        // SAFETY: as above.
        let name = names::keep(unsafe { text::read(term.name, "term", ".name")? });
        // SAFETY: as above.
        let declared = unsafe { Declared::read(name, term.parameters, term.parameter_count)? };
        let loss = term.loss.ok_or(Fault::Null { argument: "term", field: ".loss" })?;
        let pool = if term.pools_samples == 0 { Pool::Batch } else { Pool::Sample };
        let body = Body::Region(Functions { loss, pool });
        // SAFETY: as above.
        unsafe { super::give(name, declared, body, (term.context, term.release), plugin) }
    })
}

impl TileRegionTerm<f64> for Plugin {
    fn pool(&self, _: Arguments<'_>, _: usize) -> Pool {
        match &self.body {
            Body::Region(functions) => functions.pool,
            Body::Pixel(_) | Body::Class(_) => Pool::Batch,
        }
    }

    fn loss(&self, arguments: Arguments<'_>, sums: SeededSums<'_, f64>) -> Dual<f64> {
        let Body::Region(functions) = &self.body else { return Dual::constant(0.0) };
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
            skips_absent: i32::from(sums.absent() == Missing::Skip),
            reserved: 0,
        };
        let values = self.declared.values(arguments);
        let (mut value, mut slope) = (0.0, 0.0);
        // SAFETY: the sums are as many as it says, and the author's word for the rest.
        unsafe {
            (functions.loss)(self.context.place, values.as_ptr(), &region, &mut value, &mut slope);
        }
        Dual::new(value, if seed == RegionSeed::Nothing { 0.0 } else { slope })
    }
}
