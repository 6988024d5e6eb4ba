//! The whole core, in memory and on its socket, with requests that the recordings lack.

mod multitenancy;
mod sessions;
mod users;

use std::{fmt::Write as _, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{DevCore, Error};
use crate::{
    SigningKey,
    clock::ManualClock,
    transport::{Error as TransportError, Transport as _},
};

const START: u64 = 1_795_440_636_693;
const JSON: &str = "application/json; charset=utf-8";

fn core() -> DevCore {
    DevCore::builder()
        .clock(Arc::new(ManualClock::at_unix_millis(START)))
        .in_memory()
        .expect("right settings")
}

fn text(response: &Response<Bytes>) -> String {
    String::from_utf8(response.body().to_vec()).expect("UTF-8")
}

fn value(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).expect("JSON")
}

async fn post(
    core: &DevCore,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    core.handle(request.body(body.into()).expect("a request"))
        .await
}

/// Asks with JSON under a CDI version.
async fn call(
    core: &DevCore,
    version: &str,
    method: Method,
    path: &str,
    body: impl ToString,
) -> Response<Bytes> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("cdi-version", version)
        .header("content-type", JSON);
    let body = Bytes::from(body.to_string());
    core.handle(request.body(body).expect("a request")).await
}

/// The JSON of an answer with status 200.
async fn answer(
    core: &DevCore,
    version: &str,
    method: Method,
    path: &str,
    body: impl ToString,
) -> Value {
    let response = call(core, version, method, path, body).await;
    assert_eq!(response.status(), 200, "{path}: {}", text(&response));
    value(&response)
}

/// Status and message of a refusal.
async fn refusal(
    core: &DevCore,
    version: &str,
    method: Method,
    path: &str,
    body: impl ToString,
) -> (u16, String) {
    let response = call(core, version, method, path, body).await;
    let message = text(&response).trim_end().to_owned();
    (response.status().as_u16(), message)
}

async fn ask(core: &DevCore, method: Method, path: &str) -> Response<Bytes> {
    let request = Request::builder().method(method).uri(path);
    core.handle(request.body(Bytes::new()).expect("a request"))
        .await
}

/// The payload of the token that `body` mints.
async fn minted(core: &DevCore, content_type: &str, body: impl Into<Bytes>) -> Value {
    let response = post(core, "/recipe/jwt", &[("content-type", content_type)], body).await;
    assert_eq!(response.status(), 200, "{}", text(&response));
    claims(value(&response)["jwt"].as_str().expect("a token"))
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}

#[tokio::test]
async fn a_body_without_charset_is_read_as_iso_8859_1() {
    let body = r#"{"algorithm":"RS256","jwksDomain":"d","validity":1,"payload":{"name":"héllo"}}"#;
    let core = core();
    assert_eq!(
        minted(&core, "application/json", body).await["name"],
        "hÃ©llo"
    );
    assert_eq!(minted(&core, JSON, body).await["name"], "héllo");
}

#[tokio::test]
async fn lenient_bodies_mint() {
    let core = core();
    for body in [
        "{algorithm:rs256,jwksDomain:d,validity:1,payload:{a:b}}",
        "\u{feff}{'algorithm':'RS256','jwksDomain':'d','validity':'1','payload':{'a':'b'}}",
    ] {
        assert_eq!(minted(&core, JSON, body).await["a"], "b", "{body}");
    }
}

