//! Keeps a key set up to date while requests are being verified.
//!
//! Readers take no lock: a fresh set with the wanted key answers at once. A set that is no longer fresh, or lacks
//! the key, is fetched anew by one task for everybody who waits. A failed fetch never drops keys.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    task::JoinHandle,
    time::Instant,
};

use super::{Candidates, Error, KeySet, Source};
use crate::observe;

/// Keys are used this long after the last successful fetch, while the issuer cannot be reached.
const LONGEST_STALE: Duration = Duration::from_secs(3600);
/// Fetches that requests can start at once, and how often one more is allowed: a flood of invented key ids must
/// not become a flood of fetches.
const FETCH_BURST: u32 = 2;
const FETCH_REFILL: Duration = Duration::from_secs(10);
/// A key id that a set this young lacks does not exist.
const CERTAINLY_ABSENT: Duration = Duration::from_secs(10);

/// Why no key was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookupError {
    /// The issuer has no key with this id.
    Unknown,
    /// Keys cannot be had, or cannot be had right now.
    Unavailable,
}

/// The keys of one issuer.
#[derive(Debug)]
pub(crate) struct KeyStore {
    keys: Keys,
}

#[derive(Debug)]
enum Keys {
    Fixed(Arc<KeySet>),
    Fetched(Arc<Refreshing>),
}

#[derive(Debug)]
struct Refreshing {
    source: Source,
    current: ArcSwapOption<Snapshot>,
    /// Whoever holds it fetches; the others wait for him.
    flight: Arc<Mutex<Budget>>,
}

#[derive(Debug)]
struct Snapshot {
    keys: Arc<KeySet>,
    fetched_at: Instant,
    fresh_for: Duration,
}

impl Snapshot {
    fn is_fresh(&self) -> bool {
        self.fetched_at.elapsed() < self.fresh_for
    }

    fn is_usable(&self) -> bool {
        self.fetched_at.elapsed() < LONGEST_STALE
    }
}

/// A token bucket for fetches.
#[derive(Debug)]
struct Budget {
    tokens: u32,
    refilled_at: Instant,
    /// Whether the last fetch gave no keys.
    failed: bool,
}

impl Budget {
    /// Takes a token. It counts when the fetch starts, whether or not it succeeds.
    fn take(&mut self) -> bool {
        while self.tokens < FETCH_BURST && self.refilled_at.elapsed() >= FETCH_REFILL {
            self.tokens += 1;
            self.refilled_at += FETCH_REFILL;
        }
        if self.tokens == FETCH_BURST {
            self.refilled_at = Instant::now();
        }
        let granted = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        granted
    }
}

impl KeyStore {
    /// Keys that never change.
    pub(crate) fn fixed(keys: Arc<KeySet>) -> Self {
        Self {
            keys: Keys::Fixed(keys),
        }
    }

    /// Keys that are fetched when they are first wanted.
    pub(crate) fn fetched(source: Source) -> Self {
        Self {
            keys: Keys::Fetched(Arc::new(Refreshing {
                source,
                current: ArcSwapOption::empty(),
                flight: Arc::new(Mutex::new(Budget {
                    tokens: FETCH_BURST,
                    refilled_at: Instant::now(),
                    failed: false,
                })),
            })),
        }
    }

    /// The keys that may have signed a token which names `key_id`, when no fetch is needed to tell.
    pub(crate) fn fresh(&self, key_id: &str) -> Option<Result<Candidates, LookupError>> {
        match &self.keys {
            Keys::Fixed(keys) => Some(keys.candidates(key_id).ok_or(LookupError::Unknown)),
            Keys::Fetched(refreshing) => {
                let current = refreshing.current.load();
                let snapshot = current.as_ref().filter(|snapshot| snapshot.is_fresh())?;
                snapshot.keys.candidates(key_id).map(Ok)
            }
        }
    }

