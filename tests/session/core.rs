//! What a service asks the core about sessions, and what it tells the browser then.

use std::sync::Arc;

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Map, Value, json};
use st_m2m::{AntiCsrf, ConfigBuilder, SigningKey, dev::DevCore};
use st_m2m_tests::{
    jwt,
    still::{self, NOW},
    transport::{Reply, Scripted},
};

use crate::service::{
    Answer, Service, bearer, claims, config, cookie, header, merged, own_claims, start,
};

const VERIFY: &str = "/recipe/session/verify";
const ENDED: &str = r#"{"status":"UNAUTHORISED","message":"Session does not exist."}"#;

/// A service with a core behind `network`.
pub(crate) async fn with_core(
    network: &Scripted,
    change: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
) -> Service {
    let core = still::shared_core();
    let config = config(&core)
        .connection_uri("https://core.example")
        .api_key("a-very-secret-api-key-0001")
        .mint(false)
        .cdi_version("5.4")
        .transport(network.shared());
    Service {
        m2m: start(change(config)).await,
        core,
    }
}

/// A core that answers every request so.
fn answering(body: impl Into<String>) -> Scripted {
    let body = body.into();
    Scripted::new(move |_| Reply::text(200, body.clone()))
}

/// The embedded core.
pub(crate) fn dev_core() -> Scripted {
    let core: Arc<DevCore> = Arc::new(still::shared_core());
    Scripted::new(move |_| Reply::By(core.clone()))
}

/// A session of the embedded core, as if its browser had just refreshed it.
pub(crate) fn fresh_from_refresh(service: &Service, further: &Value) -> String {
    let token = service
        .core
        .create_session("user-1", Map::new())
        .expect("a session");
    let claims = jwt::decode(&token).1;
    let claims = merged(&claims, &json!({"parentRefreshTokenHash1": "parent"}));
    service.sign(&header(), &merged(&claims, further))
}

fn sent(network: &Scripted) -> Vec<(String, Value)> {
    let sent = network.sent();
    let sent = sent.iter().map(|request| {
        let line = format!(
            "{} {}",
            request.method(),
            request.uri().path_and_query().expect("a path")
        );
        (
            line,
            serde_json::from_slice(request.body()).unwrap_or(Value::Null),
        )
    });
    sent.collect()
}

/// The session of an answer, told from what the browser gets.
fn front_token(answer: &Answer) -> Value {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let text = answer.header("front-token").expect("a front token");
    serde_json::from_slice(&STANDARD.decode(text).expect("base64")).expect("JSON")
}

/// §6.57: the first use of a token that a refresh made tells the core, and gives the browser another.
#[tokio::test]
async fn the_first_use_after_a_refresh_gives_a_new_token() {
    let network = dev_core();
    let service = with_core(&network, |it| it).await;
    let token = fresh_from_refresh(&service, &json!({}));
    let answer = service
        .get("/who", &[("authorization", &bearer(&token))])
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        sent(&network),
        [(
            format!("POST {VERIFY}"),
            json!({"accessToken": token, "doAntiCsrfCheck": false, "enableAntiCsrf": false, "checkDatabase": false}),
        )]
    );
    let request = &network.sent()[0];
    for (name, value) in [
        ("rid", "session"),
        ("cdi-version", "5.4"),
        ("api-key", "a-very-secret-api-key-0001"),
    ] {
        assert_eq!(request.headers()[name], value);
    }
    // Header §6.56.
    assert_eq!(
        answer.header("access-control-expose-headers").as_deref(),
        Some("front-token, st-access-token")
    );
    assert_eq!(answer.header("set-cookie"), None);
    let renewed = answer.header("st-access-token").expect("a new token");
    let claims = jwt::decode(&renewed).1;
    assert_eq!(claims["parentRefreshTokenHash1"], Value::Null);
    assert_eq!(
        answer.json()["payload"],
        claims,
        "the handler sees the new one"
    );
    assert_eq!(
        front_token(&answer),
        json!({"uid": "user-1", "ate": (NOW + 3600) * 1000, "up": claims})
    );
    // The second use asks nobody.
    let answer = service
        .get("/who", &[("authorization", &bearer(&renewed))])
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("front-token"), None);
    assert_eq!(network.sent().len(), 1);
}