/// Each of these takes minutes when the work on a member grows with their number.
#[tokio::test]
async fn a_large_body_of_distinct_members_is_answered() {
    let core = core();
    let mut members = String::new();
    let mut number = 0x1_0000;
    while members.len() < 1024 * 1024 - 200 {
        let _ = write!(members, "{number:x}:1,");
        number += 1;
    }
    let members = members.trim_end_matches(',');

    let body = format!("{{{members}}}");
    assert_eq!(post(&core, "/recipe/jwt", &[], body).await.status(), 400);

    let body = format!("{{algorithm:RS256,jwksDomain:d,validity:1,payload:{{{members}}}}}");
    let claims = minted(&core, JSON, body).await;
    assert_eq!(
        claims.as_object().map(Map::len),
        Some(number - 0x1_0000 + 3)
    );

    let body = format!(
        "{{userId:u,enableAntiCsrf:false,userDataInDatabase:{{}},userDataInJWT:{{{members}}}}}"
    );
    let session = post(&core, "/recipe/session", &[], body).await;
    assert_eq!(session.status(), 200);

    // A token of as much as a body holds, which is read back member by member.
    let mut user_data = Map::new();
    for number in 0..60_000 {
        user_data.insert(format!("{number:x}"), 1.into());
    }
    let token = core.create_session("u", user_data).expect("a session");
    let body = format!(
        "{{accessToken:'{token}',doAntiCsrfCheck:false,enableAntiCsrf:false,checkDatabase:true}}"
    );
    let answer = value(&post(&core, "/recipe/session/verify", &[], body).await);
    assert_eq!(answer["status"], "OK");
    let user_data = &answer["session"]["userDataInJWT"];
    assert_eq!(user_data.as_object().map(Map::len), Some(60_000));
}

#[tokio::test]
async fn a_number_for_use_static_signing_key_means_dynamic() {
    let core = core();
    let body = r#"{"algorithm":"RS256","jwksDomain":"d","validity":1,"payload":{},"useStaticSigningKey":1}"#;
    let response = post(&core, "/recipe/jwt", &[("content-type", JSON)], body).await;
    let token = value(&response)["jwt"]
        .as_str()
        .expect("a token")
        .to_owned();
    let header = format!(r#"{{"kid":"d-{START}","typ":"JWT","alg":"RS256"}}"#);
    assert!(token.starts_with(&URL_SAFE_NO_PAD.encode(header)));
}

#[tokio::test]
async fn validity_must_be_positive() {
    for validity in ["0", "-1"] {
        let body = format!("{{algorithm:RS256,jwksDomain:d,validity:{validity},payload:{{}}}}");
        let response = post(&core(), "/recipe/jwt", &[], body).await;
        assert_eq!(response.status(), 400);
        assert_eq!(
            text(&response),
            "validity must be greater than or equal to 0\n"
        );
    }
}

#[tokio::test]
async fn tenants_of_app_specific_apis() {
    let core = core();
    let body = "{algorithm:RS256,jwksDomain:d,validity:1,payload:{}}";
    for (version, status) in [("5.0", 403), ("4.0", 200), ("3.0", 200), ("2.21", 404)] {
        let response = post(
            &core,
            "/t-nope/recipe/jwt",
            &[("cdi-version", version)],
            body,
        )
        .await;
        assert_eq!(response.status(), status, "{version}");
    }
}

#[tokio::test]
async fn nobody_is_a_user() {
    let core = DevCore::builder()
        .api_key("users-key")
        .in_memory()
        .expect("a core");
    let get = async |path: &str, version: &str, api_key: &str| {
        let request = Request::get(path)
            .header("cdi-version", version)
            .header("api-key", api_key);
        core.handle(request.body(Bytes::new()).expect("a request"))
            .await
    };
    for path in [
        "/user/id?userId=user-1",
        "/user/id?x=1&userId=",
        "/user/id?userId",
        "/user/id?%75serId=a%2Fb",
        "/appid-public/user/id/?userId=x",
    ] {
        let response = get(path, "5.4", "users-key").await;
        assert_eq!(
            (response.status().as_u16(), text(&response).as_str()),
            (200, "{\"status\":\"UNKNOWN_USER_ID_ERROR\"}\n"),
            "{path}"
        );
        assert_eq!(
            response.headers()["content-type"],
            "application/json;charset=UTF-8"
        );
    }
    for path in ["/user/id", "/user/id?userid=x", "/t1/user/id?user=Id"] {
        let response = get(path, "5.4", "users-key").await;
        assert_eq!(
            (response.status().as_u16(), text(&response).as_str()),
            (400, "Field name 'userId' is missing in GET request\n"),
            "{path}"
        );
    }
    let path = "/t1/user/id?userId=x";
    for (version, api_key, status, message) in [
        ("5.4", "", 401, "Invalid API key\n"),
        ("5.5", "users-key", 400, "cdi-version 5.5 not supported\n"),
        (
            "5.0",
            "users-key",
            403,
            "Only public tenantId can call this app specific API\n",
        ),
        (
            "4.0",
            "users-key",
            200,
            "{\"status\":\"UNKNOWN_USER_ID_ERROR\"}\n",
        ),
        ("2.21", "users-key", 404, "Not found\n"),
    ] {
        let response = get(path, version, api_key).await;
        assert_eq!(
            (response.status().as_u16(), text(&response).as_str()),
            (status, message),
            "{version}"
        );
    }
    assert_eq!(
        ask(&self::core(), Method::POST, "/user/id?userId=x")
            .await
            .status(),
        405
    );
}

#[tokio::test]
async fn root_and_hello_greet_with_four_methods() {
    let core = core();
    for path in [
        "/",
        "/hello",
        "/hello/",
        "/appid-public/hello",
        "/appid-public/",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let response = ask(&core, method, path).await;
            assert_eq!(
                (response.status().as_u16(), text(&response).as_str()),
                (200, "Hello\n"),
                "{path}"
            );
        }
        assert_eq!(ask(&core, Method::HEAD, path).await.status(), 405);
        assert_eq!(ask(&core, Method::OPTIONS, path).await.status(), 405);
    }
}

