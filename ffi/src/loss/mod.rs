//! Losses as handles.

mod compose;
mod libraries;
mod link_of;
mod options;
mod pool;
mod read;

pub use compose::{Argument, Named, TermParts, segloss_loss_compose};
pub use link_of::segloss_link_of;
pub use options::LossOptions;
pub use read::{
    segloss_loss_class_weights, segloss_loss_link, segloss_loss_parameter_count,
    segloss_loss_parameter_name, segloss_loss_parameter_value, segloss_loss_term_coefficient,
    segloss_loss_term_count, segloss_loss_term_name, segloss_loss_text,
};

use core::ffi::c_char;
use std::sync::Arc;

use crate::entry;
use crate::fault::Fault;
use crate::link::Link;
use crate::plugin::Plugin;
use crate::result::ResultCode;
use libraries::Libraries;
use pool::Pool;
use segloss_c_boundary::boundary::guard;
use segloss_c_boundary::pointer::check_pointer;
use segloss_c_boundary::versioned::read_or_zeros;
use segloss_c_boundary::{BadArgument, text};
use segloss_core::text::TextError;

/// A loss: a sum of terms, read from text.
///
/// Immutable: any number of threads may use one at the same time. Since 0.1.
#[derive(Debug)]
pub struct Loss {
    // Before the plugins, to which their libraries refer.
    pub(crate) single: segloss_simd::Loss<'static, f32>,
    pub(crate) double: segloss_simd::Loss<'static, f64>,
    pub(crate) link: Link,
    pool: Pool,
    _plugins: Vec<Arc<Plugin>>,
}

impl Loss {
    /// The loss behind a handle.
    ///
    /// # Safety
    /// `loss` is NULL or comes from [`segloss_loss_new`] and is not freed for `'a`.
    pub(crate) unsafe fn of<'a>(loss: *const Loss) -> Result<&'a Self, Fault> {
        check_pointer(loss, "loss", "")?;
        // SAFETY: the caller's word.
        Ok(unsafe { &*loss })
    }

    /// Whether calls run on threads of the loss's.
    pub(crate) fn has_threads(&self) -> bool {
        self.pool.threads().is_some()
    }

    /// Runs a call on the loss's threads, if it has any.
    pub(crate) fn install<R: Send>(&self, call: impl FnOnce() -> R + Send) -> R {
        match self.pool.threads() {
            Some(pool) => pool.install(call),
            None => call(),
        }
    }
}