#[tokio::test]
async fn a_new_token_goes_into_the_cookie_it_came_from() {
    let network = dev_core();
    let service = with_core(&network, |it| it.session_anti_csrf(AntiCsrf::ViaToken)).await;
    let token = fresh_from_refresh(&service, &json!({"antiCsrfToken": "anti"}));
    let in_cookie = cookie(&token);
    for (anti_csrf, method, echoed) in [
        (Some("anti"), Method::POST, Some("anti")),
        (Some("anti"), Method::GET, Some("anti")),
        (None, Method::GET, None),
        // The SDK repeats whatever was sent.
        (Some("forged"), Method::GET, None),
    ] {
        let mut headers = vec![("cookie", &*in_cookie)];
        headers.extend(anti_csrf.map(|it| ("anti-csrf", it)));
        let answer = service.send(method.clone(), "/who", &headers).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("anti-csrf").as_deref(), echoed);
        let exposed = if echoed.is_some() {
            "front-token, anti-csrf"
        } else {
            "front-token"
        };
        assert_eq!(
            answer.header("access-control-expose-headers").as_deref(),
            Some(exposed)
        );
        assert_eq!(answer.header("st-access-token"), None);
        let set = answer.header("set-cookie").expect("a cookie");
        let (value, attributes) = set.split_once("; ").expect("attributes");
        assert_eq!(
            attributes,
            "Path=/; Expires=Tue, 23 Nov 2027 13:34:19 GMT; HttpOnly; Secure; SameSite=Lax"
        );
        let renewed = value.strip_prefix("sAccessToken=").expect("its name");
        assert_eq!(
            jwt::decode(renewed).1["parentRefreshTokenHash1"],
            Value::Null
        );
        let (_, body) = sent(&network).pop().expect("a request");
        let is_post = method == Method::POST;
        assert_eq!(body["doAntiCsrfCheck"], is_post);
        assert_eq!(body["enableAntiCsrf"], true);
        assert_eq!(
            body.get("antiCsrfToken"),
            is_post.then(|| json!("anti")).as_ref()
        );
    }
}

/// Their answers cannot carry a new token, so they ask for none.
#[tokio::test]
async fn extractors_promote_nothing() {
    let network = dev_core();
    let service = with_core(&network, |it| it).await;
    let token = fresh_from_refresh(&service, &json!({}));
    for path in ["/session", "/principal"] {
        let answer = service
            .get(path, &[("authorization", &bearer(&token))])
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("front-token"), None);
        assert_eq!(
            answer.json().get("fresh"),
            (path == "/session").then_some(&json!(true))
        );
    }
    assert_eq!(network.sent().len(), 0);
}

/// Without a core the token is good all the same, and says what it is.
#[tokio::test]
async fn a_service_without_a_core_accepts_what_a_refresh_made() {
    let service = Service::start().await;
    let token = fresh_from_refresh(&service, &json!({}));
    let answer = service
        .get("/who", &[("authorization", &bearer(&token))])
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("front-token"), None);
    let answer = service
        .get("/session", &[("authorization", &bearer(&token))])
        .await;
    assert_eq!(answer.json()["fresh"], true);
    let answer = service
        .get(
            "/session",
            &[("authorization", &bearer(&service.session("one")))],
        )
        .await;
    assert_eq!(answer.json()["fresh"], false);
    // What needs the core says so.
    let token = bearer(&service.session("one"));
    for (path, status) in [("/check-database", 503), ("/revoke", 503), ("/data", 503)] {
        let answer = service.get(path, &[("authorization", &token)]).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.outcome(), "503 authentication unavailable");
    }
}

