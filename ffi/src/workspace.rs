//! Storage that calls use again.

use std::cell::RefCell;
use std::sync::{Mutex, TryLockError};

use crate::entry;
use crate::fault::{Fault, Reason};
use crate::result::ResultCode;
use segloss_c_boundary::boundary::guard;
use segloss_c_boundary::pointer::check_pointer;
use segloss_core::Error;
use segloss_simd::Buffers;

/// What calls of either format, and of maps, need.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    pub(crate) single: Buffers<f32>,
    pub(crate) double: Buffers<f64>,
    pub(crate) sums: Vec<f64>,
    pub(crate) words: Vec<u64>,
    pub(crate) bits: Vec<u64>,
    pub(crate) numbers: Vec<u32>,
}

/// At least `length` elements of `part`.
pub(crate) fn lend<'p, X: Copy + Default>(
    part: &'p mut Vec<X>,
    length: usize,
    argument: &'static str,
) -> Result<&'p mut [X], Fault> {
    if part.len() < length {
        let more = part.try_reserve_exact(length - part.len());
        more.map_err(|_| Error::Memory { argument, length })?;
        part.resize(length, X::default());
    }
    Ok(&mut part[..length])
}

/// Storage for calls: it grows to what the largest call needs, after which calls allocate nothing.
///
/// One call at a time may use it; another one meanwhile is refused with SEGLOSS_RESULT_BUSY. It may be
/// used from any thread, for any loss. Where none is given, a call uses one that its thread keeps until
/// it ends. Since 0.1.
#[derive(Debug, Default)]
pub struct Workspace {
    storage: Mutex<Storage>,
}

thread_local! {
    static OWN: RefCell<Storage> = RefCell::default();
}

/// Calls `use_it` with the caller's workspace, or with the thread's if it is NULL.
///
/// # Safety
/// `workspace` is NULL or comes from [`segloss_workspace_new`] and is not freed meanwhile.
pub(crate) unsafe fn with<R>(
    workspace: *const Workspace,
    use_it: impl FnOnce(&mut Storage) -> Result<R, Fault>,
) -> Result<R, Fault> {
    if !workspace.is_null() {
        check_pointer(workspace, "workspace", "")?;
        // SAFETY: the caller's word.
        let workspace = unsafe { &*workspace };
        return match workspace.storage.try_lock() {
            Ok(mut storage) => use_it(&mut storage),
            Err(TryLockError::WouldBlock) => Err(Reason::Busy.into()),
            // After a panic it is storage still: what it holds does not matter.
            Err(TryLockError::Poisoned(storage)) => use_it(&mut storage.into_inner()),
        };
    }
    let mut use_it = Some(use_it);
    let of_thread = OWN.try_with(|own| {
        let mut own = own.try_borrow_mut().ok()?;
        use_it.take().map(|use_it| use_it(&mut own))
    });
    match (of_thread, use_it) {
        (Ok(Some(result)), _) => result,
        // In a call of a plugin of a call that uses it, or as the thread ends.
        (_, Some(use_it)) => use_it(&mut Storage::default()),
        (_, None) => Err(Reason::Panic.into()),
    }
}

/// A workspace in which nothing is allocated yet, for segloss_workspace_free to free.
///
/// Since 0.1.
///
/// # Safety
/// `workspace` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_workspace_new(workspace: *mut *mut Workspace) -> ResultCode {
    entry::run(|| {
        check_pointer(workspace, "workspace", "")?;
        let own = Box::into_raw(Box::default());
        // SAFETY: neither NULL nor misaligned, so the caller's to be written.
        unsafe { workspace.write(own) };
        Ok(())
    })
}

/// Frees a workspace that no call uses. NULL is no workspace, and nothing happens.
///
/// Since 0.1.
///
/// # Safety
/// `workspace` is NULL or comes from segloss_workspace_new and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_workspace_free(workspace: *mut Workspace) {
    guard((), || {
        if !workspace.is_null() {
            // SAFETY: it was made by `Box::into_raw` and is the caller's last pointer to it.
            drop(unsafe { Box::from_raw(workspace) });
        }
    });
}
