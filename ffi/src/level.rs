use crate::fault::{Fault, Reason};
use segloss_c_boundary::BadArgument;
use segloss_simd::AnyLevel;

/// Which instructions a loss is computed with; the results are the same in every bit. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The fastest that this machine has.
    Best = 0,
    /// What SEGLOSS_LEVEL_PORTABLE is; one pixel at a time up to 0.1.
    Scalar = 1,
    /// The vectors that the library was built for.
    Portable = 2,
    /// 256 bits, on x86-64 processors that have AVX2.
    Avx2 = 3,
    /// 512 bits, on x86-64 processors that have AVX-512 F, BW, DQ and VL.
    Avx512 = 4,
}

/// The level of this number, if the machine has it.
pub(crate) fn read(value: i32) -> Result<AnyLevel, Fault> {
    let name = match value {
        0 => return Ok(AnyLevel::best()),
        1 | 2 => "portable",
        3 => "avx2",
        4 => "avx512",
        value => {
            let expected = "a segloss_level, 0 to 4";
            return Err(BadArgument::option("level", value, expected).into());
        }
    };
    let found = AnyLevel::available().find(|level| level.name() == name);
    Ok(found.ok_or(Reason::Level { name })?)
}
