//! Access tokens of every version, and what is none (`supertokens-node`, `test/session/accessTokenVersions.test.js`;
//! `supertokens-core`, `session/JWTTest.java`).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use st_m2m::{
    JwksSource, SigningKey,
    dev::DevCore,
    transport::{ResponseFuture, Transport},
};
use st_m2m_tests::{
    jwt,
    still::{self, NOW},
    transport::{Reply, Scripted},
};

use crate::service::{Service, bearer, claims, config, cookie, header, merged, start};

const REFRESH: &str = "401 try refresh token";
const NOBODY: &str = "401 unauthorised";

/// A session that the core makes under this version of its interface.
async fn made_under(core: &DevCore, cdi_version: &str, use_dynamic_key: bool) -> (String, String) {
    let body = json!({
        "userId": "user-1", "enableAntiCsrf": false, "userDataInDatabase": {}, "userDataInJWT": {"role": "admin"},
        "useDynamicSigningKey": use_dynamic_key,
    });
    let request = Request::post("/recipe/session")
        .header("cdi-version", cdi_version)
        .body(body.to_string().into())
        .expect("a request");
    let answer = core.handle(request).await;
    let answer: Value = serde_json::from_slice(answer.body()).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    (
        text(&answer["accessToken"]["token"]),
        text(&answer["session"]["handle"]),
    )
}

#[tokio::test]
async fn sessions_of_every_version_are_let_in() {
    let service = Service::start().await;
    for (cdi_version, version, payload) in [
        ("2.20", "2", json!({"role": "admin"})),
        ("2.21", "3", Value::Null),
        ("3.0", "4", Value::Null),
        ("5.4", "5", Value::Null),
    ] {
        let (token, handle) = made_under(&service.core, cdi_version, true).await;
        for headers in [
            [("authorization", bearer(&token))],
            // The old ones are not URL-safe.
            [(
                "cookie",
                cookie(
                    &token
                        .replace('=', "%3D")
                        .replace('+', "%2B")
                        .replace('/', "%2F"),
                ),
            )],
        ] {
            let headers = headers.each_ref().map(|(name, value)| (*name, &**value));
            let answer = service.get("/who", &headers).await;
            assert_eq!(
                answer.outcome(),
                format!("session {handle}"),
                "version {version}"
            );
            let answer = answer.json();
            assert_eq!(
                (&answer["userId"], &answer["recipeUserId"]),
                (&"user-1".into(), &"user-1".into())
            );
            assert_eq!(answer["tenantId"], "public");
            let expected = if payload.is_null() {
                jwt::decode(&token).1
            } else {
                payload.clone()
            };
            assert_eq!(answer["payload"], expected, "version {version}");
            assert_eq!(answer["payload"]["role"], "admin");
        }
        // A byte of what is signed, and one of the signature.
        for place in [token.find('.').expect("a dot") + 20, token.len() - 20] {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("text");
            let answer = service
                .get("/who", &[("authorization", &bearer(&changed))])
                .await;
            assert_eq!(answer.status, 401, "version {version}, byte {place}");
        }
    }
}

