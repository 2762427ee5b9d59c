use super::Target;

/// Returns the labels that elements of a storage can hold, as they are stored.
#[inline(always)]
pub(crate) fn stored_labels<E: Target>(labels: &[i64]) -> impl Iterator<Item = E> + Clone + '_ {
    labels.iter().filter_map(|&label| E::from_label(label))
}

/// The labels that are ignored, as a storage holds them.
pub(crate) struct IgnoredAs<'a, E: Target> {
    first: Option<E>,
    /// All of them.
    labels: &'a [i64],
    several: bool,
}

impl<'a, E: Target> IgnoredAs<'a, E> {
    #[inline(always)]
    pub(crate) fn of(labels: &'a [i64]) -> Self {
        let mut stored = stored_labels::<E>(labels);
        let first = stored.next();
        IgnoredAs { first, labels, several: stored.next().is_some() }
    }

    /// Returns the first that the storage holds.
    #[inline(always)]
    pub(crate) fn first(&self) -> Option<E> {
        self.first
    }

    /// Whether the storage holds more than one.
    #[inline(always)]
    pub(crate) fn several(&self) -> bool {
        self.several
    }

    /// Whether a target is ignored.
    pub(crate) fn contains(&self, e: E) -> bool {
        Some(e) == self.first
            || (self.several && stored_labels(self.labels).any(|label: E| label == e))
    }

    /// Returns a target in what it is read as: the first of those that are ignored instead of another.
    #[inline(always)]
    pub(crate) fn widen(&self, e: E, widen: fn(E) -> E::Wide) -> E::Wide {
        match self.first {
            Some(first) if self.contains(e) => first.widen(),
            _ => widen(e),
        }
    }
}
