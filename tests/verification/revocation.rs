//! Tokens that a receiver refuses though they are good.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::json;
use st_m2m::{Error, PresentedToken, Reason, Revocation, RevocationCheck};
use st_m2m_tests::still::{NOW, shared_core};

use crate::issuer::{receiver_with_fixed_keys as receiver, seconds, token_with, verdict_at_once};

fn at(unix_seconds: u64) -> SystemTime {
    UNIX_EPOCH + seconds(unix_seconds)
}

/// Each kind of revocation hits what it names and nothing else, whether or not the token is remembered.
#[tokio::test]
async fn a_revocation_hits_what_it_names() {
    let core = shared_core();
    let orders = token_with(&core, "jti", &json!("1"));
    let billing = token_with(&core, "sub", &json!("billing"));
    let earlier = token_with(&core, "iat", &json!(NOW - 100));
    for (revocation, of_orders, of_billing, of_earlier) in [
        (Revocation::subject("orders"), true, false, true),
        (Revocation::subject("Orders"), false, false, false),
        (
            Revocation::subject_issued_before("orders", at(NOW - 1)),
            false,
            false,
            true,
        ),
        (
            Revocation::subject_issued_before("orders", at(NOW)),
            true,
            false,
            true,
        ),
        (Revocation::token_id("1"), true, false, false),
        (Revocation::token_id("orders"), false, false, false),
        (Revocation::issued_before(at(NOW - 1)), false, false, true),
        (Revocation::issued_before(at(NOW)), true, true, true),
        (
            Revocation::issued_before(at(NOW - 101)),
            false,
            false,
            false,
        ),
    ] {
        for remembered in [false, true] {
            let m2m = receiver(|it| it).await;
            if remembered {
                for token in [&orders, &billing, &earlier] {
                    assert_eq!(verdict_at_once(&m2m, token), Ok(()));
                }
            }
            m2m.revoke(revocation.clone()).expect("room");
            for (token, revoked) in [
                (&orders, of_orders),
                (&billing, of_billing),
                (&earlier, of_earlier),
            ] {
                let expected = if revoked {
                    Err(Reason::Revoked)
                } else {
                    Ok(())
                };
                for _ in 0..2 {
                    assert_eq!(verdict_at_once(&m2m, token), expected, "{revocation:?}");
                }
            }
        }
    }
}

/// A later revocation adds to an earlier one and never takes it back.
#[tokio::test]
async fn revocations_add_up() {
    let m2m = receiver(|it| it).await;
    let token = token_with(&shared_core(), "iat", &json!(NOW - 100));
    m2m.revoke(Revocation::subject_issued_before("orders", at(NOW)))
        .expect("room");
    m2m.revoke(Revocation::subject_issued_before("orders", at(1)))
        .expect("room");
    m2m.revoke(Revocation::issued_before(at(1))).expect("room");
    assert_eq!(verdict_at_once(&m2m, &token), Err(Reason::Revoked));
}

/// The list has a bound, and says so; what has no bound goes on.
#[tokio::test]
async fn the_list_does_not_grow_without_bound() {
    let m2m = receiver(|it| it).await;
    for number in 0..65_536 {
        m2m.revoke(Revocation::token_id(number.to_string()))
            .expect("room");
    }
    let full = m2m.revoke(Revocation::subject("orders"));
    assert!(matches!(full, Err(Error::TooManyRevocations)), "{full:?}");
    m2m.revoke(Revocation::token_id("7"))
        .expect("it is on the list");
    m2m.revoke(Revocation::issued_before(at(1)))
        .expect("one number");
    let token = token_with(&shared_core(), "jti", &json!("65535"));
    assert_eq!(verdict_at_once(&m2m, &token), Err(Reason::Revoked));
}

/// A list of one's own is asked on every request, and about good tokens only.
#[tokio::test]
async fn a_list_kept_elsewhere_is_asked_on_each_request() {
    #[derive(Debug, Default)]
    struct Elsewhere(AtomicBool);
    impl RevocationCheck for Elsewhere {
        fn is_revoked(&self, token: &PresentedToken<'_>) -> bool {
            assert_eq!(token.subject(), Some("orders"));
            assert_eq!(token.token_id(), Some("1"));
            assert_eq!(token.issuer(), "https://api.example.com");
            assert_eq!((token.issued_at(), token.expires_at()), (NOW, NOW + 86_400));
            assert!(token.key_id().starts_with("s-"));
            self.0.load(Ordering::Relaxed)
        }
    }
    let elsewhere = Arc::new(Elsewhere::default());
    let m2m = receiver(|it| it.revocation_check(elsewhere.clone())).await;
    let core = shared_core();
    let token = token_with(&core, "jti", &json!("1"));
    let bad = token_with(&core, "source", &json!("user"));
    for revoked in [false, true, true, false] {
        elsewhere.0.store(revoked, Ordering::Relaxed);
        let expected = if revoked {
            Err(Reason::Revoked)
        } else {
            Ok(())
        };
        assert_eq!(verdict_at_once(&m2m, &token), expected);
        assert_eq!(verdict_at_once(&m2m, &bad), Err(Reason::SourceNotAccepted));
    }
}

/// A list of one's own that panics lets nobody in, and does no harm to the requests after.
#[tokio::test]
async fn a_list_that_panics_lets_nobody_in() {
    #[derive(Debug, Default)]
    struct Broken(AtomicBool);
    impl RevocationCheck for Broken {
        fn is_revoked(&self, _: &PresentedToken<'_>) -> bool {
            assert!(!self.0.load(Ordering::Relaxed), "the list is broken");
            false
        }
    }
    let broken = Arc::new(Broken::default());
    let list = broken.clone();
    let m2m = receiver(|it| it.revocation_check(list)).await;
    let token = token_with(&shared_core(), "jti", &json!("1"));
    // New to the receiver, then remembered.
    for _ in 0..2 {
        broken.0.store(true, Ordering::Relaxed);
        let request = {
            let (m2m, token) = (m2m.clone(), token.clone());
            tokio::spawn(async move { verdict_at_once(&m2m, &token) })
        };
        assert!(request.await.expect_err("no verdict").is_panic());
        broken.0.store(false, Ordering::Relaxed);
        assert_eq!(verdict_at_once(&m2m, &token), Ok(()));
    }
}