/// Static keys sign sessions where the configuration says so, and then no others do.
#[tokio::test]
async fn sessions_are_signed_with_one_kind_of_key() {
    let dynamic = Service::start().await;
    let r#static = Service::with(|config| config.session_signing_key(SigningKey::Static)).await;
    for (use_dynamic_key, at_dynamic, at_static) in [(true, true, false), (false, false, true)] {
        let (token, handle) = made_under(&dynamic.core, "5.4", use_dynamic_key).await;
        for (service, is_in) in [(&dynamic, at_dynamic), (&r#static, at_static)] {
            let expected = if is_in {
                format!("session {handle}")
            } else {
                REFRESH.to_owned()
            };
            for path in ["/who", "/session"] {
                let answer = service
                    .get(path, &[("authorization", &bearer(&token))])
                    .await;
                assert_eq!(answer.outcome(), expected, "{use_dynamic_key}");
            }
        }
    }
    // Version 2 names no key.
    let (old, handle) = made_under(&dynamic.core, "2.20", true).await;
    for service in [&dynamic, &r#static] {
        let answer = service
            .get("/who", &[("authorization", &bearer(&old))])
            .await;
        assert_eq!(answer.outcome(), format!("session {handle}"));
    }
}

/// Headers that no core writes: the SDK's answer decides whether it is a session that fails, or none.
#[tokio::test]
async fn malformed_headers_are_never_let_in() {
    let service = Service::start().await;
    let object = |further: Value| merged(&header(), &further);
    let without = |name: &str| {
        let mut header = header();
        header.as_object_mut().expect("an object").remove(name);
        header
    };
    for (header, expected) in [
        (without("typ"), NOBODY),
        (object(json!({"typ": 7})), NOBODY),
        (object(json!({"typ": "jwt"})), NOBODY),
        (object(json!({"typ": null})), NOBODY),
        (without("alg"), REFRESH),
        (object(json!({"alg": "HS256"})), REFRESH),
        (object(json!({"alg": "none"})), REFRESH),
        (object(json!({"alg": "rs256"})), REFRESH),
        (object(json!({"version": 5})), NOBODY),
        (object(json!({"version": {}})), NOBODY),
        (object(json!({"version": null})), NOBODY),
        (object(json!({"version": "1"})), NOBODY),
        (object(json!({"version": "2"})), NOBODY),
        (object(json!({"version": "6"})), REFRESH),
        (object(json!({"version": "99"})), REFRESH),
        (object(json!({"version": "5x"})), REFRESH),
        (without("version"), REFRESH),
        (object(json!({"kid": 7})), REFRESH),
        (object(json!({"kid": null})), REFRESH),
        (object(json!({"kid": ""})), REFRESH),
        (object(json!({"kid": "d-0"})), REFRESH),
        (object(json!({"kid": "../d-1"})), REFRESH),
        (object(json!({"crit": ["exp"]})), REFRESH),
        (object(json!({"jwk": {}})), REFRESH),
        (object(json!({"cty": "JWT"})), REFRESH),
        (object(json!({"b64": false})), REFRESH),
    ] {
        let token = service.sign(&header, &claims("one"));
        for path in ["/who", "/session", "/principal"] {
            let answer = service
                .get(path, &[("authorization", &bearer(&token))])
                .await;
            assert_eq!(answer.outcome(), expected, "{header}");
        }
    }
    let token = service.session("one");
    for token in [
        "a.b".to_owned(),
        format!("{token}.x"),
        token.replacen('.', "..", 1),
        format!("W10.{}", token.split_once('.').expect("a dot").1),
        format!("!!!.{}", token.split_once('.').expect("a dot").1),
    ] {
        let answer = service
            .get("/who", &[("authorization", &bearer(&token))])
            .await;
        assert_eq!(answer.outcome(), NOBODY, "{token}");
    }
}

#[tokio::test]
async fn claims_decide_whether_it_is_a_session_and_whether_it_is_good() {
    let service = Service::start().await;
    for (change, expected) in [
        // Nullable ones may be missing.
        (
            json!({"antiCsrfToken": 7, "parentRefreshTokenHash1": false}),
            "session one",
        ),
        (json!({"stt": 0}), "session one"),
        (json!({"stt": 1}), NOBODY),
        (json!({"stt": 2}), NOBODY),
        (json!({"stt": null}), NOBODY),
        (json!({"sub": null}), NOBODY),
        (json!({"rsub": 7}), NOBODY),
        (json!({"exp": "tomorrow"}), NOBODY),
        (json!({"iat": null}), NOBODY),
        (json!({"exp": NOW}), REFRESH),
        (json!({"exp": NOW + 1}), "session one"),
        (json!({"exp": -1}), REFRESH),
        (json!({"exp": 1e300}), REFRESH),
        (json!({"nbf": NOW + 1}), REFRESH),
        (json!({"nbf": NOW}), "session one"),
        (json!({"nbf": "soon"}), REFRESH),
        // Not looked at, as in the SDK: a clock that is ahead, another issuer, an audience.
        (json!({"iat": NOW + 100, "exp": NOW + 200}), "session one"),
        (json!({"iss": "https://elsewhere.example"}), "session one"),
        (json!({"aud": "elsewhere"}), "session one"),
        (json!({"sub": ""}), REFRESH),
        (json!({"tId": null}), REFRESH),
    ] {
        let token = service.sign(&header(), &merged(&claims("one"), &change));
        let answer = service
            .get("/who", &[("authorization", &bearer(&token))])
            .await;
        assert_eq!(answer.outcome(), expected, "{change}");
    }
}

/// A tenant's session is let in, and where one tenant is asked for, no other's.
#[tokio::test]
async fn a_handler_can_be_open_to_one_tenant() {
    let service = Service::start().await;
    let session = service.session("one");
    let of_tenant = merged(&claims("two_t1"), &json!({"tId": "t1"}));
    let of_tenant = service.sign(&header(), &of_tenant);
    for (token, path, expected) in [
        (&of_tenant, "/who", "session two_t1"),
        (&of_tenant, "/tenant", "session two_t1"),
        (&session, "/tenant", "403 forbidden"),
    ] {
        let answer = service
            .get(path, &[("authorization", &bearer(token))])
            .await;
        assert_eq!(answer.outcome(), expected, "{path}");
    }
}

/// Without keys nobody can tell whether a session is good. The SDK says 401, and every browser refreshes.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_down_is_no_reason_to_refresh() {
    let core = still::shared_core();
    let with_keys = |answer: Reply| {
        let answer = std::sync::Mutex::new(Some(answer));
        Scripted::new(move |_| {
            let answer = answer.lock().expect("not poisoned").take();
            answer.unwrap_or_else(Reply::refused)
        })
    };
    let url = JwksSource::Url("https://keys.example/jwks.json".to_owned());
    let old = made_under(&core, "2.20", true).await.0;
    for (first, known, unknown) in [
        (Reply::refused(), 503, 503),
        (
            Reply::text(200, core.jwks().expect("keys").to_string()),
            200,
            503,
        ),
    ] {
        let network = with_keys(first);
        let config = config(&core).jwks(url.clone()).transport(network.shared());
        let service = Service {
            m2m: start(config).await,
            core: core.clone(),
        };
        let foreign = merged(&header(), &json!({"kid": "d-of-another-core"}));
        let foreign = service.sign(&foreign, &claims("one"));
        for (token, status) in [
            (&service.session("one"), known),
            (&old, known),
            (&foreign, unknown),
        ] {
            let answer = service
                .get("/who", &[("authorization", &bearer(token))])
                .await;
            assert_eq!(answer.status, status, "{answer:?}");
            if status == 503 {
                assert_eq!(answer.outcome(), "503 authentication unavailable");
                assert_eq!(answer.header("retry-after").as_deref(), Some("10"));
            }
        }
        // What has expired needs no key to be refused.
        let expired = bearer(&service.expired("one"));
        let answer = service.get("/who", &[("authorization", &expired)]).await;
        assert_eq!(answer.outcome(), REFRESH);
    }
    // The issuer was asked, and does not have the key.
    let keys = core.jwks().expect("keys").to_string();
    let network = Scripted::new(move |_| Reply::text(200, keys.clone()));
    let service = Service {
        m2m: start(config(&core).jwks(url).transport(network.shared())).await,
        core: core.clone(),
    };
    let foreign = merged(&header(), &json!({"kid": "d-of-another-core"}));
    let foreign = bearer(&service.sign(&foreign, &claims("one")));
    let answer = service.get("/who", &[("authorization", &foreign)]).await;
    assert_eq!(answer.outcome(), REFRESH);
}

/// Whoever waits for a key may wait for too long.
#[tokio::test(start_paused = true)]
async fn a_session_that_expires_while_its_key_is_fetched_has_expired() {
    #[derive(Debug)]
    struct Slow(String);

    impl Transport for Slow {
        fn send(&self, _: Request<Bytes>, _: usize) -> ResponseFuture<'_> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                Ok(http::Response::new(self.0.clone().into()))
            })
        }
    }

    let core = still::shared_core();
    for (seconds_left, expected) in [(1, REFRESH), (60, "session one")] {
        let keys = Slow(core.jwks().expect("keys").to_string());
        let url = JwksSource::Url("https://keys.example/jwks.json".to_owned());
        let config = config(&core)
            .jwks(url)
            .transport(Arc::new(keys))
            .clock(still::flowing_clock());
        let service = Service {
            m2m: start(config).await,
            core: core.clone(),
        };
        let claims = merged(&claims("one"), &json!({"exp": NOW + seconds_left}));
        let token = bearer(&service.sign(&header(), &claims));
        let answer = service.get("/who", &[("authorization", &token)]).await;
        assert_eq!(answer.outcome(), expected, "{seconds_left}");
    }
}
