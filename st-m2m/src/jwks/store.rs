//! The keys of one issuer, at hand while requests are being verified.
//!
//! Whoever looks for a known key takes no lock and waits for nothing: a [`refresher`] fetches sets
//! ahead of time, in a task of its own. Who looks for an unknown key waits for a fetch, one for everybody, where the
//! [`Budget`] allows it. A fetch that fails never drops keys; a set that lacks a key cuts it at once.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwapOption, Guard};
use tokio::{
    runtime::Handle,
    sync::watch,
    task::AbortHandle,
    time::{Instant, timeout, timeout_at},
};

use super::{
    Candidates, KeySet, KeysError, Sources,
    absent::Absent,
    budget::{Budget, REFILL},
    flight::{Flight, Join},
    refresher,
    schedule::Plan,
    snapshot::{Origin, Snapshot},
};

/// When another try makes sense after [`LookupError::Unconfirmed`] or [`LookupError::Unavailable`].
pub(crate) const RETRY_AFTER: Duration = REFILL;
/// Whoever waits for a fetch waits this much longer than it may take.
const GRACE: Duration = Duration::from_millis(500);
/// Requests with unknown key ids that wait at once. The others are told to come back.
const MOST_WAITERS: usize = 256;
/// The same where there are no keys at all: those who wait are the good ones, too.
const MOST_WAITERS_AT_A_COLD_START: usize = 16 * 1024;
/// A refresher that did nothing for this long, with a set that is no longer fresh, is on a runtime that nobody drives.
const LONGEST_IDLE: Duration = Duration::from_secs(60);

/// Why no key was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookupError {
    /// The issuer has no key with this id: it was asked after the request came in, or a few seconds before about this
    /// very id.
    Unknown,
    /// There are keys, but none with this id, and the issuer cannot be asked about it right now.
    Unconfirmed,
    /// There are no keys.
    Unavailable,
}

/// What was found for a key id.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) candidates: Candidates,
    /// That of the set.
    pub(crate) generation: u64,
    /// Keys of the configuration that have no id and stand in for those of the issuer: that none of them signed a token
    /// does not say that none of the issuer's did.
    pub(crate) is_stopgap: bool,
}

/// The keys of one issuer. Dropping it ends the refresher.
#[derive(Debug)]
pub(crate) struct KeyStore(Arc<Shared>);

/// What the store and its refresher share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) current: ArcSwapOption<Snapshot>,
    /// `None` for keys that never change.
    pub(super) fetching: Option<Fetching>,
}

#[derive(Debug)]
pub(super) struct Fetching {
    pub(super) sources: Sources,
    /// Keys are used this long after they were asked for, while the issuer cannot be reached.
    pub(super) longest_stale: Duration,
    pub(super) flight: Flight,
    /// How many fetches have ended, for those who wait.
    pub(super) ended: watch::Sender<u64>,
    /// Wakes the refresher: every one that there is, since one that was dismissed must not take what is meant for the next.
    pub(super) wake: watch::Sender<()>,
    /// Milliseconds from `started_at` to when the refresher last did something.
    pub(super) active_at: AtomicU64,
    pub(super) started_at: Instant,
    /// Of sets that differ.
    pub(super) generations: AtomicU64,
    /// Why the last fetch failed, if it did.
    pub(super) last_error: ArcSwapOption<KeysError>,
    plan: Mutex<Plan>,
    gate: Mutex<Gate>,
    waiting: AtomicUsize,
    /// The last refresher, with its term.
    task: Mutex<Option<(u64, AbortHandle)>>,
}

/// What stands between invented key ids and the issuer.
#[derive(Debug)]
struct Gate {
    budget: Budget,
    absent: Absent,
}

/// A set that is usable now.
type Current = Guard<Option<Arc<Snapshot>>>;

