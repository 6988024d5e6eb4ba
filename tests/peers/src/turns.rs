//! Contenders measured in turns.
//!
//! Criterion measures one contender after the other, so a machine whose speed drifts favours some of them. Here all take
//! turns of about a millisecond or less, and what is told is the median of each one's turns.

use std::{sync::Barrier, time::Instant};

/// One operation of a contender.
pub type Operation<'a> = dyn FnMut() + Send + 'a;

/// Nanoseconds of one operation of each contender: the medians of `turns` turns of `per_turn` operations.
pub fn medians(contenders: &mut [Box<Operation<'_>>], turns: usize, per_turn: u32) -> Vec<f64> {
    let mut nanos = vec![Vec::with_capacity(turns); contenders.len()];
    for _ in 0..turns {
        for (operation, nanos) in contenders.iter_mut().zip(&mut nanos) {
            // What others have displaced from the processor's caches is back before the turn counts.
            one_turn(operation, per_turn / 5);
            nanos.push(one_turn(operation, per_turn));
        }
    }
    nanos.iter_mut().map(|nanos| median(nanos)).collect()
}

/// The same with each contender on two threads at once: nanoseconds of one operation on either of them.
pub fn medians_on_two_threads(
    contenders: &mut [[Box<Operation<'_>>; 2]],
    turns: usize,
    per_turn: u32,
) -> Vec<f64> {
    let mut nanos = vec![Vec::with_capacity(turns); contenders.len()];
    for _ in 0..turns {
        for ([here, there], nanos) in contenders.iter_mut().zip(&mut nanos) {
            let both = Barrier::new(2);
            // The thread that comes first must not find the other one still starting.
            let turn = |operation: &mut Operation<'_>| {
                both.wait();
                one_turn(operation, per_turn / 5);
                both.wait();
                one_turn(operation, per_turn)
            };
            let sum = std::thread::scope(|scope| {
                let there = scope.spawn(|| turn(there));
                turn(here) + there.join().expect("no contender panics")
            });
            nanos.push(sum / 2.0);
        }
    }
    nanos.iter_mut().map(|nanos| median(nanos)).collect()
}

/// How long this thread was ready and had no core, where Linux tells: on a busy machine the two threads do not run at once,
/// and their figures mean nothing. Medians of short turns on one thread survive it.
pub struct Waiting {
    since: Instant,
    before: Option<f64>,
}

impl Waiting {
    #[expect(clippy::new_without_default, reason = "it starts to count")]
    pub fn new() -> Self {
        Self {
            since: Instant::now(),
            before: seconds_without_a_core(),
        }
    }

    /// Says so where it was more than a twentieth of the time.
    pub fn warn(&self) {
        let Some((now, before)) = seconds_without_a_core().zip(self.before) else {
            return;
        };
        let part = (now - before) / self.since.elapsed().as_secs_f64();
        if part > 0.05 {
            println!(
                "THE MACHINE WAS BUSY, no core for {:.0} % of the time: figures of two threads do not count",
                part * 100.0
            );
        }
    }
}

fn seconds_without_a_core() -> Option<f64> {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: f64 = schedule.split_whitespace().nth(1)?.parse().ok()?;
    Some(nanos / 1e9)
}

fn one_turn(operation: &mut Operation<'_>, operations: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..operations {
        operation();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(operations)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
