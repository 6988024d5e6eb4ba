//! Every recorded exchange on a session route of an application on the Node SDK, shown to ours at its time, with the keys
//! of its core and a core that answers what the recorded one must have answered.
//!
//! An application's route is open to users alone or to everybody, ours to users and services. So where the SDK found no
//! session, ours must have found none: 401 `unauthorised` of the service's branch, or a service.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Request;
use serde_json::{Value, json};
use st_m2m::{AntiCsrf, Config, JwksSource, SigningKey, clock::ManualClock};
use st_m2m_tests::{
    recording::{self, Peer, PublishedKeys, Recording},
    report::report,
    still,
    transport::{Reply, Scripted},
};

use crate::service::{Answer, Service, start};

/// Where ours differs on purpose: the recording, and what ours answers.
const DIFFERENCES: [(&str, &str); 5] = [
    // Whoever may mint can write the claims of a session into a token, but not `version` into its header. The SDK lets
    // the first and the third in, and asks the core about the second.
    (
        "protected_m2m_jwt_session_like_dynamic_key",
        "401 try refresh token",
    ),
    (
        "checkdb_m2m_jwt_session_like_dynamic_key",
        "401 try refresh token",
    ),
    (
        "static_app_protected_m2m_session_like",
        "401 try refresh token",
    ),
    // Claims are not fetched, so the payload's lack of one is the reason. Status and message are the same.
    ("claim_validator_fail_bearer_403", "403 invalid claim"),
    ("claim_validator_fail_cookie_403", "403 invalid claim"),
];

/// Our route in place of a recorded one; `None` for one that asks for no session.
fn route(path: &str) -> Option<&'static str> {
    Some(match path {
        "/protected" | "/optional" | "/getsession-optional" | "/getsession-required" => "/who",
        "/checkdb" => "/check-database",
        "/nocsrf" => "/no-anti-csrf",
        "/claim" => "/claim",
        "/merge" => "/merge",
        "/logout" => "/revoke",
        _ => return None,
    })
}

/// The headers that tell a browser of its session.
const TOLD: [&str; 7] = [
    "front-token",
    "st-access-token",
    "st-refresh-token",
    "anti-csrf",
    "access-control-expose-headers",
    "set-cookie",
    "retry-after",
];

fn told(headers: impl Iterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if TOLD.contains(&name.as_str()) {
            all.entry(name).or_default().push(without_seconds(&value));
        }
    }
    all
}

/// Minutes and seconds of a date, which the SDK reads a little later than the recorder, are left out; the hour is not.
fn without_seconds(value: &str) -> String {
    match value.split_once("; Expires=") {
        Some((before, after)) if !after.contains("1970") => {
            let (date, attributes) = after.split_once(" GMT").expect("a date");
            format!("{before}; Expires={}{attributes}", &date[..date.len() - 6])
        }
        _ => value.to_owned(),
    }
}

/// The new access token that the SDK told the browser, and so got from the core.
fn new_token(recording: &Recording) -> Option<String> {
    let from_cookie = || {
        let values = recording.response.headers.iter();
        values
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            .find_map(|(_, value)| value.strip_prefix("sAccessToken="))
            .and_then(|value| value.split(';').next())
            .map(str::to_owned)
    };
    recording
        .answer_header("st-access-token")
        .map(str::to_owned)
        .or_else(from_cookie)
        .filter(|token| !token.is_empty())
}

/// The core of a recording. It knows what the SDK must have been told, and takes no other question.
fn core(recording: &Recording) -> Scripted {
    let body: Value = serde_json::from_str(recording.response.body.as_deref().unwrap_or("null"))
        .unwrap_or_default();
    let (name, token) = (recording.name.clone(), new_token(recording));
    Scripted::new(move |request| {
        let path = request.uri().path();
        let session = json!({
            "handle": body["handle"], "userId": body["userId"], "recipeUserId": body["recipeUserId"],
            "tenantId": body["tenantId"], "userDataInJWT": {},
        });
        let answer = match (path, &token) {
            ("/recipe/session/remove", _) => json!({"status": "OK", "sessionHandlesRevoked": []}),
            ("/recipe/session/verify" | "/recipe/session/regenerate", Some(token)) => {
                json!({"status": "OK", "session": session, "accessToken": {"token": token}})
            }
            ("/recipe/session/verify", None) if body["message"] == "unauthorised" => {
                json!({"status": "UNAUTHORISED", "message": "Session does not exist."})
            }
            _ => panic!("{name}: the SDK does not ask {path}"),
        };
        Reply::text(200, answer.to_string())
    })
}