/// §11.18: a session that was revoked is good until it expires, unless the core is asked; then the browser forgets it.
#[tokio::test]
async fn an_ended_session_is_noticed_where_the_database_is_checked() {
    let network = dev_core();
    let service = with_core(&network, |it| it).await;
    // The embedded core does not know its handle.
    let token = service.session("ended");
    let authorization = bearer(&token);
    let answer = service
        .get("/who", &[("authorization", &authorization)])
        .await;
    assert_eq!(answer.outcome(), "session ended");
    assert_eq!(network.sent().len(), 0);
    let in_cookie = cookie(&token);
    for headers in [("authorization", &*authorization), ("cookie", &*in_cookie)] {
        let answer = service.get("/check-database", &[headers]).await;
        assert_eq!(answer.outcome(), "401 unauthorised");
        assert_eq!(answer.header("front-token").as_deref(), Some("remove"));
        assert_eq!(answer.header("st-access-token").as_deref(), Some(""));
        assert_eq!(answer.header("st-refresh-token").as_deref(), Some(""));
        assert_eq!(
            answer.header("set-cookie").as_deref(),
            Some(
                "sAccessToken=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax\n\
                 sRefreshToken=; Path=/auth/session/refresh; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax"
            )
        );
        assert_eq!(
            answer.header("access-control-expose-headers").as_deref(),
            Some("front-token, st-access-token, st-refresh-token")
        );
    }
    let (_, body) = sent(&network).pop().expect("a request");
    assert_eq!(body["checkDatabase"], true);
    // One that goes on.
    let token = service
        .core
        .create_session("user-1", Map::new())
        .expect("a session");
    let answer = service
        .get("/check-database", &[("authorization", &bearer(&token))])
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("front-token"), None);
}

/// Cookies are cleared under the very name, path and domain under which the SDK set them.
#[tokio::test]
async fn cookies_are_cleared_as_they_are_set() {
    let network = answering(ENDED);
    let service = with_core(&network, |it| {
        it.api_base_path("/api/v1/")
            .session_access_token_cookie("access")
            .session_refresh_token_cookie("refresh")
            .session_cookie_domain(".Example.com")
            .session_cookie_path("app/")
            .session_cookie_secure(false)
    })
    .await;
    let in_cookie = format!("access={}", service.session("one"));
    let answer = service
        .get("/check-database", &[("cookie", &in_cookie)])
        .await;
    assert_eq!(
        answer.header("set-cookie").as_deref(),
        Some(
            "access=; Domain=.example.com; Path=/app; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax\n\
             refresh=; Domain=.example.com; Path=/api/v1/session/refresh; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax"
        )
    );
}

/// With `session_check_database` every handler asks; those whose answer can carry no token ask what changes nothing.
#[tokio::test]
async fn the_database_can_be_checked_everywhere() {
    let known = json!({
        "status": "OK", "sessionHandle": "one", "userId": "user-1", "userDataInDatabase": {}, "userDataInJWT": {},
        "session": {"handle": "one", "userId": "user-1", "userDataInJWT": {}},
    });
    for (body, outcome) in [
        (known.to_string(), "session one"),
        (ENDED.to_owned(), "401 unauthorised"),
    ] {
        let network = answering(body);
        let service = with_core(&network, |it| it.session_check_database(true)).await;
        let token = service.session("one");
        for (path, line) in [
            ("/who", format!("POST {VERIFY}")),
            (
                "/session",
                "GET /recipe/session?sessionHandle=one".to_owned(),
            ),
            (
                "/principal",
                "GET /recipe/session?sessionHandle=one".to_owned(),
            ),
        ] {
            let answer = service
                .get(path, &[("authorization", &bearer(&token))])
                .await;
            assert_eq!(answer.outcome(), outcome, "{path}");
            assert_eq!(sent(&network).pop().expect("a request").0, line);
        }
        // Nobody else is asked about.
        let before = network.sent().len();
        let answer = service
            .get(
                "/who",
                &[("authorization", &bearer(&service.service_token()))],
            )
            .await;
        assert_eq!(answer.outcome(), "service orders");
        assert_eq!(network.sent().len(), before);
    }
}

