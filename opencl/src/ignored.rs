//! Labels of pixels that do not count, as kernels compare with them.

use ocl_core::Context;

use crate::commands::{Argument, Buffer};
use crate::error::Error;
use crate::target::{DeviceTarget, Element, with_element};

/// Those of some labels that targets can hold, as they are read.
#[derive(Debug)]
pub(crate) struct Ignored {
    pub(crate) count: u32,
    /// Of one, the number by the size of its type.
    one: One,
    bytes: Vec<u8>,
}

#[derive(Debug)]
enum One {
    Bytes1(u8),
    Bytes2(u16),
    Bytes4(u32),
    Bytes8(u64),
}

impl Ignored {
    /// Of targets stored as `element`.
    pub(crate) fn of(labels: &[i64], element: Element) -> Self {
        with_element!(element, E => Ignored::stored_as::<E>(labels))
    }

    /// Of targets stored as `E`.
    pub(crate) fn stored_as<E: DeviceTarget>(labels: &[i64]) -> Self {
        let read: Vec<E::Read> =
            labels.iter().filter_map(|&label| E::from_label(label)).map(E::read).collect();
        let mut first = [0; 8];
        if let Some(label) = read.first() {
            first[..size_of::<E::Read>()].copy_from_slice(bytemuck::bytes_of(label));
        }
        let [a, b, c, d, ..] = first;
        let one = match size_of::<E::Read>() {
            1 => One::Bytes1(a),
            2 => One::Bytes2(u16::from_ne_bytes([a, b])),
            4 => One::Bytes4(u32::from_ne_bytes([a, b, c, d])),
            _ => One::Bytes8(u64::from_ne_bytes(first)),
        };
        Ignored { count: read.len() as u32, one, bytes: bytemuck::cast_slice(&read).to_vec() }
    }

    /// The first of them, or 0, by value.
    pub(crate) fn first(&self) -> Argument<'_> {
        match &self.one {
            One::Bytes1(label) => Argument::number(label),
            One::Bytes2(label) => Argument::number(label),
            One::Bytes4(label) => Argument::number(label),
            One::Bytes8(label) => Argument::number(label),
        }
    }

    /// All of them, on the device.
    pub(crate) fn list(&self, context: &Context) -> Result<Buffer<u8>, Error> {
        Buffer::holding(context, &self.bytes)
    }
}