    /// [`KeyStore::fresh`], fetching keys where that is needed and allowed.
    pub(crate) async fn find(&self, key_id: &str) -> Result<Candidates, LookupError> {
        if let Some(answer) = self.fresh(key_id) {
            return answer;
        }
        match &self.keys {
            Keys::Fixed(_) => Err(LookupError::Unknown),
            Keys::Fetched(refreshing) => refreshing.find(key_id).await,
        }
    }

    /// The whole set, fetched if it is not fresh.
    pub(crate) async fn all(&self) -> Result<Arc<KeySet>, Error> {
        match &self.keys {
            Keys::Fixed(keys) => Ok(Arc::clone(keys)),
            Keys::Fetched(refreshing) => refreshing.all().await,
        }
    }
}

impl Refreshing {
    async fn find(self: &Arc<Self>, key_id: &str) -> Result<Candidates, LookupError> {
        let seen = self.current.load_full();
        let known = seen
            .as_ref()
            .filter(|snapshot| snapshot.is_usable())
            .and_then(|snapshot| snapshot.keys.candidates(key_id));
        let guard = match known {
            // The key is known, only its set is old: one request sees to that, nobody else waits for it.
            Some(candidates) => match Arc::clone(&self.flight).try_lock_owned() {
                Ok(guard) if guard.failed => {
                    // Nor does anybody wait for an issuer that gave no keys the last time.
                    drop(self.fetch(guard));
                    return Ok(candidates);
                }
                Ok(guard) => guard,
                Err(_) => return Ok(candidates),
            },
            None => Arc::clone(&self.flight).lock_owned().await,
        };
        let fetched_meanwhile = !same(seen.as_ref(), self.current.load().as_ref());
        if !fetched_meanwhile && let Some(fetch) = self.fetch(guard) {
            // A task that was aborted with its runtime leaves the keys as they were.
            let _ended = fetch.await;
        }
        let current = self.current.load_full();
        let current = current
            .filter(|snapshot| snapshot.is_usable())
            .ok_or(LookupError::Unavailable)?;
        let newest = current.fetched_at.elapsed() < CERTAINLY_ABSENT;
        current.keys.candidates(key_id).ok_or(if newest {
            LookupError::Unknown
        } else {
            LookupError::Unavailable
        })
    }

    async fn all(&self) -> Result<Arc<KeySet>, Error> {
        if let Some(snapshot) = self.current.load().as_ref().filter(|it| it.is_fresh()) {
            return Ok(Arc::clone(&snapshot.keys));
        }
        let fetched = self.source.fetch().await?;
        Ok(self.store(fetched))
    }

    /// Starts a fetch, if the budget allows. It is a task of its own, which goes on when the request that started it
    /// is dropped: otherwise callers who hang up could keep a new key from ever being fetched.
    fn fetch(self: &Arc<Self>, mut guard: OwnedMutexGuard<Budget>) -> Option<JoinHandle<()>> {
        if !guard.take() {
            return None;
        }
        let this = Arc::clone(self);
        Some(tokio::spawn(async move {
            match this.source.fetch().await {
                Ok(fetched) => {
                    this.store(fetched);
                    guard.failed = false;
                }
                Err(error) => {
                    observe::key_fetch_failed(&error);
                    guard.failed = true;
                }
            }
        }))
    }

    fn store(&self, fetched: super::fetch::Fetched) -> Arc<KeySet> {
        observe::keys_fetched(fetched.keys.iter().len(), fetched.keys.skipped());
        let keys = Arc::new(fetched.keys);
        self.current.store(Some(Arc::new(Snapshot {
            keys: Arc::clone(&keys),
            fetched_at: Instant::now(),
            fresh_for: fetched.fresh_for,
        })));
        keys
    }
}

/// Whether no other set was stored in between.
fn same(before: Option<&Arc<Snapshot>>, after: Option<&Arc<Snapshot>>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => Arc::ptr_eq(before, after),
        (before, after) => before.is_none() && after.is_none(),
    }
}
