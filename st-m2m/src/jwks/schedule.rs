//! When keys are fetched again.

use std::time::Duration;

use aws_lc_rs::rand;
use tokio::time::Instant;

/// A set is fetched anew after this part of the time for which it is fresh…
const AHEAD: f64 = 0.8;
/// …give or take this part, so that a fleet does not ask at once.
const SPREAD: f64 = 0.1;
/// After a fetch that failed the next one follows within this time, which doubles with each failure…
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// …up to this.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
/// A failure that comes at once must not be followed by the next at once.
const SHORTEST_BACKOFF: Duration = Duration::from_millis(100);

/// When the next fetch is due.
#[derive(Debug)]
pub(super) struct Plan {
    next: Instant,
    /// Fetches in a row that gave no keys.
    failures: u32,
}

impl Plan {
    /// At once.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            next: now,
            failures: 0,
        }
    }

    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// A fetch begins, and counts as failed until it has succeeded.
    pub(super) fn fail(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.wait(now);
    }

    /// It has failed: its time does not count.
    pub(super) fn wait(&mut self, now: Instant) {
        self.next = now + backoff(self.failures);
    }

    pub(super) fn succeed(&mut self, now: Instant, fresh_for: Duration) {
        self.failures = 0;
        self.next = now + refresh_ahead(fresh_for);
    }
}

/// How long to wait until a set that is fresh for `fresh_for` is fetched again, before anybody notices.
fn refresh_ahead(fresh_for: Duration) -> Duration {
    fresh_for.mul_f64(AHEAD + SPREAD * (2.0 * random() - 1.0))
}

/// How long to wait after `failures` fetches in a row have failed: full jitter, so that a fleet comes back spread out.
fn backoff(failures: u32) -> Duration {
    let doubled = FIRST_BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled
        .min(LONGEST_BACKOFF)
        .mul_f64(random())
        .max(SHORTEST_BACKOFF)
}

/// A pause before the one retry of an exchange that broke off.
pub(super) fn retry() -> Duration {
    SHORTEST_BACKOFF.mul_f64(0.5 + random())
}

/// From 0 to 1. No secret: without randomness everybody waits for half the time.
fn random() -> f64 {
    let mut bytes = [0; 4];
    match rand::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_fetched_before_it_is_old_and_not_by_all_at_once() {
        let waits: Vec<_> = (0..200)
            .map(|_| refresh_ahead(Duration::from_secs(600)).as_secs())
            .collect();
        assert!(waits.iter().all(|it| (420..=540).contains(it)), "{waits:?}");
        let (least, most) = (waits.iter().min(), waits.iter().max());
        assert!(most > least, "{waits:?}");
    }

    #[test]
    fn failures_in_a_row_are_followed_by_ever_longer_pauses() {
        for (failures, most) in [(1, 1), (2, 2), (3, 4), (6, 30), (1000, 30), (u32::MAX, 30)] {
            for _ in 0..50 {
                let wait = backoff(failures);
                assert!(wait >= SHORTEST_BACKOFF, "{wait:?}");
                assert!(wait <= Duration::from_secs(most), "{failures}: {wait:?}");
            }
        }
    }
}
