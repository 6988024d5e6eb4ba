//! What a guard takes from the heap for a token that it has seen before: nothing.

use std::hint::black_box;

use allocation_counter::{AllocationInfo, measure};
use axum::{
    Extension, Router,
    body::Body,
    extract::FromRequestParts as _,
    http::{Request, header::AUTHORIZATION, request::Parts},
    routing::get,
};
use st_m2m::{Caller, m2m_protected};
use st_m2m_peers::{Issuer, ready::now, verify};
use tower::Service as _;

fn request(token: &str) -> Request<Body> {
    Request::get("/")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .expect("a token is a header value")
}

/// From header map to verified caller, and the caller dropped.
fn verification(parts: &mut Parts) -> AllocationInfo {
    measure(|| {
        let caller = black_box(now(Caller::from_request_parts(parts, &())));
        assert_eq!(caller.expect("a good token").service(), Some("orders"));
    })
}

#[test]
fn a_token_seen_before_is_verified_without_an_allocation() {
    let issuer = Issuer::new();
    let mut request = request(&issuer.token(1));
    let m2m = verify::start(verify::config(&issuer));
    request.extensions_mut().insert(m2m);
    let (mut parts, _) = request.into_parts();
    // A whole verification shows that allocations are counted.
    assert!(verification(&mut parts).count_total > 0);
    for _ in 0..3 {
        assert_eq!(verification(&mut parts), AllocationInfo::default());
    }
}

async fn handler() -> &'static str {
    "ok"
}

#[m2m_protected]
async fn guarded() -> &'static str {
    handler().await
}

#[test]
fn a_guard_adds_no_allocation_to_a_handler_for_a_token_seen_before() {
    let issuer = Issuer::new();
    let token = issuer.token(1);
    let allocations = |router: Router| {
        let m2m = verify::start(verify::config(&issuer));
        let mut router = router.layer(Extension(m2m));
        let answers = [(); 3].map(|()| {
            let request = request(&token);
            measure(|| {
                let answer = now(router.call(request)).expect("a router answers");
                assert_eq!(answer.status(), 200);
            })
        });
        answers[2].count_total
    };
    let plain = allocations(Router::new().route("/", get(handler)));
    assert_eq!(allocations(Router::new().route("/", get(guarded))), plain);
}
