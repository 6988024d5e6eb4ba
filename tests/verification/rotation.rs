//! Keys that come and go while the issuer is well.

use std::{iter, sync::Arc, time::Duration};

use serde_json::json;
use st_m2m::{Reason, SigningKey, clock::Clock, dev::DevCore};
use st_m2m_tests::{
    jwt::{self, claims, header},
    still::flowing_clock,
    verdict::verdict,
};

use crate::issuer::{
    Issuer, Published, assert_all, crowd, minutes, pass, seconds, settle, token, two_cores,
    verdict_at_once,
};

/// A token that this core signs now, with the key that rotates.
fn fresh_token(core: &DevCore, clock: &dyn Clock) -> String {
    let mut claims = claims();
    claims["iat"] = json!(clock.unix_seconds());
    claims["exp"] = json!(clock.unix_seconds() + 7200);
    jwt::sign(core, SigningKey::Dynamic, &header(), &claims)
}

/// A week and a day of a core that publishes each new key a minute before it signs: no token is refused, and no request
/// waits for a fetch, at the very second of the rotation as little as at any other time.
#[tokio::test(start_paused = true)]
async fn a_planned_rotation_is_not_noticed() {
    const HOUR: u64 = 3600;
    let clock = flowing_clock();
    let core = DevCore::builder()
        .clock(Arc::clone(&clock))
        .in_memory()
        .expect("a core");
    let issuer = Issuer::with_latency(Duration::from_millis(50));
    issuer.become_(Published::Core(core.clone()));
    let m2m = issuer.receiver_in_time(Arc::clone(&clock)).await;
    m2m.ready(seconds(5)).await.expect("ready");
    let first_key = m2m
        .status()
        .key_ids()
        .map(str::to_owned)
        .collect::<Vec<_>>();

    let started_at = clock.unix_seconds();
    let mut verified = 0;
    let mut signers = std::collections::BTreeSet::new();
    while clock.unix_seconds() < started_at + 192 * HOUR {
        let token = fresh_token(&core, clock.as_ref());
        signers.insert(jwt::decode(&token).0["kid"].to_string());
        assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
        verified += 1;
        // Every second around the rotation, after a week; else now and then.
        let until_rotation = (started_at + 168 * HOUR).abs_diff(clock.unix_seconds());
        let step = if until_rotation < 150 {
            1
        } else {
            (until_rotation / 4).min(HOUR)
        };
        pass(seconds(step.max(1))).await;
    }
    assert!(verified > 450, "{verified}");
    assert_eq!(signers.len(), 2, "it rotated once: {signers:?}");
    assert!(m2m.status().keys_generation() >= 2);
    assert!(
        m2m.status()
            .key_ids()
            .any(|id| !first_key.contains(&id.to_owned()))
    );
}

/// A key that vanishes is trusted no longer than keys are fresh, remembered tokens included.
#[tokio::test(start_paused = true)]
async fn a_removed_key_is_cut_within_ten_minutes() {
    let (issuer, (old, new)) = (Issuer::new(), two_cores());
    issuer.publish(&[&old, &new]);
    let m2m = issuer.receiver_in_time(flowing_clock()).await;
    m2m.ready(seconds(1)).await.expect("ready");
    let (old_token, new_token) = (token(&old), token(&new));
    assert_eq!(verdict_at_once(&m2m, &old_token), Ok(()));
    issuer.publish(&[&new]);
    let mut cut_after = 0;
    while verdict(&m2m, &old_token).await.is_ok() {
        cut_after += 1;
        pass(seconds(1)).await;
        assert_eq!(verdict_at_once(&m2m, &new_token), Ok(()));
    }
    assert!(cut_after <= 600, "{cut_after} s");
    assert_eq!(verdict(&m2m, &old_token).await, Err(Reason::UnknownKey));
}

