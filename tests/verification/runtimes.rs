//! Runtimes that end, or stand still, while the service goes on in another.

use st_m2m::{JwksSource, M2m, Reason};
use st_m2m_tests::{still::core, verdict::verdict};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::issuer::{
    Issuer, Published, minutes, pass, seconds, start, token, two_cores, unknown, verdict_at_once,
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
    let (issuer, core) = (Issuer::new(), core());
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

/// A service started in a runtime that nobody drives afterwards: whoever waited for it in vain once, waits no second time.
#[test]
fn a_runtime_that_stands_still_is_not_waited_for_twice() {
    let (issuer, core) = (Issuer::new(), core());
    issuer.publish(&[&core]);
    // `receiver` spawns the task, which has no turn before `block_on` returns.
    let frozen = runtime();
    let m2m = started_in(&frozen, &issuer);
    let before = issuer.fetches();
    runtime().block_on(async {
        let first = verdict(&m2m, &unknown(1)).await;
        let good = verdict(&m2m, &token(&core)).await;
        if before == 0 {
            assert_eq!(first, Err(Reason::KeysUnavailable));
        }
        assert_eq!(good, Ok(()));
    });
    // It wakes up late, and changes nothing any more.
    let meanwhile = issuer.fetches();
    frozen.block_on(pass(minutes(60)));
    assert_eq!(issuer.fetches(), meanwhile);
}

/// The task that fetches keys may go with its runtime before it had its first turn. Whoever comes next has not to wait.
#[test]
fn a_runtime_that_ends_at_once_is_not_waited_for() {
    let (issuer, core) = (Issuer::new(), core());
    issuer.publish(&[&core]);
    let first = runtime();
    let m2m = started_in(&first, &issuer);
    drop(first);
    assert_eq!(issuer.fetches(), 0);
    runtime().block_on(async {
        assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
    });
}

/// Who waits for keys to be there does not depend on a runtime that nobody drives.
#[test]
fn a_service_is_ready_though_its_first_runtime_stands_still() {
    let (issuer, core) = (Issuer::new(), core());
    issuer.publish(&[&core]);
    let frozen = runtime();
    let m2m = started_in(&frozen, &issuer);
    assert_eq!(issuer.fetches(), 0);
    runtime().block_on(async {
        m2m.ready(seconds(10)).await.expect("ready");
        assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
    });
}

/// A task that stands still, waiting to be woken, does not keep the wake-up from the task that took its place.
#[test]
fn a_wake_up_reaches_the_task_that_is_driven() {
    let (issuer, (old, new)) = (Issuer::new(), two_cores());
    issuer.publish(&[&old]);
    let frozen = runtime();
    let m2m = started_in(&frozen, &issuer);
    frozen.block_on(m2m.ready(seconds(1))).expect("ready");
    frozen.block_on(pass(seconds(1)));
    runtime().block_on(async {
        // The set is old, so the task is replaced; that one fetches and waits.
        pass(minutes(11)).await;
        assert_eq!(verdict(&m2m, &token(&old)).await, Ok(()));
        pass(seconds(1)).await;
        assert_eq!(issuer.fetches(), 2);
        issuer.publish(&[&old, &new]);
        assert_eq!(verdict(&m2m, &token(&new)).await, Ok(()));
        assert_eq!(issuer.fetches(), 3);
    });
}

/// Of many requests that find the task standing still, one replaces it; the others leave the new one alone.
#[test]
fn a_task_that_stands_still_is_replaced_once() {
    let (issuer, core) = (Issuer::new(), core());
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
fn a_fallback_is_replaced_in_another_runtime() {
    let (issuer, core) = (Issuer::new(), core());
    issuer.publish(&[&core]);
    let first = runtime();
    let fallback = first.block_on(async {
        let pem = issuer.receiver().await.key_set().await.expect("keys");
        pem.static_keys().next().expect("a key").to_pem()
    });
    let fallback = JwksSource::Pem(fallback.expect("PEM"));
    issuer.become_(Published::Down);
    let sources = JwksSource::InOrder(vec![JwksSource::Sdk, fallback]);
    let config = issuer.config().jwks(sources);
    let m2m = first.block_on(start(config));
    drop(first);
    issuer.publish(&[&core]);
    runtime().block_on(async {
        assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
        pass(seconds(1)).await;
        assert!(m2m.status().keys_age().is_some(), "fetched");
    });
}