impl KeyStore {
    /// Keys that never change.
    pub(crate) fn fixed(keys: Arc<KeySet>) -> Self {
        Self(Arc::new(Shared {
            current: ArcSwapOption::from_pointee(Snapshot::configured(keys, Origin::Fixed)),
            fetching: None,
        }))
    }

    /// Keys that are fetched, from now on where there is a tokio runtime. `seed` serves until the first set is there.
    pub(crate) fn fetched(
        sources: Sources,
        longest_stale: Duration,
        seed: Option<Arc<KeySet>>,
    ) -> Self {
        let now = Instant::now();
        let seed = seed.map(|keys| Arc::new(Snapshot::configured(keys, Origin::Seed)));
        let shared = Arc::new(Shared {
            current: ArcSwapOption::new(seed),
            fetching: Some(Fetching {
                sources,
                longest_stale,
                flight: Flight::new(),
                ended: watch::Sender::new(0),
                wake: watch::Sender::new(()),
                active_at: AtomicU64::new(0),
                started_at: now,
                generations: AtomicU64::new(0),
                last_error: ArcSwapOption::empty(),
                plan: Mutex::new(Plan::new(now)),
                gate: Mutex::new(Gate {
                    budget: Budget::full(now),
                    absent: Absent::default(),
                }),
                waiting: AtomicUsize::new(0),
                task: Mutex::new(None),
            }),
        });
        if let Some(fetching) = &shared.fetching {
            fetching.staff(&shared);
        }
        Self(shared)
    }

    /// The set in use, if it may be used at `now`. Takes no lock while the set is fresh.
    pub(crate) fn current(&self, now: Instant) -> Option<Current> {
        let current = self.0.current.load();
        let snapshot = current.as_ref()?;
        if !snapshot.is_fresh(now) {
            if !snapshot.is_usable(now) {
                return None;
            }
            self.tend(now);
        }
        Some(current)
    }

    /// The keys that may have signed a token which names `key_id`, if they are at hand.
    pub(crate) fn known(&self, key_id: &str, now: Instant) -> Option<Found> {
        let current = self.current(now)?;
        self.found(current.as_ref()?, key_id)
    }

    /// The keys that may have signed a token which names `key_id` and that are not at hand: the issuer is asked where
    /// that is allowed.
    pub(crate) async fn sought(&self, key_id: &str) -> Result<Found, LookupError> {
        let Some(fetching) = &self.0.fetching else {
            return Err(LookupError::Unknown);
        };
        let came_at = Instant::now();
        if fetching.gate().absent.contains(key_id, came_at) {
            return Err(LookupError::Unknown);
        }
        let begun = fetching.flight.begun();
        let has_keys = self.current(came_at).is_some();
        if let Some(_seat) = Seat::take(&fetching.waiting, has_keys) {
            // At most twice: a fetch that begins from now on has the last word.
            while let Some(number) = self.next_fetch(fetching) {
                if fetching.wait(&self.0, number, came_at).await.is_err() {
                    break;
                }
                // One look: the set that has the last word must be the very one that lacks the key.
                let current = self.current(Instant::now());
                if let Some(snapshot) = current.as_deref().and_then(Option::as_ref) {
                    if let Some(found) = self.found(snapshot, key_id) {
                        return Ok(found);
                    }
                    if snapshot.number > begun {
                        fetching.gate().absent.insert(key_id, came_at);
                        return Err(LookupError::Unknown);
                    }
                }
                if number > begun {
                    break;
                }
            }
        }
        Err(match self.current(Instant::now()) {
            Some(_) => LookupError::Unconfirmed,
            None => LookupError::Unavailable,
        })
    }

