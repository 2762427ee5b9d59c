//! Reading an array of floats from a NumPy file (.npy, versions 1 to 3).
//!
//! ```text
//! \x93NUMPY  major minor  length of the header (2 bytes, from version 2 on 4)
//! {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
//! elements
//! ```

use half::f16;

use crate::file_type::FileType;

/// An array, its last axis contiguous.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// Reads float16, float32 or float64 of either byte order, in either memory order.
pub fn read(file: &[u8]) -> Result<Array, String> {
    let kind = FileType::of(file);
    if !kind.is("NumPy .npy") {
        let advice =
            if kind.is("ZIP or NumPy .npz") { ": save one array with numpy.save" } else { "" };
        return Err(format!("{kind}; expected a NumPy .npy file{advice}"));
    }
    let (header, data) = split(file).ok_or("the file ends within its header")?;
    let header = std::str::from_utf8(header).map_err(|_| "the header is not text")?;
    let element = Element::read(header)?;
    let (shape, is_fortran) = (shape(header)?, is_fortran(header)?);

    let count = shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    let bytes = count.and_then(|count| count.checked_mul(element.size));
    if bytes != Some(data.len()) {
        let expected = bytes.map_or("more than memory holds".to_owned(), |bytes| bytes.to_string());
        return Err(format!(
            "{} bytes of elements; expected {expected} for shape {shape:?}",
            data.len()
        ));
    }
    let stored: Vec<f32> = data
        .chunks_exact(element.size)
        .map(|bytes| element.number(bytes))
        .collect::<Result<_, _>>()?;
    let values = if is_fortran { last_axis_contiguous(&stored, &shape) } else { stored };
    Ok(Array { shape, values })
}

/// The header and what follows it.
fn split(file: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, start): (usize, usize) = match *file.get(6)? {
        1 => (usize::from(u16::from_le_bytes(file.get(8..10)?.try_into().ok()?)), 10),
        _ => (u32::from_le_bytes(file.get(8..12)?.try_into().ok()?) as usize, 12),
    };
    let end = start.checked_add(length)?;
    Some((file.get(start..end)?, file.get(end..)?))
}

/// What follows a key in the header.
fn value<'h>(header: &'h str, key: &str) -> Result<&'h str, String> {
    let missing = || format!("the header has no '{key}'");
    let (_, after) = header.split_once(&format!("'{key}'")).ok_or_else(missing)?;
    Ok(after.trim_start().strip_prefix(':').ok_or_else(missing)?.trim_start())
}

fn is_fortran(header: &str) -> Result<bool, String> {
    match value(header, "fortran_order")? {
        text if text.starts_with("True") => Ok(true),
        text if text.starts_with("False") => Ok(false),
        _ => Err("the header's 'fortran_order' is neither True nor False".into()),
    }
}

fn shape(header: &str) -> Result<Vec<usize>, String> {
    let text = value(header, "shape")?;
    let inside = text.strip_prefix('(').and_then(|text| text.split_once(')'));
    let extents = inside.and_then(|(inside, _)| {
        let extents = inside.split(',').map(str::trim).filter(|extent| !extent.is_empty());
        extents.map(|extent| extent.parse().ok()).collect::<Option<_>>()
    });
    extents.ok_or_else(|| "the header's 'shape' is no list of extents".into())
}

/// How an element is stored.
#[derive(Clone, Copy)]
struct Element {
    size: usize,
    is_big_endian: bool,
}

impl Element {
    fn read(header: &str) -> Result<Self, String> {
        let text = value(header, "descr")?;
        let end = |c: char| c == ',' || c == '}';
        let name = text.split(end).next().unwrap_or(text).trim();
        let (order, size) = match name.trim_matches('\'').split_at_checked(1) {
            Some((order @ ("<" | ">" | "="), "f2")) => (order, 2),
            Some((order @ ("<" | ">" | "="), "f4")) => (order, 4),
            Some((order @ ("<" | ">" | "="), "f8")) => (order, 8),
            _ => {
                let expected = "float16, float32 or float64 ('<f2', '<f4' or '<f8')";
                return Err(format!("elements of type {name}; expected {expected}"));
            }
        };
        let is_big_endian = order == ">" || (order == "=" && cfg!(target_endian = "big"));
        Ok(Self { size, is_big_endian })
    }

