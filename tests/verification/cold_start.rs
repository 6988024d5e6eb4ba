//! The first keys.

use std::{iter, time::Duration};

use st_m2m::Reason;
use st_m2m_tests::{still::shared_core, verdict::verdict};
use tokio::time::Instant;

use crate::issuer::{
    Issuer, Published, assert_all, crowd, minutes, pass, seconds, settle, token, unknown,
    verdict_at_once,
};

/// All wait for one fetch, and nobody is turned away.
#[tokio::test(start_paused = true)]
async fn ten_thousand_requests_at_once_cause_one_fetch() {
    let (issuer, core) = (
        Issuer::with_latency(Duration::from_millis(200)),
        shared_core(),
    );
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    let crowd = crowd(&m2m, iter::repeat_n(token(&core), 10_000));
    assert_all(crowd, Ok(())).await;
    assert_eq!(issuer.fetches(), 1);
}

/// Keys are there before the first request.
#[tokio::test(start_paused = true)]
async fn keys_are_fetched_when_the_service_starts() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    assert_eq!(issuer.fetches(), 1);
    assert_eq!(verdict_at_once(&m2m, &token(&core)), Ok(()));
}

/// It starts, says that it is not ready and why, and heals without a request.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_down_does_not_keep_a_service_from_starting() {
    for how in [
        Published::Down,
        Published::Hangs,
        Published::Status(500),
        Published::Keys(Vec::new()),
    ] {
        let (issuer, core) = (Issuer::new(), shared_core());
        issuer.become_(how.clone());
        let m2m = issuer.receiver().await;
        let token = token(&core);
        let error = m2m.ready(seconds(10)).await.expect_err("not ready");
        let status = m2m.status();
        let told = status.last_fetch_error().map(ToString::to_string);
        assert_eq!(Some(error.to_string()), told, "{how:?}");
        assert!(!status.is_ready() && !status.keys_are_fresh(), "{how:?}");
        assert_eq!(status.keys_age(), None);
        assert_eq!(verdict(&m2m, &token).await, Err(Reason::KeysUnavailable));

        pass(minutes(10)).await;
        issuer.publish(&[&core]);
        // The longest pause between two tries, and the time of a try that hangs.
        pass(seconds(34)).await;
        assert!(m2m.status().is_ready(), "{how:?}");
        assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
        assert!(m2m.status().last_fetch_error().is_none());
    }
}

/// Requests that come while the issuer is down wait for a fetch at most, and do not make more of them than it can bear.
#[tokio::test(start_paused = true)]
async fn requests_do_not_press_an_issuer_that_is_down() {
    let (issuer, core) = (Issuer::new(), shared_core());
    let m2m = issuer.receiver().await;
    let token = token(&core);
    settle().await;
    let before = issuer.fetches();
    for _ in 0..1000 {
        assert_eq!(verdict(&m2m, &token).await, Err(Reason::KeysUnavailable));
    }
    // Two for the requests; the background's own tries are seconds apart. Each is made twice, since it breaks off at once.
    assert!(issuer.fetches() - before <= 8, "{}", issuer.fetches());
}

/// Nobody waits longer than a fetch may take, however many wait.
#[tokio::test(start_paused = true)]
async fn a_crowd_waits_once_for_an_issuer_that_hangs() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.become_(Published::Hangs);
    let m2m = issuer.receiver().await;
    let crowd = crowd(&m2m, (0..50).map(unknown));
    let asked_at = Instant::now();
    assert_eq!(
        verdict(&m2m, &token(&core)).await,
        Err(Reason::KeysUnavailable)
    );
    assert!(
        asked_at.elapsed() <= Duration::from_millis(3500),
        "{:?}",
        asked_at.elapsed()
    );
    assert_all(crowd, Err(Reason::KeysUnavailable)).await;
    assert!(
        asked_at.elapsed() <= Duration::from_millis(3500),
        "{:?}",
        asked_at.elapsed()
    );
}

/// Those who ask for the whole set share the fetches of those who verify.
#[tokio::test(start_paused = true)]
async fn whoever_asks_for_the_whole_set_shares_the_fetches() {
    let (issuer, core) = (
        Issuer::with_latency(Duration::from_millis(200)),
        shared_core(),
    );
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    let crowd: Vec<_> = (0..200)
        .map(|_| {
            let m2m = m2m.clone();
            tokio::spawn(async move { m2m.key_set().await.map(|keys| keys.iter().len()) })
        })
        .collect();
    for one in crowd {
        assert_eq!(one.await.expect("no panic").expect("keys"), 2);
    }
    assert_eq!(verdict(&m2m, &token(&core)).await, Ok(()));
    assert_eq!(issuer.fetches(), 1);
}

/// A caller that gives up leaves the fetch to the others.
#[tokio::test(start_paused = true)]
async fn a_fetch_goes_on_when_whoever_waits_for_it_hangs_up() {
    let (issuer, core) = (
        Issuer::with_latency(Duration::from_millis(300)),
        shared_core(),
    );
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    let token = token(&core);
    for _ in 0..2 {
        let impatient = Duration::from_millis(100);
        let left = tokio::time::timeout(impatient, verdict(&m2m, &token)).await;
        assert!(left.is_err(), "hung up");
    }
    assert_eq!(verdict(&m2m, &token).await, Ok(()));
    assert_eq!(issuer.fetches(), 1);
}

/// Dropping the last handle ends the task that fetches.
#[tokio::test(start_paused = true)]
async fn nothing_is_fetched_for_a_service_that_is_gone() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    let clone = m2m.clone();
    drop(m2m);
    pass(minutes(30)).await;
    let meanwhile = issuer.fetches();
    assert!(meanwhile >= 3, "the clone is alive: {meanwhile}");
    drop(clone);
    pass(minutes(60)).await;
    assert_eq!(issuer.fetches(), meanwhile);
}
