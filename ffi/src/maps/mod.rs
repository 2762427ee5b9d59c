//! Maps of masks and label maps by themselves.

mod distance;
mod morphology;
mod weights;

pub use distance::{Distance, segloss_distance};
pub use morphology::{Border, Element, segloss_dilate, segloss_erode};
pub use weights::segloss_map_weights;

use crate::call::{Call, CallInputs};
use crate::fault::Fault;
use crate::link::Link;
use crate::overlap::check_read;
use crate::tensor::Tensor;
use segloss_c_boundary::BadArgument;
use segloss_c_boundary::dlpack::DLTensor;
use segloss_c_boundary::tensor::Axes;
use segloss_c_boundary::versioned::read_or_zeros;
use segloss_core::compose::check_labels;
use segloss_core::engine;
use segloss_core::view::{Shape, Targets};

/// What a map is made from, and where it goes.
struct Request<'a> {
    given: CallInputs<'a>,
    link: engine::Link,
    targets: Targets<'a>,
    out: Tensor<'a>,
}

impl<'a> Request<'a> {
    /// # Safety
    /// Pointers are NULL or point to what their types say; nobody writes the inputs, or uses `out`, for
    /// `'a`.
    unsafe fn read(
        targets: *const DLTensor,
        link: i32,
        call: *const Call,
        out: *const DLTensor,
    ) -> Result<Self, Fault> {
        let link = Link::read(link)?.of_core();
        // SAFETY: the caller's word, here and below.
        let targets = unsafe { Tensor::read(targets, "targets")? };
        // SAFETY: as above.
        let given = unsafe { CallInputs::read(&read_or_zeros(call, "call")?, Axes::All)? };
        given.is_for_maps()?;
        // SAFETY: as above.
        let out = unsafe { Tensor::read(out, "out")? };
        let shape = *targets.layout.shape();
        if link == engine::Link::Softmax && shape.channels != 1 {
            let (argument, expected) = ("targets", shape.with_channels(1));
            return Err(BadArgument::Shape { argument, shape, expected }.into());
        }
        out.has_shape(shape)?;
        out.has_packed_images()?;
        if shape.pixels() * shape.channels == 0 {
            return Err(segloss_core::Error::Empty { argument: "targets", shape }.into());
        }
        let written = [out.memory()];
        check_read(&written, &targets.memory())?;
        given.check_apart(&written)?;
        // SAFETY: as above, and the output is apart.
        let targets = unsafe { targets.targets()? };
        given.has_mask_of(shape)?;
        Ok(Request { given, link, targets, out })
    }

    /// Returns the call, whose targets have been checked.
    ///
    /// # Safety
    /// Nobody writes the tensors' memory meanwhile.
    unsafe fn call(&self) -> Result<engine::Call<'_>, Fault> {
        // SAFETY: the caller's word.
        let call = unsafe { self.given.call(self.link)? };
        check_labels(&call, &self.targets)?;
        Ok(call)
    }

    fn shape(&self) -> Shape {
        *self.targets.layout().shape()
    }

    /// Samples and channels: each is an image.
    fn images(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let Shape { batch, channels, .. } = self.shape();
        (0..batch).flat_map(move |sample| (0..channels).map(move |channel| (sample, channel)))
    }
}

/// Chooses the widest instructions of this machine.
macro_rules! at_best_level {
    ($level:ident => $body:expr) => {
        match segloss_simd::AnyLevel::best() {
            #[cfg(target_arch = "x86_64")]
            segloss_simd::AnyLevel::Avx512($level) => $body,
            #[cfg(target_arch = "x86_64")]
            segloss_simd::AnyLevel::Avx2($level) => $body,
            _ => {
                let $level = segloss_simd::level::Portable;
                $body
            }
        }
    };
}
use at_best_level;