    /// The number that `bytes`, of the element's size, hold.
    fn number(self, bytes: &[u8]) -> Result<f32, String> {
        let mut little = [0; 8];
        for (place, &byte) in bytes.iter().enumerate() {
            little[if self.is_big_endian { self.size - 1 - place } else { place }] = byte;
        }
        let bits = u64::from_le_bytes(little);
        match self.size {
            2 => Ok(f16::from_bits(bits as u16).to_f32()),
            4 => Ok(f32::from_bits(bits as u32)),
            _ => {
                let wide = f64::from_bits(bits);
                // A number that f32 cannot hold would be read as infinite.
                if wide.is_finite() && wide.abs() > f64::from(f32::MAX) {
                    return Err(format!("element {wide:e}; expected the range of float32"));
                }
                Ok(wide as f32)
            }
        }
    }
}

/// Turns an array whose first axis is contiguous.
fn last_axis_contiguous(stored: &[f32], shape: &[usize]) -> Vec<f32> {
    let mut values = Vec::with_capacity(stored.len());
    let mut index = vec![0; shape.len()];
    for _ in 0..stored.len() {
        let place = index.iter().zip(shape).rev().fold(0, |place, (i, extent)| place * extent + i);
        values.push(stored[place]);
        for (i, extent) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *extent {
                break;
            }
            *i = 0;
        }
    }
    values
}

/// A file of version 1 with elements as they are.
#[cfg(test)]
pub fn file(descr: &str, is_fortran: bool, shape: &str, elements: &[u8]) -> Vec<u8> {
    let order = if is_fortran { "True" } else { "False" };
    let header = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\0".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(elements);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(elements: impl Iterator<Item = [u8; N]>) -> Vec<u8> {
        elements.flatten().collect()
    }

    #[test]
    fn every_type_and_both_orders() {
        let wanted: Vec<f32> = (0..6).map(|i| i as f32 - 2.5).collect();
        let array = Array { shape: vec![2, 3], values: wanted.clone() };
        let numbers = || wanted.iter().copied();
        let half = bytes(numbers().map(|x| f16::from_f32(x).to_le_bytes()));
        let single = bytes(numbers().map(f32::to_le_bytes));
        let big = bytes(numbers().map(|x| f64::from(x).to_be_bytes()));
        for (descr, elements) in [("'<f2'", &half), ("'<f4'", &single), ("'>f8'", &big)] {
            assert_eq!(
                read(&file(descr, false, "(2, 3)", elements)).as_ref(),
                Ok(&array),
                "{descr}"
            );
        }
        let columns = [0, 3, 1, 4, 2, 5].map(|i| wanted[i]);
        let columns = bytes(columns.into_iter().map(f32::to_le_bytes));
        assert_eq!(read(&file("'<f4'", true, "(2, 3)", &columns)), Ok(array));
    }

    #[test]
    fn three_axes_are_turned() {
        // a[i][j][k] = 100 i + 10 j + k.
        let stored = (0..2).flat_map(|k| {
            (0..3).flat_map(move |j| (0..2).map(move |i| (100 * i + 10 * j + k) as f32))
        });
        let elements = bytes(stored.map(f32::to_le_bytes));
        let array = read(&file("'<f4'", true, "(2, 3, 2)", &elements)).unwrap();
        assert_eq!(array.values, [0., 1., 10., 11., 20., 21., 100., 101., 110., 111., 120., 121.]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let refuse = |file: &[u8]| read(file).unwrap_err();
        assert!(
            refuse(&file("'<i4'", false, "(1,)", &[0; 4])).contains("type '<i4'; expected float16")
        );
        assert!(refuse(&file("[('x', '<f4')]", false, "(1,)", &[0; 4])).contains("[('x'"));
        let short = refuse(&file("'<f4'", false, "(2,)", &[0; 4]));
        assert_eq!(short, "4 bytes of elements; expected 8 for shape [2]");
        let huge = format!("({0}, {0})", usize::MAX);
        assert!(refuse(&file("'<f4'", false, &huge, &[])).contains("more than memory holds"));
        let large = refuse(&file("'<f8'", false, "(1,)", &1e300f64.to_le_bytes()));
        assert_eq!(large, "element 1e300; expected the range of float32");
        assert_eq!(
            refuse(b"PK\x03\x04"),
            "a ZIP or NumPy .npz file; expected a NumPy .npy file: save one array with numpy.save"
        );
        assert!(refuse(b"text").contains("not known"));
        let whole = file("'<f4'", false, "(1,)", &[0; 4]);
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
        assert!(refuse(&file("'<f4'", false, "1", &[])).contains("'shape'"));
    }
}