#[tokio::test]
async fn odd_requests_are_answered() {
    let core = core();
    let deep = "[".repeat(500_000);
    let deep_payload = format!(
        "{{algorithm:RS256,jwksDomain:d,validity:1,payload:{{a:{}{}}}}}",
        "[".repeat(1000),
        "]".repeat(1000)
    );
    let bodies: [&[u8]; 8] = [
        b"",
        b"\xff\xfe\x00",
        b"\0",
        b"{\"a\":\"\\ud800\"}",
        b"{{{{",
        deep.as_bytes(),
        deep_payload.as_bytes(),
        b"/*",
    ];
    for path in [
        "/recipe/jwt",
        "/recipe/session",
        "/recipe/session/verify",
        "/recipe/session/refresh",
        "/recipe/session/regenerate",
        "/recipe/session/remove",
        "/recipe/signup",
        "/recipe/signin",
    ] {
        for body in bodies {
            for content_type in [
                JSON,
                "application/json",
                "x",
                "application/json; charset=utf-16",
            ] {
                let headers = [("content-type", content_type)];
                let response = post(&core, path, &headers, body.to_vec()).await;
                assert_eq!(response.status(), 400, "{path} {body:?}");
                assert_eq!(response.headers()["connection"], "close");
            }
        }
        let response = post(&core, path, &[], vec![b'['; 2 * 1024 * 1024]).await;
        assert_eq!(response.status(), 413);
    }
    for path in [
        "*",
        "//",
        "/%00",
        "/appid-%20/hello",
        "/appid-",
        "/recipe/jwt/../jwt",
        "/🦀",
    ] {
        let Ok(request) = Request::get(path).body(Bytes::new()) else {
            continue;
        };
        let status = core.handle(request).await.status().as_u16();
        assert!([200, 404].contains(&status), "{path} {status}");
    }
    let long_version = "9".repeat(5000);
    for version in ["", "5.4 ", "é", "2.99", "0.0.0", long_version.as_str()] {
        let response = post(&core, "/recipe/jwt", &[("cdi-version", version)], "{}").await;
        assert!(
            [400, 500].contains(&response.status().as_u16()),
            "{version}"
        );
    }
}

#[tokio::test]
async fn sessions_are_known_while_they_are_remembered() {
    let core = core();
    let token = core
        .create_session("user-1", object(json!({"role": "admin"})))
        .expect("a session");
    let verify = |token: String, check_database: bool| {
        let body = json!({
            "accessToken": token,
            "doAntiCsrfCheck": false,
            "enableAntiCsrf": false,
            "checkDatabase": check_database,
        });
        let core = core.clone();
        async move {
            value(
                &post(
                    &core,
                    "/recipe/session/verify",
                    &[("content-type", JSON)],
                    body.to_string(),
                )
                .await,
            )
        }
    };
    let answer = verify(token.clone(), true).await;
    assert_eq!(answer["status"], "OK");
    assert_eq!(answer["session"]["userDataInJWT"], json!({"role": "admin"}));

    let mut forged = object(claims(&token));
    forged.insert("sessionHandle".to_owned(), "another".into());
    forged.insert("rsub".to_owned(), "user-2".into());
    let forged = core
        .sign(
            SigningKey::Dynamic,
            object(json!({"typ": "JWT", "alg": "RS256", "version": "5"})),
            forged,
        )
        .expect("a token");
    let answer = verify(forged.clone(), true).await;
    assert_eq!(answer["status"], "UNAUTHORISED");
    assert_eq!(
        answer["message"],
        "Either the session has ended or has been blacklisted"
    );
    let answer = verify(forged, false).await;
    assert_eq!(answer["status"], "OK");
    assert_eq!(answer["session"]["recipeUserId"], "user-2");

    let mut broken = token;
    broken.replace_range(broken.len() - 8.., "AAAAAAAA");
    let answer = verify(broken, false).await;
    assert_eq!(
        answer["message"],
        "io.supertokens.session.jwt.JWT$JWTException: JWT verification failed"
    );
}

