//! What kind of file bytes are, by how they begin.

use std::fmt;

/// Names of kinds, and the bytes that they begin with.
const BEGINNINGS: [(&str, &[u8]); 18] = [
    ("PNG", b"\x89PNG\r\n\x1a\n"),
    ("JPEG", b"\xff\xd8\xff"),
    ("TIFF", b"II*\0"),
    ("TIFF", b"MM\0*"),
    ("TIFF", b"II+\0"),
    ("TIFF", b"MM\0+"),
    ("BMP", b"BM"),
    ("GIF", b"GIF8"),
    ("WebP", b"RIFF"),
    ("JPEG 2000", b"\0\0\0\x0cjP  "),
    ("NumPy .npy", b"\x93NUMPY"),
    ("ZIP or NumPy .npz", b"PK\x03\x04"),
    ("gzip", b"\x1f\x8b"),
    ("HDF5", b"\x89HDF"),
    ("PDF", b"%PDF"),
    ("PyTorch or pickle", b"\x80\x02"),
    ("pickle", b"\x80\x04"),
    ("portable graymap", b"P5"),
];

/// The kind of a file, or how it begins if the kind is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileType {
    Known(&'static str),
    Unknown(Vec<u8>),
}

impl FileType {
    pub fn of(file: &[u8]) -> Self {
        match BEGINNINGS.iter().find(|(_, beginning)| file.starts_with(beginning)) {
            Some((name, _)) => Self::Known(name),
            None => Self::Unknown(file.iter().copied().take(4).collect()),
        }
    }

    /// Whether it is the kind called so.
    pub fn is(&self, name: &str) -> bool {
        matches!(self, Self::Known(own) if *own == name)
    }
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(name) => write!(f, "a {name} file"),
            Self::Unknown(beginning) if beginning.is_empty() => f.write_str("an empty file"),
            Self::Unknown(beginning) => {
                write!(f, "a file of a type that is not known, which begins with")?;
                beginning.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named() {
        let name = |file: &[u8]| FileType::of(file).to_string();
        assert_eq!(name(b"\xff\xd8\xff\xe0 and so on"), "a JPEG file");
        assert_eq!(name(b"PK\x03\x04"), "a ZIP or NumPy .npz file");
        assert_eq!(name(b""), "an empty file");
        assert_eq!(
            name(b"hello"),
            "a file of a type that is not known, which begins with 68 65 6c 6c"
        );
        assert!(FileType::of(b"BM...").is("BMP") && !FileType::of(b"BM...").is("PNG"));
    }
}
