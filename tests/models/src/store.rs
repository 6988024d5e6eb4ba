//! A key store and its refresher, around [`Flight`].

use std::sync as counted;

use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{
        AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
};

use crate::flight::{Flight, Join};

/// The issuer's answer: the number of its state. 0 is the state at the start.
pub type Version = u64;

/// What a store is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The set in use has the key.
    Found,
    /// A set that was asked for after the lookup began does not have it.
    Unknown,
    /// Nobody can say.
    Unconfirmed,
}

/// A set in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Of the fetch that found it; 0 before the first.
    pub number: u64,
    pub version: Version,
    pub generation: u64,
}

/// As `KeyStore` and `Fetching`.
#[derive(Debug)]
pub struct Store {
    flight: Flight,
    /// The set in use, as one word: that a set is replaced as a whole is `arc_swap`'s business. Relaxed, so that whoever
    /// sees a set owes it to the flight alone.
    current: AtomicU64,
    generations: AtomicU64,
    /// How many fetches have ended, as `tokio::sync::watch` tells it.
    ended: Told,
    /// Wakes the refresher.
    wake: Told,
    /// What the issuer has.
    issuer: AtomicU64,
    counts: Counts,
}

/// What only the models look at. The standard library's types, since loom would explore the order of these as well.
#[derive(Debug, Default)]
struct Counts {
    /// Set when nobody asks any more, for a model must end.
    closed: counted::atomic::AtomicBool,
    /// Permits that may still be granted.
    permits: counted::atomic::AtomicUsize,
    asked: counted::atomic::AtomicUsize,
    /// Fetches under way, also those of runners that were dismissed.
    under_way: counted::atomic::AtomicUsize,
    most_under_way: counted::atomic::AtomicUsize,
    /// Every set that was in use, in its order.
    published: counted::Mutex<Vec<Snapshot>>,
}

/// A number that only grows, and those who wait for it. Each send wakes them, as with `watch`.
#[derive(Debug)]
struct Told {
    state: Mutex<(u64, u64)>,
    changed: Condvar,
}

impl Told {
    fn new() -> Self {
        Self {
            state: Mutex::new((0, 0)),
            changed: Condvar::new(),
        }
    }

    fn tell(&self, change: impl FnOnce(&mut u64)) {
        let mut state = self.lock();
        change(&mut state.0);
        state.1 += 1;
        self.changed.notify_all();
    }

    fn wait_for(&self, least: u64) {
        let mut state = self.lock();
        while state.0 < least {
            state = self.changed.wait(state).expect("no poison");
        }
    }

    /// How often somebody told.
    fn times(&self) -> u64 {
        self.lock().1
    }

    /// Waits until somebody has told since `seen`.
    fn changed_since(&self, seen: &mut u64) {
        let mut state = self.lock();
        while state.1 == *seen {
            state = self.changed.wait(state).expect("no poison");
        }
        *seen = state.1;
    }

    fn lock(&self) -> MutexGuard<'_, (u64, u64)> {
        self.state.lock().expect("no poison")
    }
}

impl Store {
    /// Nothing fetched. Requests may cause this many fetches.
    #[must_use]
    pub fn new(permits: usize) -> Self {
        Self {
            flight: Flight::new(),
            current: AtomicU64::new(0),
            generations: AtomicU64::new(0),
            ended: Told::new(),
            wake: Told::new(),
            issuer: AtomicU64::new(0),
            counts: Counts {
                permits: permits.into(),
                ..Counts::default()
            },
        }
    }

    /// The issuer changes its keys.
    pub fn publish_at_the_issuer(&self, version: Version) {
        self.issuer.store(version, SeqCst);
    }

