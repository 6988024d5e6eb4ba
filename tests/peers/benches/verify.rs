//! One RS256 verification by us and by others: criterion's statistics of each, then their ratios.
//!
//! Criterion measures one contender after the other, so a machine whose speed drifts favours some of them. The ratios
//! come from a second pass that takes turns after every few hundred verifications.

use std::{hint::black_box, time::Instant};

use criterion::Criterion;
use st_m2m_peers::{Issuer, verify};

fn main() {
    let issuer = Issuer::new();
    let token = issuer.token(1);
    let mut contenders = verify::contenders(&issuer, &token);
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
        print_ratios(&mut contenders, token.len());
    }
}

fn print_ratios(contenders: &mut [(&str, verify::Check)], token_length: usize) {
    const TURNS: usize = 101;
    const PER_TURN: u32 = 200;

    let mut micros = vec![Vec::with_capacity(TURNS); contenders.len()];
    for _ in 0..TURNS {
        for ((_, check), micros) in contenders.iter_mut().zip(&mut micros) {
            let start = Instant::now();
            for _ in 0..PER_TURN {
                black_box(check());
            }
            micros.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(PER_TURN));
        }
    }
    let medians = micros.iter_mut().map(|micros| {
        micros.sort_by(f64::total_cmp);
        micros[TURNS / 2]
    });
    let medians: Vec<f64> = medians.collect();
    println!("one verification of {token_length} bytes, taking turns; medians of {TURNS}");
    for ((name, _), median) in contenders.iter().zip(&medians) {
        println!("{name:<28} {median:>7.2} µs  {:>5.2}", median / medians[0]);
    }
}
