//! Runtimes that end, or stand still, while the service goes on in another.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use st_m2m::{JwksSource, M2m, Reason};
use st_m2m_tests::{
    still::shared_core,
    transport::{Reply, Scripted},
    verdict::verdict,
};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::issuer::{
    Issuer, Published, minutes, pass, seconds, settle, start, token, two_cores, unknown,
    verdict_at_once,
};

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

fn started_in(runtime: &Runtime, issuer: &Issuer) -> M2m {
    runtime.block_on(issuer.receiver())
}

/// The task that fetches keys goes with its runtime; the next request makes another.
#[test]
fn keys_are_fetched_in_another_runtime_when_the_first_is_gone() {
    let (issuer, (old, new)) = (Issuer::new(), two_cores());
    issuer.publish(&[&old]);
    let first = runtime();
    let m2m = started_in(&first, &issuer);
    first.block_on(m2m.ready(seconds(1))).expect("ready");
    drop(first);
    issuer.publish(&[&old, &new]);
    runtime().block_on(async {
        assert_eq!(verdict(&m2m, &token(&old)).await, Ok(()));
        assert_eq!(verdict(&m2m, &token(&new)).await, Ok(()));
    });
    // That one is gone as well.
    issuer.publish(&[&new]);
    runtime().block_on(async {
        m2m.reload().await.expect("keys");
        assert_eq!(verdict(&m2m, &token(&old)).await, Err(Reason::UnknownKey));
    });
}

/// The same where no request needs a new key: the set is fetched again when it is old.
#[test]
fn old_keys_are_fetched_again_in_another_runtime() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let first = runtime();
    let m2m = started_in(&first, &issuer);
    first.block_on(m2m.ready(seconds(1))).expect("ready");
    drop(first);
    runtime().block_on(async {
        pass(minutes(11)).await;
        assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
        pass(seconds(1)).await;
        assert_eq!(issuer.fetches(), 2);
        assert!(m2m.status().keys_are_fresh());
    });
}

/// The same where the runtime is gone before the task had a turn: the first request gets keys.
#[test]
fn keys_are_fetched_where_the_first_runtime_ended_at_once() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let first = runtime();
    let m2m = started_in(&first, &issuer);
    drop(first);
    assert_eq!(issuer.fetches(), 0);
    runtime().block_on(async {
        assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
    });
}

/// A service that is sent no request before it is ready gets ready all the same: its probe sees to it.
#[test]
fn a_readiness_probe_is_enough() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let first = runtime();
    let m2m = started_in(&first, &issuer);
    drop(first);
    runtime().block_on(async {
        assert!(!m2m.status().is_ready());
        settle().await;
        assert!(m2m.status().is_ready());
    });
}

/// A service started in a runtime that nobody drives afterwards: whoever waited for it in vain once, waits no second time.
#[test]
fn a_runtime_that_stands_still_is_not_waited_for_twice() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    // `receiver` spawns the task, which has no turn before `block_on` returns.
    let frozen = runtime();
    let m2m = started_in(&frozen, &issuer);
    assert_eq!(issuer.fetches(), 0);
    runtime().block_on(async {
        let first = verdict(&m2m, &unknown(1)).await;
        let good = verdict(&m2m, &token(&core)).await;
        assert_eq!(first, Err(Reason::KeysUnavailable));
        assert_eq!(good, Ok(()));
    });
    // It wakes up late, and changes nothing any more.
    let meanwhile = issuer.fetches();
    frozen.block_on(pass(minutes(60)));
    assert_eq!(issuer.fetches(), meanwhile);
}

/// Who waits for keys to be there does not depend on a runtime that nobody drives.
#[test]
fn a_service_is_ready_though_its_first_runtime_stands_still() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let frozen = runtime();
    let m2m = started_in(&frozen, &issuer);
    assert_eq!(issuer.fetches(), 0);
    runtime().block_on(async {
        m2m.ready(seconds(10)).await.expect("ready");
        assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
    });
}

/// A task that was replaced still sleeps on its runtime, which nobody drives: it hears of no wish in the place of the one
/// that replaced it.
#[test]
fn a_task_that_was_replaced_keeps_nobody_waiting() {
    let (issuer, (old, new)) = (Issuer::new(), two_cores());
    issuer.publish(&[&old]);
    let frozen = runtime();
    let m2m = started_in(&frozen, &issuer);
    frozen.block_on(async {
        m2m.ready(seconds(1)).await.expect("ready");
        settle().await;
    });
    runtime().block_on(async {
        // No longer fresh, and nobody has done anything about it: the next request sees to it.
        pass(minutes(11)).await;
        assert_eq!(verdict(&m2m, &token(&old)).await, Ok(()));
        settle().await;
        assert!(m2m.status().keys_are_fresh());
        issuer.publish(&[&old, &new]);
        assert_eq!(verdict(&m2m, &token(&new)).await, Ok(()));
        issuer.publish(&[&new]);
        m2m.reload().await.expect("keys");
    });
    drop(frozen);
}

/// A transport that panics takes the task with it. Each request makes another, which fetches no sooner than the first
/// would have tried again.
#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_is_not_pressed() {
    let core = shared_core();
    let jwks = core.jwks().expect("keys").to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let network = Scripted::new(move |_| match counter.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::text(200, jwks.clone()),
        _ => panic!("a bug in a transport"),
    });
    let m2m = start(Issuer::new().config().transport(network.shared())).await;
    m2m.ready(seconds(1)).await.expect("ready");
    pass(minutes(11)).await;
    let before = asked.load(Ordering::Relaxed);
    for _ in 0..1000 {
        m2m.clear_token_cache();
        assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
        pass(Duration::from_millis(10)).await;
    }
    let fetches = asked.load(Ordering::Relaxed) - before;
    assert!((1..=30).contains(&fetches), "{fetches} in 10 s");
}

/// Of many requests that find the task standing still, one replaces it; the others leave the new one alone.
#[test]
fn a_task_that_stands_still_is_replaced_once() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let frozen = runtime();
    let m2m = started_in(&frozen, &issuer);
    frozen.block_on(m2m.ready(seconds(1))).expect("ready");
    let second = runtime();
    second.block_on(async {
        pass(minutes(11)).await;
        for _ in 0..10 {
            assert_eq!(verdict_at_once(&m2m, &token(&core)), Ok(()));
        }
        // That of the frozen one's runtime is none of them.
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 1);
    });
}

/// Keys of the configuration that stand in for the issuer's do so only until those are there, also in another runtime.
#[test]
fn a_seed_is_replaced_in_another_runtime() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let first = runtime();
    let seed = first.block_on(async {
        let keys = issuer.receiver().await.key_set().await.expect("keys");
        keys.static_keys().next().expect("a key").to_pem()
    });
    issuer.become_(Published::Down);
    let config = issuer
        .config()
        .jwks_seed(JwksSource::Pem(seed.expect("PEM")));
    let m2m = first.block_on(start(config));
    drop(first);
    issuer.publish(&[&core]);
    runtime().block_on(async {
        assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
        pass(seconds(1)).await;
        assert!(m2m.status().keys_age().is_some(), "fetched");
    });
}