/// Every answer of every version of the interface, and those of no version.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
async fn whatever_the_core_answers_is_understood_or_refused() {
    let another = still::shared_core();
    let another = jwt::sign(&another, SigningKey::Dynamic, &header(), &claims("two"));
    let session = json!({"handle": "one", "userId": "u", "userDataInJWT": {}});
    let answer =
        |further: Value| merged(&json!({"status": "OK", "session": session}), &further).to_string();
    let newest = merged(&session, &json!({"recipeUserId": "r", "tenantId": "t1"}));
    for (status, body, outcome) in [
        (200, answer(json!({})), "session one"),
        (200, answer(json!({"session": newest})), "session one"),
        (
            200,
            answer(json!({"payloadUpdateAvailable": true})),
            "session one",
        ),
        (
            200,
            answer(json!({"accessToken": null, "jwtSigningPublicKey": "x"})),
            "session one",
        ),
        (200, ENDED.to_owned(), "401 unauthorised"),
        (
            200,
            r#"{"status":"TRY_REFRESH_TOKEN","message":"m"}"#.to_owned(),
            "401 try refresh token",
        ),
        (
            200,
            r#"{"status":"TRY_REFRESH_TOKEN"}"#.to_owned(),
            "401 try refresh token",
        ),
        (
            200,
            r#"{"status":"TOKEN_THEFT_DETECTED"}"#.to_owned(),
            "503 authentication unavailable",
        ),
        (
            200,
            r#"{"status":"OK"}"#.to_owned(),
            "503 authentication unavailable",
        ),
        (200, "{}".to_owned(), "503 authentication unavailable"),
        (200, "Hello".to_owned(), "503 authentication unavailable"),
        (
            200,
            answer(json!({"session": {"handle": "two", "userId": "u", "userDataInJWT": {}}})),
            "503 authentication unavailable",
        ),
        (
            200,
            answer(json!({"accessToken": {"token": another}})),
            "503 authentication unavailable",
        ),
        (
            200,
            answer(json!({"accessToken": {"token": "a.b.c"}})),
            "503 authentication unavailable",
        ),
        (
            500,
            "java.lang.IllegalArgumentException".to_owned(),
            "503 authentication unavailable",
        ),
        (
            401,
            "Invalid API key\n".to_owned(),
            "503 authentication unavailable",
        ),
        (
            404,
            "Not found\n".to_owned(),
            "503 authentication unavailable",
        ),
    ] {
        let reply = body.clone();
        let network = Scripted::new(move |_| Reply::text(status, reply.clone()));
        let service = with_core(&network, |it| it).await;
        let token = bearer(&service.session("one"));
        let answer = service
            .get("/check-database", &[("authorization", &token)])
            .await;
        assert_eq!(answer.outcome(), outcome, "{body}");
        if answer.status == 200 {
            let is_newest = body.contains("t1");
            let answer = answer.json();
            let expected = if is_newest {
                ("r", "t1")
            } else {
                ("recipe-user-1", "public")
            };
            assert_eq!(
                (&answer["recipeUserId"], &answer["tenantId"]),
                (&expected.0.into(), &expected.1.into())
            );
            assert_eq!(answer["userId"], "u", "the core knows better");
        }
    }
    let network = Scripted::new(|_| Reply::refused());
    let service = with_core(&network, |it| it).await;
    let token = bearer(&service.session("one"));
    let answer = service
        .get("/check-database", &[("authorization", &token)])
        .await;
    assert_eq!(answer.outcome(), "503 authentication unavailable");
    assert_eq!(answer.header("retry-after").as_deref(), Some("10"));
}

/// The SDK loses it.
#[tokio::test]
async fn a_new_token_is_not_lost_where_the_handler_is_closed() {
    let network = dev_core();
    let service = with_core(&network, |it| it).await;
    let token = fresh_from_refresh(&service, &json!({}));
    for (path, outcome) in [
        ("/claim", "403 invalid claim"),
        ("/tenant", "403 forbidden"),
    ] {
        let answer = service
            .get(path, &[("authorization", &bearer(&token))])
            .await;
        assert_eq!(answer.outcome(), outcome);
        let renewed = answer.header("st-access-token").expect("a new token");
        assert_eq!(
            jwt::decode(&renewed).1["parentRefreshTokenHash1"],
            Value::Null
        );
    }
}

async fn put(service: &Service, path: &str, header: (&str, &str), body: &Value) -> Answer {
    let request = Request::post(path)
        .header(header.0, header.1)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .expect("a request");
    service.answer(request).await
}

