//! One RS256 verification by us and by others: criterion's statistics of each, then their ratios, taken in turns.

use std::hint::black_box;

use criterion::Criterion;
use st_m2m_peers::{Issuer, turns, verify};

fn main() {
    let issuer = Issuer::new();
    let token = issuer.token(1);
    let mut contenders = verify::contenders(&issuer, &token);
    contenders.push(("st-m2m, first sight", verify::first_sights(&issuer)));
    for (name, check) in &mut contenders {
        assert!(check(), "{name} refuses the token");
    }

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("verify");
    for (name, check) in &mut contenders {
        group.bench_function(*name, |bencher| bencher.iter(&mut *check));
    }
    group.finish();
    criterion.final_summary();

    // `cargo test --benches` and `cargo bench -- --test` run each contender once: no time for figures.
    if std::env::args().any(|argument| argument == "--bench") {
        let waiting = turns::Waiting::new();
        print_ratios(contenders, token.len());
        print_two_threads(verify::two_hits(&issuer, &token));
        waiting.warn();
    }
}

fn operation(mut check: verify::Check) -> Box<turns::Operation<'static>> {
    Box::new(move || {
        black_box(check());
    })
}

fn print_ratios(contenders: Vec<(&str, verify::Check)>, token_length: usize) {
    const TURNS: usize = 401;
    const PER_TURN: u32 = 50;

    let (names, checks): (Vec<_>, Vec<_>) = contenders.into_iter().unzip();
    let mut operations: Vec<_> = checks.into_iter().map(operation).collect();
    let medians = turns::medians(&mut operations, TURNS, PER_TURN);
    println!("one verification of {token_length} bytes, taking turns; medians of {TURNS}");
    for (name, median) in names.iter().zip(&medians) {
        let micros = median / 1e3;
        println!("{name:<28} {micros:>7.3} µs  {:>6.3}", median / medians[0]);
    }
}

fn print_two_threads(hits: [verify::Check; 2]) {
    const TURNS: usize = 201;
    const PER_TURN: u32 = 5000;

    let medians = turns::medians_on_two_threads(&mut [hits.map(operation)], TURNS, PER_TURN);
    let micros = medians[0] / 1e3;
    println!("st-m2m, hit, on each of two threads at once: {micros:.3} µs; median of {TURNS}");
}
