//! The token that the core minted is held to what was asked.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use st_m2m::{
    Config, ConfigBuilder, Error, JwtOptions, M2m, SigningKey, clock::ManualClock,
    error::TokenError,
};
use st_m2m_tests::{
    jwt,
    still::{self, NOW, core, core_at},
    transport::{Reply, Scripted},
};

fn config() -> ConfigBuilder {
    Config::builder()
        .connection_uri("http://127.0.0.1:3567")
        .api_domain("https://api.example.com")
        .service("orders")
        .scopes(["charge:read", "charge:write"])
        .claims(json!({"region": "eu", "n": 1.5}))
        .clock(still::clock())
}

async fn start(config: ConfigBuilder) -> Result<M2m, Error> {
    M2m::start(config.build().expect("a configuration")).await
}

#[tokio::test]
async fn the_token_carries_what_was_configured() {
    let config = config()
        .token_validity(Duration::from_secs(900))
        .transport(Arc::new(core()));
    let m2m = start(config).await.expect("started");
    let token = m2m.token().expect("a token");
    let (_, payload) = jwt::decode(token.expose());
    assert_eq!(
        payload,
        json!({
            "iat": NOW, "exp": NOW + 900, "iss": "https://api.example.com", "source": "microservice",
            "sub": "orders", "scope": "charge:read charge:write", "region": "eu", "n": 1.5,
        })
    );
    assert_eq!(token.expires_at(), NOW + 900);
    assert!(token.authorization().is_sensitive());
    let shown = format!("{m2m:?} {token:?}");
    assert!(!shown.contains(token.expose()), "{shown}");
    assert_eq!(m2m.service(), Some("orders"));
}

#[tokio::test]
async fn a_dynamic_key_caps_the_validity() {
    let config = config()
        .signing_key(SigningKey::Dynamic)
        .transport(Arc::new(core()));
    let m2m = start(config).await.expect("started");
    assert_eq!(m2m.token().expect("a token").expires_at(), NOW + 7200);
}

#[tokio::test]
async fn verify_only_configurations_mint_nothing() {
    let network = Scripted::new(|_| Reply::refused());
    let verify_only = || {
        Config::builder()
            .api_domain("https://api.example.com")
            .transport(network.shared())
    };
    for config in [
        verify_only(),
        verify_only()
            .connection_uri("http://127.0.0.1:3567")
            .mint(false),
    ] {
        let m2m = start(config).await.expect("started");
        assert_eq!(m2m.token().expect_err("none"), TokenError::VerifyOnly);
    }
    let m2m = start(verify_only()).await.expect("started");
    let error = m2m
        .create_jwt(&json!({}), JwtOptions::new())
        .await
        .expect_err("no core");
    assert!(
        error.to_string().contains("set `connection_uri`"),
        "{error}"
    );
    assert!(network.sent().is_empty());
}

