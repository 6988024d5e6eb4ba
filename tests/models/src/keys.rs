//! Key sets that replace each other and a remembered token, around [`Standing`].

use loom::sync::{
    Arc, Mutex,
    atomic::{
        AtomicUsize,
        Ordering::{Acquire, Release},
    },
};

use crate::standing::Standing;

/// A key object. A key that is removed and comes again is another one.
pub type Key = u32;

/// A key set in use, as `Snapshot`.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    pub generation: u64,
    pub keys: &'static [Key],
}

impl Set {
    #[must_use]
    pub fn contains(&self, key: Key) -> bool {
        self.keys.contains(&key)
    }
}

/// A verified token, as `Verified`.
#[derive(Debug)]
pub struct Token {
    pub key: Key,
    standing: Standing,
}

/// The sets in the order in which they are published, and the one place for a remembered token.
#[derive(Debug)]
pub struct Keys {
    sets: Vec<Set>,
    /// Which of them is in use. A reader may see an old one for a while, as with any pointer.
    current: AtomicUsize,
    remembered: Mutex<Option<Arc<Token>>>,
}

impl Keys {
    /// The first of the sets is in use.
    #[must_use]
    pub fn new(sets: &[Set]) -> Self {
        Self {
            sets: sets.to_vec(),
            current: AtomicUsize::new(0),
            remembered: Mutex::new(None),
        }
    }

    /// Publishes all the sets, one after the other.
    pub fn publish(&self) {
        for index in 1..self.sets.len() {
            self.current.store(index, Release);
        }
    }

    #[must_use]
    pub fn current(&self) -> Set {
        self.sets[self.current.load(Acquire)]
    }

    /// Verifies a token that `key` signed and remembers it, as `Verifier::verify`; false when the key is not in use.
    pub fn verify(&self, key: Key) -> bool {
        let found = self.current();
        if !found.contains(key) {
            return false;
        }
        let token = Token {
            key,
            standing: Standing::new(found.generation),
        };
        *self.remembered.lock().expect("no poison") = Some(Arc::new(token));
        true
    }

    /// What is remembered.
    #[must_use]
    pub fn remembered(&self) -> Option<Arc<Token>> {
        self.remembered.lock().expect("no poison").clone()
    }

    /// Whether a remembered token would be verified again, as `Verifier::still_holds`, and the set that was looked at.
    #[must_use]
    pub fn still_holds(&self, token: &Token) -> (bool, Set) {
        let current = self.current();
        let holds = token
            .standing
            .holds(current.generation, || current.contains(token.key));
        (holds, current)
    }

    /// Forgets a token that does not hold, unless it was verified anew meanwhile, as `Verifier::recall`.
    pub fn recall(&self) -> Option<Set> {
        let token = self.remembered()?;
        let (holds, set) = self.still_holds(&token);
        assert_eq!(holds, set.contains(token.key), "{token:?} and {set:?}");
        if !holds {
            let mut remembered = self.remembered.lock().expect("no poison");
            if remembered
                .as_ref()
                .is_some_and(|it| Arc::ptr_eq(it, &token))
            {
                *remembered = None;
            }
        }
        holds.then_some(set)
    }
}
