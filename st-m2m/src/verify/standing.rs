//! What a remembered token was last checked against: a key set, or the list of revocations.
//!
//! Kept free of the cache and of the key store, so that it can be modelled: `tests/models` explores every interleaving of
//! this very file.

use super::sync::{AtomicU64, Ordering};

/// The generation of a set in which a condition of a token was last found to hold: that its key is in the key set, or that
/// it is not on the list of revocations.
#[derive(Debug)]
pub(crate) struct Standing(AtomicU64);

impl Standing {
    /// The condition holds in this generation.
    pub(crate) fn new(generation: u64) -> Self {
        Self(AtomicU64::new(generation))
    }

    /// Whether the condition holds in the generation `current`. The set is searched only when it is not the one in which the
    /// condition held last.
    pub(crate) fn holds(&self, current: u64, search: impl FnOnce() -> bool) -> bool {
        // Generations that two readers see may differ, and either may write last: it writes what it saw, so the worst is
        // one more search. Nothing else is read through this value, hence no ordering.
        if self.0.load(Ordering::Relaxed) == current {
            return true;
        }
        if !search() {
            return false;
        }
        self.0.store(current, Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_searched_once() {
        let standing = Standing::new(1);
        assert!(standing.holds(1, || panic!("seen there already")));
        assert!(standing.holds(2, || true));
        assert!(standing.holds(2, || panic!("seen there already")));
        assert!(!standing.holds(3, || false));
        assert!(!standing.holds(3, || false), "absence is not remembered");
    }
}
