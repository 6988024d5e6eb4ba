//! A further folder of recordings, of a core that speaks less than ours and has instances of the same names, changes
//! nothing for the project's own recordings and is itself replayed as far as it can be.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value, json};
use st_m2m::{SigningKey, clock::ManualClock, dev::DevCore};
use st_m2m_tests::{jwt, recording};

use crate::{core_client, dev_core, tokens};

/// When everything in the second folder was recorded: between two of our recordings.
const AT_MS: u64 = 1_795_440_860_000;
const AT: u64 = AT_MS / 1000;
/// The static key id of our own `main 3567`, which the second folder uses for two keys of its own.
const SHARED_KID: &str = "s-35312832-d7bf-4d62-98c7-efa48b02fe91";
const VERSIONS_TO_5_2: &str = r#"{"versions":["2.21","5.1","3.0","5.2","4.0","5.0","3.1"]}"#;

/// A core with keys of its own, such as no recording has.
fn core() -> DevCore {
    let clock = Arc::new(ManualClock::at_unix_millis(AT_MS));
    let builder = DevCore::builder().clock(clock);
    let core = builder.in_memory().expect("a core");
    core.jwks().expect("keys");
    core
}

/// A token as a recorder takes it apart.
fn token(text: &str) -> Value {
    let (header, payload) = jwt::decode(text);
    json!({
        "token": text,
        "header_raw": header.to_string(),
        "payload_raw": payload.to_string(),
        "header": header,
        "payload": payload,
    })
}

/// Claims of a service, signed with the static key of `core` under the id that several share.
fn under_shared_kid(core: &DevCore, expiry: &Value) -> String {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": SHARED_KID});
    let claims = json!({"iat": AT, "exp": expiry, "iss": jwt::ISSUER, "source": "microservice"});
    jwt::sign(core, SigningKey::Static, &header, &claims)
}

/// The keys of `core`, and its static key once more under the id that several share.
fn keys(core: &DevCore) -> Value {
    let mut jwks = core.jwks().expect("keys");
    let keys = jwks["keys"].as_array_mut().expect("keys");
    let is_static = |key: &&Value| key["kid"].as_str().is_some_and(|it| it.starts_with("s-"));
    let mut shared = keys.iter().find(is_static).expect("a static key").clone();
    shared["kid"] = SHARED_KID.into();
    keys.push(shared);
    jwks
}

/// A folder in the making.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("removed");
        }
        for inner in ["core", "node"] {
            fs::create_dir_all(folder.join(inner)).expect("created");
        }
        Self(folder)
    }

    fn write(&self, file: &str, content: &Value) {
        fs::write(self.0.join(file), content.to_string()).expect("written");
    }

    fn write_exchange(&self, peer: &str, name: &str, exchange: Value) {
        let mut exchange = exchange;
        exchange["name"] = name.into();
        exchange["meta"]["recorded_at_ms"] = AT_MS.into();
        self.write(&format!("{peer}/{name}.json"), &exchange);
    }

    /// What `core` answers, recorded as an exchange of instance `main`; `body` in place of the real one, if any.
    async fn record(
        &self,
        core: &DevCore,
        name: &str,
        request: Request<String>,
        other: Option<(u16, &str)>,
    ) {
        let headers: Vec<[&str; 2]> = request
            .headers()
            .iter()
            .map(|(name, value)| [name.as_str(), value.to_str().expect("text")])
            .collect();
        let mut exchange = json!({
            "meta": {"instance": "main (no api_keys, defaults)"},
            "request": {
                "method": request.method().as_str(),
                "path": request.uri().to_string(),
                "headers": headers,
                "body": request.body(),
            },
        });
        let response = core.handle(request.map(Bytes::from)).await;
        let body = str::from_utf8(response.body()).expect("UTF-8").to_owned();
        let (status, body) = other.map_or((response.status().as_u16(), body), |(status, body)| {
            (status, body.to_owned())
        });
        let headers: Vec<[&str; 2]> = response
            .headers()
            .iter()
            .filter(|(name, _)| *name != "content-length")
            .map(|(name, value)| [name.as_str(), value.to_str().expect("text")])
            .collect();
        exchange["response"] = json!({"status": status, "headers": headers, "body": body});
        let minted = serde_json::from_str::<Value>(&body).unwrap_or_default();
        if let Some(minted) = minted["jwt"].as_str() {
            exchange["response_tokens"] = json!([token(minted)]);
        }
        self.write_exchange("core", name, exchange);
    }

    /// A token that was sent to an application, or to a core where there is nothing.
    fn record_sent(&self, peer: &str, name: &str, instance: Option<&str>, sent: &str) {
        self.write_exchange(
            peer,
            name,
            json!({
                "meta": {"instance": instance},
                "request": {"method": "GET", "path": "/nothing", "headers": [["cdi-version", "5.2"]], "body": null},
                "request_tokens": [token(sent)],
                "response": {
                    "status": 404,
                    "headers": [["content-type", "text/html;charset=UTF-8"]],
                    "body": "Not found\n",
                },
            }),
        );
    }
}

fn get(path: &str) -> Request<String> {
    Request::get(path).body(String::new()).expect("a request")
}