/// The loss that `text` describes under `link` (a segloss_link), into `loss`, for segloss_loss_free to
/// free.
///
/// The text is a sum of terms, `0.3*bce + 0.4*dice(smooth=1e-6) + 0.3*boundary(theta=3, weight=5)`, or
/// the name of one: `preset:balanced`, `preset:imbalanced`, `preset:boundary`, `preset:medical`,
/// `preset:nnunet`.
///
/// | term | parameters and their defaults |
/// |---|---|
/// | `bce` (sigmoid) | `pos_weight=1, smoothing=0` |
/// | `ce` (softmax) | `weights=[...]`, one a class, `power=1` |
/// | `focal` | `alpha=0.25` or `alpha=off`, `gamma=2` (sigmoid); `alpha=[...], gamma=2` (softmax) |
/// | `dice` | `smooth=1e-6, smooth_nr=smooth, log=false, gamma=1` |
/// | `jaccard` | `smooth=1e-6, smooth_nr=smooth, log=false, gamma=1` |
/// | `tversky` | `fp=0.5, fn=0.5, smooth=1e-6, smooth_nr=smooth, log=false` |
/// | `focal_tversky` | `fp=0.5, fn=0.5, gamma=1, smooth=1e-6, smooth_nr=smooth, log=false` |
/// | `fbeta` | `beta=1.5, smooth=1e-6, smooth_nr=smooth, log=false` |
/// | `recall` | `smooth=1e-6, smooth_nr=smooth, log=false` |
/// | `log_cosh_dice` | `smooth=1e-6` |
/// | `generalized_dice` | `weight=square, smooth=1e-6, scale=max` |
/// | `poly1` | `epsilon=1` |
/// | `poly1_focal` | `epsilon=1, gamma=2` |
/// | `sce` (softmax) | `alpha=0.1, beta=1, floor=-4` |
/// | `gce` (softmax) | `power=0.7` |
/// | `mae` (softmax) | |
/// | `boundary` | `theta=3, weight=5, border=auto, void=nearest`: cross-entropy weighted in a band along boundaries |
/// | `distance` | `sigma=5, empty=zero, void=nearest`: cross-entropy weighted by the distance to them |
///
/// Those from `dice` to `generalized_dice` are of regions, and take `classes=all`, `foreground` or a list, `weights=[...]`,
/// one for each class in use, `absent=keep`, `zero` or `skip`, `pool=sample` or `batch`, `empty=keep` or `skip` and
/// `weighted=false` or `true`; all but the last `average=macro` or `micro` and `normalise=weights` or `classes`.
///
/// A pixel or class term takes weight maps, `bce @ band(theta=3, weight=5) @ decay(sigma=5)`, among them
/// the caller's own. `options` is NULL for the fastest level, the caller's thread alone, and no plugins.
///
/// Fails with SEGLOSS_RESULT_BAD_TEXT at the first mistake in the text: the message says where it is and
/// what was expected there. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; `text` ends with a 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_new(
    text: *const c_char,
    link: i32,
    options: *const LossOptions,
    loss: *mut *mut Loss,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let text = unsafe { text::read(text, "text", "")? };
        let link = Link::read(link)?;
        // SAFETY: as above.
        let options = unsafe { read_or_zeros(options, "options")? };
        // SAFETY: as above.
        unsafe { hand_out(text, link, &options, loss, |message| message) }
    })
}

/// `tell` makes the message of a mistake in the text out of the parser's.
///
/// # Safety
/// The options' pointers are NULL or point to what their types say; `loss` is NULL or points to a place for
/// a pointer.
unsafe fn hand_out(
    text: &str,
    link: Link,
    options: &LossOptions,
    loss: *mut *mut Loss,
    tell: impl Fn(String) -> String,
) -> Result<(), Fault> {
    check_pointer(loss, "loss", "")?;
    // SAFETY: the caller's word.
    let own = Box::into_raw(Box::new(unsafe { make(text, link, options, tell)? }));
    // SAFETY: neither NULL nor misaligned, so the caller's to be written.
    unsafe { loss.write(own) };
    Ok(())
}

/// # Safety
/// The options' pointers are NULL or point to what their types say.
unsafe fn make(
    text: &str,
    link: Link,
    options: &LossOptions,
    tell: impl Fn(String) -> String,
) -> Result<Loss, Fault> {
    let pool = options.pool()?;
    // SAFETY: the caller's word, and the loss keeps the plugins until the libraries are gone.
    let Libraries { single, double, plugins } = unsafe { Libraries::of(options)? };
    let bad = |error: TextError<'_>| BadArgument::Text { message: tell(error.to_string()) };
    let (single, double) = (Arc::new(single), Arc::new(double));
    Ok(Loss {
        single: segloss_simd::Loss::shared(&single, text, link.of_core()).map_err(bad)?,
        double: segloss_simd::Loss::shared(&double, text, link.of_core()).map_err(bad)?,
        link,
        pool: Pool::new(pool),
        _plugins: plugins,
    })
}

/// Frees a loss that no call uses. NULL is no loss, and nothing happens.
///
/// Since 0.1.
///
/// # Safety
/// `loss` is NULL or comes from segloss_loss_new and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_loss_free(loss: *mut Loss) {
    guard((), || {
        if !loss.is_null() {
            // SAFETY: it was made by `Box::into_raw` and is the caller's last pointer to it.
            drop(unsafe { Box::from_raw(loss) });
        }
    });
}