#[test]
fn session_payloads_are_checked() {
    let core = core();
    let error = core
        .create_session("u", object(json!({"sub": "x"})))
        .expect_err("protected");
    assert!(matches!(error, Error::ProtectedClaim(name) if name == "sub"));
    let mut deep = json!([]);
    for _ in 0..400 {
        deep = json!([deep]);
    }
    let error = core
        .create_session("u", object(json!({"a": deep})))
        .expect_err("too deep");
    assert!(matches!(error, Error::Payload));
}

#[test]
fn forged_tokens_are_as_they_were_ordered() {
    let core = core();
    let header = object(json!({"alg": "none", "kid": "mine"}));
    let token = core
        .sign(SigningKey::Static, header, Map::new())
        .expect("a token");
    assert!(token.starts_with("eyJhbGciOiJub25lIiwia2lkIjoibWluZSJ9.e30."));
    let jwks = core.jwks().expect("keys");
    assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(2));
    assert_eq!(jwks["keys"][0]["kid"], format!("d-{START}"));
}

#[tokio::test]
async fn the_sdk_endpoint_revalidates() {
    let core = DevCore::builder()
        .api_base_path("/")
        .api_key("needed-elsewhere")
        .in_memory()
        .expect("a core");
    assert_eq!(core.jwks_url(), "http://127.0.0.1:3567/jwt/jwks.json");
    let response = ask(&core, Method::GET, "/jwt/jwks.json").await;
    assert_eq!(response.status(), 200);
    assert_eq!(value(&response), core.jwks().expect("keys"));
    let request =
        Request::get("/jwt/jwks.json").header("if-none-match", &response.headers()["etag"]);
    let again = core
        .handle(request.body(Bytes::new()).expect("a request"))
        .await;
    assert_eq!(again.status(), 304);
    assert!(again.body().is_empty());
}

#[tokio::test]
async fn as_a_transport_it_answers_for_any_host_within_the_limit() {
    let core = core();
    let request = || {
        Request::get("https://core.example.com/hello")
            .body(Bytes::new())
            .expect("a request")
    };
    let response = core.send(request(), 6).await.expect("an answer");
    assert_eq!(text(&response), "Hello\n");
    let error = core.send(request(), 5).await.expect_err("too large");
    assert!(matches!(error, TransportError::TooLarge(5)));
}

#[tokio::test]
async fn api_keys_in_every_form() {
    let core = DevCore::builder()
        .api_key("one-key\n")
        .api_key("two-key")
        .in_memory()
        .expect("a core");
    let status = async |name: &'static str, value: &'static str| {
        let request = Request::get("/apiversion").header(name, value);
        core.handle(request.body(Bytes::new()).expect("a request"))
            .await
            .status()
            .as_u16()
    };
    for (name, value, expected) in [
        ("api-key", "one-key", 200),
        ("api-key", " two-key ", 200),
        ("authorization", "two-key", 200),
        ("authorization", "BEARER two-key", 200),
        ("authorization", "bearer one-key", 200),
        ("authorization", "Basic two-key", 401),
        ("authorization", "bearer", 401),
        ("authorization", "é", 401),
        ("api-key", "one-ke", 401),
        ("api-key", "", 401),
        ("x-other", "one-key", 401),
    ] {
        assert_eq!(status(name, value).await, expected, "{name}: {value}");
    }
}

