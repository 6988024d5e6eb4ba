//! `#[session_or_m2m]` on axum handlers: who is let in, what `#[caller]` gets, and what the answer carries.

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use st_m2m::{AntiCsrf, Caller, HasValue, Principal, Session, SessionError, session_or_m2m};
use st_m2m_tests::jwt;

use crate::{
    core::{dev_core, fresh_from_refresh, regenerating, with_core},
    service::{Answer, PHONE_OK, Service, bearer, claims, cookie, described, header, merged, who},
};

#[session_or_m2m]
async fn anyone(#[caller] caller: Principal) -> Json<Value> {
    who(&caller)
}

#[session_or_m2m(from = ["billing", "orders"])]
async fn two(#[caller] caller: Principal) -> Json<Value> {
    who(&caller)
}

#[session_or_m2m(from = "billing")]
async fn one() -> StatusCode {
    StatusCode::OK
}

#[session_or_m2m]
async fn user(#[caller] session: Option<Session>) -> Json<bool> {
    Json(session.is_some())
}

#[session_or_m2m]
async fn service_alone(#[caller] caller: Option<Caller>) -> Json<Option<String>> {
    Json(caller.and_then(|it| it.service().map(str::to_owned)))
}

#[session_or_m2m(user(anti_csrf = off))]
async fn no_anti_csrf() {}

#[session_or_m2m(user(anti_csrf = on))]
async fn anti_csrf_always() {}

#[session_or_m2m(user(check_database))]
async fn check_database() {}

#[session_or_m2m(user(check_database = off))]
async fn ask_no_core() {}

#[session_or_m2m(user(tenant = "t1"))]
async fn tenant() {}

mod second {
    pub(super) const OK: super::HasValue = super::HasValue::is_true("second");
}

#[session_or_m2m(user(claims(PHONE_OK, second::OK)))]
async fn claim() {}

/// The state, a path, a body, the caller in between; `?`, `return` and `impl Trait`.
#[session_or_m2m]
async fn likes(
    State(limit): State<u64>,
    Path(likes): Path<u64>,
    #[caller] caller: Principal,
    mut body: Json<Vec<u64>>,
) -> Result<impl IntoResponse, (StatusCode, String)> {
    if likes > limit {
        return Err((StatusCode::CONFLICT, format!("{likes} > {limit}")));
    }
    let first = body.pop().ok_or((StatusCode::GONE, "none".to_owned()))?;
    Ok(Json(
        json!({"first": first, "user": caller.session().is_some()}),
    ))
}

/// Changes the payload, so that the browser must get another token.
#[session_or_m2m]
async fn merge(#[caller] session: Option<Session>) -> Result<Json<Value>, SessionError> {
    let session = session.expect("a user");
    let update = json!({"liked": true});
    session.merge_into_access_token_payload(&update).await?;
    Ok(Json(described(&session)))
}

/// What a generic handler's parameter is cannot be told from its arguments here.
#[session_or_m2m]
async fn generic<T, const N: usize>() -> T
where
    T: From<[u8; N]> + Send + IntoResponse,
{
    T::from([b'a'; N])
}

/// A handler may have the name of its argument.
#[session_or_m2m]
async fn order(order: Path<u64>) -> String {
    order.to_string()
}

/// It names a parameter of the pattern, and sees a `Result`.
#[session_or_m2m]
#[tracing::instrument(skip(caller), fields(twice = id * 2), err)]
async fn traced(#[caller] caller: Principal, Path(id): Path<u64>) -> Result<String, String> {
    let fields = tracing::Span::current()
        .metadata()
        .map(|it| it.fields().to_string());
    let is_user = caller.session().is_some();
    (id != 0)
        .then(|| format!("{is_user} {}", fields.unwrap_or_default()))
        .ok_or_else(|| "zero".to_owned())
}

struct Bytes(usize);

impl<const N: usize> From<[u8; N]> for Bytes {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes.len())
    }
}

impl IntoResponse for Bytes {
    fn into_response(self) -> Response {
        self.0.to_string().into_response()
    }
}

fn app(service: &Service) -> Router {
    Router::new()
        .route("/anyone", any(anyone))
        .route("/two", any(two))
        .route("/one", any(one))
        .route("/user", any(user))
        .route("/service", any(service_alone))
        .route("/no-anti-csrf", any(no_anti_csrf))
        .route("/anti-csrf", any(anti_csrf_always))
        .route("/check-database", any(check_database))
        .route("/ask-no-core", any(ask_no_core))
        .route("/tenant", any(tenant))
        .route("/claim", any(claim))
        .route("/likes/{likes}", any(likes))
        .route("/merge", any(merge))
        .route("/generic", any(generic::<Bytes, 3>))
        .route("/order/{order}", any(order))
        .route("/traced/{id}", any(traced))
        .with_state(5)
        .layer(Extension(service.m2m.clone()))
}

async fn send(
    service: &Service,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &'static str,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .header("content-type", "application/json")
        .body(Body::from(body));
    Answer::of(app(service), request.expect("a request")).await
}

