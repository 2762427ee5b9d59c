//! Losses by name, pixel by pixel: a function holds one loss and nothing of the others.

use core::slice;

use crate::memory::Memory;
use crate::{BAD_LENGTH, BAD_SHAPE, BAD_TARGET, BAD_VALUE, BAD_WEIGHT, INTERNAL};
use crate::{MISALIGNED, NULL_POINTER, OK, OUT_OF_MEMORY};
use segloss_core::class::Ce;
use segloss_core::compose::{Parts, class, pixel, region};
use segloss_core::engine::Report;
use segloss_core::pixel::Bce;
use segloss_core::region::{Dice, RegionTerm};
use segloss_core::slices::{Binary, Classes, Fault, Multiclass, Workspace, accumulators};
use segloss_core::summation::Compensated;
use segloss_core::term::{Arguments, Maps};

/// A sample; see the header.
#[repr(C)]
#[derive(Debug)]
pub struct Planes {
    logits: *const f32,
    targets: *const u8,
    gradient: *mut f32,
    map: *const f32,
    scratch: *mut f32,
    scratch_floats: u32,
    pixels: u32,
    classes: u32,
    ignored: i32,
}

/// What an evaluation gives; see the header.
#[repr(C)]
#[derive(Debug)]
pub struct Outcome {
    value: f32,
    valid: u32,
}

fn code(fault: Fault<f32, u8>) -> i32 {
    match fault {
        Fault::Length { .. } => BAD_LENGTH,
        Fault::Classes { .. } => BAD_SHAPE,
        Fault::Workspace { .. } => OUT_OF_MEMORY,
        Fault::Share { .. } | Fault::Label { .. } => BAD_TARGET,
        Fault::Weight { .. } => BAD_WEIGHT,
        Fault::Coefficient { .. } => BAD_VALUE,
        _ => INTERNAL,
    }
}

/// The slices of [`Planes`].
struct Sample<'a> {
    logits: &'a [f32],
    targets: &'a [u8],
    gradient: Option<&'a mut [f32]>,
    map: Option<&'a [f32]>,
    ignored: Option<u8>,
    classes: usize,
    scratch: Memory,
}

impl<'a> Sample<'a> {
    /// # Errors
    /// Pointers that are NULL or misaligned, or more floats than there can be.
    ///
    /// # Safety
    /// Pointers are NULL or point to as much as the header says.
    #[inline(always)]
    unsafe fn read(planes: &'a Planes, has_map: bool) -> Result<Self, i32> {
        let Planes { logits, targets, gradient, map, scratch, .. } = *planes;
        if logits.is_null() || targets.is_null() || scratch.is_null() || (has_map && map.is_null())
        {
            return Err(NULL_POINTER);
        }
        let all_aligned = logits.is_aligned()
            && gradient.is_aligned()
            && scratch.is_aligned()
            && (!has_map || map.is_aligned());
        if !all_aligned {
            return Err(MISALIGNED);
        }
        let (pixels, classes) = (planes.pixels as usize, planes.classes as usize);
        let floats = pixels.checked_mul(classes).filter(|&n| n <= isize::MAX as usize / 4);
        let floats = floats.ok_or(BAD_SHAPE)?;
        let bytes = (planes.scratch_floats as usize).checked_mul(4).ok_or(OUT_OF_MEMORY)?;
        // SAFETY: none is NULL or misaligned where it is read; as long as the caller says.
        unsafe {
            Ok(Sample {
                logits: slice::from_raw_parts(logits, floats),
                targets: slice::from_raw_parts(targets, pixels),
                gradient: (!gradient.is_null())
                    .then(|| slice::from_raw_parts_mut(gradient, floats)),
                map: has_map.then(|| slice::from_raw_parts(map, pixels)),
                ignored: u8::try_from(planes.ignored).ok(),
                classes,
                scratch: Memory::new(scratch.cast(), bytes),
            })
        }
    }

    #[inline(always)]
    fn binary<P: Parts>(mut self, loss: P) -> Result<Report<f32>, i32> {
        if self.classes != 1 {
            return Err(BAD_SHAPE);
        }
        let Sample { logits, targets, ignored, .. } = self;
        let maps = self.map.as_slice();
        let workspace = workspace::<P>(&mut self.scratch, 1)?;
        let plane = Binary { logits, targets, ignored, maps };
        plane.evaluate(loss, self.gradient, workspace).map_err(code)
    }

    #[inline(always)]
    fn multiclass<P: Parts>(mut self, loss: P) -> Result<Report<f32>, i32> {
        let Sample { logits, targets, ignored, classes, .. } = self;
        let workspace = workspace::<P>(&mut self.scratch, classes)?;
        // SAFETY: the caller's memory is lent for this call.
        let of_classes = unsafe {
            Classes {
                exps: self.scratch.take(classes, 0.0).ok_or(OUT_OF_MEMORY)?,
                slopes: self.scratch.take(classes, [0.0; 2]).ok_or(OUT_OF_MEMORY)?,
            }
        };
        let planes = Multiclass { logits, targets, ignored, maps: &[] };
        planes.evaluate(loss, self.gradient, workspace, of_classes).map_err(code)
    }
}

