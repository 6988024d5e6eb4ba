//! What those get who are turned away, and what is recorded of it.

use std::sync::Arc;

use http::StatusCode;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use serde_json::{Map, Value, json};
use st_m2m::{ClaimRefusal, ClaimValidator, Config, HasValue};

use crate::{
    log,
    service::{Service, bearer, claims, header, merged},
};

async fn claim(service: &Service, path: &str, claim: Value) -> (u16, String) {
    let token = merged(&claims("one"), &json!({"phone-ok": claim}));
    let token = service.sign(&header(), &token);
    let answer = service
        .get(path, &[("authorization", &bearer(&token))])
        .await;
    assert_eq!(
        answer.header("content-type").as_deref(),
        Some("application/json")
    );
    (answer.status.as_u16(), answer.body)
}

/// §6.54, to the byte: the recordings hold this one.
#[tokio::test]
async fn an_invalid_claim_is_answered_as_the_sdk_does() {
    let service = Service::start().await;
    let (status, body) = claim(&service, "/claim", json!({"v": false, "t": 1})).await;
    assert_eq!(status, 403);
    assert_eq!(
        body,
        r#"{"message":"invalid claim","claimValidationErrors":[{"id":"phone-ok","reason":{"message":"wrong value","expectedValue":true,"actualValue":false}}]}"#
    );
    let (status, _) = claim(&service, "/claim", json!({"v": true, "t": 1})).await;
    assert_eq!(status, 200);
    // It is about users.
    let answer = service
        .get(
            "/claim",
            &[("authorization", &bearer(&service.service_token()))],
        )
        .await;
    assert_eq!(answer.outcome(), "service orders");
}

#[derive(Debug)]
struct Admin;

impl ClaimValidator for Admin {
    fn id(&self) -> &'static str {
        "admin"
    }

    fn validate(&self, payload: &Map<String, Value>, _: u64) -> Result<(), ClaimRefusal> {
        match payload.get("role").and_then(Value::as_str) {
            Some("admin") => Ok(()),
            role => Err(ClaimRefusal::new("no admin").with("role", role)),
        }
    }
}

#[derive(Debug)]
struct NotBanned;

impl ClaimValidator for NotBanned {
    fn id(&self) -> &'static str {
        "not-banned"
    }

    fn validate(&self, payload: &Map<String, Value>, _: u64) -> Result<(), ClaimRefusal> {
        match payload.get("banned") {
            None => Ok(()),
            Some(_) => Err(ClaimRefusal::new("banned")),
        }
    }
}

/// JSON nested so deeply that it cannot be read passes for no session without claims.
#[tokio::test]
async fn a_payload_that_cannot_be_read_satisfies_no_validator() {
    let validators: [Arc<dyn ClaimValidator>; 1] = [Arc::new(NotBanned)];
    let service = Service::with(|config| config.session_claim_validators(validators)).await;
    let nested = |depth| (0..depth).fold(Value::Null, |inside, _| json!([inside]));
    for (change, status, message) in [
        (json!({}), 200, Value::Null),
        (json!({"nested": nested(100)}), 200, Value::Null),
        (json!({"banned": true}), 403, "banned".into()),
        (
            json!({"banned": true, "nested": nested(200)}),
            403,
            "the payload cannot be read".into(),
        ),
    ] {
        let token = service.sign(&header(), &merged(&claims("one"), &change));
        let answer = service
            .get("/options", &[("authorization", &bearer(&token))])
            .await;
        assert_eq!(answer.status, status, "{message}");
        let error = &answer.json()["claimValidationErrors"][0];
        assert_eq!(error["reason"]["message"], message);
    }
}

