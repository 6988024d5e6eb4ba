//! Time that stands still, and cores that live in it.

use std::sync::{Arc, LazyLock};

use st_m2m::{
    clock::{Clock, ManualClock},
    dev::DevCore,
};

/// The moment, in seconds since the Unix epoch.
pub const NOW: u64 = 1_795_440_859;

/// A clock that stands at [`NOW`].
#[must_use]
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at_unix_seconds(NOW))
}

/// A core of its own, with its clock at [`NOW`].
#[must_use]
pub fn core() -> DevCore {
    core_at(NOW)
}

/// A core of its own, with its clock at `unix_seconds`.
///
/// # Panics
///
/// Never: its settings are right.
#[must_use]
pub fn core_at(unix_seconds: u64) -> DevCore {
    DevCore::builder()
        .clock(Arc::new(ManualClock::at_unix_seconds(unix_seconds)))
        .in_memory()
        .expect("a core")
}

/// The one core that a test binary's tests share, with its clock at [`NOW`]: generating keys takes longer than
/// everything else.
///
/// # Panics
///
/// When its keys cannot be generated.
#[must_use]
pub fn shared_core() -> DevCore {
    static CORE: LazyLock<DevCore> = LazyLock::new(|| {
        let core = core();
        // Keys now rather than in the runtime of the test that happens to be first.
        core.jwks().expect("keys");
        core
    });
    CORE.clone()
}

/// A clock that stood at [`NOW`] when it was made and follows tokio's, paused or not: for simulations in which both pass.
#[must_use]
pub fn flowing_clock() -> Arc<dyn Clock> {
    Arc::new(FlowingClock(tokio::time::Instant::now()))
}

#[derive(Debug)]
struct FlowingClock(tokio::time::Instant);

impl Clock for FlowingClock {
    fn unix_millis(&self) -> u64 {
        NOW * 1000 + u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