fn mint(version: Option<&str>) -> Request<String> {
    let request = Request::post("/recipe/jwt").header("rid", "jwt");
    let request = match version {
        Some(version) => request.header("cdi-version", version),
        None => request,
    };
    let body = json!({
        "payload": {"source": "microservice"},
        "validity": 3600,
        "algorithm": "RS256",
        "jwksDomain": jwt::ISSUER,
        "useStaticSigningKey": true,
    });
    request.body(body.to_string()).expect("a request")
}

/// Writes the folder.
async fn second_folder() -> Folder {
    let folder = Folder::new("second-recordings");
    let (main, short) = (core(), core());
    folder.write(
        "jwks_by_instance.json",
        &json!({"main 3567": keys(&main), "short 3569": keys(&short)}),
    );
    let versions = Some((200, VERSIONS_TO_5_2));
    folder
        .record(&main, "apiversion", get("/apiversion"), versions)
        .await;
    folder.record(&main, "hello", get("/hello"), None).await;
    folder
        .record(&main, "jwks", get("/.well-known/jwks.json"), None)
        .await;
    folder
        .record(&main, "minted", mint(Some("5.2")), None)
        .await;
    folder
        .record(&main, "minted_newest", mint(None), None)
        .await;
    let refused = Some((400, "cdi-version 5.4 not supported\n"));
    folder
        .record(&main, "too_new", mint(Some("5.4")), refused)
        .await;
    let done = Some((200, r#"{"status":"UNSUPPORTED_ALGORITHM_ERROR"}"#));
    folder
        .record(&main, "newer_than_dev_core", mint(Some("5.6")), done)
        .await;

    let later = json!(AT + 60);
    let (main_made, short_made) = (
        under_shared_kid(&main, &later),
        under_shared_kid(&short, &later),
    );
    folder.record_sent("core", "sent_main", Some("main"), &main_made);
    folder.record_sent("core", "sent_short", Some("short"), &short_made);
    folder.record_sent("core", "sent_elsewhere", Some("main"), &short_made);
    folder.record_sent("node", "sent_node_main", None, &main_made);
    folder.record_sent("node", "sent_node_short", None, &short_made);
    let odd = under_shared_kid(&main, &json!("tomorrow"));
    folder.record_sent("node", "odd_expiry", None, &odd);
    folder
}

#[tokio::test]
async fn a_second_folder_with_the_same_instance_names_is_kept_apart() {
    let folder = second_folder().await.0;
    let own = recording::own_folder();
    let both = recording::load_all(&[own.clone(), folder.clone()]).expect("both folders");
    let second: Vec<_> = both.iter().filter(|it| !it.is_own()).cloned().collect();
    assert_eq!(second.len(), 13);
    let published = recording::published_keys(&both);
    let main = |folder: &Path| &published[&(folder.to_owned(), "main 3567".to_owned())];
    assert_ne!(main(&own), main(&folder));

    assert_eq!(core_client::check_minting(&second).await, 4);
    let negotiated = core_client::check_negotiation(&second).await;
    assert_eq!(
        negotiated.into_iter().collect::<Vec<_>>(),
        [(Some("5.2"), 1)]
    );
    assert_eq!(core_client::check_key_sets(&second).await, 1);

    // Together, and in the order in which they were made.
    let outcome = dev_core::replay(&both).await;
    assert!(outcome.differences.is_empty(), "{:?}", outcome.differences);
    let alone = dev_core::replay(&second).await;
    assert_eq!(alone.replayed, 6, "{:?}", alone.omitted);
    let other_core = alone
        .omitted
        .iter()
        .filter(|(it, _)| it.starts_with("another core"));
    assert_eq!(other_core.map(|(_, count)| count).sum::<usize>(), 4);

    tokens::check(&both).await;
    let outcome = tokens::check(&second).await;
    let tally: Vec<_> = outcome.tally.into_iter().collect();
    assert_eq!(
        tally,
        [("accepted", 6), ("bad_signature", 1), ("expiry_missing", 1)]
    );
}

/// What another core may answer in its own way is no excuse for our own recordings, and other answers are none for
/// it.
#[tokio::test]
async fn what_is_left_out_of_a_second_folder_is_not_left_out_of_ours() {
    let folder = Folder::new("second-recordings-differing");
    let main = core();
    folder.write("jwks_by_instance.json", &Value::Object(Map::new()));
    let versions = Some((200, VERSIONS_TO_5_2));
    folder
        .record(&main, "apiversion", get("/apiversion"), versions)
        .await;
    folder
        .record(&main, "hello", get("/hello"), Some((200, "Good day\n")))
        .await;
    let mut recordings = recording::load_from(&folder.0).expect("a folder");
    let outcome = dev_core::replay(&recordings).await;
    assert_eq!(outcome.differences.len(), 1, "{:?}", outcome.differences);
    assert!(outcome.differences[0].contains("Good day"));
    for recording in &mut recordings {
        recording.folder = recording::own_folder();
    }
    let outcome = dev_core::replay(&recordings).await;
    assert_eq!(outcome.differences.len(), 2, "{:?}", outcome.differences);
}
