//! Tokens that were verified before.
//!
//! A service sends the same token with every call, so its verification is remembered. Only what satisfied every rule gets
//! in: an outsider cannot fill the cache, and no failure is remembered. What is remembered is the token, never what it was
//! allowed to do.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use quick_cache::{DefaultHashBuilder, Equivalent, Lifecycle, UnitWeighter, sync::Cache};
use zeroize::Zeroizing;

use super::{Meters, Verified};

/// Longer tokens are verified anew each time. Bytes.
const REMEMBERED_BYTES: usize = 4 * 1024;
/// The part of a token that is hashed: the end of its signature. Whoever chooses it can at most make his token share a
/// bucket with another, since the whole text is compared; the hash is keyed at random for each cache all the same.
const TAIL_BYTES: usize = 16;

/// Groups of threads that remember for themselves, at most.
const MOST_GROUPS: usize = 8;

/// Verified tokens by their text, bounded in number; those that are used stay.
///
/// Threads that look for one token at once would pass the words that count its readers from core to core, which costs more
/// than the look. So each of a few groups of threads remembers for itself.
pub(super) struct TokenCache(Box<[Group]>);

type Group = Cache<Text, Arc<Verified>, UnitWeighter, DefaultHashBuilder, Evictions>;

/// The text of a token. It is overwritten when it is forgotten.
struct Text(Zeroizing<Box<[u8]>>);

/// A text that is looked for.
struct Wanted<'t>(&'t [u8]);

impl TokenCache {
    /// For about `entries` tokens in each group of threads.
    pub(super) fn new(entries: usize, meters: &Meters) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let group = || {
            Cache::with(
                entries,
                entries as u64,
                UnitWeighter,
                DefaultHashBuilder::default(),
                Evictions(meters.clone()),
            )
        };
        // A power of two, so that a thread finds its group without a division.
        let groups = threads.min(MOST_GROUPS).next_power_of_two();
        Self((0..groups).map(|_| group()).collect())
    }

    pub(super) fn get(&self, token: &[u8]) -> Option<Arc<Verified>> {
        self.group().get(&Wanted(token))
    }

    /// Remembers a token. It satisfied every rule.
    pub(super) fn insert(&self, token: &[u8], verified: &Arc<Verified>) {
        if token.len() <= REMEMBERED_BYTES {
            let text = Text(Zeroizing::new(token.into()));
            self.group().insert(text, Arc::clone(verified));
        }
    }

    /// Forgets a token, unless it was verified anew meanwhile. Other groups find out by themselves.
    pub(super) fn forget(&self, token: &[u8], verified: &Arc<Verified>) {
        self.group()
            .remove_if(&Wanted(token), |it| Arc::ptr_eq(it, verified));
    }

    pub(super) fn clear(&self) {
        self.0.iter().for_each(Cache::clear);
    }

    /// In all groups together.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(Cache::len).sum()
    }

    /// That of this thread.
    fn group(&self) -> &Group {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        // A thread that is ending has no number any more.
        let number = NUMBER.try_with(|number| *number).unwrap_or(0);
        &self.0[number & (self.0.len() - 1)]
    }
}

impl Hash for Wanted<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Of the same length for all but the shortest, so that it is one step for the hasher.
        match self.0.last_chunk::<TAIL_BYTES>() {
            Some(tail) => state.write_u128(u128::from_ne_bytes(*tail)),
            None => state.write(self.0),
        }
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Wanted(&self.0).hash(state);
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Text {}

impl Equivalent<Text> for Wanted<'_> {
    fn equivalent(&self, text: &Text) -> bool {
        self.0 == &**text.0
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("entries", &self.len())
            .finish_non_exhaustive()
    }
}

/// Counts the tokens that made room for others.
#[derive(Clone)]
struct Evictions(Meters);

impl Lifecycle<Text, Arc<Verified>> for Evictions {
    type RequestState = ();

    fn on_evict(&self, (): &mut (), _text: Text, _verified: Arc<Verified>) {
        self.0.token_evicted();
    }
}
