//! How often requests may make us ask the issuer.

use std::time::Duration;

use tokio::time::Instant;

/// Fetches that requests can start at once, and how often one more is allowed: a flood of invented key ids must not
/// become a flood of fetches.
const BURST: u32 = 2;
pub(super) const REFILL: Duration = Duration::from_secs(10);

/// A token bucket for fetches that requests ask for.
#[derive(Debug)]
pub(super) struct Budget {
    left: u32,
    refilled_at: Instant,
}

impl Budget {
    pub(super) fn full(now: Instant) -> Self {
        Self {
            left: BURST,
            refilled_at: now,
        }
    }

    /// Takes one, if there is one left. It counts whether or not the fetch succeeds.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        while self.left < BURST && now.duration_since(self.refilled_at) >= REFILL {
            self.left += 1;
            self.refilled_at += REFILL;
        }
        if self.left == BURST {
            // A full bucket gathers nothing.
            self.refilled_at = now;
        }
        let granted = self.left > 0;
        self.left = self.left.saturating_sub(1);
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_gets_two_and_then_one_in_ten_seconds() {
        let start = Instant::now();
        let mut budget = Budget::full(start);
        let granted = |from: u64, to: u64, budget: &mut Budget| {
            (from..to)
                .filter(|tenth| budget.take(start + Duration::from_millis(tenth * 100)))
                .count()
        };
        assert_eq!(granted(0, 100, &mut budget), 2);
        assert_eq!(granted(100, 600, &mut budget), 5);
        // After a quiet day no more than the burst has gathered.
        assert_eq!(granted(864_000, 864_099, &mut budget), 2);
    }
}
