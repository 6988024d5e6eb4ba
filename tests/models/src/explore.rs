//! Runs a model.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use loom::model::Builder;

/// Runs a model in every interleaving of its threads; with `interruptions`, in all those where threads are interrupted at
/// most so many times while they could go on. A bound is set where all would take minutes.
pub fn explore(interruptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let explored = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&explored);
    let mut builder = Builder::new();
    builder.preemption_bound = interruptions;
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let explored = explored.load(Ordering::Relaxed);
    assert!(explored > 1, "nothing to interleave");
    println!("{explored} interleavings");
}