#[tokio::test]
async fn claims_can_be_demanded_of_every_session() {
    let validators: [Arc<dyn ClaimValidator>; 2] = [
        Arc::new(Admin),
        Arc::new(HasValue::is_true("second").id("2nd")),
    ];
    let service = Service::with(|config| {
        config
            .session_claim_validators(validators)
            .session_invalid_claim_status(418)
    })
    .await;
    let token = service.sign(&header(), &merged(&claims("one"), &json!({"role": "user"})));
    for path in ["/who", "/session", "/principal"] {
        let answer = service
            .get(path, &[("authorization", &bearer(&token))])
            .await;
        assert_eq!(answer.status, StatusCode::IM_A_TEAPOT);
        let expected = json!([
            {"id": "admin", "reason": {"message": "no admin", "role": "user"}},
            {"id": "2nd", "reason": {"message": "value does not exist", "expectedValue": true}},
        ]);
        assert_eq!(answer.json()["claimValidationErrors"], expected);
    }
    // Those of the handler come after.
    let token = merged(
        &claims("one"),
        &json!({"second": {"v": true}, "phone-ok": {"v": 1}}),
    );
    let token = bearer(&service.sign(&header(), &token));
    let answer = service.get("/claim", &[("authorization", &token)]).await;
    assert_eq!(answer.json()["claimValidationErrors"][0]["id"], "phone-ok");
    let answer = service.get("/who", &[("authorization", &token)]).await;
    assert_eq!(answer.status, 200);
}

/// §6.55, and what a browser must see to refresh; services get what they always get.
#[tokio::test]
async fn statuses_can_be_others() {
    let service = Service::with(|config| config.session_expired_status(440)).await;
    let machine = bearer("a.b.c");
    let expired = bearer(&service.expired("one"));
    let session = bearer(&service.session("one"));
    for (path, token, status, message) in [
        ("/who", None, 440, "unauthorised"),
        ("/session", None, 440, "unauthorised"),
        ("/session", Some(&machine), 440, "unauthorised"),
        ("/who", Some(&machine), 401, "unauthorised"),
        ("/who", Some(&expired), 440, "try refresh token"),
        ("/session", Some(&expired), 440, "try refresh token"),
        ("/claim", Some(&session), 403, "invalid claim"),
    ] {
        let headers: Vec<_> = token
            .map(|it| ("authorization", &**it))
            .into_iter()
            .collect();
        let answer = service.get(path, &headers).await;
        assert_eq!(answer.status, status, "{path} {message}");
        assert_eq!(answer.json()["message"], message, "{path}");
    }
}

#[tokio::test]
async fn a_401_names_the_scheme() {
    let service = Service::start().await;
    let expired = bearer(&service.expired("one"));
    for (path, headers, expected) in [
        ("/who", vec![], "Bearer"),
        ("/session", vec![], "Bearer"),
        (
            "/who",
            vec![("authorization", &*expired)],
            r#"Bearer error="invalid_token""#,
        ),
        (
            "/who",
            vec![("authorization", "Bearer a.b.c")],
            r#"Bearer error="invalid_token""#,
        ),
    ] {
        let answer = service.get(path, &headers).await;
        assert_eq!(
            answer.header("www-authenticate").as_deref(),
            Some(expected),
            "{path}"
        );
    }
}

/// One count for each request, by kind and reason.
#[test]
fn sessions_are_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let service = Service::start().await;
            let session = bearer(&service.session("one"));
            let expired = bearer(&service.expired("one"));
            let machine = bearer(&service.service_token());
            for (path, token) in [
                ("/who", &session),
                ("/session", &session),
                ("/principal", &session),
                ("/who", &expired),
                ("/claim", &session),
                ("/who", &machine),
                ("/who", &machine),
            ] {
                service.get(path, &[("authorization", token)]).await;
            }
            service.get("/session", &[]).await;
        });
    });
    let mut counts = Vec::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let labels: Vec<_> = key.key().labels().map(|it| it.value().to_owned()).collect();
        if let DebugValue::Counter(count @ 1..) = value {
            counts.push(format!("{} {} {count}", key.key().name(), labels.join(",")));
        }
    }
    counts.sort();
    assert_eq!(
        counts,
        [
            "st_m2m_token_cache_hits_total  1",
            "st_m2m_token_cache_misses_total  1",
            "st_m2m_verifications_total service,accepted, 2",
            "st_m2m_verifications_total session,accepted, 3",
            "st_m2m_verifications_total session,refused,session_claim_invalid 1",
            "st_m2m_verifications_total session,refused,session_expired 1",
            "st_m2m_verifications_total unknown,refused,no_session 1",
        ]
    );
}

