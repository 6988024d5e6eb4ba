//! An issuer that is away.

use std::time::Duration;

use st_m2m::Reason;
use st_m2m_tests::{
    still::{flowing_clock, shared_core},
    verdict::verdict,
};
use tokio::time::Instant;

use crate::issuer::{
    Issuer, Published, minutes, pass, seconds, start, token, token_with, unknown, verdict_at_once,
};

fn outages() -> [Published; 5] {
    [
        Published::Down,
        Published::Hangs,
        Published::Status(503),
        Published::Status(404),
        Published::Keys(Vec::new()),
    ]
}

/// Known keys are used for an hour, without a request that waits; then requests are answered 503. It heals by itself.
#[tokio::test(start_paused = true)]
async fn known_keys_are_used_for_an_hour() {
    for how in outages() {
        let (issuer, core) = (Issuer::new(), shared_core());
        issuer.publish(&[&core]);
        let m2m = issuer.receiver_in_time(flowing_clock()).await;
        m2m.ready(seconds(1)).await.expect("ready");
        let remembered = token(&core);
        // The last answer before the outage.
        m2m.reload().await.expect("keys");
        issuer.become_(how.clone());
        for minute in 0..59_u32 {
            pass(minutes(1)).await;
            assert_eq!(
                verdict_at_once(&m2m, &remembered),
                Ok(()),
                "minute {minute}"
            );
            let new = token_with(&core, "jti", &minute.to_string().into());
            assert_eq!(verdict_at_once(&m2m, &new), Ok(()), "minute {minute}");
        }
        assert!(m2m.status().is_ready() && !m2m.status().keys_are_fresh());
        pass(minutes(2)).await;
        for token in [&remembered, &token_with(&core, "jti", &"x".into())] {
            assert_eq!(
                verdict(&m2m, token).await,
                Err(Reason::KeysUnavailable),
                "{how:?}"
            );
        }
        assert!(!m2m.status().is_ready());

        issuer.publish(&[&core]);
        pass(seconds(34)).await;
        assert_eq!(
            verdict_at_once(&m2m, &remembered),
            Ok(()),
            "it heals by itself"
        );
    }
}

/// With `keys_max_stale` 0 keys are used while they are fresh, and no longer.
#[tokio::test(start_paused = true)]
async fn stale_keys_can_be_forbidden() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let config = issuer
        .config()
        .clock(flowing_clock())
        .keys_max_stale(Duration::ZERO);
    let m2m = start(config).await;
    m2m.ready(seconds(1)).await.expect("ready");
    let token = token(&core);
    issuer.become_(Published::Down);
    pass(seconds(599)).await;
    assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
    pass(seconds(2)).await;
    assert_eq!(verdict(&m2m, &token).await, Err(Reason::KeysUnavailable));
}

/// Known keys are unaffected by an issuer that hangs; who needs another waits 3.5 s at most, and is told to come back.
#[tokio::test(start_paused = true)]
async fn only_unknown_keys_wait_for_an_issuer_that_hangs() {
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver_in_time(flowing_clock()).await;
    m2m.ready(seconds(1)).await.expect("ready");
    issuer.become_(Published::Hangs);
    let known = token(&core);
    for number in 0..20 {
        let asked_at = Instant::now();
        let refused = verdict(&m2m, &unknown(number)).await;
        assert_eq!(refused, Err(Reason::KeyUnconfirmed));
        assert!(
            asked_at.elapsed() <= Duration::from_millis(3500),
            "{:?}",
            asked_at.elapsed()
        );
        assert_eq!(verdict_at_once(&m2m, &known), Ok(()));
    }
}

/// A clock that is set back or forth neither prolongs the use of old keys nor shortens it.
#[tokio::test(start_paused = true)]
async fn the_age_of_keys_does_not_follow_the_wall_clock() {
    use st_m2m::clock::ManualClock;
    use st_m2m_tests::still::NOW;
    let (issuer, core) = (Issuer::new(), shared_core());
    issuer.publish(&[&core]);
    let clock = ManualClock::at_unix_seconds(NOW);
    let m2m = start(issuer.config().clock(std::sync::Arc::new(clock.clone()))).await;
    m2m.ready(seconds(1)).await.expect("ready");
    let token = token_with(&core, "exp", &(NOW + 10_000_000).into());
    issuer.become_(Published::Down);
    clock.advance(minutes(100_000));
    assert_eq!(verdict_at_once(&m2m, &token), Ok(()), "no time has passed");
    pass(minutes(61)).await;
    clock.set_unix_millis(NOW * 1000);
    assert_eq!(verdict(&m2m, &token).await, Err(Reason::KeysUnavailable));
}

/// One answer of an issuer that broke off is not yet an outage.
#[tokio::test(start_paused = true)]
async fn an_exchange_that_breaks_off_is_tried_once_more() {
    use st_m2m_tests::transport::{Reply, Scripted};
    use std::sync::atomic::{AtomicUsize, Ordering};
    let core = shared_core();
    let jwks = core.jwks().expect("keys").to_string();
    let asked = AtomicUsize::new(0);
    let network = Scripted::new(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Fail(st_m2m::transport::Error::Broken("reset by peer".into())),
        _ => Reply::text(200, jwks.clone()),
    });
    let m2m = start(Issuer::new().config().transport(network.shared())).await;
    m2m.ready(Duration::from_millis(200)).await.expect("ready");
    assert_eq!(network.sent().len(), 2);
}
