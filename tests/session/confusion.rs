//! No session is ever a service, and no service's token a session, whatever claims of the other it carries.

use http::Request;
use serde_json::{Map, Value, json};
use st_m2m::{Reason, SigningKey, TokenKind};
use st_m2m_tests::{jwt, still::NOW, verdict::caller};

use crate::service::{Service, bearer, claims, cookie, header, merged};

fn client() -> Value {
    json!({
        "iss": "https://api.example.com/auth", "sub": "stcl_1", "client_id": "stcl_1", "scp": ["a"], "aud": ["b"],
        "iat": NOW, "nbf": NOW, "exp": NOW + 60, "jti": "j", "stt": 1, "gid": "g",
    })
}

/// Services with every setting that could matter here.
async fn services() -> Vec<Service> {
    let mut services = Vec::new();
    for signing_key in [SigningKey::Dynamic, SigningKey::Static] {
        for allow_unversioned in [false, true] {
            for bearer_first in [false, true] {
                services.push(
                    Service::with(|config| {
                        config
                            .session_signing_key(signing_key)
                            .session_allow_unversioned(allow_unversioned)
                            .bearer_first(bearer_first)
                            .accept_oauth2_clients(true)
                            // Also where both kinds have one issuer.
                            .issuers([jwt::ISSUER, "https://api.example.com/auth"])
                    })
                    .await,
                );
            }
        }
    }
    services
}

async fn outcomes(service: &Service, token: &str) -> Vec<String> {
    let (in_header, in_cookie) = (bearer(token), cookie(token));
    let mut outcomes = Vec::new();
    for headers in [[("authorization", &*in_header)], [("cookie", &*in_cookie)]] {
        for path in ["/who", "/principal", "/session"] {
            outcomes.push(service.get(path, &headers).await.outcome());
        }
    }
    outcomes
}

#[tokio::test]
async fn no_session_is_a_service() {
    let service_claims = jwt::claims();
    for service in services().await {
        for smuggled in [
            json!({"source": "microservice"}),
            service_claims.clone(),
            client(),
            merged(&service_claims, &client()),
            json!({"stt": 0, "source": "microservice", "client_id": "user-1"}),
        ] {
            // The session's own claims win, as the core has it, or the smuggled ones do.
            for claims in [
                merged(&smuggled, &claims("one")),
                merged(&claims("one"), &smuggled),
            ] {
                for version in [
                    json!("3"),
                    json!("4"),
                    json!("5"),
                    json!("6"),
                    json!(5),
                    Value::Null,
                ] {
                    let header = merged(&header(), &json!({"version": version}));
                    for key in [SigningKey::Dynamic, SigningKey::Static] {
                        let token = jwt::sign(&service.core, key, &header, &claims);
                        for outcome in outcomes(&service, &token).await {
                            assert!(
                                !outcome.starts_with("service"),
                                "{outcome}: {header} {claims}"
                            );
                        }
                        let as_caller = caller(&service.m2m, &token).await;
                        let reason = as_caller.expect_err("no service");
                        assert_eq!(reason, Reason::WrongKind(TokenKind::Session), "{claims}");
                    }
                }
            }
        }
    }
}

/// The core gives `version` to sessions alone, so whatever services mint has none.
#[tokio::test]
async fn no_services_token_is_a_session() {
    let session = claims("one");
    for service in services().await {
        for own in [jwt::claims(), client()] {
            for smuggled in [
                session.clone(),
                json!({"sessionHandle": "one", "refreshTokenHash1": "x"}),
                json!({"sessionHandle": "one", "refreshTokenHash1": "x", "sub": "user-1", "rsub": "user-1", "tId": "public"}),
            ] {
                for claims in [merged(&own, &smuggled), merged(&smuggled, &own)] {
                    for key in [SigningKey::Dynamic, SigningKey::Static] {
                        let token = jwt::sign(&service.core, key, &jwt::header(), &claims);
                        for outcome in outcomes(&service, &token).await {
                            assert!(outcome.starts_with("401"), "{outcome}: {claims}");
                        }
                        assert!(caller(&service.m2m, &token).await.is_err(), "{claims}");
                    }
                }
            }
            // As they are, they are what they are, and never a cookie.
            let token = jwt::sign(&service.core, SigningKey::Static, &jwt::header(), &own);
            let outcomes = outcomes(&service, &token).await;
            for (place, outcome) in outcomes.iter().enumerate() {
                let is_in = place < 2;
                assert_eq!(outcome.starts_with("service"), is_in, "{place} {outcome}");
                assert!(is_in || *outcome == "401 unauthorised", "{outcome}");
            }
        }
    }
}