#[inline(always)]
fn workspace<'w, P: Parts>(
    scratch: &mut Memory,
    classes: usize,
) -> Result<Workspace<'w, f32, Compensated>, i32> {
    // More classes than softmax takes are refused later; their number must not overflow here.
    let count = accumulators::<P>(classes.min(1 << 24));
    // SAFETY: the caller's memory is lent for this call.
    unsafe {
        Ok(Workspace {
            partials: scratch.take(count, [0.0; 32]).ok_or(OUT_OF_MEMORY)?,
            sums: scratch.take(2 * count, Compensated::ZERO).ok_or(OUT_OF_MEMORY)?,
        })
    }
}

/// Reads a sample, evaluates it and writes what is found.
///
/// # Safety
/// Pointers are NULL or point to as much as the header says.
#[inline(always)]
unsafe fn run(
    planes: *const Planes,
    outcome: *mut Outcome,
    has_map: bool,
    evaluate: impl FnOnce(Sample<'_>) -> Result<Report<f32>, i32>,
) -> i32 {
    if planes.is_null() || outcome.is_null() {
        return NULL_POINTER;
    }
    if !(planes.is_aligned() && outcome.is_aligned()) {
        return MISALIGNED;
    }
    // SAFETY: neither NULL nor misaligned.
    let sample = unsafe { Sample::read(&*planes, has_map) };
    match sample.and_then(evaluate) {
        Ok(Report { value, valid }) => {
            // SAFETY: as above, and the caller's to be written.
            unsafe { outcome.write(Outcome { value, valid: valid as u32 }) };
            OK
        }
        Err(code) => code,
    }
}

/// A sample's loss by a term with its defaults. Those of a pixel or class term are constants: read from its parameters they
/// may be numbers to the compiler, which keeps what other values need.
macro_rules! of_term {
    (pixel, $sample:ident, $term:ty) => {
        $sample.binary(pixel(1.0, <$term>::default()))
    };
    (class, $sample:ident, $term:ty) => {
        $sample.multiclass(class(1.0, <$term>::default()))
    };
    (region, $sample:ident, $term:ty) => {{
        let defaults = Arguments::defaults(<$term as RegionTerm>::PARAMETERS);
        $sample.binary(region(1.0, <$term as RegionTerm>::new(defaults)))
    }};
}

/// A function for each of the library's terms: `segloss_firmware_` and the term's identifier in the list.
macro_rules! terms {
    ($($kind:ident $id:ident: $term:ty,)*) => {$(
        const _: () = {
            /// # Safety
            /// Pointers are NULL or point to what the header says, and what is written to nothing else.
            #[unsafe(export_name = concat!("segloss_firmware_", stringify!($id)))]
            unsafe extern "C" fn loss(planes: *const Planes, outcome: *mut Outcome) -> i32 {
                // SAFETY: the caller's word.
                unsafe { run(planes, outcome, false, |sample| of_term!($kind, sample, $term)) }
            }
        };
    )*};
}

segloss_core::builtin_terms!(terms);

macro_rules! losses {
    ($($(#[doc = $doc:literal])+ $name:ident($($number:ident),*), $map:literal, $link:ident => $loss:expr;)+) => {$(
        $(#[doc = $doc])+
        ///
        /// # Safety
        /// Pointers are NULL or point to as much as the header says, and what is written to nothing else.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            planes: *const Planes,
            $($number: f32,)*
            outcome: *mut Outcome,
        ) -> i32 {
            // SAFETY: the caller's word.
            unsafe { run(planes, outcome, $map, |sample| sample.$link($loss)) }
        }
    )+};
}

losses! {
    /// A sum of cross-entropy and Dice.
    segloss_firmware_bce_dice(bce, dice), false, binary =>
        (pixel(bce.into(), Bce::default()), region(dice.into(), Dice::default()));
    /// A sum of cross-entropy, Dice and cross-entropy times a map.
    segloss_firmware_bce_dice_map(bce, dice, map), true, binary => {
        let first = Maps::NONE.and(0).unwrap_or_default();
        let weighted = pixel(map.into(), Bce::default()).weighted(first);
        (pixel(bce.into(), Bce::default()), (region(dice.into(), Dice::default()), weighted))
    };
    /// A sum of cross-entropy and Dice of several classes.
    segloss_firmware_ce_dice(ce, dice), false, multiclass =>
        (class(ce.into(), Ce::default()), region(dice.into(), Dice::default()));
}
