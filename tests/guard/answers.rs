//! The answers, to the letter.

use serde_json::json;
use st_m2m_tests::{jwt::claims, still::NOW};

use crate::service::Service;

const INVALID_TOKEN: &str = r#"Bearer error="invalid_token""#;

#[tokio::test]
async fn a_service_is_let_in_and_known() {
    let service = Service::start().await;
    let mut claims = claims();
    claims["scope"] = json!("charge:read charge:write");
    claims["scp"] = json!(["event.create"]);
    claims["region"] = json!("eu");
    let answer = service.call("/any", &service.token(&claims)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let known = answer.json();
    assert_eq!(known["service"], "orders");
    assert_eq!(
        known["scopes"],
        json!(["charge:read", "charge:write", "event.create"])
    );
    assert_eq!(known["issuer"], "https://api.example.com");
    assert_eq!(known["issued_at"], NOW);
    assert_eq!(known["expires_at"], NOW + 3600);
    assert!(
        known["key_id"]
            .as_str()
            .is_some_and(|kid| kid.starts_with("s-"))
    );
    assert_eq!(known["claims"], claims);
}

#[tokio::test]
async fn without_credentials() {
    let service = Service::start().await;
    for authorization in [
        &[][..],
        &[b"".as_slice()],
        &[b"Basic dXNlcjpwYXNz"],
        &[b"a.b.c"],
    ] {
        let answer = service.get("/any", authorization).await;
        assert_eq!(answer.status, 401, "{authorization:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.body, r#"{"message":"unauthorised"}"#);
    }
}

#[tokio::test]
async fn every_other_shape_of_the_header() {
    let service = Service::start().await;
    let token = service.token(&claims());
    let bearer = |scheme: &str, rest: &str| format!("{scheme}{token}{rest}").into_bytes();
    let good = [
        bearer("Bearer ", ""),
        bearer("bearer ", ""),
        bearer("BEARER  ", ""),
    ];
    for value in &good {
        assert_eq!(service.get("/any", &[value]).await.status, 200, "{value:?}");
    }
    let long = format!("Bearer {}", "a".repeat(20 * 1024)).into_bytes();
    let bad: [&[u8]; 11] = [
        b"Bearer",
        b"Bearer ",
        &bearer("Bearer\t", ""),
        &bearer("Bearer \t", ""),
        &bearer("Bearer ", " x"),
        &bearer("Bearer ", ","),
        &bearer("Bearer ", "="),
        &bearer("Bearer ", "."),
        b"Bearer \xff\xfe",
        "Bearer tökén".as_bytes(),
        &long,
    ];
    for value in bad {
        let answer = service.get("/any", &[value]).await;
        assert_eq!(answer.status, 401, "{}", String::from_utf8_lossy(value));
        assert_eq!(answer.header("www-authenticate"), Some(INVALID_TOKEN));
        assert_eq!(answer.body, r#"{"message":"unauthorised"}"#);
    }
    let answer = service.get("/any", &[&good[0], &good[0]]).await;
    assert_eq!(answer.status, 401, "two headers");
    assert_eq!(answer.header("www-authenticate"), Some(INVALID_TOKEN));
}

#[tokio::test]
async fn a_service_that_is_not_named() {
    let service = Service::start().await;
    let as_service = |sub: serde_json::Value| {
        let mut claims = claims();
        claims["sub"] = sub;
        service.token(&claims)
    };
    for allowed in ["orders", "checkout"] {
        let answer = service.call("/two", &as_service(json!(allowed))).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (200, "let in")
        );
    }
    for other in [
        "Orders",
        "orders ",
        "order",
        "orders,checkout",
        "",
        "billing",
    ] {
        let answer = service.call("/two", &as_service(json!(other))).await;
        assert_eq!(answer.status, 403, "{other:?}");
        assert_eq!(answer.body, r#"{"message":"forbidden"}"#);
        assert_eq!(answer.header("www-authenticate"), None);
    }
    // The Node code of SuperTokens' guide mints no `sub`.
    let mut nameless = claims();
    nameless.as_object_mut().expect("an object").remove("sub");
    let token = service.token(&nameless);
    assert_eq!(service.call("/two", &token).await.status, 403);
    assert_eq!(service.call("/any", &token).await.status, 200);
}

#[tokio::test]
async fn a_token_for_another_audience() {
    let service = Service::with(|config| config.audience("billing")).await;
    for (audience, status) in [
        (json!("billing"), 200),
        (json!(["orders", "billing"]), 200),
        (json!("orders"), 403),
        (json!("Billing"), 403),
        (json!([]), 403),
        (json!(5), 401),
        (json!(["billing", 5]), 401),
        (json!(null), 401),
    ] {
        let mut claims = claims();
        claims["aud"] = audience.clone();
        let answer = service.call("/any", &service.token(&claims)).await;
        assert_eq!(answer.status, status, "{audience}");
    }
    let answer = service.call("/any", &service.token(&claims())).await;
    assert_eq!(answer.status, 403, "no audience");
}

/// Where both are missing, a stranger learns nothing of what a good token would be answered.
#[tokio::test]
async fn a_bad_token_for_another_audience_is_a_bad_token() {
    let service = Service::with(|config| config.audience("billing")).await;
    let token = service.token(&claims());
    let (signed, _) = token.rsplit_once('.').expect("a signature");
    let forged = format!("{signed}.{}", "A".repeat(342));
    assert_eq!(service.call("/any", &forged).await.status, 401);
    assert_eq!(service.call("/two", &forged).await.status, 401);
}
