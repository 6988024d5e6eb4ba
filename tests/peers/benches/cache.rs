//! A text found among those remembered, by the libraries that a cache of verified tokens can be made of: criterion's
//! statistics of each, then a table taken in turns, on one thread and on two.
//!
//! The same text is asked for again and again, as a service presents one token for as long as it runs.

use std::{hint::black_box, time::Duration};

use criterion::Criterion;
use st_m2m_peers::{
    cache::{self, Lookup},
    turns,
};

fn main() {
    let texts = cache::texts(1000);
    let contenders = cache::contenders(&texts);
    let asked = texts[500].as_bytes();

    // Eighteen contenders of some 30 ns each: criterion's usual eight seconds for each would tell no more.
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let mut group = criterion.benchmark_group("cache");
    for (name, lookup) in &contenders {
        group.bench_function(name, |bencher| bencher.iter(|| lookup(black_box(asked))));
    }
    group.finish();
    criterion.final_summary();

    // `cargo test --benches` and `cargo bench -- --test` run each contender once: no time for figures.
    if std::env::args().any(|argument| argument == "--bench") {
        let waiting = turns::Waiting::new();
        for held in [16, 1000] {
            let texts = &texts[..held];
            print_ratios(&cache::contenders(texts), held, texts[held / 2].as_bytes());
        }
        waiting.warn();
    }
}

fn print_ratios(contenders: &[(String, Lookup)], held: usize, asked: &[u8]) {
    const TURNS: usize = 51;
    const PER_TURN: u32 = 10_000;

    let operation = |lookup| -> Box<turns::Operation<'_>> {
        let lookup: &Lookup = lookup;
        Box::new(move || {
            black_box(lookup(black_box(asked)));
        })
    };
    let mut one: Vec<_> = contenders.iter().map(|(_, l)| operation(l)).collect();
    let mut two: Vec<_> = contenders
        .iter()
        .map(|(_, lookup)| [operation(lookup), operation(lookup)])
        .collect();
    let one = turns::medians(&mut one, TURNS, PER_TURN);
    let two = turns::medians_on_two_threads(&mut two, TURNS, PER_TURN);
    println!(
        "one of {held} texts of {} bytes found, taking turns; medians of {TURNS}, on one thread and on each of two",
        asked.len()
    );
    for (((name, _), one_thread), two_threads) in contenders.iter().zip(&one).zip(&two) {
        println!(
            "{name:<42} {one_thread:>6.1} ns {:>5.2}  {two_threads:>6.1} ns {:>5.2}",
            one_thread / one[0],
            two_threads / two[0]
        );
    }
}