/// That access tokens expire is how sessions go on; everything else is worth a line.
#[tokio::test]
async fn each_refusal_has_one_event_without_a_token() {
    let service = Service::start().await;
    let (expired, session) = (service.expired("one"), service.session("one"));
    let mut tampered = session.clone();
    tampered.replace_range(tampered.len() - 6.., "AAAAAA");

    log::take();
    for (path, token) in [
        ("/who", &expired),
        ("/who", &tampered),
        ("/claim", &session),
        ("/who", &session),
    ] {
        service
            .get(path, &[("authorization", &bearer(token))])
            .await;
    }
    let in_cookie = format!("sAccessToken={session}");
    let answer = service
        .get("/check-database", &[("cookie", &in_cookie)])
        .await;
    assert_eq!(answer.status, 503);

    let text = log::take();
    let lines: Vec<_> = text
        .lines()
        .filter(|it| it.contains("request refused"))
        .collect();
    assert_eq!(lines.len(), 4, "{text}");
    for (line, parts) in lines.iter().zip([
        [
            "DEBUG st_m2m",
            "reason=\"session_expired\"",
            "handler=\"Anyone\"",
        ],
        [
            "INFO st_m2m",
            "reason=\"session_bad_signature\"",
            "handler=\"Anyone\"",
        ],
        [
            "INFO st_m2m",
            "reason=\"session_claim_invalid\"",
            "found=\"phone-ok\"",
        ],
        [
            "WARN st_m2m",
            "reason=\"core_unavailable\"",
            "handler=\"CheckDatabase\"",
        ],
    ]) {
        for part in parts {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    for segment in session.split('.').chain(expired.split('.')) {
        assert!(!text.contains(segment), "{text}");
    }
}

/// A session's `Debug` shows who it is, and no token.
#[tokio::test]
async fn nothing_shows_a_token() {
    use axum::extract::FromRequestParts as _;
    let service = Service::start().await;
    let token = service.session("one");
    let request = http::Request::get("/")
        .header("authorization", bearer(&token))
        .extension(service.m2m.clone());
    let mut parts = request.body(()).expect("a request").into_parts().0;
    let session = st_m2m::Session::from_request_parts(&mut parts, &())
        .await
        .expect("a session");
    let principal = st_m2m::Principal::from_request_parts(&mut parts, &())
        .await
        .expect("a session");
    let text = format!("{session:?} {principal:?}");
    assert!(text.contains("user-1"), "{text}");
    for segment in token.split('.') {
        assert!(!text.contains(segment), "{text}");
    }
}

/// A key that changes nothing is refused, and so is what cannot be.
#[test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
fn wrong_settings_are_named() {
    for (variables, expected) in [
        (
            vec![("SESSION_ANTI_CSRF", "sometimes")],
            "`via_custom_header`",
        ),
        (
            vec![("SESSION_TOKEN_TRANSFER", "both")],
            "`any`, `cookie` or `header`",
        ),
        (
            vec![("SESSION_CHECK_DATABASE", "true")],
            "needs `connection_uri`",
        ),
        (
            vec![("SESSION_SIGNING_KEY", "any")],
            "`static` or `dynamic`",
        ),
        (
            vec![("SESSION_COOKIE_SAME_SITE", "no")],
            "`strict`, `lax` or `none`",
        ),
        (
            vec![("SESSION_COOKIE_SECURE", "false")],
            "without `connection_uri`",
        ),
        (
            vec![("SESSION_COOKIE_DOMAIN", "example.com")],
            "without `connection_uri`",
        ),
        (
            vec![("SESSION_COOKIE_PATH", "/")],
            "without `connection_uri`",
        ),
        (
            vec![("SESSION_REFRESH_TOKEN_COOKIE", "x")],
            "without `connection_uri`",
        ),
        (
            vec![("SESSION_EXPOSE_ACCESS_TOKEN", "true")],
            "without `connection_uri`",
        ),
        (
            vec![("SESSION_ACCESS_TOKEN_COOKIE", "a b")],
            "no name of a cookie",
        ),
        (vec![("SESSION_EXPIRED_STATUS", "200")], "from 400 to 499"),
        (
            vec![("SESSION_EXPIRED_STATUS", "many")],
            "a status such as `401`",
        ),
        (vec![("SESSION_EXPIRED_STATUS", "403")], "must differ"),
        (vec![("SESSION_INVALID_CLAIM_STATUS", "401")], "must differ"),
        (vec![("WEBSITE_DOMAIN", "example")], "no domain"),
        (
            vec![
                ("SESSION_TOKEN_TRANSFER", "header"),
                ("SESSION_ANTI_CSRF", "none"),
            ],
            "`session_token_transfer` is header",
        ),
        (
            vec![
                ("SESSION_TOKEN_TRANSFER", "header"),
                ("SESSION_ACCESS_TOKEN_COOKIE", "x"),
            ],
            "`session_token_transfer` is header",
        ),
        (
            vec![
                ("SESSION_COOKIE_SAME_SITE", "lax"),
                ("WEBSITE_DOMAIN", "example.com"),
            ],
            "`session_cookie_same_site` says",
        ),
        (
            vec![
                ("CONNECTION_URI", "https://core"),
                ("SESSION_COOKIE_DOMAIN", "a b.c"),
            ],
            "configuration",
        ),
        (vec![("BEARER_FIRST", "yes")], "`true` or `false`"),
        (
            vec![("SESSION_CHECKDATABASE", "true")],
            "did you mean `ST_M2M_SESSION_CHECK_DATABASE`?",
        ),
    ] {
        let all = [("API_DOMAIN", "https://api.example.com")]
            .into_iter()
            .chain(variables.clone())
            .map(|(name, value)| (format!("ST_M2M_{name}"), value));
        let message = Config::from_vars(all).expect_err("refused").to_string();
        assert!(message.contains(expected), "{variables:?}: {message}");
        assert!(message.contains("ST_M2M_"), "{message}");
    }
    let all = [
        ("ST_M2M_API_DOMAIN", "https://api.example.com"),
        ("ST_M2M_CONNECTION_URI", "https://core"),
        ("ST_M2M_WEBSITE_DOMAIN", "https://example.com"),
        ("ST_M2M_SESSION_ANTI_CSRF", "via_token"),
        ("ST_M2M_SESSION_TOKEN_TRANSFER", "cookie"),
        ("ST_M2M_SESSION_CHECK_DATABASE", "true"),
        ("ST_M2M_SESSION_SIGNING_KEY", "static"),
        ("ST_M2M_SESSION_ALLOW_UNVERSIONED", "true"),
        ("ST_M2M_SESSION_ACCESS_TOKEN_COOKIE", "access"),
        ("ST_M2M_SESSION_REFRESH_TOKEN_COOKIE", "refresh"),
        ("ST_M2M_SESSION_COOKIE_DOMAIN", ".example.com"),
        ("ST_M2M_SESSION_COOKIE_PATH", "/api"),
        ("ST_M2M_SESSION_COOKIE_SECURE", "false"),
        ("ST_M2M_SESSION_EXPOSE_ACCESS_TOKEN", "true"),
        ("ST_M2M_SESSION_EXPIRED_STATUS", "440"),
        ("ST_M2M_SESSION_INVALID_CLAIM_STATUS", "441"),
        ("ST_M2M_BEARER_FIRST", "true"),
    ];
    Config::from_vars(all).expect("a configuration");
}