    /// Fetches so far.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.counts.asked.load(SeqCst)
    }

    /// How many were under way at the same time, at most.
    #[must_use]
    pub fn most_under_way(&self) -> usize {
        self.counts.most_under_way.load(SeqCst)
    }

    /// Every set that was in use, in its order.
    #[must_use]
    pub fn published(&self) -> Vec<Snapshot> {
        self.counts.published.lock().expect("no poison").clone()
    }

    /// Permits that are left.
    #[must_use]
    pub fn permits(&self) -> usize {
        self.counts.permits.load(SeqCst)
    }

    #[must_use]
    pub fn current(&self) -> Snapshot {
        let word = self.current.load(Relaxed);
        Snapshot {
            number: word >> 32,
            version: word >> 16 & 0xffff,
            generation: word & 0xffff,
        }
    }

    /// As `KeyStore::sought`, for a key that the issuer has since `version`.
    pub fn sought(&self, version: Version) -> Lookup {
        let begun = self.flight.begun();
        while let Some(number) = self.next_fetch() {
            self.ended.wait_for(number);
            let current = self.current();
            if current.version >= version {
                return Lookup::Found;
            }
            if current.number > begun {
                return Lookup::Unknown;
            }
            if number > begun {
                break;
            }
        }
        Lookup::Unconfirmed
    }

    /// As `KeyStore::all`: whether a fetch was waited for.
    pub fn all(&self) -> bool {
        let number = self.next_fetch();
        if let Some(number) = number {
            self.ended.wait_for(number);
        }
        number.is_some()
    }

    /// As `KeyStore::reload`: the number that was waited for.
    pub fn reload(&self) -> u64 {
        let number = self.demand();
        self.ended.wait_for(number);
        number
    }

    /// Asks for a fetch and does not wait.
    pub fn demand(&self) -> u64 {
        let number = self.flight.demand();
        self.wake.tell(|_| ());
        number
    }

    /// The number to wait for.
    pub fn next_fetch(&self) -> Option<u64> {
        // Under the lock of the flight, as the budget is.
        let permitted = || {
            let left = self.counts.permits.load(SeqCst);
            if left > 0 {
                self.counts.permits.store(left - 1, SeqCst);
            }
            left > 0
        };
        let Join::Wait(number) = self.flight.join(permitted) else {
            return None;
        };
        self.wake.tell(|_| ());
        Some(number)
    }

    /// Waits until the fetch `number` has ended.
    pub fn wait(&self, number: u64) {
        self.ended.wait_for(number);
    }

    /// How many fetches have ended, by the flight's own word.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.flight.ended()
    }

    /// The patience of somebody who waits for the fetch `number` is over.
    pub fn dismiss(&self, number: u64) {
        self.flight.dismiss(number);
    }

    /// A runner, if there is none.
    pub fn staff(&self) -> Option<Runner<'_>> {
        let term = self.flight.staff()?;
        Some(Runner {
            store: self,
            term,
            woken: self.wake.times(),
            last: self.current(),
        })
    }

    /// Nobody asks any more: a runner that has nothing to do stops.
    pub fn close(&self) {
        self.counts.closed.store(true, SeqCst);
        self.wake.tell(|_| ());
    }
}

/// As `refresher::run`, step by step. Dropping it is what `Duty` does.
#[derive(Debug)]
pub struct Runner<'s> {
    store: &'s Store,
    term: u64,
    woken: u64,
    /// What it fetched last.
    last: Snapshot,
}

/// A fetch that has begun.
#[derive(Debug)]
pub struct Fetch<'s> {
    store: &'s Store,
    pub number: u64,
}

impl<'s> Runner<'s> {
    /// Makes fetches until the store is closed, each with the given outcome: whether the issuer answers.
    pub fn run(mut self, answers: impl Fn(u64) -> bool) {
        while self.idle() {
            let Some(fetch) = self.begin() else {
                return;
            };
            let answers = answers(fetch.number);
            let version = fetch.ask();
            if !self.end(fetch, answers.then_some(version)) {
                return;
            }
        }
    }

    /// Waits until a fetch is wanted; false when the store is closed.
    pub fn idle(&mut self) -> bool {
        loop {
            if self.store.flight.is_wanted() {
                return true;
            }
            if self.store.counts.closed.load(SeqCst) {
                return false;
            }
            self.store.wake.changed_since(&mut self.woken);
        }
    }

    pub fn begin(&self) -> Option<Fetch<'s>> {
        let number = self.store.flight.begin(self.term)?;
        let counts = &self.store.counts;
        let others = counts.under_way.fetch_add(1, SeqCst);
        counts.most_under_way.fetch_max(others + 1, SeqCst);
        Some(Fetch {
            store: self.store,
            number,
        })
    }

    /// Ends a fetch, with what it found or none; false when the term is over.
    pub fn end(&mut self, fetch: Fetch<'s>, found: Option<Version>) -> bool {
        let number = fetch.number;
        // The next fetch of this runner begins after this one is gone.
        drop(fetch);
        let ended = match found {
            Some(version) => {
                let is_new = self.last.number == 0 || self.last.version != version;
                // As `Fetching::generation`.
                let before = self.store.generations.fetch_add(is_new.into(), SeqCst);
                self.last = Snapshot {
                    number,
                    version,
                    generation: before + u64::from(is_new),
                };
                let Snapshot { generation, .. } = self.last;
                self.store.flight.end(self.term, || {
                    let word = number << 32 | version << 16 | generation;
                    self.store.current.store(word, Relaxed);
                    let mut published = self.store.counts.published.lock().expect("no poison");
                    published.push(self.last);
                })
            }
            None => self.store.flight.end(self.term, || ()),
        };
        if ended {
            self.tell();
        }
        ended
    }

    /// As `Fetching::tell`.
    fn tell(&self) {
        let ended = self.store.flight.ended();
        self.store.ended.tell(|it| *it = ended.max(*it));
    }
}

impl Drop for Runner<'_> {
    fn drop(&mut self) {
        // Where a model has failed, loom would panic again.
        if !std::thread::panicking() {
            self.store.flight.quit(self.term);
            self.tell();
        }
    }
}

impl Fetch<'_> {
    /// What the issuer has.
    #[must_use]
    pub fn ask(&self) -> Version {
        self.store.counts.asked.fetch_add(1, SeqCst);
        self.store.issuer.load(SeqCst)
    }
}

impl Drop for Fetch<'_> {
    fn drop(&mut self) {
        self.store.counts.under_way.fetch_sub(1, SeqCst);
    }
}
