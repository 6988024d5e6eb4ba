//! What the core may answer, and what the service makes of it.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use st_m2m::{
    Config, ConfigBuilder, Error, JwtOptions, M2m, SigningKey, dev::DevCore, error::CoreError,
    transport::Error as HttpError,
};
use st_m2m_tests::{
    jwt::decode,
    transport::{Reply, Scripted},
};

const KEY: &str = "a-very-secret-api-key-0001";

fn config(network: &Scripted) -> ConfigBuilder {
    Config::builder()
        .connection_uri("http://127.0.0.1:3567")
        .api_domain("https://api.example.com")
        .api_key(KEY)
        .service("orders")
        .transport(network.shared())
}

async fn start(config: ConfigBuilder) -> Result<M2m, Error> {
    M2m::start(config.build().expect("a configuration")).await
}

/// The error that a core with this answer leads to, after it was looked at: it never shows the api key.
async fn failure(network: &Scripted) -> CoreError {
    let error = start(config(network)).await.expect_err("no start");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(KEY), "{shown}");
    match error {
        Error::Core(error) => error,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_refused_api_key_is_named_with_what_to_do() {
    let network = Scripted::answering(401, "Invalid API key\n");
    let error = failure(&network).await;
    assert!(matches!(error, CoreError::ApiKeyRefused { .. }), "{error}");
    assert!(error.to_string().contains("set `api_key`"), "{error}");
    assert_eq!(network.sent().len(), 1, "it is not tried again");
}

#[tokio::test]
async fn every_other_status_is_shown_as_the_sdks_show_it() {
    let network = Scripted::answering(500, "database down\n");
    let error = failure(&network).await;
    assert_eq!(
        error.to_string(),
        "SuperTokens core threw an error for a GET request to path: '/apiversion' with status code: 500 and message: database down (http://127.0.0.1:3567)"
    );
}

#[tokio::test]
async fn error_bodies_are_shown_short_and_without_control_characters() {
    let network = Scripted::new(|_| Reply::text(500, format!("\u{1b}[2J{}", "é".repeat(10_000))));
    let shown = failure(&network).await.to_string();
    assert!(shown.len() < 600, "{}", shown.len());
    assert!(!shown.contains('\u{1b}'), "{shown}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let network = Scripted::new(|_| {
        let answer = http::Response::builder()
            .status(302)
            .header("location", "http://evil.example/");
        Reply::Answer(answer.body("".into()).expect("an answer"))
    });
    let error = failure(&network).await;
    assert!(
        matches!(error, CoreError::Redirect { status: 302, .. }),
        "{error}"
    );
    assert_eq!(network.sent().len(), 1);
}