/// Makes what is asked for, as the core does (recorded: `session_regenerate_ok`).
pub(crate) fn regenerating() -> Scripted {
    let core = still::shared_core();
    Scripted::new(move |request| {
        let body: Value = serde_json::from_slice(request.body()).expect("JSON");
        let claims = jwt::decode(body["accessToken"].as_str().expect("a token")).1;
        let own = own_claims(&claims);
        let token = jwt::sign(
            &core,
            SigningKey::Dynamic,
            &header(),
            &merged(&own, &body["userDataInJWT"]),
        );
        let answer = json!({
            "status": "OK",
            "session": {"handle": own["sessionHandle"], "userId": "user-1", "recipeUserId": "user-1", "tenantId": "public", "userDataInJWT": body["userDataInJWT"]},
            "accessToken": {"token": token, "expiry": (NOW + 3600) * 1000, "createdTime": NOW * 1000},
        });
        Reply::text(200, answer.to_string())
    })
}

#[tokio::test]
async fn a_changed_payload_gives_a_new_token() {
    let network = regenerating();
    let service = with_core(&network, |it| it).await;
    let token = service.session("one");
    let update = json!({"plan": "pro", "role": null, "nothing": null});
    let (authorization, in_cookie) = (bearer(&token), cookie(&token));
    for (header, is_cookie) in [
        (("authorization", &*authorization), false),
        (("cookie", &*in_cookie), true),
    ] {
        let answer = put(&service, "/merge", header, &update).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let (line, body) = sent(&network).pop().expect("a request");
        assert_eq!(line, "POST /recipe/session/regenerate");
        let custom = json!({"plan": "pro", "iss": "https://api.example.com/auth"});
        assert_eq!(body, json!({"accessToken": token, "userDataInJWT": custom}));
        let payload = &answer.json()["payload"];
        assert_eq!(*payload, merged(&own_claims(&claims("one")), &custom));
        assert_eq!(front_token(&answer)["up"], *payload);
        assert_eq!(answer.header("set-cookie").is_some(), is_cookie);
        assert_eq!(answer.header("st-access-token").is_some(), !is_cookie);
    }
    // The session's own claims are refused before anybody is asked.
    let before = network.sent().len();
    for name in ["sub", "exp", "sessionHandle", "tId", "stt", "antiCsrfToken"] {
        let answer = put(
            &service,
            "/merge",
            ("authorization", &authorization),
            &json!({name: "x"}),
        )
        .await;
        assert_eq!(answer.status, 500, "{name}");
        assert_eq!(answer.header("front-token"), None);
    }
    let answer = put(
        &service,
        "/merge",
        ("authorization", &authorization),
        &json!(["x"]),
    )
    .await;
    assert_eq!(answer.status, 500);
    assert_eq!(network.sent().len(), before);
}

/// The access token expired meanwhile: the change comes with the refresh, and this request sees it.
#[tokio::test]
async fn a_payload_can_change_without_a_new_token() {
    let network = answering(
        json!({"status": "OK", "session": {"handle": "one", "userId": "user-1", "userDataInJWT": {"plan": "pro"}}}).to_string(),
    );
    let service = with_core(&network, |it| it).await;
    let token = bearer(&service.session("one"));
    let answer = put(
        &service,
        "/merge",
        ("authorization", &token),
        &json!({"plan": "pro", "role": null}),
    )
    .await;
    assert_eq!(answer.header("front-token"), None);
    let expected = merged(&own_claims(&claims("one")), &json!({"plan": "pro"}));
    assert_eq!(answer.json()["payload"], expected);
}

/// A session that turns out to have ended is told to the browser, whatever the handler answers.
#[tokio::test]
async fn a_session_that_ends_meanwhile_is_cleared() {
    let network = answering(ENDED);
    let service = with_core(&network, |it| it).await;
    let token = service.session("one");
    for path in ["/merge", "/data"] {
        let answer = put(
            &service,
            path,
            ("cookie", &format!("{}; rid=1", cookie(&token))),
            &json!({}),
        )
        .await;
        assert_eq!(answer.outcome(), "401 unauthorised", "{path}");
        assert_eq!(answer.header("front-token").as_deref(), Some("remove"));
        assert_eq!(
            answer
                .header("set-cookie")
                .expect("cookies")
                .lines()
                .count(),
            2
        );
        assert_eq!(answer.header("st-access-token"), None, "it is in a cookie");
    }
}