async fn get(service: &Service, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(service, Method::GET, path, headers, "").await
}

/// Status and body, in one line.
fn line(answer: &Answer) -> String {
    format!("{} {}", answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn users_and_services_are_let_in_and_nobody_else() {
    let service = Service::start().await;
    let session = service.session("one");
    let expired = service.expired("one");
    let (in_header, in_cookie) = (bearer(&session), cookie(&session));
    let machine = bearer(&service.service_token());
    for (headers, expected) in [
        (vec![("authorization", &*in_header)], "session one"),
        (vec![("cookie", &*in_cookie)], "session one"),
        (vec![("authorization", &*machine)], "service orders"),
        // The session goes first, and one that fails is not made good by a service's token.
        (
            vec![("authorization", &*machine), ("cookie", &*in_cookie)],
            "session one",
        ),
        (
            vec![("authorization", &*machine), ("cookie", &*cookie(&expired))],
            "401 try refresh token",
        ),
        (
            vec![("authorization", &*bearer(&expired))],
            "401 try refresh token",
        ),
        (vec![("authorization", "Bearer a.b.c")], "401 unauthorised"),
        (vec![], "401 unauthorised"),
    ] {
        let answer = get(&service, "/anyone", &headers).await;
        assert_eq!(answer.outcome(), expected, "{headers:?}");
    }
}

/// `from` is about services alone.
#[tokio::test]
async fn from_names_the_services() {
    let service = Service::start().await;
    let session = bearer(&service.session("one"));
    let machine = bearer(&service.service_token());
    for (path, token, status) in [
        ("/two", &machine, 200),
        ("/one", &machine, 403),
        ("/two", &session, 200),
        ("/one", &session, 200),
    ] {
        let answer = get(&service, path, &[("authorization", token)]).await;
        assert_eq!(answer.status, status, "{path} {}", answer.body);
    }
}

#[tokio::test]
async fn a_caller_may_be_an_option() {
    let service = Service::start().await;
    let session = bearer(&service.session("one"));
    let machine = bearer(&service.service_token());
    for (path, token, expected) in [
        ("/user", &session, "200 true"),
        ("/user", &machine, "200 false"),
        ("/service", &session, "200 null"),
        ("/service", &machine, r#"200 "orders""#),
    ] {
        let answer = get(&service, path, &[("authorization", token)]).await;
        assert_eq!(line(&answer), expected, "{path}");
    }
}

#[tokio::test]
async fn anti_csrf_is_as_the_handler_says() {
    let service = Service::with(|config| config.session_anti_csrf(AntiCsrf::ViaCustomHeader)).await;
    let in_cookie = cookie(&service.session("one"));
    for (method, path, status) in [
        (Method::POST, "/user", 401),
        (Method::GET, "/user", 200),
        (Method::POST, "/no-anti-csrf", 200),
        (Method::GET, "/no-anti-csrf", 200),
        (Method::POST, "/anti-csrf", 401),
        (Method::GET, "/anti-csrf", 401),
    ] {
        let headers = [("cookie", &*in_cookie)];
        let answer = send(&service, method.clone(), path, &headers, "").await;
        assert_eq!(answer.status, status, "{method} {path}");
        let headers = [("cookie", &*in_cookie), ("rid", "anti-csrf")];
        let answer = send(&service, method.clone(), path, &headers, "").await;
        assert_eq!(answer.status, 200, "{method} {path} with rid");
    }
}

/// A session that has ended is told where the core is asked, and only there.
#[tokio::test]
async fn the_database_is_checked_as_the_handler_says() {
    for by_default in [false, true] {
        let network = dev_core();
        let service = with_core(&network, |config| config.session_check_database(by_default)).await;
        let token = service
            .core
            .create_session("user-1", serde_json::Map::new())
            .expect("a session");
        let token = bearer(&token);
        for (path, asks) in [
            ("/user", by_default),
            ("/check-database", true),
            ("/ask-no-core", false),
        ] {
            let before = network.sent().len();
            let answer = get(&service, path, &[("authorization", &token)]).await;
            assert_eq!(answer.status, 200, "{path} {by_default}");
            let asked = network.sent().len() - before;
            assert_eq!(asked, usize::from(asks), "{path} {by_default}");
        }
    }
}

#[tokio::test]
async fn the_tenant_and_the_claims_of_users_are_checked() {
    let service = Service::start().await;
    let machine = bearer(&service.service_token());
    let both = json!({"phone-ok": {"v": true, "t": 1}, "second": {"v": true, "t": 1}});
    for (path, further, expected) in [
        ("/tenant", json!({"tId": "t1"}), "200 "),
        ("/tenant", json!({}), r#"403 {"message":"forbidden"}"#),
        ("/claim", both, "200 "),
        (
            "/claim",
            json!({"phone-ok": {"v": true, "t": 1}}),
            r#"403 {"message":"invalid claim","claimValidationErrors":[{"id":"second","reason":{"message":"value does not exist","expectedValue":true}}]}"#,
        ),
    ] {
        let token = service.sign(&header(), &merged(&claims("one"), &further));
        let answer = get(&service, path, &[("authorization", &bearer(&token))]).await;
        assert_eq!(line(&answer), expected, "{path} {further}");
        // They are about users.
        let answer = get(&service, path, &[("authorization", &machine)]).await;
        assert_eq!(line(&answer), "200 ", "{path}");
    }
}

/// The handler's own arguments and answers stay what they are, and are looked at only after the check.
#[tokio::test]
async fn a_handler_means_what_it_says() {
    let service = Service::start().await;
    let session = bearer(&service.session("one"));
    let machine = bearer(&service.service_token());
    for (path, token, body, expected) in [
        (
            "/likes/5",
            Some(&session),
            "[1, 2]",
            r#"200 {"first":2,"user":true}"#,
        ),
        (
            "/likes/5",
            Some(&machine),
            "[1]",
            r#"200 {"first":1,"user":false}"#,
        ),
        ("/likes/6", Some(&machine), "[1]", "409 6 > 5"),
        ("/likes/5", Some(&machine), "[]", "410 none"),
        ("/likes/x", None, "[", r#"401 {"message":"unauthorised"}"#),
        ("/generic", Some(&session), "", "200 3"),
        ("/order/7", Some(&session), "", "200 7"),
    ] {
        let headers: Vec<_> = token
            .map(|it| ("authorization", &**it))
            .into_iter()
            .collect();
        let answer = send(&service, Method::POST, path, &headers, body).await;
        assert_eq!(line(&answer), expected, "{path} {body}");
    }
    for (path, body, status) in [("/likes/x", "[1]", 400), ("/likes/5", "[", 400)] {
        let headers = [("authorization", &*session)];
        let answer = send(&service, Method::POST, path, &headers, body).await;
        assert_eq!(answer.status, status, "{path} {body}");
    }
}

/// A token that a refresh made is replaced at its first use, and a changed payload is in a new one: both are put on the
/// answer, whatever the handler answers.
#[tokio::test]
async fn the_answer_carries_a_new_token() {
    let network = dev_core();
    let service = with_core(&network, |it| it).await;
    for path in ["/anyone", "/one", "/user", "/likes/6", "/likes/5"] {
        let token = bearer(&fresh_from_refresh(&service, &json!({})));
        let headers = [("authorization", &*token)];
        let answer = send(&service, Method::POST, path, &headers, "[1]").await;
        let renewed = answer.header("st-access-token").expect("a new token");
        assert_eq!(
            jwt::decode(&renewed).1["parentRefreshTokenHash1"],
            Value::Null,
            "{path}"
        );
        assert!(answer.header("front-token").is_some(), "{path}");
    }
    let in_cookie = cookie(&fresh_from_refresh(&service, &json!({})));
    let answer = get(&service, "/anyone", &[("cookie", &in_cookie)]).await;
    let set = answer.header("set-cookie").expect("a cookie");
    assert!(set.starts_with("sAccessToken=ey"), "{set}");

    // Services have no session, and nothing of one is on their answer.
    let machine = bearer(&service.service_token());
    let answer = get(&service, "/anyone", &[("authorization", &machine)]).await;
    assert_eq!(answer.outcome(), "service orders");
    for name in ["st-access-token", "front-token", "set-cookie"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
}

/// So is one with a changed payload.
#[tokio::test]
async fn the_answer_carries_what_the_handler_changed() {
    let network = regenerating();
    let service = with_core(&network, |it| it).await;
    let token = service.session("one");
    let (in_header, in_cookie) = (bearer(&token), cookie(&token));
    let answer = get(&service, "/merge", &[("authorization", &in_header)]).await;
    assert_eq!(answer.json()["payload"]["liked"], true);
    let renewed = answer.header("st-access-token").expect("a new token");
    assert_eq!(jwt::decode(&renewed).1["liked"], true);
    let answer = get(&service, "/merge", &[("cookie", &in_cookie)]).await;
    let set = answer.header("set-cookie").expect("a cookie");
    assert!(set.starts_with("sAccessToken=ey"), "{set}");
}

/// What the core gave is lost where a later argument fails, as in the SDK where a claim does: the next request asks again.
#[tokio::test]
async fn a_token_that_no_answer_carried_is_had_again() {
    let network = dev_core();
    let service = with_core(&network, |it| it).await;
    let token = bearer(&fresh_from_refresh(&service, &json!({})));
    let headers = [("authorization", &*token)];
    let answer = send(&service, Method::POST, "/likes/5", &headers, "[").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("st-access-token"), None);
    let answer = send(&service, Method::POST, "/likes/5", &headers, "[1]").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("st-access-token").is_some());
}

/// Such an attribute looks into the handler as it was written.
#[tokio::test]
async fn a_span_is_around_what_was_written() {
    let service = Service::start().await;
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::sink);
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let machine = bearer(&service.service_token());
    for (path, expected) in [
        ("/traced/7", "200 false {id, twice}"),
        ("/traced/0", "200 zero"),
    ] {
        let answer = get(&service, path, &[("authorization", &machine)]).await;
        assert_eq!(line(&answer), expected);
    }
}