    /// The whole set, fetched if there is none that is fresh.
    pub(crate) async fn all(&self) -> Result<Arc<KeySet>, KeysError> {
        let now = Instant::now();
        let fresh = self.usable(now).filter(|it| it.is_fresh(now));
        match (fresh, &self.0.fetching) {
            (Some(snapshot), _) => Ok(Arc::clone(&snapshot.keys)),
            (None, None) => Err(KeysError::TooSoon),
            (None, Some(fetching)) => {
                let failure = match self.next_fetch(fetching) {
                    Some(number) => fetching.wait(&self.0, number, now).await.err(),
                    None => Some(KeysError::TooSoon),
                };
                // As guards do, it makes do with an old set while the issuer is away.
                match self.usable(Instant::now()) {
                    Some(snapshot) => Ok(Arc::clone(&snapshot.keys)),
                    None => Err(failure
                        .or_else(|| fetching.last_error())
                        .unwrap_or(KeysError::TooSoon)),
                }
            }
        }
    }

    /// Fetches the set, with a fetch that begins after this moment. The budget does not count: it is for strangers.
    pub(crate) async fn reload(&self) -> Result<Arc<KeySet>, KeysError> {
        if let Some(fetching) = &self.0.fetching {
            let number = fetching.flight.demand();
            fetching.staff(&self.0);
            fetching.wake.send_replace(());
            // The one under way has its time, then the one that was asked for.
            let patience = fetching.sources.limit();
            fetching
                .wait(&self.0, number, Instant::now() + patience)
                .await?;
            let newest = self.0.current.load_full();
            match newest {
                Some(snapshot) if snapshot.number >= number => Ok(Arc::clone(&snapshot.keys)),
                _ => Err(fetching.last_error().unwrap_or(KeysError::TooSoon)),
            }
        } else {
            self.all().await
        }
    }

    /// Waits until there are keys, `within` this time.
    pub(crate) async fn ready(&self, within: Duration) -> Result<(), KeysError> {
        let Some(fetching) = &self.0.fetching else {
            return Ok(());
        };
        let mut ended = fetching.ended.subscribe();
        let there = async {
            while self.current(Instant::now()).is_none() {
                // One that is wanted or under way must end in time, else its refresher is frozen.
                if let Some(number) = self.join(fetching, || false) {
                    let _ = fetching.wait(&self.0, number, Instant::now()).await;
                } else {
                    self.tend(Instant::now());
                    let _ = timeout(LONGEST_IDLE, ended.changed()).await;
                }
            }
        };
        match timeout(within, there).await {
            Ok(()) => Ok(()),
            Err(_) => Err(fetching.last_error().unwrap_or(KeysError::TooSlow(within))),
        }
    }

    /// How the keys are. Where they are not fresh it is seen to that they are fetched: a service that is sent no requests
    /// before it is ready would wait for ever.
    pub(crate) fn status(&self) -> KeyStatus {
        let now = Instant::now();
        let current = self.usable(now);
        if current.as_ref().is_none_or(|it| !it.is_fresh(now)) {
            self.tend(now);
        }
        let fetching = self.0.fetching.as_ref();
        KeyStatus {
            age: current
                .as_ref()
                .and_then(|it| it.age())
                .map(|age| now.duration_since(age.asked_at)),
            is_pinned: current.as_ref().is_some_and(|it| it.age().is_none()),
            is_fresh: current.as_ref().is_some_and(|it| it.is_fresh(now)),
            generation: current.as_ref().map_or(0, |it| it.generation),
            keys: current.map(|it| Arc::clone(&it.keys)),
            last_error: fetching.and_then(Fetching::last_error).map(Arc::new),
        }
    }

    fn found(&self, snapshot: &Snapshot, key_id: &str) -> Option<Found> {
        let candidates = snapshot.candidates(key_id)?;
        Some(Found {
            // What is fetched has ids.
            is_stopgap: self.0.fetching.is_some() && matches!(candidates, Candidates::Unnamed(_)),
            candidates,
            generation: snapshot.generation,
        })
    }

    fn usable(&self, now: Instant) -> Option<Arc<Snapshot>> {
        self.0.current.load_full().filter(|it| it.is_usable(now))
    }

