//! The task that fetches keys: ahead of time, and when somebody asks for them.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{
    KeysError,
    fetch::Fetched,
    snapshot::{Age, Origin, Snapshot},
    store::{Fetching, Shared},
};
use crate::observe::{self, Change};

/// Fetches until its term ends, or its runtime does: it may do so before this task has had a turn.
pub(super) fn run(shared: Arc<Shared>, term: u64) -> impl Future<Output = ()> + Send {
    let duty = Duty { shared, term };
    async move { serve(&duty.shared, duty.term).await }
}

async fn serve(shared: &Shared, term: u64) {
    let Some(fetching) = &shared.fetching else {
        return;
    };
    let mut woken = fetching.wake.subscribe();
    let mut last = shared.last_fetched();
    loop {
        idle(shared, fetching, &mut woken).await;
        let Some(number) = fetching.flight.begin(term) else {
            return;
        };
        fetching.stamp();
        let asked_at = Instant::now();
        // It counts as failed until it has succeeded, also for the refresher that takes over from one that panics.
        fetching.plan().fail(asked_at);
        let outcome = fetching.sources.fetch(last.as_ref()).await;
        fetching.stamp();
        let ended = match outcome {
            Ok(fetched) => {
                fetching.plan().succeed(Instant::now(), fetched.fresh_for);
                let is_new = last.is_none_or(|it| !Arc::ptr_eq(&it.keys, &fetched.keys));
                let snapshot = Snapshot {
                    keys: Arc::clone(&fetched.keys),
                    generation: fetching.generation(is_new),
                    number,
                    origin: Origin::Fetched(fetching.age(asked_at, fetched.fresh_for)),
                };
                last = Some(fetched);
                publish(shared, fetching, term, snapshot)
            }
            Err(error) => {
                fetching.plan().wait(Instant::now());
                fail(shared, fetching, term, error)
            }
        };
        if !ended {
            return;
        }
        // Before anybody looks again who waited.
        give_up(shared, Instant::now());
        fetching.tell();
    }
}

/// Waits until a fetch is due or wanted. Meanwhile a set may become too old to be used.
async fn idle(shared: &Shared, fetching: &Fetching, woken: &mut watch::Receiver<()>) {
    loop {
        let now = Instant::now();
        let next = fetching.plan().next();
        give_up(shared, now);
        let current = shared.current.load_full();
        let expires_at = current.and_then(|it| it.expires_at());
        let until = expires_at.map_or(next, |it| it.min(next));
        if fetching.flight.is_wanted() || next <= now {
            return;
        }
        // In either case it is time to look again.
        let _ = timeout_at(until, woken.changed()).await;
    }
}

/// Gives up a set that is too old to be used. Another refresher may have put a newer one in its place meanwhile.
fn give_up(shared: &Shared, now: Instant) {
    let current = shared.current.load();
    if current.as_ref().is_none_or(|it| it.is_usable(now)) {
        return;
    }
    let found = shared.current.compare_and_swap(&current, None);
    if found.as_ref().map(Arc::as_ptr) == current.as_ref().map(Arc::as_ptr) {
        observe::keys_expired();
    }
}

/// Puts a set into use, unless the term is over.
fn publish(shared: &Shared, fetching: &Fetching, term: u64, snapshot: Snapshot) -> bool {
    let before = shared.current.load_full();
    let change = match &before {
        None => Change::First,
        Some(before) if before.age().is_none() => Change::First,
        Some(before) if before.generation == snapshot.generation => Change::None,
        Some(_) => Change::Other,
    };
    let snapshot = Arc::new(snapshot);
    let ended = fetching.flight.end(term, || {
        if change != Change::None {
            fetching.forget_absent();
        }
        fetching.last_error.store(None);
        shared.current.store(Some(Arc::clone(&snapshot)));
    });
    if ended {
        if change != Change::None {
            for skipped in snapshot.keys.skipped() {
                observe::key_skipped(skipped.key_id.as_deref(), skipped.reason);
            }
        }
        observe::keys_fetched(snapshot.keys.iter().len(), snapshot.generation, change);
    }
    ended
}

/// Keeps the set in use, and why there is no other.
fn fail(shared: &Shared, fetching: &Fetching, term: u64, error: KeysError) -> bool {
    let age = shared
        .current
        .load()
        .as_ref()
        .and_then(|it| it.age())
        .map(|age| age.asked_at.elapsed());
    let error = Arc::new(error);
    let ended = fetching.flight.end(term, || {
        fetching.last_error.store(Some(Arc::clone(&error)));
    });
    if ended {
        observe::key_fetch_failed(&error, age);
    }
    ended
}

impl Shared {
    /// The set in use, for a refresher that begins.
    fn last_fetched(&self) -> Option<Fetched> {
        let current = self.current.load_full().filter(|it| it.age().is_some())?;
        Some(Fetched::earlier(Arc::clone(&current.keys)))
    }
}

impl Fetching {
    /// The generation of a set: another one where its keys are not those of the set before.
    fn generation(&self, is_new: bool) -> u64 {
        self.generations.fetch_add(is_new.into(), Ordering::AcqRel) + u64::from(is_new)
    }

    fn age(&self, asked_at: Instant, fresh_for: Duration) -> Age {
        Age {
            asked_at,
            fresh_until: asked_at + fresh_for,
            usable_until: asked_at + fresh_for.max(self.longest_stale),
        }
    }

    /// Shows that the refresher is at work.
    pub(super) fn stamp(&self) {
        let millis = self.started_at.elapsed().as_millis();
        self.active_at
            .store(u64::try_from(millis).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Tells those who wait how many fetches have ended. A refresher that is late takes nothing back.
    fn tell(&self) {
        let ended = self.flight.ended();
        self.ended.send_modify(|told| *told = ended.max(*told));
    }
}

/// Ends the term, also when the task is dropped with its runtime.
struct Duty {
    shared: Arc<Shared>,
    term: u64,
}

impl Drop for Duty {
    fn drop(&mut self) {
        if let Some(fetching) = &self.shared.fetching {
            fetching.flight.quit(self.term);
            fetching.tell();
        }
    }
}