/// Sends raw bytes and reads until the peer closes.
async fn raw(core: &DevCore, request: &[u8]) -> String {
    let address = core.connection_uri().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // A peer that refuses a request need not read all of it.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn on_the_socket() {
    let core = DevCore::start().await.expect("a core");
    assert!(core.connection_uri().starts_with("http://127.0.0.1:"));
    assert_eq!(core.api_domain(), core.connection_uri());

    let two = b"HEAD /hello HTTP/1.1\r\nhost: x\r\n\r\nGET /hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answer = raw(&core, two).await;
    let (head, get) = answer.split_once("\r\n\r\n").expect("two answers");
    assert!(head.starts_with("HTTP/1.1 405"), "{head}");
    assert!(head.contains("content-length: 21"), "{head}");
    assert!(
        get.starts_with("HTTP/1.1 200") && get.ends_with("\r\n\r\nHello\n"),
        "{get}"
    );

    let bad = raw(
        &core,
        b"POST /recipe/jwt HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n[]",
    )
    .await;
    assert!(
        bad.starts_with("HTTP/1.1 400") && bad.contains("connection: close"),
        "{bad}"
    );
    let large = raw(
        &core,
        b"POST /recipe/jwt HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2097152\r\n\r\n",
    )
    .await;
    assert!(large.starts_with("HTTP/1.1 413"), "{large}");
    let head = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(2_000_000));
    let answer = raw(&core, head.as_bytes()).await;
    // The answer, 431, may be lost when the connection closes before all is sent.
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    assert!(
        raw(&core, b"\x16\x03\x01\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400")
    );
}

