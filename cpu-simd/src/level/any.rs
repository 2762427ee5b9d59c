use core::fmt;
use core::str::FromStr;

#[cfg(target_arch = "x86_64")]
use super::{Avx2, Avx512};
use super::{Level, Portable};

/// A level chosen at run time. (Plain scalar code, [`Scalar`](super::Scalar), is none of them: it has the bits
/// of [`Portable`] and is slower.)
#[derive(Clone, Copy, Debug)]
pub enum AnyLevel {
    /// `wide` vectors.
    Portable(Portable),
    /// 256 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// 512 bits.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl AnyLevel {
    /// The fastest level of this machine.
    pub fn best() -> Self {
        AnyLevel::available().last().unwrap_or(AnyLevel::Portable(Portable))
    }

    /// All levels of this machine, slowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let levels = [
            Portable::detect().map(AnyLevel::Portable),
            #[cfg(target_arch = "x86_64")]
            Avx2::detect().map(AnyLevel::Avx2),
            #[cfg(target_arch = "x86_64")]
            Avx512::detect().map(AnyLevel::Avx512),
        ];
        levels.into_iter().flatten()
    }

    /// `portable`, `avx2` or `avx512`.
    pub fn name(&self) -> &'static str {
        match self {
            AnyLevel::Portable(_) => "portable",
            #[cfg(target_arch = "x86_64")]
            AnyLevel::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            AnyLevel::Avx512(_) => "avx512",
        }
    }
}

/// Runs an expression with the level inside an [`AnyLevel`], whatever its type.
#[macro_export]
macro_rules! with_level {
    ($any:expr, $level:ident => $body:expr) => {
        match $any {
            $crate::AnyLevel::Portable($level) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::AnyLevel::Avx2($level) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::AnyLevel::Avx512($level) => $body,
        }
    };
}

/// A level's name that no level of this machine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLevel(String);

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "level `{}` is not available, expected one of", self.0)?;
        AnyLevel::available().try_for_each(|level| write!(f, " `{}`", level.name()))
    }
}

impl core::error::Error for UnknownLevel {}

impl FromStr for AnyLevel {
    type Err = UnknownLevel;

    fn from_str(name: &str) -> Result<Self, UnknownLevel> {
        AnyLevel::available()
            .find(|level| level.name() == name)
            .ok_or_else(|| UnknownLevel(name.to_owned()))
    }
}
