//! Keeps a key set up to date while requests are being verified.
//!
//! Readers take no lock: a fresh set with the wanted key answers at once. A set that is no longer fresh, or lacks
//! the key, is fetched anew by one task for everybody who waits. A failed fetch never drops keys.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{Candidates, KeySet, KeysError, Source};
use crate::observe;

/// Keys are used this long after the last successful fetch, while the issuer cannot be reached.
const LONGEST_STALE: Duration = Duration::from_secs(3600);
/// Fetches that requests can start at once, and how often one more is allowed: a flood of invented key ids must
/// not become a flood of fetches.
const FETCH_BURST: u32 = 2;
const FETCH_REFILL: Duration = Duration::from_secs(10);
/// When another try makes sense after [`LookupError::Unconfirmed`] or [`LookupError::Unavailable`].
pub(crate) const RETRY_AFTER: Duration = FETCH_REFILL;
/// How long a request with a known key waits for a set that is no longer fresh, before the old one serves.
const GRACE: Duration = Duration::from_secs(1);

/// Why no key was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookupError {
    /// The issuer has no key with this id: it was asked after the request came in.
    Unknown,
    /// There are keys, but none with this id, and the issuer cannot be asked about it right now.
    Unconfirmed,
    /// There are no keys.
    Unavailable,
}

/// A fetch under way.
type Fetch = JoinHandle<Result<Arc<KeySet>, KeysError>>;

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
    /// How many fetches have started: a set tells of the time after a request came in if its fetch has a higher number
    /// than the request saw.
    started: AtomicU64,
    /// Whoever holds it fetches; the others wait for that fetch.
    flight: Arc<Mutex<Budget>>,
}

#[derive(Debug)]
struct Snapshot {
    keys: Arc<KeySet>,
    /// The number of its fetch.
    number: u64,
    /// When the issuer was asked, not when it answered: a key may have been removed in between.
    asked_at: Instant,
    fresh_for: Duration,
}

impl Snapshot {
    fn is_fresh(&self) -> bool {
        self.asked_at.elapsed() < self.fresh_for
    }

    fn is_usable(&self) -> bool {
        self.asked_at.elapsed() < LONGEST_STALE
    }
}

/// A token bucket for fetches, and how the last one ended.
#[derive(Debug)]
struct Budget {
    tokens: u32,
    refilled_at: Instant,
    /// When the last fetch ended, if it gave no keys.
    failed_at: Option<Instant>,
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

    /// Whether a fetch failed while somebody who came at `asked_at` waited for it. It failed for them as well:
    /// if each of a crowd tried again, they would wait one behind the other.
    fn failed_since(&self, asked_at: Instant) -> bool {
        self.failed_at
            .is_some_and(|failed_at| failed_at >= asked_at)
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
                started: AtomicU64::new(0),
                flight: Arc::new(Mutex::new(Budget {
                    tokens: FETCH_BURST,
                    refilled_at: Instant::now(),
                    failed_at: None,
                })),
            })),
        }
    }

    /// The keys that may have signed a token which names `key_id`. Ready at the first poll when the set is fresh and
    /// has the key; else the set is fetched anew where that is allowed.
    pub(crate) async fn find(&self, key_id: &str) -> Result<Candidates, LookupError> {
        match &self.keys {
            Keys::Fixed(keys) => keys.candidates(key_id).ok_or(LookupError::Unknown),
            Keys::Fetched(refreshing) => match refreshing.fresh(key_id) {
                Some(candidates) => Ok(candidates),
                None => refreshing.find(key_id).await,
            },
        }
    }

    /// The whole set, fetched if it is not fresh.
    pub(crate) async fn all(&self) -> Result<Arc<KeySet>, KeysError> {
        match &self.keys {
            Keys::Fixed(keys) => Ok(Arc::clone(keys)),
            Keys::Fetched(refreshing) => refreshing.all().await,
        }
    }
}

impl Refreshing {
    fn fresh(&self, key_id: &str) -> Option<Candidates> {
        let current = self.current.load();
        let snapshot = current.as_ref().filter(|it| it.is_fresh())?;
        snapshot.keys.candidates(key_id)
    }

    fn usable(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full().filter(|it| it.is_usable())
    }

    async fn find(self: &Arc<Self>, key_id: &str) -> Result<Candidates, LookupError> {
        let seen = self.started.load(Ordering::Acquire);
        match self.usable().and_then(|it| it.keys.candidates(key_id)) {
            Some(known) => self.renewed(key_id, seen, known).await,
            None => self.fetched(key_id, seen).await,
        }
    }