/// A service with the settings of the recorded application.
async fn service(recording: &Recording, published: &PublishedKeys) -> (Service, Scripted) {
    let app = recording.meta.app.as_deref().expect("an application");
    let port = app.rsplit(':').next().expect("a port");
    let instance = match port {
        "3004" => "short",
        "3005" => "keys",
        _ => "main",
    };
    let is_its_core = |(folder, name): &&(std::path::PathBuf, String)| {
        *folder == recording.folder && name.starts_with(instance)
    };
    let core_name = published.keys().find(is_its_core).expect("its core's keys");
    let network = core(recording);
    let config = Config::builder()
        .api_domain(format!("http://{app}"))
        .connection_uri("http://127.0.0.1:3567")
        .cdi_version("5.4")
        .mint(false)
        .jwks(JwksSource::Document(published[core_name].to_string()))
        .clock(Arc::new(ManualClock::at_unix_millis(
            recording.meta.recorded_at_ms,
        )))
        .transport(network.shared())
        .website_domain("http://127.0.0.1:3000");
    let config = match port {
        "3002" => config.session_anti_csrf(AntiCsrf::ViaToken),
        "3003" => config.session_anti_csrf(AntiCsrf::ViaCustomHeader),
        "3005" => config
            .session_signing_key(SigningKey::Static)
            .session_expose_access_token(true),
        _ => config,
    };
    let service = Service {
        core: still::shared_core(),
        m2m: start(config).await,
    };
    (service, network)
}

async fn replayed(service: &Service, recording: &Recording, path: &str) -> Answer {
    let mut request = Request::builder()
        .method(recording.request.method.as_str())
        .uri(path);
    for (name, value) in &recording.request.headers {
        request = request.header(name, value);
    }
    let body = recording.request.body.clone().unwrap_or_default();
    service
        .answer(request.body(body.into()).expect("a request"))
        .await
}

/// What the SDK made of the request.
#[derive(Debug)]
enum Verdict {
    NoSession,
    Session(Value),
    Refused(u16, Value),
}

fn verdict(recording: &Recording) -> Verdict {
    let body = recording.response.body.as_deref().expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    let cleared = recording.answer_header("front-token") == Some("remove");
    match recording.response.status {
        200 if body["session"] == false => Verdict::NoSession,
        200 => Verdict::Session(body),
        401 if body["message"] == "unauthorised" && !cleared => Verdict::NoSession,
        status => Verdict::Refused(status, body),
    }
}

#[tokio::test]
async fn recorded_requests_are_answered_as_the_sdk_answers_them() {
    let recordings = recording::load();
    let published = recording::published_keys(&recordings);
    let mut count = BTreeMap::new();
    let mut differences = Vec::new();
    for recording in recordings.iter().filter(|it| it.peer == Peer::Node) {
        let Some(path) = route(recording.path()) else {
            continue;
        };
        let name = &recording.name;
        let (service, network) = service(recording, &published).await;
        let answer = replayed(&service, recording, path).await;
        if let Some((_, expected)) = DIFFERENCES.iter().find(|(it, _)| it == name) {
            assert_eq!(answer.outcome(), *expected, "{name}");
            assert_eq!(network.sent().len(), 0, "{name}");
            differences.push(name.clone());
            continue;
        }
        let kind = match verdict(recording) {
            Verdict::NoSession => {
                let outcome = answer.outcome();
                assert!(
                    outcome == "401 unauthorised" || outcome.starts_with("service"),
                    "{name}: {outcome}"
                );
                let is_service = recording
                    .request_tokens
                    .iter()
                    .any(|it| it.payload.contains_key("source"));
                let in_header = recording.request_header("authorization").is_some();
                // Theirs have no name.
                assert_eq!(answer.status == 200, is_service && in_header, "{name}");
                "no session"
            }
            Verdict::Session(body) => {
                assert_eq!(answer.status, 200, "{name}: {answer:?}");
                assert_eq!(answer.json(), body, "{name}");
                "session"
            }
            Verdict::Refused(status, body) => {
                assert_eq!(answer.status, status, "{name}: {answer:?}");
                assert_eq!(answer.json(), body, "{name}");
                "refused"
            }
        };
        *count.entry(kind).or_insert(0) += 1;
        let ours = answer
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()));
        assert_eq!(
            told(ours),
            told(recording.response.headers.iter().cloned()),
            "{name}"
        );
        if let Some(front_token) = recording
            .answer_header("front-token")
            .filter(|it| *it != "remove")
        {
            assert!(STANDARD.decode(front_token).is_ok());
            *count.entry("with a new token").or_insert(0) += 1;
        }
        // Without the attribute the decision is the same, and nobody is asked.
        if path == "/who" {
            let asked = network.sent().len();
            let by_extractor = replayed(&service, recording, "/principal").await;
            assert_eq!(by_extractor.status, answer.status, "{name}");
            assert_eq!(network.sent().len(), asked, "{name}");
        }
    }
    report(&format!(
        "recorded requests on session routes: {count:?}; {} differences",
        differences.len()
    ));
    for (name, _) in DIFFERENCES {
        assert!(
            differences.iter().any(|it| it == name),
            "{name} was not met"
        );
    }
    assert!(count["no session"] >= 30, "{count:?}");
    assert!(count["session"] >= 25, "{count:?}");
    assert!(count["refused"] >= 15, "{count:?}");
    assert!(count["with a new token"] >= 4, "{count:?}");
}
