/// Storage that begins a cache line, so that no vector of it lies in two: half the time of loops that keep
/// what they compute in the first-level cache.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Aligned<X>(pub X);
