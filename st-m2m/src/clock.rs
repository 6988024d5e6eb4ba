//! Wall-clock time, as a value that tests can set.
//!
//! Claims are compared with the time of a [`Clock`]. Delays and time limits are not: those follow tokio's
//! clock, which `tokio::time::pause` stops.

use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

/// Where the current wall-clock time comes from.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn unix_millis(&self) -> u64;

    /// Whole seconds since the Unix epoch, as JWT dates count them (RFC 7519 §2, `NumericDate`).
    fn unix_seconds(&self) -> u64 {
        self.unix_millis() / 1000
    }
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// Milliseconds since the Unix epoch; 0 when the system's clock stands before it.
    fn unix_millis(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |elapsed| {
                u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
            })
    }

    /// Whole seconds since the Unix epoch; 0 when the system's clock stands before it. On Linux they may begin a few
    /// milliseconds late.
    fn unix_seconds(&self) -> u64 {
        seconds()
    }
}

/// Every request reads the clock, and the kernel's own last reading costs a third of a new one.
#[cfg(target_os = "linux")]
fn seconds() -> u64 {
    use rustix::time::{ClockId, clock_gettime};
    u64::try_from(clock_gettime(ClockId::RealtimeCoarse).tv_sec).unwrap_or(0)
}

#[cfg(not(target_os = "linux"))]
fn seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}

/// Tokio's clock, read once in each second of the wall clock: for ages of minutes, at a tenth of the cost.
///
/// Where the wall clock stands still, as a [`ManualClock`] does, so does this; what must be noticed even then is noticed by
/// a timer.
#[derive(Debug)]
pub(crate) struct RecentInstant {
    base: Instant,
    /// The second of the wall clock in which it was read.
    second: AtomicU64,
    /// What was read: milliseconds since `base`.
    millis: AtomicU64,
}

impl RecentInstant {
    pub(crate) fn new() -> Self {
        Self {
            base: Instant::now(),
            second: AtomicU64::new(u64::MAX),
            millis: AtomicU64::new(0),
        }
    }

    /// The time as of this second of the wall clock.
    pub(crate) fn at(&self, unix_seconds: u64) -> Instant {
        // Whoever reads the second sees what was read in it, or later.
        let millis = if self.second.load(Ordering::Acquire) == unix_seconds {
            self.millis.load(Ordering::Relaxed)
        } else {
            let millis = u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.millis.fetch_max(millis, Ordering::Relaxed);
            self.second.store(unix_seconds, Ordering::Release);
            millis
        };
        self.base + Duration::from_millis(millis)
    }
}

/// A clock that stands still until it is told to move. Clones share one time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that stands at `unix_millis` milliseconds since the Unix epoch.
    #[must_use]
    pub fn at_unix_millis(unix_millis: u64) -> Self {
        Self(Arc::new(AtomicU64::new(unix_millis)))
    }

    /// A clock that stands at `unix_seconds` seconds since the Unix epoch.
    #[must_use]
    pub fn at_unix_seconds(unix_seconds: u64) -> Self {
        Self::at_unix_millis(unix_seconds.saturating_mul(1000))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(millis, Ordering::Relaxed);
    }

    /// Sets the clock, forward or back, to `unix_millis` milliseconds since the Unix epoch.
    pub fn set_unix_millis(&self, unix_millis: u64) {
        self.0.store(unix_millis, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn unix_millis(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_s_seconds_are_those_of_its_milliseconds() {
        let before = SystemClock.unix_millis() / 1000;
        let seconds = SystemClock.unix_seconds();
        let after = SystemClock.unix_millis() / 1000;
        // The coarse reading is up to 10 ms old.
        assert!(
            (before - 1..=after).contains(&seconds),
            "{before} {seconds} {after}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_recent_instant_follows_when_the_second_changes() {
        let recent = RecentInstant::new();
        let start = recent.at(100);
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(recent.at(100), start, "the second is the same");
        assert_eq!(recent.at(101) - start, Duration::from_secs(7));
        tokio::time::advance(Duration::from_secs(7)).await;
        // A wall clock that is set back is no reason to stand still.
        assert_eq!(recent.at(90) - start, Duration::from_secs(14));
    }
}
