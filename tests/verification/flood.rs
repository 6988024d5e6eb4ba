//! Invented key ids.

use std::time::Duration;

use serde_json::json;
use st_m2m::Reason;
use st_m2m_tests::{
    jwt::{self, claims, header},
    still::{flowing_clock, shared_core},
    verdict::verdict,
};
use tokio::time::Instant;

use crate::issuer::{
    Issuer, Published, assert_all, crowd, pass, seconds, settle, token, two_cores, unknown,
    verdict_at_once,
};

/// Requests in a second of the flood. `ST_M2M_SIMULATION=full` makes it 10,000.
fn per_second() -> usize {
    match std::env::var("ST_M2M_SIMULATION").as_deref() {
        Ok("full") => 10_000,
        _ => 500,
    }
}

/// 60 s of random key ids: at most 8 fetches, nobody with a known key waits, and a key that is really new is usable within
/// 10 s.
#[tokio::test(start_paused = true)]
async fn a_flood_of_random_key_ids_hurts_nobody() {
    let (issuer, (core, new)) = (Issuer::with_latency(Duration::from_millis(20)), two_cores());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver_in_time(flowing_clock()).await;
    m2m.ready(seconds(1)).await.expect("ready");
    let before = issuer.fetches();
    let (known, rotated) = (token(&core), token(&new));
    let tick = Duration::from_millis(100);
    let mut number = 0;
    let mut published_at = None;
    let mut usable_after = None;
    let began_at = Instant::now();
    while began_at.elapsed() < seconds(60) {
        let next = number + per_second() / 10;
        let waiting = crowd(&m2m, (number..next).map(unknown));
        number = next;
        pass(tick).await;
        assert_eq!(verdict_at_once(&m2m, &known), Ok(()));
        if published_at.is_none() && began_at.elapsed() > seconds(31) {
            issuer.publish(&[&core, &new]);
            published_at = Some(Instant::now());
        }
        if let Some(published_at) = published_at
            && usable_after.is_none()
            && verdict(&m2m, &rotated).await.is_ok()
        {
            usable_after = Some(published_at.elapsed());
        }
        for one in waiting {
            let refused = one.await.expect("no panic");
            assert!(
                matches!(refused, Err(Reason::UnknownKey | Reason::KeyUnconfirmed)),
                "{refused:?}"
            );
        }
    }
    let fetches = issuer.fetches() - before;
    assert!(fetches <= 8, "{fetches} fetches for {number} key ids");
    let usable_after = usable_after.expect("usable");
    assert!(usable_after <= seconds(10), "{usable_after:?}");
}

/// While an issuer is slow, 256 wait for it; the others are told to come back, at once.
#[tokio::test(start_paused = true)]
async fn only_so_many_wait_for_a_key() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    issuer.become_(Published::Hangs);
    let crowd = crowd(&m2m, (0..1000).map(unknown));
    settle().await;
    let waiting = crowd.iter().filter(|it| !it.is_finished()).count();
    assert_eq!(waiting, 256);
    assert_all(crowd, Err(Reason::KeyUnconfirmed)).await;
}

/// Requests that are given up leave their places to others.
#[tokio::test(start_paused = true)]
async fn whoever_hangs_up_waits_no_longer() {
    let (issuer, (core, new)) = (Issuer::new(), two_cores());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    issuer.become_(Published::Hangs);
    let crowd: Vec<_> = (0..300)
        .map(|number| {
            let (m2m, token) = (m2m.clone(), unknown(number));
            tokio::spawn(async move { verdict(&m2m, &token).await })
        })
        .collect();
    settle().await;
    for one in crowd {
        one.abort();
        // It was cancelled, or refused for want of a place.
        assert!(!matches!(one.await, Ok(Ok(()))));
    }
    pass(seconds(4)).await;
    issuer.publish(&[&core, &new]);
    assert_eq!(verdict(&m2m, &token(&new)).await, Ok(()));
}

/// A client that repeats a key id which the issuer does not have spends no fetches: those are for new keys.
#[tokio::test(start_paused = true)]
async fn an_absent_key_id_is_remembered_for_a_while() {
    let (issuer, (core, new)) = (Issuer::new(), two_cores());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    for _ in 0..50 {
        let refused = verdict(&m2m, &unknown(1)).await;
        assert_eq!(refused, Err(Reason::UnknownKey));
    }
    assert_eq!(issuer.fetches(), 2);
    issuer.publish(&[&core, &new]);
    assert_eq!(verdict(&m2m, &token(&new)).await, Ok(()), "one was left");

    // A set that has changed may have it.
    let mut with_it = crate::issuer::keys(&core);
    with_it[1]["kid"] = json!("s-unknown-1");
    issuer.become_(Published::Keys(with_it));
    m2m.reload().await.expect("keys");
    let mut header = header();
    header["kid"] = json!("s-unknown-1");
    let signed = jwt::sign(&core, st_m2m::SigningKey::Static, &header, &claims());
    assert_eq!(verdict_at_once(&m2m, &signed), Ok(()));
}

/// A 401 makes good clients discard good tokens, so it needs an answer of the issuer.
#[tokio::test(start_paused = true)]
async fn a_key_that_may_have_been_published_since_is_unconfirmed_rather_than_unknown() {
    let (issuer, (core, new)) = (Issuer::new(), two_cores());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    for number in 0..2 {
        let refused = verdict(&m2m, &unknown(number)).await;
        assert_eq!(refused, Err(Reason::UnknownKey));
    }
    issuer.publish(&[&core, &new]);
    assert_eq!(
        verdict(&m2m, &token(&new)).await,
        Err(Reason::KeyUnconfirmed)
    );
    pass(seconds(10)).await;
    assert_eq!(verdict(&m2m, &token(&new)).await, Ok(()));
}

/// Nobody without a good-looking token makes us ask the issuer.
#[tokio::test(start_paused = true)]
async fn tokens_that_could_not_be_good_cause_no_fetch() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    let before = issuer.fetches();
    let invented = |claims: &serde_json::Value| {
        jwt::unsigned(
            r#"{"typ":"JWT","alg":"RS256","kid":"s-invented"}"#,
            &claims.to_string(),
        )
    };
    let mut expired = claims();
    expired["iat"] = json!(1);
    expired["exp"] = json!(2);
    let mut other = claims();
    other["iss"] = json!("https://evil.example");
    let session = core
        .create_session("user", serde_json::Map::new())
        .expect("a session");
    for token in [
        invented(&expired),
        invented(&other),
        session,
        "a.b.c".to_owned(),
        jwt::unsigned(
            r#"{"typ":"JWT","alg":"none","kid":"s-x"}"#,
            &claims().to_string(),
        ),
    ] {
        assert!(verdict_at_once(&m2m, &token).is_err());
    }
    assert_eq!(issuer.fetches(), before);
}

/// A request that began to wait and is not polled any more, as a lost branch of a `select!`.
#[tokio::test(start_paused = true)]
async fn a_request_that_sleeps_keeps_nobody_from_fetching() {
    let (issuer, (core, new)) = (Issuer::new(), two_cores());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    let sleeping = unknown(1);
    let mut asleep = Box::pin(verdict(&m2m, &sleeping));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(asleep.as_mut().poll(&mut context).is_pending());
    settle().await;
    issuer.publish(&[&core, &new]);
    assert_eq!(verdict(&m2m, &token(&new)).await, Ok(()));
    drop(asleep);
}
