//! Reading logits from a NumPy file.

use std::error::Error;
use std::io::Cursor;

use ndarray::ArrayD;
use ndarray_npy::{ReadNpyError, ReadNpyExt};

use crate::shape::Shape;

/// Reads `[H,W]`, `[K,H,W]` or `[B,K,H,W]` in either memory order.
pub fn read(file: &[u8]) -> Result<(Vec<f32>, Shape), Box<dyn Error>> {
    let array = match ArrayD::<f32>::read_npy(Cursor::new(file)) {
        Err(ReadNpyError::WrongDescriptor(descriptor)) => {
            let wide = ArrayD::<f64>::read_npy(Cursor::new(file)).map_err(|error| match error {
                ReadNpyError::WrongDescriptor(_) => {
                    format!("elements of type {descriptor}; expected float32 or float64")
                }
                error => error.to_string(),
            })?;
            let narrow = wide.mapv(|x| x as f32);
            // A number that f32 cannot hold would be read as infinite.
            if let Some(x) = wide.iter().find(|x| x.is_finite() && x.abs() > f64::from(f32::MAX)) {
                return Err(
                    format!("element {x:e}; expected numbers in the range of float32").into()
                );
            }
            narrow
        }
        array => array?,
    };
    let (batch, channels, height, width) = match *array.shape() {
        [height, width] => (1, 1, height, width),
        [channels, height, width] => (1, channels, height, width),
        [batch, channels, height, width] => (batch, channels, height, width),
        ref shape => {
            return Err(format!("shape {shape:?}; expected [H,W], [K,H,W] or [B,K,H,W]").into());
        }
    };
    if array.is_empty() {
        return Err(format!("shape {:?}; expected no empty axis", array.shape()).into());
    }
    let shape = Shape { batch, channels, height, width };
    Ok((array.iter().copied().collect(), shape))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array, IxDyn, ShapeBuilder};
    use ndarray_npy::WriteNpyExt;

    use super::*;

    fn npy<A: ndarray_npy::WritableElement>(array: &ArrayD<A>) -> Vec<u8> {
        let mut file = Vec::new();
        array.write_npy(&mut file).unwrap();
        file
    }

    #[test]
    fn both_orders_and_both_types() {
        let wanted: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let c = Array::from_shape_vec(IxDyn(&[2, 3, 2]), wanted.clone()).unwrap();
        let mut fortran = Array::zeros(IxDyn(&[2, 3, 2]).f());
        fortran.assign(&c.mapv(f64::from));
        let shape = Shape { batch: 1, channels: 2, height: 3, width: 2 };
        assert_eq!(read(&npy(&c)).unwrap(), (wanted.clone(), shape));
        assert_eq!(read(&npy(&fortran)).unwrap(), (wanted, shape));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let line = read(&npy(&ArrayD::<f32>::zeros(IxDyn(&[4])))).unwrap_err().to_string();
        assert!(line.contains("[4]") && line.contains("[B,K,H,W]"), "{line}");
        let empty = read(&npy(&ArrayD::<f32>::zeros(IxDyn(&[0, 4])))).unwrap_err().to_string();
        assert!(empty.contains("[0, 4]"), "{empty}");
        let whole = read(&npy(&ArrayD::<i32>::zeros(IxDyn(&[4, 4])))).unwrap_err().to_string();
        assert!(whole.contains("i4") && whole.contains("float32"), "{whole}");
        let large = read(&npy(&ArrayD::from_elem(IxDyn(&[1, 1]), 1e300))).unwrap_err().to_string();
        assert!(large.contains("1e300"), "{large}");
        assert!(read(b"not a file of NumPy").is_err());
    }
}
