use super::{Request, at_best_level};
use crate::call::Call;
use crate::entry;
use crate::fault::Fault;
use crate::result::ResultCode;
use crate::tensor::Plain;
use crate::workspace::{self, Storage, Workspace};
use segloss_c_boundary::BadArgument;
use segloss_c_boundary::dlpack::{DLDataType, DLTensor};
use segloss_core::compose::LabelPlane;
use segloss_core::engine::Link;
use segloss_core::lanes::Real;
use segloss_core::maps::{LabelRows, Labels, MapLevel, MaskRows, Serial, edt};

/// Which distance. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// To the nearest background pixel, label 0: 0 at background.
    ToBackground = 0,
    /// To the nearest pixel of another label: at least the smallest spacing.
    ToOther = 1,
    /// To the nearest pixel of another label, positive on foreground and negative on background. Of a mask
    /// that is the distance to background minus the distance to foreground.
    Signed = 2,
}

fn read_distance(value: i32) -> Result<Distance, Fault> {
    match value {
        0 => Ok(Distance::ToBackground),
        1 => Ok(Distance::ToOther),
        2 => Ok(Distance::Signed),
        value => {
            Err(BadArgument::option("distance", value, "a segloss_distance_kind, 0 to 2").into())
        }
    }
}

/// Exact Euclidean distances between the centres of pixels (`distance`, a segloss_distance_kind), of each
/// sample and channel by itself, into `out`; infinite where there is nothing to measure to.
///
/// Arguments are as for segloss_map_weights, `out` being packed within each image. Pixels that do not
/// count have no distance measured to them; their own is to what does count. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
/// and type ask for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_distance(
    distance: i32,
    link: i32,
    targets: *const DLTensor,
    call: *const Call,
    out: *const DLTensor,
    workspace: *mut Workspace,
) -> ResultCode {
    entry::run(|| {
        let distance = read_distance(distance)?;
        // SAFETY: the caller's word.
        let request = unsafe { Request::read(targets, link, call, out)? };
        request.out.holds(&[DLDataType::F32, DLDataType::F64], "float32 or float64")?;
        // SAFETY: as above; the output is apart and stored so.
        unsafe {
            workspace::with(workspace, |storage| match request.out.dtype {
                DLDataType::F64 => measure::<f64>(distance, &request, storage),
                _ => measure::<f32>(distance, &request, storage),
            })
        }
    })
}

/// # Safety
/// Nobody else uses the output's memory, and it is stored as `T`.
unsafe fn measure<T: Real + Plain>(
    distance: Distance,
    request: &Request<'_>,
    storage: &mut Storage,
) -> Result<(), Fault> {
    let (layout, pixels) = (request.out.layout, request.shape().pixels());
    // SAFETY: the caller's word, here and below.
    let call = unsafe { request.call()? };
    // SAFETY: as above.
    let out = unsafe { request.out.elements_mut::<T>()? };
    for (sample, channel) in request.images() {
        let first = layout.index(sample, channel, 0);
        let out = &mut out[first..first + pixels];
        let plane = LabelPlane { call: &call, targets: &request.targets, sample, channel };
        let spacing = call.spacing;
        match call.link {
            Link::Sigmoid => measure_plane(distance, &MaskRows(&plane), spacing, out, storage)?,
            Link::Softmax => measure_plane(distance, &LabelRows(&plane), spacing, out, storage)?,
        }
    }
    Ok(())
}

fn measure_plane<S: Labels, T: Real>(
    distance: Distance,
    labels: &S,
    spacing: edt::Spacing,
    out: &mut [T],
    storage: &mut Storage,
) -> Result<(), Fault> {
    let words = edt::scratch_words(labels, spacing, Serial)?;
    let scratch = workspace::lend(&mut storage.words, words, "scratch")?;
    at_best_level!(level => measure_image(level, distance, labels, spacing, out, scratch))?;
    Ok(())
}

fn measure_image<Lv: MapLevel, S: Labels, T: Real>(
    level: Lv,
    distance: Distance,
    labels: &S,
    spacing: edt::Spacing,
    out: &mut [T],
    scratch: &mut [u64],
) -> Result<(), segloss_core::Error> {
    match distance {
        Distance::ToBackground => {
            edt::distance_to_background(level, Serial, labels, spacing, out, scratch)
        }
        Distance::ToOther => edt::distance_to_other(level, Serial, labels, spacing, out, scratch),
        Distance::Signed => edt::signed_distance(level, Serial, labels, spacing, out, scratch),
    }
}