#[tokio::test]
async fn an_expired_token_is_not_given_out() {
    let clock = ManualClock::at_unix_seconds(NOW);
    let config = config()
        .token_validity(Duration::from_secs(60))
        .clock(Arc::new(clock.clone()))
        .transport(Arc::new(core()));
    let m2m = start(config).await.expect("started");
    clock.advance(Duration::from_secs(59));
    assert!(m2m.token().is_ok());
    clock.advance(Duration::from_secs(1));
    let error = m2m.token().expect_err("expired");
    assert!(
        matches!(error, TokenError::Expired { seconds_ago: 0, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_core_with_another_clock_is_found_at_start() {
    for (at, problem) in [
        (NOW + 6, "6 s ahead of this machine's"),
        (NOW + 86_400, "86400 s ahead"),
        (NOW - 61, "61 s behind this machine's"),
    ] {
        let error = start(config().transport(Arc::new(core_at(at))))
            .await
            .expect_err("no start");
        assert!(matches!(error, Error::UnusableToken(_)), "{error}");
        assert!(error.to_string().contains(problem), "{error}");
    }
    for at in [NOW + 5, NOW - 60] {
        assert!(
            start(config().transport(Arc::new(core_at(at))))
                .await
                .is_ok()
        );
    }
}

/// What a core, or something in its place, may mint instead of what was asked.
#[tokio::test]
async fn whatever_receivers_would_refuse_is_found_at_start() {
    let header = json!({"kid": "s-1", "typ": "JWT", "alg": "RS256"});
    let payload = json!({
        "iat": NOW, "exp": NOW + 900, "iss": "https://api.example.com", "source": "microservice",
        "sub": "orders", "scope": "charge:read charge:write", "region": "eu", "n": 1.5,
    });
    let mint = async |header: Value, payload: Value| {
        let jwt = jwt::unsigned(&header.to_string(), &payload.to_string());
        let answer = json!({"status": "OK", "jwt": jwt}).to_string();
        let network = Scripted::new(move |_| Reply::text(200, answer.clone()));
        let config = config()
            .cdi_version("5.4")
            .token_validity(Duration::from_secs(900))
            .transport(network.shared());
        start(config).await.map_err(|error| error.to_string())
    };
    mint(header.clone(), payload.clone())
        .await
        .expect("the good one");

    for (member, value, problem) in [
        (
            "iss",
            json!("https://api.example.com/auth"),
            "its issuer is \"https://api.example.com/auth\"",
        ),
        ("iss", json!(null), "check `api_domain`"),
        ("sub", json!("billing"), "claim `sub`"),
        ("source", json!("user"), "claim `source`"),
        ("region", json!("us"), "claim `region`"),
        ("exp", json!(NOW + 60), "valid for 60 s instead of 900 s"),
        ("exp", json!("tomorrow"), "no `iat` or no `exp`"),
        ("iat", json!(NOW + 60), "ahead"),
    ] {
        let mut payload = payload.clone();
        payload[member] = value;
        let error = mint(header.clone(), payload).await.expect_err(member);
        assert!(error.contains(problem), "{error}");
    }
    for (member, value, problem) in [
        ("alg", json!("HS256"), "not that of an RS256 JWT"),
        ("typ", json!("at+jwt"), "not that of an RS256 JWT"),
        ("version", json!("5"), "that of a session"),
        ("kid", json!("d-1795440636693"), "a dynamic key"),
        ("kid", json!(7), "names no key"),
    ] {
        let mut header = header.clone();
        header[member] = value;
        let error = mint(header, payload.clone()).await.expect_err(member);
        assert!(error.contains(problem), "{error}");
    }
}

#[tokio::test]
async fn a_jwt_that_is_none_is_found_at_start() {
    for jwt in [
        "",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "e30.e30.",
        "bnVsbA.bnVsbA.c2ln",
        "ä.ö.ü",
    ] {
        let answer = json!({"status": "OK", "jwt": jwt}).to_string();
        let network = Scripted::new(move |_| Reply::text(200, answer.clone()));
        let config = config().cdi_version("5.4").transport(network.shared());
        let error = start(config).await.expect_err(jwt);
        assert!(matches!(error, Error::UnusableToken(_)), "{jwt}: {error}");
    }
}

/// A service must not find out from its first receiver.
#[tokio::test]
async fn a_token_longer_than_receivers_take_is_found_at_start() {
    let config = config()
        .claims(json!({"long": "x".repeat(7000)}))
        .transport(Arc::new(core_at(NOW)));
    let error = start(config).await.expect_err("no start").to_string();
    assert!(error.contains("longer than 8 KiB"), "{error}");
}

/// The core writes numbers its own way.
#[tokio::test]
async fn numbers_come_back_as_numbers() {
    let claims: Value =
        serde_json::from_str(r#"{"a":1.50,"b":1e2,"c":-0.25,"d":[{"e":3}]}"#).expect("JSON");
    let config = config().claims(claims).transport(Arc::new(core_at(NOW)));
    start(config).await.expect("started");
}