    /// The number of the fetch to wait for, if one is under way or may begin.
    fn next_fetch(&self, fetching: &Fetching) -> Option<u64> {
        self.join(fetching, || fetching.gate().budget.take(Instant::now()))
    }

    fn join(&self, fetching: &Fetching, permitted: impl FnOnce() -> bool) -> Option<u64> {
        let Join::Wait(number) = fetching.flight.join(permitted) else {
            return None;
        };
        fetching.staff(&self.0);
        fetching.wake.send_replace(());
        Some(number)
    }

    /// Sees to it that a set which is no longer fresh is being fetched.
    #[cold]
    fn tend(&self, now: Instant) {
        if let Some(fetching) = &self.0.fetching {
            let idle = now.duration_since(fetching.started_at + fetching.active_for());
            if idle >= LONGEST_IDLE {
                fetching.flight.dismiss(u64::MAX);
            }
            fetching.staff(&self.0);
        }
    }
}

impl Drop for KeyStore {
    fn drop(&mut self) {
        if let Some(fetching) = &self.0.fetching
            && let Some((_, task)) = fetching.task().take()
        {
            task.abort();
        }
    }
}

impl Fetching {
    /// Makes sure that there is a refresher.
    fn staff(&self, shared: &Arc<Shared>) {
        // Without a runtime nothing can be fetched; the next request may come with one.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if let Some(term) = self.flight.staff() {
            // What it does first. Until then nobody should take it for frozen.
            self.stamp();
            let task = runtime.spawn(refresher::run(Arc::clone(shared), term));
            let mut last = self.task();
            // The next one may be there already.
            if last.as_ref().is_none_or(|(others, _)| *others < term) {
                *last = Some((term, task.abort_handle()));
            }
        }
    }

    /// Waits until the fetch `number` has ended, since `since` and no longer than a fetch may take.
    async fn wait(
        &self,
        shared: &Arc<Shared>,
        number: u64,
        since: Instant,
    ) -> Result<(), KeysError> {
        let limit = self.sources.limit() + GRACE;
        let mut ended = self.ended.subscribe();
        let waiting = ended.wait_for(|ended| *ended >= number);
        if timeout_at(since + limit, waiting).await.is_ok() {
            return Ok(());
        }
        if self.started_at + self.active_for() <= since {
            // Nothing happened for longer than a fetch may take: the refresher's runtime is not driven any more.
            self.flight.dismiss(number);
            self.staff(shared);
        }
        Err(KeysError::TooSlow(limit))
    }

    fn last_error(&self) -> Option<KeysError> {
        self.last_error.load_full().map(KeysError::Failed)
    }

    /// The set has changed: what is said to be absent may be there.
    pub(super) fn forget_absent(&self) {
        self.gate().absent.clear();
    }

    fn active_for(&self) -> Duration {
        Duration::from_millis(self.active_at.load(Ordering::Acquire))
    }

    // No code panics while it holds one of these.
    pub(super) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn task(&self) -> MutexGuard<'_, Option<(u64, AbortHandle)>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those who wait.
struct Seat<'s>(&'s AtomicUsize);

impl<'s> Seat<'s> {
    fn take(waiting: &'s AtomicUsize, has_keys: bool) -> Option<Self> {
        let most = if has_keys {
            MOST_WAITERS
        } else {
            MOST_WAITERS_AT_A_COLD_START
        };
        let seat = Self(waiting);
        let before = waiting.fetch_add(1, Ordering::AcqRel);
        (before < most).then_some(seat)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// How the keys are.
#[derive(Clone, Debug)]
pub(crate) struct KeyStatus {
    pub(crate) keys: Option<Arc<KeySet>>,
    pub(crate) generation: u64,
    pub(crate) age: Option<Duration>,
    pub(crate) is_fresh: bool,
    /// They are of the configuration.
    pub(crate) is_pinned: bool,
    pub(crate) last_error: Option<Arc<KeysError>>,
}
