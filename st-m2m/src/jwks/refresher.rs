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
    schedule,
    snapshot::{Age, Snapshot},
    store::{Fetching, Shared},
};
use crate::observe;

/// Fetches until its term ends, or its runtime does.
pub(super) fn run(shared: Arc<Shared>, term: u64) -> impl Future<Output = ()> + Send {
    // From now on, not from the first poll: a runtime may end before it.
    let duty = Duty { shared, term };
    async move {
        if let Some(fetching) = &duty.shared.fetching {
            fetch_again_and_again(&duty.shared, fetching, term).await;
        }
    }
}

async fn fetch_again_and_again(shared: &Shared, fetching: &Fetching, term: u64) {
    let mut woken = fetching.wake.subscribe();
    let mut last = shared.last_fetched();
    let mut failures = 0;
    let mut next = Instant::now();
    loop {
        idle(shared, fetching, &mut woken, next).await;
        let Some(number) = fetching.flight.begin(term) else {
            return;
        };
        fetching.stamp();
        let asked_at = Instant::now();
        let outcome = fetching.sources.fetch(last.as_ref()).await;
        fetching.stamp();
        let ended = match outcome {
            Ok(fetched) => {
                failures = 0;
                next = Instant::now() + schedule::refresh_ahead(fetched.fresh_for);
                let is_new = last.is_none_or(|it| !Arc::ptr_eq(&it.keys, &fetched.keys));
                let snapshot = Snapshot {
                    keys: Arc::clone(&fetched.keys),
                    generation: fetching.generation(is_new),
                    number,
                    age: Some(fetching.age(asked_at, fetched.fresh_for)),
                };
                last = Some(fetched);
                publish(shared, fetching, term, snapshot)
            }
            Err(error) => {
                failures += 1;
                next = Instant::now() + schedule::backoff(failures);
                fail(shared, fetching, term, error)
            }
        };
        if !ended {
            return;
        }
        fetching.tell();
    }
}

/// Waits until a fetch is due or wanted. Meanwhile a set may become too old to be used.
async fn idle(
    shared: &Shared,
    fetching: &Fetching,
    woken: &mut watch::Receiver<()>,
    next: Instant,
) {
    loop {
        let now = Instant::now();
        let mut until = next;
        if let Some(expires_at) = expire(shared, fetching, now) {
            until = until.min(expires_at);
        }
        if fetching.flight.is_wanted() || next <= now {
            return;
        }
        // In either case it is time to look again.
        let _ = timeout_at(until, woken.changed()).await;
    }
}

/// Puts the fallback in place of a set that is too old; else, when the set will be.
fn expire(shared: &Shared, fetching: &Fetching, now: Instant) -> Option<Instant> {
    let current = shared.current.load();
    let expires_at = current.as_ref()?.expires_at()?;
    if expires_at > now {
        return Some(expires_at);
    }
    // This very set: one that another refresher has published meanwhile stays.
    let expired = current.clone();
    let before = shared
        .current
        .compare_and_swap(&expired, fetching.fallback.clone());
    if before.as_ref().map(Arc::as_ptr) == expired.as_ref().map(Arc::as_ptr) {
        observe::keys_expired();
    }
    None
}

fn publish(shared: &Shared, fetching: &Fetching, term: u64, snapshot: Snapshot) -> bool {
    let before = shared.current.load().as_ref().map(|it| it.generation);
    let changed = before != Some(snapshot.generation);
    let snapshot = Arc::new(snapshot);
    let ended = fetching.flight.end(term, || {
        if changed {
            fetching.forget_absent();
        }
        fetching.last_error.store(None);
        shared.current.store(Some(Arc::clone(&snapshot)));
    });
    if ended {
        if changed {
            for skipped in snapshot.keys.skipped() {
                observe::key_skipped(skipped.key_id.as_deref(), skipped.reason);
            }
        }
        observe::keys_fetched(snapshot.keys.iter().len(), snapshot.generation, changed);
    }
    ended
}

fn fail(shared: &Shared, fetching: &Fetching, term: u64, error: KeysError) -> bool {
    let now = Instant::now();
    let current = shared.current.load_full();
    let age = current
        .and_then(|it| it.age)
        .map(|age| now.duration_since(age.asked_at));
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
        let current = self.current.load_full().filter(|it| it.age.is_some())?;
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
            fresh_for,
            usable_for: fresh_for.max(self.longest_stale),
        }
    }

    /// Shows that the refresher is at work.
    pub(super) fn stamp(&self) {
        let millis = self.started_at.elapsed().as_millis();
        self.active_at
            .store(u64::try_from(millis).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Tells those who wait how many fetches have ended.
    fn tell(&self) {
        let ended = self.flight.ended();
        // What a refresher says at its end may be overtaken by what the next one says.
        self.ended.send_modify(|it| *it = ended.max(*it));
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
