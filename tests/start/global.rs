//! The process-global service. One test: a process has one.

use std::sync::Arc;

use axum::{Router, body::Body, http::Request, routing::get};
use http_body_util::BodyExt;
use st_m2m::{Config, Error, M2m, dev::DevCore, init, m2m_protected};
use st_m2m_tests::transport::Scripted;
use tower::ServiceExt;

#[m2m_protected]
async fn guarded() -> &'static str {
    "let in"
}

async fn get_guarded(token: Option<&str>) -> (u16, Option<String>, String) {
    let mut request = Request::get("/");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let app = Router::new().route("/", get(guarded));
    let answer = app
        .oneshot(request.body(Body::empty()).expect("a request"))
        .await
        .expect("an answer");
    let status = answer.status().as_u16();
    let retry_after = answer
        .headers()
        .get("retry-after")
        .map(|value| value.to_str().expect("text").to_owned());
    let body = answer
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    (
        status,
        retry_after,
        String::from_utf8(body.to_vec()).expect("text"),
    )
}

#[tokio::test]
async fn a_guard_is_shut_until_init_succeeds_and_init_succeeds_once() {
    assert!(M2m::global().is_none());
    let shut = (
        503,
        Some("10".to_owned()),
        r#"{"message":"authentication unavailable"}"#.to_owned(),
    );
    assert_eq!(get_guarded(None).await, shut);
    assert_eq!(get_guarded(Some("a.b.c")).await, shut);

    let config = || {
        Config::builder()
            .connection_uri("http://127.0.0.1:3567")
            .api_domain("http://127.0.0.1:3567")
            .service("orders")
    };
    let dead = Scripted::answering(500, "down");
    let error = init(
        config()
            .transport(dead.shared())
            .build()
            .expect("a configuration"),
    )
    .await
    .expect_err("a dead core");
    assert!(matches!(error, Error::Core(_)), "{error}");
    assert!(M2m::global().is_none(), "set only on success");

    let core: Arc<DevCore> = Arc::new(DevCore::builder().in_memory().expect("a core"));
    let m2m = init(
        config()
            .transport(core.clone())
            .build()
            .expect("a configuration"),
    )
    .await
    .expect("a failed init can be tried again");
    assert!(M2m::global().is_some());
    let token = m2m.token().expect("a token").expose().to_owned();
    assert_eq!(
        get_guarded(Some(&token)).await,
        (200, None, "let in".to_owned())
    );

    let error = init(config().transport(core).build().expect("a configuration"))
        .await
        .expect_err("a second init");
    assert!(matches!(error, Error::AlreadyInitialized), "{error}");
    assert!(error.to_string().contains("M2m::start"), "{error}");
}