#[tokio::test]
async fn web_pages_from_elsewhere_get_no_token() {
    let core = DevCore::start().await.expect("a core");
    let here = core.connection_uri().trim_start_matches("http://");
    let body = "{algorithm:RS256,jwksDomain:d,validity:60,payload:{source:microservice}}";
    let answer = async |start: &str, headers: &str| {
        let request = format!(
            "{start} HTTP/1.1\r\n{headers}content-type: text/plain\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        );
        raw(&core, request.as_bytes()).await
    };

    let port = here.rsplit(':').next().expect("a port");
    for headers in [
        format!("host: {here}\r\n"),
        format!("host: localhost:{port}\r\n"),
        format!("host: [::1]:{port}\r\n"),
        format!("host: {here}\r\norigin: http://localhost:3000\r\n"),
    ] {
        let answer = answer("POST /recipe/jwt", &headers).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("\"jwt\":"),
            "{headers} {answer}"
        );
    }

    let rebound = format!("host: evil.example:{port}\r\n");
    let foreign = format!("host: {here}\r\norigin: https://evil.example\r\n");
    let hidden = format!("host: {here}\r\norigin: null\r\n");
    for (headers, named) in [
        (rebound.as_str(), "its Host"),
        ("", "its Host"),
        (&foreign, "its Origin"),
        (&hidden, "its Origin"),
    ] {
        for start in [
            "POST /recipe/jwt",
            "POST /APPID-public/recipe/jwt/",
            "POST /recipe/session",
            "POST /recipe/session/verify",
            "POST /recipe/session/refresh",
            "POST /recipe/session/remove",
            "POST /recipe/signin",
            "GET /recipe/session/user?userId=u",
            "PUT /recipe/multitenancy/app/v2",
            "GET /recipe/jwt/jwks",
            "GET /apiversion",
            "GET /hello/../recipe/jwt",
            "OPTIONS /recipe/jwt",
        ] {
            let answer = answer(start, headers).await;
            let (head, explanation) = answer.split_once("\r\n\r\n").expect("an answer");
            assert!(head.starts_with("HTTP/1.1 403"), "{start} {headers} {head}");
            assert!(head.contains("content-type: text/plain"), "{head}");
            assert!(head.contains("connection: close"), "{head}");
            assert!(!head.contains("access-control"), "{head}");
            assert!(
                explanation.contains(named),
                "{start} {headers} {explanation}"
            );
        }
        for path in ["/hello", "/.well-known/jwks.json", "/auth/jwt/jwks.json"] {
            let answer = answer(&format!("GET {path}"), headers).await;
            assert!(
                answer.starts_with("HTTP/1.1 200"),
                "{path} {headers} {answer}"
            );
        }
    }

    let absolute = format!("POST http://evil.example:{port}/recipe/jwt");
    let answer = answer(&absolute, &format!("host: {here}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");

    // In memory there is no browser.
    let headers = [("host", "evil.example"), ("origin", "https://evil.example")];
    let response = post(&core, "/recipe/jwt", &headers, body).await;
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn the_server_stops_with_its_last_clone() {
    let core = DevCore::start().await.expect("a core");
    let address = core
        .connection_uri()
        .trim_start_matches("http://")
        .to_owned();
    let mut idle = TcpStream::connect(&address).await.expect("a connection");
    idle.write_all(b"GET /hello HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("sent");
    let mut answer = [0; 512];
    assert!(idle.read(&mut answer).await.expect("an answer") > 0);

    let clone = core.clone();
    drop(core);
    assert!(TcpStream::connect(&address).await.is_ok());
    drop(clone);
    let closed = tokio::time::timeout(Duration::from_secs(5), idle.read(&mut answer)).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn apps_have_keys_of_their_own() {
    let core = DevCore::builder().app("app2").in_memory().expect("a core");
    let kids = async |path: &str| -> Vec<Value> {
        let jwks = value(&ask(&core, Method::GET, path).await);
        jwks["keys"]
            .as_array()
            .expect("keys")
            .iter()
            .map(|key| key["kid"].clone())
            .collect()
    };
    let public = kids("/.well-known/jwks.json").await;
    assert_eq!(public, kids("/appid-public/.well-known/jwks.json").await);
    let other = kids("/appid-app2/.well-known/jwks.json").await;
    assert!(public.iter().all(|kid| !other.contains(kid)));
    let unknown = ask(&core, Method::GET, "/appid-app3/.well-known/jwks.json").await;
    assert_eq!(unknown.status(), 400);
    assert!(HeaderMap::contains_key(unknown.headers(), "connection"));
}

#[tokio::test(start_paused = true)]
async fn under_a_paused_clock_keys_take_no_time() {
    let core = core();
    let before = tokio::time::Instant::now();
    let answer = tokio::time::timeout(
        Duration::from_millis(10),
        ask(&core, Method::GET, "/.well-known/jwks.json"),
    );
    assert_eq!(answer.await.expect("in time").status(), 200);
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_at_the_start_gets_one_set_of_keys() {
    let core = DevCore::builder().in_memory().expect("a core");
    let crowd: Vec<_> = (0..32)
        .map(|_| {
            let core = core.clone();
            tokio::spawn(
                async move { text(&ask(&core, Method::GET, "/.well-known/jwks.json").await) },
            )
        })
        .collect();
    for answer in crowd {
        let jwks: Value = serde_json::from_str(&answer.await.expect("an answer")).expect("JSON");
        assert_eq!(jwks, core.jwks().expect("keys"));
    }
}

#[tokio::test]
async fn keys_rotate_with_the_clock() {
    let clock = ManualClock::at_unix_millis(START);
    let core = DevCore::builder()
        .clock(Arc::new(clock.clone()))
        .in_memory()
        .expect("a core");
    let before = core.jwks().expect("keys");
    clock.advance(Duration::from_secs(169 * 3600));
    let rotated = ask(&core, Method::GET, "/.well-known/jwks.json").await;
    assert_eq!(
        rotated.headers()["cache-control"],
        "max-age=604740, must-revalidate"
    );
    let rotated = value(&rotated);
    assert_eq!(rotated["keys"].as_array().map(Vec::len), Some(3));
    assert_eq!(rotated["keys"][1], before["keys"][0]);
    // A clock at its end, or set back, does no harm.
    for millis in [u64::MAX, 0] {
        clock.set_unix_millis(millis);
        assert_eq!(
            ask(&core, Method::GET, "/.well-known/jwks.json")
                .await
                .status(),
            200
        );
        let body = "{algorithm:RS256,jwksDomain:d,validity:9223372036854775807,payload:{}}";
        assert_eq!(post(&core, "/recipe/jwt", &[], body).await.status(), 200);
        assert!(core.create_session("u", Map::new()).is_ok());
    }
}