#[tokio::test]
async fn garbage_is_recognised_and_not_repeated() {
    for body in [
        "",
        "Hello\n",
        "<html>",
        "{}",
        "[]",
        r#"{"versions":"5.4"}"#,
        r#"{"versions":[5.4]}"#,
    ] {
        let error = failure(&Scripted::answering(200, body)).await;
        assert!(
            matches!(error, CoreError::Garbage { .. }),
            "{body:?}: {error}"
        );
        assert!(error.to_string().contains("SuperTokens core"), "{error}");
    }
    for body in [
        r#"{"status":"OK"}"#,
        r#"{"status":"OK","jwt":7}"#,
        r#"{"jwt":"secret-jwt"}"#,
    ] {
        let network = Scripted::new(move |request| match request.uri().path() {
            "/apiversion" => Reply::text(200, r#"{"versions":["5.4"]}"#),
            _ => Reply::text(200, body),
        });
        let error = failure(&network).await;
        assert!(
            matches!(error, CoreError::Garbage { .. }),
            "{body:?}: {error}"
        );
        assert!(!error.to_string().contains("secret-jwt"), "{error}");
    }
}

#[tokio::test]
async fn unknown_answers_of_a_newer_core_are_named() {
    let network = Scripted::new(|request| match request.uri().path() {
        "/apiversion" => Reply::text(200, r#"{"versions":["5.4"]}"#),
        _ => Reply::text(200, r#"{"status":"QUOTA_EXCEEDED"}"#),
    });
    let error = failure(&network).await;
    assert!(error.to_string().contains("QUOTA_EXCEEDED"), "{error}");

    let error = failure(&Scripted::answering(200, r#"{"versions":["9.9","2.20"]}"#)).await;
    assert!(
        matches!(error, CoreError::NoCommonVersion { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("9.9, 2.20"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_core_that_never_answers_is_given_up_after_the_time_limit() {
    let network = Scripted::new(|_| Reply::Hang);
    let config = config(&network).request_timeout(Duration::from_millis(700));
    let error = start(config).await.expect_err("no start");
    let Error::Core(CoreError::Unreachable(failures)) = &error else {
        panic!("{error}");
    };
    assert!(
        matches!(failures[0].error, HttpError::Timeout(limit) if limit == Duration::from_millis(700))
    );
    assert!(
        error.to_string().contains("no answer within 700 ms"),
        "{error}"
    );
}

#[tokio::test]
async fn an_unreachable_core_is_named_with_what_to_do() {
    let network = Scripted::new(|_| Reply::refused());
    let error = failure(&network).await;
    let shown = error.to_string();
    assert!(
        shown.starts_with("No SuperTokens core available to query"),
        "{shown}"
    );
    assert!(shown.contains("http://127.0.0.1:3567"), "{shown}");
    assert!(shown.contains("connection refused"), "{shown}");
    assert!(shown.contains("`connection_uri`"), "{shown}");
}

/// Three hosts: the first refuses connections, the second never answers, the third is a core.
#[tokio::test(start_paused = true)]
async fn the_next_host_is_asked_when_one_gives_no_answer() {
    let core = Arc::new(DevCore::builder().in_memory().expect("a core"));
    let network = Scripted::new(move |request| match request.uri().host() {
        Some("127.0.0.1") => Reply::refused(),
        Some("127.0.0.2") => Reply::Hang,
        _ => Reply::By(core.clone()),
    });
    let hosts = "http://127.0.0.1:1; http://127.0.0.2:2/base/ ;http://127.0.0.3:3/appid-public;";
    let m2m = start(config(&network).connection_uri(hosts))
        .await
        .expect("started");
    assert!(m2m.token().is_ok());
    let sent: Vec<_> = network
        .sent()
        .iter()
        .map(|request| request.uri().to_string())
        // Meanwhile others' keys are fetched.
        .filter(|uri| !uri.starts_with("https://api.example.com"))
        .collect();
    assert_eq!(
        sent,
        [
            "http://127.0.0.1:1/apiversion",
            "http://127.0.0.2:2/base/apiversion",
            "http://127.0.0.3:3/appid-public/apiversion",
            // The hosts take turns, so the next call starts anew.
            "http://127.0.0.1:1/recipe/jwt",
            "http://127.0.0.2:2/base/recipe/jwt",
            "http://127.0.0.3:3/appid-public/recipe/jwt",
        ]
    );
}

#[tokio::test]
async fn requests_carry_what_the_core_wants_and_no_more() {
    let network = Scripted::new(|request| match request.uri().path() {
        "/apiversion" => Reply::text(200, r#"{"versions":["5.4","5.3"]}"#),
        _ => Reply::text(400, "validity must be greater than or equal to 0\n"),
    });
    failure(&network).await;
    let sent = network.sent();
    let header = |index: usize, name: &str| {
        sent[index]
            .headers()
            .get(name)
            .map(|value| value.to_str().expect("text").to_owned())
    };
    assert_eq!(sent[0].method(), "GET");
    assert_eq!(header(0, "api-key").as_deref(), Some(KEY));
    assert_eq!(header(0, "cdi-version"), None);
    assert_eq!(header(0, "content-type"), None);
    assert_eq!(sent[1].method(), "POST");
    assert_eq!(header(1, "api-key").as_deref(), Some(KEY));
    assert_eq!(header(1, "cdi-version").as_deref(), Some("5.4"));
    assert_eq!(header(1, "rid").as_deref(), Some("jwt"));
    assert_eq!(
        header(1, "content-type").as_deref(),
        Some("application/json; charset=utf-8")
    );
    assert!(sent[1].headers()["api-key"].is_sensitive());
    let body: serde_json::Value = serde_json::from_slice(sent[1].body()).expect("JSON");
    assert_eq!(
        body,
        json!({
            "payload": {"source": "microservice", "sub": "orders"},
            "algorithm": "RS256",
            "jwksDomain": "https://api.example.com",
            "validity": 3_153_600_000_u64,
            "useStaticSigningKey": true,
        })
    );
}

/// A core behind the same address is replaced by an older one.
#[tokio::test]
async fn a_version_that_the_core_no_longer_speaks_is_negotiated_anew_once() {
    let old = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_old = Arc::clone(&old);
    let network = Scripted::new(move |request| {
        let old = is_old.load(std::sync::atomic::Ordering::SeqCst);
        let version = request
            .headers()
            .get("cdi-version")
            .and_then(|it| it.to_str().ok());
        match (request.uri().path(), version, old) {
            ("/apiversion", _, false) => Reply::text(200, r#"{"versions":["5.4"]}"#),
            ("/apiversion", _, true) => Reply::text(200, r#"{"versions":["4.0"]}"#),
            (_, Some("5.4"), true) => Reply::text(400, "cdi-version 5.4 not supported\n"),
            _ => Reply::text(200, r#"{"status":"OK","jwt":"a.b.c"}"#),
        }
    });
    let m2m = start(config(&network).mint(false)).await.expect("started");
    let mint = async || m2m.create_jwt(&json!({}), JwtOptions::new()).await;
    assert_eq!(mint().await.expect("minted"), "a.b.c");
    old.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(mint().await.expect("minted again"), "a.b.c");
    let paths: Vec<_> = network
        .sent()
        .iter()
        .map(|it| it.uri().path().to_owned())
        .collect();
    assert_eq!(
        paths,
        [
            "/apiversion",
            "/recipe/jwt",
            "/recipe/jwt",
            "/apiversion",
            "/recipe/jwt"
        ]
    );
}

#[tokio::test]
async fn further_tokens_are_minted_as_the_sdk_mints_them() {
    let core = DevCore::builder().in_memory().expect("a core");
    let config = Config::builder()
        .connection_uri("http://127.0.0.1:3567")
        .api_domain("https://api.example.com/ignored")
        .transport(Arc::new(core))
        .build()
        .expect("a configuration");
    let m2m = M2m::start(config).await.expect("started");
    let options = JwtOptions::new()
        .validity(Duration::from_secs(60))
        .signing_key(SigningKey::Dynamic);
    let claims =
        json!({"source": "microservice", "sub": "billing", "aud": "orders", "name": "héllo 世界"});
    let jwt = m2m.create_jwt(&claims, options).await.expect("minted");
    let (header, payload) = decode(&jwt);
    assert!(header["kid"].as_str().expect("kid").starts_with("d-"));
    assert_eq!(payload["iss"], "https://api.example.com");
    assert_eq!(payload["name"], "héllo 世界");
    assert_eq!(
        payload["exp"].as_u64().expect("exp") - payload["iat"].as_u64().expect("iat"),
        60
    );
    for (claims, problem) in [
        (json!({"exp": 1}), "claim `exp` is reserved"),
        (
            json!({"sessionHandle": null}),
            "claim `sessionHandle` is reserved",
        ),
        (json!([]), "must be a JSON object"),
        (json!({"n": u64::MAX}), "2^63"),
    ] {
        let error = m2m
            .create_jwt(&claims, JwtOptions::new())
            .await
            .expect_err("refused");
        assert!(error.to_string().contains(problem), "{error}");
    }
    let zero = JwtOptions::new().validity(Duration::ZERO);
    assert!(m2m.create_jwt(&json!({}), zero).await.is_err());
}

/// A gateway's error page may repeat the request.
#[tokio::test]
async fn an_api_key_that_comes_back_is_not_shown() {
    let network = Scripted::new(|request| {
        let key = request.headers()["api-key"].to_str().expect("text");
        Reply::text(
            502,
            format!("bad gateway; the request was: api-key: {key}\n"),
        )
    });
    let shown = failure(&network).await.to_string();
    assert!(shown.contains("api-key: [redacted]"), "{shown}");
}

#[tokio::test]
async fn a_missing_api_key_is_told_from_a_wrong_one() {
    let network = Scripted::answering(401, "Invalid API key\n");
    let config = Config::builder()
        .connection_uri("http://127.0.0.1:3567")
        .api_domain("https://api.example.com")
        .transport(network.shared());
    let shown = start(config).await.expect_err("no start").to_string();
    assert!(
        shown.contains("wants an api key, and none is set"),
        "{shown}"
    );
    let shown = failure(&network).await.to_string();
    assert!(shown.contains("refuses the api key"), "{shown}");
}

#[tokio::test]
async fn something_else_than_a_core_is_doubted() {
    let shown = failure(&Scripted::answering(404, "")).await.to_string();
    assert!(
        shown.contains("http://127.0.0.1:3567: is it a SuperTokens core?"),
        "{shown}"
    );
}

#[test]
fn a_builder_shows_no_value() {
    let builder = Config::builder()
        .connection_uri("https://user:hunter2@core")
        .api_key("hunter2")
        .claims(json!({"private": "hunter2"}));
    assert_eq!(format!("{builder:?}"), "ConfigBuilder { .. }");
}

/// Two cores during an upgrade, which agree on some versions only.
#[tokio::test]
async fn a_host_that_speaks_another_version_is_asked_itself() {
    let network = Scripted::new(|request| {
        let version = request
            .headers()
            .get("cdi-version")
            .and_then(|it| it.to_str().ok());
        match (request.uri().port_u16(), request.uri().path(), version) {
            (Some(1), "/apiversion", _) => Reply::text(200, r#"{"versions":["5.1","5.4"]}"#),
            (_, "/apiversion", _) => Reply::text(200, r#"{"versions":["5.0","5.1"]}"#),
            (Some(1), _, Some("5.1" | "5.4")) | (_, _, Some("5.0" | "5.1")) => {
                Reply::text(200, r#"{"status":"OK","jwt":"a.b.c"}"#)
            }
            _ => Reply::text(400, "cdi-version not supported\n"),
        }
    });
    let config = config(&network)
        .connection_uri("http://127.0.0.1:1;http://127.0.0.1:2")
        .mint(false);
    let m2m = start(config).await.expect("started");
    for _ in 0..5 {
        let minted = m2m.create_jwt(&json!({}), JwtOptions::new()).await;
        assert_eq!(minted.expect("minted"), "a.b.c");
    }
}
