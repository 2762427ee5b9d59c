/// How work is divided among threads. Results do not depend on it.
pub trait Fork: Copy + Send + Sync {
    /// Parts that are worth having, 1 or more.
    fn workers(self) -> usize;
    /// Runs both, at the same time if it can.
    fn join(self, one: impl FnOnce() + Send, other: impl FnOnce() + Send);
}

/// The calling thread alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Fork for Serial {
    fn workers(self) -> usize {
        1
    }

    fn join(self, one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
        one();
        other();
    }
}

/// A [`Fork`] as an object, so that what is divided is compiled once.
pub(crate) trait Join: Sync {
    /// [`Fork::workers`].
    fn workers(&self) -> usize;
    /// [`Fork::join`], each being called once.
    fn join(&self, one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send));
}

impl<F: Fork> Join for F {
    fn workers(&self) -> usize {
        Fork::workers(*self)
    }

    fn join(&self, one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send)) {
        Fork::join(*self, one, other);
    }
}

/// So many workers of a fork.
#[derive(Clone, Copy)]
pub(crate) struct Workers<'f> {
    pub(crate) fork: &'f dyn Join,
    pub(crate) count: usize,
}

impl Fork for Workers<'_> {
    fn workers(self) -> usize {
        self.count
    }

    fn join(self, one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
        let (mut one, mut other) = (Some(one), Some(other));
        let one = &mut || one.take().into_iter().for_each(|one| one());
        self.fork.join(one, &mut || other.take().into_iter().for_each(|other| other()));
    }
}

/// What is done for a row: its number, its output and storage.
pub(super) type EachRow<'c, O> = dyn Fn(usize, &mut [O], &mut [u64]) + Sync + 'c;

/// Calls for each row of `out`, with storage that calls at the same time do not share: `storage` elements,
/// of which there are as many for each worker.
pub(super) fn rows<O: Send>(
    fork: &dyn Join,
    row: usize,
    out: &mut [O],
    storage: usize,
    stores: &mut [u64],
    call: &EachRow<'_, O>,
) {
    let workers = fork.workers().min(stores.len().checked_div(storage).unwrap_or(1)).max(1);
    divide(fork, workers, row, 0, out, storage, stores, call);
}

#[allow(clippy::too_many_arguments, reason = "a range of rows with its output and its storage")]
fn divide<O: Send>(
    fork: &dyn Join,
    workers: usize,
    row: usize,
    first: usize,
    out: &mut [O],
    storage: usize,
    stores: &mut [u64],
    call: &EachRow<'_, O>,
) {
    let count = out.len() / row;
    if workers < 2 || count < 2 {
        for (i, out) in out.chunks_mut(row).enumerate() {
            call(first + i, out, stores);
        }
        return;
    }
    let half = workers / 2;
    let rows = count * half / workers;
    let (out, later) = out.split_at_mut(rows * row);
    let (stores, later_stores) = stores.split_at_mut(half * storage);
    fork.join(&mut || divide(fork, half, row, first, out, storage, stores, call), &mut || {
        divide(fork, workers - half, row, first + rows, later, storage, later_stores, call);
    });
}
