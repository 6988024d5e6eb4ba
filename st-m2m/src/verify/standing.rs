//! Whether the key of a remembered token is still in use.
//!
//! Kept free of the cache and of the key store, so that it can be modelled: `tests/models` explores every interleaving of
//! this very file.

use super::sync::{AtomicU64, Ordering};

/// The generation of the key set in which a token's key was last seen.
#[derive(Debug)]
pub(crate) struct Standing(AtomicU64);

impl Standing {
    /// The key was in the set of this generation.
    pub(crate) fn new(generation: u64) -> Self {
        Self(AtomicU64::new(generation))
    }

    /// Whether the key is in the set of generation `current`. That set is searched only when it is not the one in which
    /// the key was seen last.
    pub(crate) fn holds(&self, current: u64, is_in_it: impl FnOnce() -> bool) -> bool {
        // Generations that two readers see may differ, and either may write last: it writes what it saw, so the worst is
        // one more search. Nothing else is read through this value, hence no ordering.
        if self.0.load(Ordering::Relaxed) == current {
            return true;
        }
        if !is_in_it() {
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
