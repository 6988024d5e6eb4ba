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
