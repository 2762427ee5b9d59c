//! The band along a mask's edge, whose weights losses take.

use core::slice;

use crate::{BAD_VALUE, MISALIGNED, NULL_POINTER, OK, code};
use segloss_core::level::Scalar;
use segloss_core::maps::band::Band;
use segloss_core::maps::morphology::Border;
use segloss_core::maps::{Mask, Serial};

/// A mask of `height` x `width` bytes; see the header.
#[repr(C)]
#[derive(Debug)]
pub struct MaskPlane {
    mask: *const u8,
    height: u32,
    width: u32,
    ignored: i32,
}

impl MaskPlane {
    /// # Safety
    /// `mask` points to as many bytes as the plane has.
    unsafe fn read(&self) -> Result<Mask<'_>, i32> {
        if self.mask.is_null() {
            return Err(NULL_POINTER);
        }
        let (height, width) = (self.height as usize, self.width as usize);
        let pixels = height.checked_mul(width).filter(|&n| n <= isize::MAX as usize / 4);
        // SAFETY: not NULL, and as long as the caller says.
        let bytes = unsafe { slice::from_raw_parts(self.mask, pixels.ok_or(BAD_VALUE)?) };
        let mask = Mask::new(bytes, &[height, width]).map_err(code)?;
        Ok(match u8::try_from(self.ignored) {
            Ok(ignored) => mask.ignoring(ignored),
            Err(_) => mask,
        })
    }
}

/// The band that a boundary loss of a mask has; its storage does not depend on theta and weight.
fn band(theta: u32, weight: f32) -> Result<Band, i32> {
    Band::new(theta.into(), weight.into(), Border::Zero).map_err(|_| BAD_VALUE)
}

/// Words of scratch; see the header.
///
/// # Safety
/// Pointers are NULL or point to as much as the header says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_firmware_band_scratch(
    plane: *const MaskPlane,
    words: *mut u32,
) -> i32 {
    if plane.is_null() || words.is_null() {
        return NULL_POINTER;
    }
    if !(plane.is_aligned() && words.is_aligned()) {
        return MISALIGNED;
    }
    // SAFETY: neither NULL nor misaligned; the caller's word for the rest.
    let needed = unsafe { (*plane).read() }
        .and_then(|mask| band(0, 1.0)?.weights_scratch_words(&mask, Serial).map_err(code))
        .and_then(|needed| u32::try_from(needed).map_err(|_| BAD_VALUE));
    match needed {
        Ok(needed) => {
            // SAFETY: neither NULL nor misaligned, so the caller's to be written.
            unsafe { words.write(needed) };
            OK
        }
        Err(code) => code,
    }
}

/// The weights of a band; see the header.
///
/// # Safety
/// Pointers are NULL or point to as much as the header says, and what is written to nothing else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_firmware_band(
    plane: *const MaskPlane,
    theta: u32,
    weight: f32,
    map: *mut f32,
    scratch: *mut u64,
    scratch_words: u32,
) -> i32 {
    if plane.is_null() || map.is_null() || scratch.is_null() {
        return NULL_POINTER;
    }
    if !(plane.is_aligned() && map.is_aligned() && scratch.is_aligned()) {
        return MISALIGNED;
    }
    if scratch_words as usize > isize::MAX as usize / 8 {
        return BAD_VALUE;
    }
    // SAFETY: neither NULL nor misaligned.
    let plane = unsafe { &*plane };
    // SAFETY: the caller's word.
    let result = unsafe { plane.read() }.and_then(|mask| {
        let pixels = plane.height as usize * plane.width as usize;
        // SAFETY: as above.
        let map = unsafe { slice::from_raw_parts_mut(map, pixels) };
        // SAFETY: as above.
        let scratch = unsafe { slice::from_raw_parts_mut(scratch, scratch_words as usize) };
        band(theta, weight)?.weights(Scalar, Serial, &mask, map, scratch).map_err(code)
    });
    result.map_or_else(|code| code, |()| OK)
}