    /// The keys for an id that is known, though its set is old. One request sees to a new set and waits a little;
    /// nobody else does, nor does anybody wait for an issuer that gave no keys the last time.
    async fn renewed(
        self: &Arc<Self>,
        key_id: &str,
        seen: u64,
        known: Candidates,
    ) -> Result<Candidates, LookupError> {
        let Ok(budget) = Arc::clone(&self.flight).try_lock_owned() else {
            return Ok(known);
        };
        if let Some(candidates) = self.fresh(key_id) {
            return Ok(candidates);
        }
        let failed_before = budget.failed_at.is_some();
        let Some(fetch) = self.fetch(budget) else {
            return Ok(known);
        };
        if failed_before || timeout(GRACE, fetch).await.is_err() {
            return Ok(known);
        }
        match self.current.load_full() {
            Some(newest) if newest.number > seen => {
                newest.keys.candidates(key_id).ok_or(LookupError::Unknown)
            }
            _ => Ok(known),
        }
    }

    /// The keys for an id that is not known: everybody waits for one fetch.
    async fn fetched(self: &Arc<Self>, key_id: &str, seen: u64) -> Result<Candidates, LookupError> {
        let asked_at = Instant::now();
        // At most twice: a fetch that succeeds is younger than the request, one that fails has failed since.
        while let Some(budget) = self.turn().await {
            let newest = self.usable();
            if let Some(candidates) = newest.as_ref().and_then(|it| it.keys.candidates(key_id)) {
                return Ok(candidates);
            }
            if newest.is_some_and(|it| it.number > seen) {
                return Err(LookupError::Unknown);
            }
            if budget.failed_since(asked_at) {
                break;
            }
            let Some(fetch) = self.fetch(budget) else {
                break;
            };
            // How it ended shows in the next round; whether it ended decides if there is one.
            if self.outcome(fetch).await.is_none() {
                break;
            }
        }
        Err(match self.usable() {
            Some(_) => LookupError::Unconfirmed,
            None => LookupError::Unavailable,
        })
    }

    async fn all(self: &Arc<Self>) -> Result<Arc<KeySet>, KeysError> {
        let asked_at = Instant::now();
        let fresh = || self.usable().filter(|it| it.is_fresh());
        if let Some(snapshot) = fresh() {
            return Ok(Arc::clone(&snapshot.keys));
        }
        let mut outcome = None;
        if let Some(budget) = self.turn().await {
            if let Some(snapshot) = fresh() {
                return Ok(Arc::clone(&snapshot.keys));
            }
            if !budget.failed_since(asked_at)
                && let Some(fetch) = self.fetch(budget)
            {
                outcome = self.outcome(fetch).await;
            }
        }
        // As guards do, it makes do with an old set while the issuer is away.
        match (outcome, self.usable()) {
            (Some(Ok(keys)), _) => Ok(keys),
            (_, Some(snapshot)) => Ok(Arc::clone(&snapshot.keys)),
            (Some(Err(error)), None) => Err(error),
            (None, None) => Err(KeysError::TooSoon),
        }
    }

    /// The right to fetch. Nobody waits for it longer than a fetch may take: whoever holds it may run on a runtime that
    /// nobody drives any more.
    async fn turn(&self) -> Option<OwnedMutexGuard<Budget>> {
        timeout(self.patience(), Arc::clone(&self.flight).lock_owned())
            .await
            .ok()
    }

    /// How a fetch ended; `None` when its task did not end.
    async fn outcome(&self, fetch: Fetch) -> Option<Result<Arc<KeySet>, KeysError>> {
        timeout(self.patience(), fetch).await.ok()?.ok()
    }

    fn patience(&self) -> Duration {
        self.source.limit() + GRACE
    }

    /// Starts a fetch, if the budget allows. It is a task of its own, which goes on when the request that started it
    /// is dropped: otherwise callers who hang up could keep a new key from ever being fetched. The task gives the
    /// budget back by itself: a request that is not polled must not keep it.
    fn fetch(self: &Arc<Self>, mut budget: OwnedMutexGuard<Budget>) -> Option<Fetch> {
        if !budget.take() {
            return None;
        }
        let this = Arc::clone(self);
        Some(tokio::spawn(async move {
            let outcome = this.ask().await;
            budget.failed_at = match &outcome {
                Ok(_) => None,
                Err(error) => {
                    observe::key_fetch_failed(error);
                    Some(Instant::now())
                }
            };
            outcome
        }))
    }

    /// Asks the issuer and keeps what it answers. Only the holder of `flight` asks, so no older set comes later.
    async fn ask(&self) -> Result<Arc<KeySet>, KeysError> {
        let asked_at = Instant::now();
        let number = self.started.fetch_add(1, Ordering::AcqRel) + 1;
        let fetched = self.source.fetch().await?;
        for skipped in fetched.keys.skipped() {
            observe::key_skipped(skipped.key_id.as_deref(), skipped.reason);
        }
        observe::keys_fetched(fetched.keys.iter().len());
        let keys = Arc::new(fetched.keys);
        self.current.store(Some(Arc::new(Snapshot {
            keys: Arc::clone(&keys),
            number,
            asked_at,
            fresh_for: fetched.fresh_for,
        })));
        Ok(keys)
    }
}