/// `reload` cuts it at once, and with it what it signed; what another key signed stays remembered.
#[tokio::test(start_paused = true)]
async fn a_reload_cuts_a_removed_key_and_its_remembered_tokens() {
    let (issuer, (old, new)) = (Issuer::new(), two_cores());
    issuer.publish(&[&old, &new]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    let (old_token, new_token) = (token(&old), token(&new));
    for token in [&old_token, &new_token] {
        assert_eq!(verdict_at_once(&m2m, token), Ok(()));
    }
    assert_eq!(m2m.status().remembered_tokens(), 2);

    issuer.publish(&[&new]);
    let keys = m2m.reload().await.expect("keys");
    assert_eq!(keys.iter().len(), 2);
    assert_eq!(verdict(&m2m, &old_token).await, Err(Reason::UnknownKey));
    assert_eq!(verdict_at_once(&m2m, &new_token), Ok(()));
    assert_eq!(m2m.status().remembered_tokens(), 1);
}

/// A key of the same id with other material is another key.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_replaced_under_its_id_is_cut() {
    let (issuer, (old, new)) = (Issuer::new(), two_cores());
    issuer.publish(&[&old]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    let old_token = token(&old);
    assert_eq!(verdict_at_once(&m2m, &old_token), Ok(()));
    let mut impostors = crate::issuer::keys(&new);
    for (impostor, key) in impostors.iter_mut().zip(crate::issuer::keys(&old)) {
        impostor["kid"] = key["kid"].clone();
    }
    issuer.become_(Published::Keys(impostors));
    m2m.reload().await.expect("keys");
    assert_eq!(verdict(&m2m, &old_token).await, Err(Reason::BadSignature));
}

/// A key that was removed and comes back is verified with anew.
#[tokio::test(start_paused = true)]
async fn a_key_that_comes_back_is_good_again() {
    let (issuer, (one, other)) = (Issuer::new(), two_cores());
    issuer.publish(&[&one]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    let token = token(&one);
    assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
    issuer.publish(&[&other]);
    m2m.reload().await.expect("keys");
    assert_eq!(verdict(&m2m, &token).await, Err(Reason::UnknownKey));
    issuer.publish(&[&one]);
    m2m.reload().await.expect("keys");
    assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
}

/// A key that nobody announced is found by the first request that needs it.
#[tokio::test(start_paused = true)]
async fn an_unannounced_key_is_fetched_when_it_is_first_used() {
    let (issuer, (old, new)) = (Issuer::with_latency(Duration::from_millis(50)), two_cores());
    issuer.publish(&[&old]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    issuer.publish(&[&old, &new]);
    let crowd = crowd(&m2m, iter::repeat_n(token(&new), 100));
    assert_all(crowd, Ok(())).await;
    assert_eq!(issuer.fetches(), 2);
}

/// Two calls at the same time share a fetch, and it is one that began after both.
#[tokio::test(start_paused = true)]
async fn reloads_share_a_fetch_that_begins_after_them() {
    let (issuer, (old, new)) = (Issuer::with_latency(Duration::from_millis(50)), two_cores());
    issuer.publish(&[&old]);
    let m2m = issuer.receiver().await;
    m2m.ready(seconds(1)).await.expect("ready");
    let under_way = {
        let m2m = m2m.clone();
        tokio::spawn(async move { m2m.reload().await.map(|_| ()) })
    };
    settle().await;
    issuer.publish(&[&new]);
    let reloads: Vec<_> = (0..20)
        .map(|_| {
            let m2m = m2m.clone();
            tokio::spawn(async move { m2m.reload().await.map(|_| ()) })
        })
        .collect();
    for reload in reloads.into_iter().chain([under_way]) {
        reload.await.expect("no panic").expect("keys");
    }
    assert_eq!(issuer.fetches(), 3);
    assert_eq!(verdict_at_once(&m2m, &token(&new)), Ok(()));
}

/// The set is asked for again at about 0.8 of its time, and never by everybody at the same moment.
#[tokio::test(start_paused = true)]
async fn keys_are_fetched_ahead_of_time() {
    let (issuer, (core, _)) = (Issuer::new(), two_cores());
    issuer.publish(&[&core]);
    let m2m = issuer.receiver().await;
    pass(seconds(419)).await;
    assert_eq!(issuer.fetches(), 1);
    pass(minutes(2) + seconds(2)).await;
    assert_eq!(issuer.fetches(), 2);
    assert!(m2m.status().keys_age() <= Some(minutes(2) + seconds(2)));
    assert_eq!(m2m.status().keys_generation(), 1, "the same keys");
}
