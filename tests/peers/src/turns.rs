//! Contenders measured in turns.
//!
//! Criterion measures one contender after the other, so a machine whose speed drifts favours some of them. Here all take
//! turns of a millisecond or less, and what is told is the median of each one's turns.

use std::{sync::Barrier, time::Instant};

/// One operation of a contender.
pub type Operation<'a> = dyn FnMut() + Send + 'a;

/// Nanoseconds of one operation of each contender: the medians of `turns` turns of `per_turn` operations.
pub fn medians(contenders: &mut [Box<Operation<'_>>], turns: usize, per_turn: u32) -> Vec<f64> {
    let mut nanos = vec![Vec::with_capacity(turns); contenders.len()];
    for _ in 0..turns {
        for (operation, nanos) in contenders.iter_mut().zip(&mut nanos) {
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
                one_turn(operation, per_turn / 10);
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
