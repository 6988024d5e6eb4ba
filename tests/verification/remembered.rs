//! Verified tokens that are remembered: what must hold for each hit.

use std::{iter, sync::Arc};

use axum::{Extension, Router, body::Body, routing::get};
use http::{Request, StatusCode};
use serde_json::json;
use st_m2m::{Caller, Reason, SigningKey, clock::ManualClock, m2m_protected};
use st_m2m_tests::{
    jwt::{self, claims, header},
    still::{NOW, flowing_clock, shared_core},
    verdict::verdict,
};
use tower::ServiceExt as _;

use crate::issuer::{
    assert_all, caller_at_once, crowd, minutes, pass, receiver_with_fixed_keys as receiver,
    seconds, token, token_with, verdict_at_once,
};

/// The second look at a token finds what the first found.
#[tokio::test]
async fn a_remembered_caller_is_the_verified_one() {
    let m2m = receiver(|it| it).await;
    let token = token_with(&shared_core(), "scope", &json!("a b"));
    let with_id = caller_at_once(&m2m, &token_with(&shared_core(), "jti", &json!("7")));
    assert_eq!(with_id.expect("a service").token_id(), Some("7"));
    m2m.clear_token_cache();
    let first = caller_at_once(&m2m, &token).expect("a service");
    let second = caller_at_once(&m2m, &token).expect("a service");
    assert!(is_one_verification(&first, &second));
    assert_eq!(m2m.status().remembered_tokens(), 1);
    assert_eq!(first.service(), second.service());
    assert_eq!(second.token_id(), None);
    assert_eq!(second.scopes().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(
        first.claims::<serde_json::Value>().expect("claims"),
        second.claims::<serde_json::Value>().expect("claims")
    );
}

/// Condition 1: nothing that is refused gets in, for whatever reason.
#[tokio::test]
async fn nothing_refused_is_remembered() {
    let m2m = receiver(|it| it).await;
    let core = shared_core();
    let good = token(&core);
    let (signed, _) = good.rsplit_once('.').expect("a signature");
    let forged = format!("{signed}.{}", "A".repeat(342));
    for token in [
        forged,
        token_with(&core, "exp", &(NOW - 100).into()),
        token_with(&core, "nbf", &(NOW + 100).into()),
        token_with(&core, "iss", &"https://other.example".into()),
        token_with(&core, "source", &"user".into()),
        token_with(&core, "sub", &7.into()),
        jwt::unsigned("{}", "{}"),
        core.create_session("user", serde_json::Map::new())
            .expect("a session"),
    ] {
        for _ in 0..2 {
            assert!(verdict(&m2m, &token).await.is_err());
        }
    }
    assert_eq!(m2m.status().remembered_tokens(), 0);
}

/// Condition 2: the time is compared on each hit, whichever way the clock goes.
#[tokio::test]
async fn a_remembered_token_expires_to_the_second() {
    let clock = ManualClock::at_unix_seconds(NOW);
    let shared = Arc::new(clock.clone());
    let m2m = receiver(|it| it.clock(shared)).await;
    let core = shared_core();
    let mut claims = claims();
    claims["iat"] = json!(NOW);
    claims["nbf"] = json!(NOW);
    claims["exp"] = json!(NOW + 100);
    let token = jwt::sign(&core, SigningKey::Static, &header(), &claims);
    let at = |offset: i64| {
        let seconds = i64::try_from(NOW).expect("a time") + offset;
        clock.set_unix_millis(u64::try_from(seconds).expect("a time") * 1000);
        verdict_at_once(&m2m, &token)
    };
    assert_eq!(at(0), Ok(()));
    assert_eq!(at(104), Ok(()), "within the leeway");
    assert_eq!(at(105), Err(Reason::Expired));
    assert_eq!(at(105), Err(Reason::Expired));
    // Verified anew, when a clock is set back: the token is in date again.
    assert_eq!(at(50), Ok(()));
    assert_eq!(at(-5), Ok(()));
    assert_eq!(at(-6), Err(Reason::IssuedInTheFuture));
}

/// The same for the age limit.
#[tokio::test]
async fn a_remembered_token_grows_too_old() {
    let clock = ManualClock::at_unix_seconds(NOW);
    let shared = Arc::new(clock.clone());
    let m2m = receiver(|it| it.clock(shared).max_token_age(seconds(60))).await;
    let token = token(&shared_core());
    assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
    clock.advance(seconds(65));
    assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
    clock.advance(seconds(1));
    assert_eq!(verdict_at_once(&m2m, &token), Err(Reason::TooOld));
}

/// Condition 2: a token is verified anew after a while, by a clock that cannot be set back (condition 9).
#[tokio::test(start_paused = true)]
async fn a_token_is_not_remembered_for_ever() {
    let m2m = receiver(|it| it.clock(flowing_clock()).token_cache_max_age(minutes(1))).await;
    let token = token(&shared_core());
    let first = caller_at_once(&m2m, &token).expect("a service");
    pass(seconds(59)).await;
    let second = caller_at_once(&m2m, &token).expect("a service");
    assert!(is_one_verification(&first, &second));
    pass(seconds(1)).await;
    let third = caller_at_once(&m2m, &token).expect("a service");
    assert!(!is_one_verification(&first, &third), "verified anew");
    assert_eq!(m2m.status().remembered_tokens(), 1);
}

/// Condition 4: what is remembered is the token, not what it may do.
#[tokio::test]
async fn policies_are_asked_on_each_hit() {
    #[m2m_protected(from = "orders")]
    async fn for_orders() {}
    #[m2m_protected(from = "billing")]
    async fn for_billing() {}

    let m2m = receiver(|it| it).await;
    let app = Router::new()
        .route("/orders", get(for_orders))
        .route("/billing", get(for_billing))
        .layer(Extension(m2m.clone()));
    let token = token(&shared_core());
    for _ in 0..3 {
        for (path, status) in [
            ("/orders", StatusCode::OK),
            ("/billing", StatusCode::FORBIDDEN),
        ] {
            let request = Request::get(path)
                .header("authorization", format!("Bearer {token}"))
                .body(Body::empty())
                .expect("a request");
            let answer = app.clone().oneshot(request).await.expect("an answer");
            assert_eq!(answer.status(), status, "{path}");
        }
    }
    assert_eq!(m2m.status().remembered_tokens(), 1);
}

/// The same for the audience, which is the receiver's own.
#[tokio::test]
async fn the_audience_is_compared_on_each_hit() {
    let m2m = receiver(|it| it.audience("billing")).await;
    let core = shared_core();
    let ours = token_with(&core, "aud", &json!(["billing", "x"]));
    let others = token_with(&core, "aud", &json!("inventory"));
    for _ in 0..3 {
        assert_eq!(verdict_at_once(&m2m, &ours), Ok(()));
        assert_eq!(
            verdict_at_once(&m2m, &others),
            Err(Reason::AudienceNotAccepted)
        );
    }
}

/// Condition 5: each configuration remembers for itself.
#[tokio::test]
async fn a_token_remembered_by_one_verifier_is_new_to_another() {
    let lenient = receiver(|it| it.issuers(["https://api.example.com", "https://b.example"])).await;
    let strict = receiver(|it| it).await;
    let token = token_with(&shared_core(), "iss", &"https://b.example".into());
    for _ in 0..2 {
        assert_eq!(verdict_at_once(&lenient, &token), Ok(()));
        assert_eq!(
            verdict_at_once(&strict, &token),
            Err(Reason::IssuerNotAccepted)
        );
    }
}

/// Condition 6: tokens that end alike are told apart by their whole text.
#[tokio::test]
async fn the_whole_text_counts() {
    let m2m = receiver(|it| it).await;
    let token = token(&shared_core());
    assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let (header, payload) = signed.split_once('.').expect("a payload");
    let mut claims = claims();
    claims["sub"] = json!("admin");
    let other = jwt::unsigned("{}", &claims.to_string());
    let forged_payload = other.split('.').nth(1).expect("a payload");
    for forged in [
        format!("{header}.{forged_payload}.{signature}"),
        format!("{header}.{payload}A.{signature}"),
        format!("{}.{signature}", &signed[..signed.len() - 1]),
        signature[signature.len() - 16..].to_owned(),
        signature.to_owned(),
    ] {
        assert!(verdict_at_once(&m2m, &forged).is_err(), "{forged}");
    }
    assert_eq!(m2m.status().remembered_tokens(), 1);
}

/// Condition 7: bounded in number and in the length of a token; what is used stays.
#[tokio::test]
async fn no_more_is_remembered_than_configured() {
    let m2m = receiver(|it| it.token_cache_entries(64)).await;
    let core = shared_core();
    let hot = token(&core);
    assert_eq!(verdict_at_once(&m2m, &hot), Ok(()));
    for number in 0..500 {
        let one_off = token_with(&core, "jti", &format!("one-off {number}").into());
        assert_eq!(verdict_at_once(&m2m, &one_off), Ok(()));
        assert_eq!(verdict_at_once(&m2m, &hot), Ok(()));
    }
    assert!(m2m.status().remembered_tokens() <= 64);

    let m2m = receiver(|it| it).await;
    let long = token_with(&core, "pad", &"x".repeat(4000).into());
    assert!(long.len() > 4096 && long.len() < 8192, "{}", long.len());
    assert_eq!(verdict_at_once(&m2m, &long), Ok(()));
    assert_eq!(m2m.status().remembered_tokens(), 0);
}

/// Condition 7, the other half: tokens that come once do not push out the one that comes with every call.
#[tokio::test]
async fn one_off_tokens_do_not_push_out_one_that_is_used() {
    let m2m = receiver(|it| it.token_cache_entries(64)).await;
    let core = shared_core();
    let hot = token(&core);
    let first = caller_at_once(&m2m, &hot).expect("a service");
    for number in 0..500 {
        let one_off = token_with(&core, "jti", &format!("one-off {number}").into());
        assert_eq!(verdict_at_once(&m2m, &one_off), Ok(()));
        if number % 20 == 0 {
            let again = caller_at_once(&m2m, &hot).expect("a service");
            assert!(is_one_verification(&first, &again), "after {number}");
        }
    }
}

/// Condition 8: by hand.
#[tokio::test]
async fn all_can_be_forgotten() {
    let m2m = receiver(|it| it).await;
    let token = token(&shared_core());
    assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
    m2m.clear_token_cache();
    assert_eq!(m2m.status().remembered_tokens(), 0);
    assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
}

/// Condition 11: it can be switched off.
#[tokio::test]
async fn nothing_is_remembered_where_it_is_switched_off() {
    let m2m = receiver(|it| it.token_cache_entries(0)).await;
    let token = token(&shared_core());
    let first = caller_at_once(&m2m, &token).expect("a service");
    let second = caller_at_once(&m2m, &token).expect("a service");
    assert!(!is_one_verification(&first, &second));
    assert_eq!(m2m.status().remembered_tokens(), 0);
}

/// Condition 10: many first uses at once, on many threads, and nobody is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_first_uses_are_all_let_in() {
    let m2m = receiver(|it| it).await;
    let crowd = crowd(&m2m, iter::repeat_n(token(&shared_core()), 200));
    assert_all(crowd, Ok(())).await;
    // Once for each thread that serves, at the most.
    let remembered = m2m.status().remembered_tokens();
    assert!((1..=4).contains(&remembered), "{remembered}");
}

/// Whether both came of one verification. Each makes an object of its own, and both are alive.
fn is_one_verification(one: &Caller, other: &Caller) -> bool {
    std::ptr::eq(one.key_id(), other.key_id())
}