#[tokio::test]
async fn a_revoked_session_is_cleared_where_it_is() {
    // A session that ended before is none that was revoked (recorded: `session_remove_again_empty`).
    for body in [
        r#"{"status":"OK","sessionHandlesRevoked":["one"]}"#,
        r#"{"status":"OK","sessionHandlesRevoked":[]}"#,
    ] {
        let network = answering(body);
        let service = with_core(&network, |it| it).await;
        let token = service.session("one");
        let (authorization, in_cookie) = (bearer(&token), cookie(&token));
        for (header, exposed) in [
            (
                ("authorization", &*authorization),
                "front-token, st-access-token, st-refresh-token",
            ),
            (("cookie", &*in_cookie), "front-token"),
        ] {
            let answer = service.post("/revoke", &[header]).await;
            assert_eq!(answer.json(), json!({"ok": true}));
            assert_eq!(
                sent(&network).pop(),
                Some((
                    "POST /recipe/session/remove".to_owned(),
                    json!({"sessionHandles": ["one"]})
                ))
            );
            assert_eq!(answer.header("front-token").as_deref(), Some("remove"));
            assert_eq!(
                answer.header("access-control-expose-headers").as_deref(),
                Some(exposed)
            );
            assert_eq!(answer.header("set-cookie").is_some(), header.0 == "cookie");
        }
    }
    let network = Scripted::new(|_| Reply::text(500, "down"));
    let service = with_core(&network, |it| it).await;
    let answer = service
        .post(
            "/revoke",
            &[("authorization", &bearer(&service.session("one")))],
        )
        .await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("front-token"), None, "it goes on");
}

/// The core changes what has ended no more, but its answer may come late.
#[tokio::test]
async fn nothing_takes_back_that_a_session_was_revoked() {
    let regenerating = regenerating();
    let network = Scripted::new(move |request| match request.uri().path() {
        "/recipe/session/remove" => Reply::text(200, r#"{"status":"OK"}"#),
        _ => Reply::By(regenerating.shared()),
    });
    let service = with_core(&network, |it| it).await;
    let token = bearer(&service.session("one"));
    let answer = service
        .post("/revoke-and-merge", &[("authorization", &token)])
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(network.sent().len(), 2);
    assert_eq!(answer.header("front-token").as_deref(), Some("remove"));
    assert_eq!(answer.header("st-access-token").as_deref(), Some(""));
}

#[tokio::test]
async fn data_in_the_database_is_read_and_replaced() {
    let network = Scripted::new(|request| {
        let body = match (request.method(), request.uri().path()) {
            (&Method::PUT, "/recipe/session/data") => r#"{"status":"OK"}"#,
            (&Method::GET, "/recipe/session") => {
                r#"{"status":"OK","sessionHandle":"one_t1","userDataInDatabase":{"db":1},"userDataInJWT":{}}"#
            }
            _ => return Reply::text(404, "Not found\n"),
        };
        Reply::text(200, body)
    });
    let service = with_core(&network, |it| it).await;
    let token = bearer(&service.session("one&t/1"));
    let answer = service.get("/data", &[("authorization", &token)]).await;
    assert_eq!(answer.json(), json!({"db": 1}));
    let answer = put(
        &service,
        "/data",
        ("authorization", &token),
        &json!({"db": 2}),
    )
    .await;
    assert_eq!(answer.status, 200);
    let get = (
        "GET /recipe/session?sessionHandle=one%26t%2F1".to_owned(),
        Value::Null,
    );
    let set = json!({"sessionHandle": "one&t/1", "userDataInDatabase": {"db": 2}});
    assert_eq!(
        sent(&network),
        [
            get.clone(),
            ("PUT /recipe/session/data".to_owned(), set),
            get
        ]
    );
    let answer = put(&service, "/data", ("authorization", &token), &json!("text")).await;
    assert_eq!(answer.status, 500, "no object");
}