/// An application that mints sessions of its own says so, and is believed for the kind of key that signs sessions.
#[tokio::test]
async fn sessions_without_a_version_take_a_setting() {
    let minted = merged(&claims("one"), &json!({"iss": jwt::ISSUER}));
    for (allow, key, expected) in [
        (false, SigningKey::Dynamic, "401 try refresh token"),
        (true, SigningKey::Dynamic, "session one"),
        (true, SigningKey::Static, "401 try refresh token"),
    ] {
        let service = Service::with(|config| config.session_allow_unversioned(allow)).await;
        let token = jwt::sign(&service.core, key, &jwt::header(), &minted);
        let answer = service
            .get("/who", &[("authorization", &bearer(&token))])
            .await;
        assert_eq!(answer.outcome(), expected);
    }
}

/// A session that fails is the end of it: no other token of the request is tried, in whatever place it fails.
#[tokio::test]
async fn a_failed_session_never_falls_through() {
    let service = Service::start().await;
    let machine = service.service_token();
    // Remembered, so that it would be quick to let in.
    let answer = service
        .get("/who", &[("authorization", &bearer(&machine))])
        .await;
    assert_eq!(answer.outcome(), "service orders");
    let good = service.session("one");
    let mut tampered = good.clone();
    tampered.replace_range(tampered.len() - 6.., "AAAAAA");
    let unknown = merged(&header(), &json!({"kid": "d-unknown"}));
    for failing in [
        service.expired("one"),
        tampered,
        service.sign(&unknown, &claims("one")),
        service.sign(&merged(&header(), &json!({"version": "6"})), &claims("one")),
        jwt::sign(&service.core, SigningKey::Static, &header(), &claims("one")),
        jwt::sign(
            &service.core,
            SigningKey::Dynamic,
            &jwt::header(),
            &claims("one"),
        ),
    ] {
        let in_cookie = [
            ("authorization", &*bearer(&machine)),
            ("cookie", &*cookie(&failing)),
        ];
        let in_header = [
            ("authorization", &*bearer(&failing)),
            ("cookie", &*cookie(&good)),
        ];
        for headers in [in_cookie, in_header] {
            for path in ["/who", "/principal", "/session"] {
                let answer = service.get(path, &headers).await;
                assert_eq!(answer.outcome(), "401 try refresh token", "{path}");
            }
        }
    }
}

/// What `POST /recipe/jwt` signs when it is asked for a session, shown to a service as a browser would (recorded:
/// `protected_m2m_jwt_session_like_dynamic_key` is let in by the SDK).
#[tokio::test]
async fn a_minted_copy_of_a_session_is_none() {
    let service = Service::start().await;
    let payload: Map<String, Value> = claims("one").as_object().cloned().expect("an object");
    for is_static in [true, false] {
        let body = json!({
            "payload": payload, "algorithm": "RS256", "jwksDomain": jwt::ISSUER, "validity": 3600,
            "useStaticSigningKey": is_static,
        });
        let request = Request::post("/recipe/jwt")
            .header("cdi-version", "5.4")
            .body(body.to_string().into())
            .expect("a request");
        let answer = service.core.handle(request).await;
        let answer: Value = serde_json::from_slice(answer.body()).expect("JSON");
        let token = answer["jwt"].as_str().expect("a JWT");
        for outcome in outcomes(&service, token).await {
            assert_eq!(outcome, "401 try refresh token");
        }
        assert!(caller(&service.m2m, token).await.is_err());
    }
}
