use crate::call::{Call, CallInputs};
use crate::entry;
use crate::fault::Fault;
use crate::overlap::{Memory, check_apart};
use crate::result::ResultCode;
use crate::tensor::Tensor;
use segloss_c_boundary::BadArgument;
use segloss_c_boundary::dlpack::DLTensor;
use segloss_c_boundary::pointer::{array, array_mut, check_array};
use segloss_c_boundary::tensor::Axes;
use segloss_c_boundary::versioned::read_or_zeros;
use segloss_core::class_weights::{self, ClassCounts};

/// What weight a class gets that never occurs. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// 1; the others have the weights that they have without it, so that all add up to the number of
    /// classes.
    One = 0,
    /// 0; the others as by SEGLOSS_ABSENT_ONE.
    Zero = 1,
    /// What the formula gives for all classes: absent ones share nearly all of the sum, and the others are
    /// left with about 1e-8 each, at which a loss stands still. The reference's rule.
    Source = 2,
}

fn absent(value: i32) -> Result<class_weights::Absent, Fault> {
    match value {
        0 => Ok(class_weights::Absent::One),
        1 => Ok(class_weights::Absent::Zero),
        2 => Ok(class_weights::Absent::Source),
        value => Err(BadArgument::option("absent", value, "a segloss_absent, 0 to 2").into()),
    }
}

/// The pixels of each class of label maps, added to those of `before`, into `counts`.
///
/// `targets` are as for segloss_evaluate under softmax. Of `call`, which may be NULL, what it says of pixels that do not
/// count is read (`ignore` and what belongs to it); anything else is refused. `before` and `counts` have `classes` numbers; `before` is NULL for
/// zeros, and may be `counts` itself, to count any number of masks, or to join several workers' counts.
/// `counts` is written only on success. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
/// and type ask for; `before` and `counts` are NULL or point to `classes` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_class_counts(
    targets: *const DLTensor,
    call: *const Call,
    before: *const u64,
    counts: *mut u64,
    classes: usize,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let targets = unsafe { Tensor::read(targets, "targets")? };
        // SAFETY: as above.
        let given = unsafe { CallInputs::read(&read_or_zeros(call, "call")?, Axes::All)? };
        given.is_for_counts()?;
        check_array(counts, classes, "counts", "")?;
        // SAFETY: as above. Copied, because it may be where the result goes.
        let before = unsafe { array(before, classes, "before", "")?.map(<[u64]>::to_vec) };
        let own = [Memory::of("counts", counts, classes)];
        check_apart(&own, [targets.memory()])?;
        given.check_apart(&own)?;
        let mut all = before.unwrap_or_else(|| vec![0; classes]);
        // SAFETY: as above.
        ClassCounts::new(&mut all)?.add(unsafe { targets.targets()? }, given.ignored())?;
        // SAFETY: as above; nothing else is borrowed there.
        let counts = unsafe { array_mut(counts, classes, "counts", "")? };
        counts.unwrap_or_default().copy_from_slice(&all);
        Ok(())
    })
}

/// The weights of classes by inverse frequency, into `weights`: with `total` the sum of the counts, n the
/// number of classes that occur and r = total / (n count + 1e-6), each of these has n r over the sum of
/// all r. `absent`, a segloss_absent, says what the others have.
///
/// Fails with SEGLOSS_RESULT_NOTHING_TO_LEARN if all counts are 0. `counts` and `weights` have `classes`
/// numbers. Since 0.1.
///
/// # Safety
/// `counts` and `weights` are NULL or point to `classes` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_class_weights(
    counts: *const u64,
    classes: usize,
    absent: i32,
    weights: *mut f64,
) -> ResultCode {
    entry::run(|| {
        let absent = self::absent(absent)?;
        check_array(counts, classes, "counts", "")?;
        check_array(weights, classes, "weights", "")?;
        let own = Memory::of("weights", weights, classes);
        check_apart(&[own], [Memory::of("counts", counts, classes)])?;
        // SAFETY: the caller's word, and they are apart.
        let (counts, weights) = unsafe {
            (array(counts, classes, "counts", "")?, array_mut(weights, classes, "weights", "")?)
        };
        let mut counts = counts.unwrap_or_default().to_vec();
        Ok(ClassCounts::new(&mut counts)?.weights(absent, weights.unwrap_or_default())?)
    })
}
