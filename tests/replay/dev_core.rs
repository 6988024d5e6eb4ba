//! `DevCore`, asked what the real core was asked, gives the same answers up to ids, times and signatures.
//!
//! The exchanges are played in the order in which they were recorded, with the clock at the recorded time. A token
//! that the real core made is replaced by what `DevCore` made in its place.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use bytes::Bytes;
use serde_json::{Map, Value};
use st_m2m::{SigningKey, clock::ManualClock, dev::DevCore};
use st_m2m_tests::{
    recording::{self, Peer, Recording, Token},
    report::report,
};

use crate::normal::{decode, normal};

/// Endings of paths that `DevCore` does not serve.
const OTHER_APIS: [(&str, &str); 9] = [
    ("/recipe/signin", "not part of DevCore: users"),
    ("/recipe/signup", "not part of DevCore: users"),
    ("/recipe/session/refresh", "not part of DevCore: refresh"),
    (
        "/recipe/session/regenerate",
        "not part of DevCore: changing a session",
    ),
    (
        "/recipe/session/remove",
        "not part of DevCore: ending a session",
    ),
    (
        "/recipe/session/data",
        "not part of DevCore: changing a session",
    ),
    (
        "/recipe/session/user",
        "not part of DevCore: listing sessions",
    ),
    (
        "/recipe/jwt/data",
        "not part of DevCore: changing a session",
    ),
    (
        "/v2",
        "not part of DevCore: administration of apps and tenants",
    ),
];

/// Exchanges that need what `DevCore` does not do.
const LEFT_OUT: [(&str, &str); 3] = [
    (
        "session_verify_after_removal_checkDatabase_true_unauthorised",
        "needs an ended session; unit tests of DevCore have an unknown one",
    ),
    ("jwks_node_head", "the page of express for a missing route"),
    (
        "jwks_node_cors_preflight",
        "the page of express for a missing route",
    ),
];

/// Why an exchange is not replayed.
fn left_out(recording: &Recording) -> Option<&'static str> {
    let path = recording.path();
    if let Some((_, reason)) = LEFT_OUT.iter().find(|(name, _)| *name == recording.name) {
        return Some(reason);
    }
    match recording.peer {
        Peer::Node if !path.ends_with("/jwt/jwks.json") => {
            Some("asked an application, not the SDK's key endpoint")
        }
        Peer::Node if recording.response.status == 500 => {
            Some("the SDK reports that its own api key is wrong")
        }
        Peer::Node => None,
        Peer::Core if recording.request.method == "GET" && path.ends_with("/recipe/session") => {
            Some("not part of DevCore: reading a session")
        }
        Peer::Core => OTHER_APIS
            .iter()
            .find(|(ending, _)| path.ends_with(ending))
            .map(|(_, reason)| *reason),
    }
}

/// A stand-in for one recorded instance, and what it made in place of recorded tokens and session handles.
struct Instance {
    core: DevCore,
    clock: ManualClock,
    counterparts: HashMap<String, String>,
}

impl Instance {
    /// Settings as the recordings' README tells them. The dynamic key is as old as the recorded one.
    async fn start(name: &str, created_at: u64) -> Self {
        let clock = ManualClock::at_unix_millis(created_at);
        let builder = DevCore::builder().clock(Arc::new(clock.clone()));
        let builder = match name {
            "keys" => builder
                .api_key("fixture-api-key-00000000000001")
                .api_key("fixture-api-key-00000000000002"),
            "short" => builder.access_token_validity(Duration::from_secs(5)),
            _ => builder.app("app2").tenant("t1"),
        };
        let core = builder.in_memory().expect("the settings are right");
        core.handle(
            http::Request::get("/.well-known/jwks.json")
                .body(Bytes::new())
                .expect("a request"),
        )
        .await;
        Self {
            core,
            clock,
            counterparts: HashMap::new(),
        }
    }

    async fn ask(&self, recording: &Recording) -> http::Response<Bytes> {
        let mut body = recording.request.body.clone().unwrap_or_default();
        for token in &recording.request_tokens {
            body = body.replace(&token.token, &self.counterpart(token));
        }
        let mut request = http::Request::builder()
            .method(recording.request.method.as_str())
            .uri(&recording.request.path);
        for (name, value) in &recording.request.headers {
            request = request.header(name, value);
        }
        self.clock.set_unix_millis(recording.meta.recorded_at_ms);
        self.core
            .handle(request.body(Bytes::from(body)).expect("a request"))
            .await
    }

    /// The token that stands for a recorded one: made by a replayed exchange, else signed with the same header and
    /// payload by the same kind of key.
    fn counterpart(&self, token: &Token) -> String {
        if let Some(counterpart) = self.counterparts.get(&token.token) {
            return counterpart.clone();
        }
        let mut header = token.header.clone();
        let mut payload = token.payload.clone();
        let key = match header.remove("kid").as_ref().and_then(Value::as_str) {
            Some(kid) if kid.starts_with("s-") => SigningKey::Static,
            _ => SigningKey::Dynamic,
        };
        if let Some(Value::String(handle)) = payload.get_mut("sessionHandle")
            && let Some(counterpart) = self.counterparts.get(handle)
        {
            handle.clone_from(counterpart);
        }
        self.core.sign(key, header, payload).expect("a signature")
    }

    /// Remembers what was made in place of the recorded token, and checks its signature.
    async fn remember(&mut self, recording: &Recording, body: &str) {
        for recorded in &recording.response_tokens {
            let made: Value = serde_json::from_str(body).expect("JSON");
            let token = made["jwt"]
                .as_str()
                .or(made["accessToken"]["token"].as_str());
            let token = token.expect("a token where there was one");
            let app = recording
                .path()
                .strip_prefix("/appid-")
                .and_then(|path| path.split('/').next());
            self.check_signature(token, app.unwrap_or("public")).await;
            self.counterparts
                .insert(recorded.token.clone(), token.to_owned());
            if let (Some(handle), Some(made)) = (
                recorded.payload.get("sessionHandle"),
                made["session"]["handle"].as_str(),
            ) {
                let handle = handle.as_str().expect("a string").to_owned();
                self.counterparts.insert(handle, made.to_owned());
            }
        }
    }

    async fn check_signature(&self, token: &str, app: &str) {
        let request = http::Request::get(format!("/appid-{app}/.well-known/jwks.json"));
        let jwks = self
            .core
            .handle(request.body(Bytes::new()).expect("a request"))
            .await;
        let jwks: Value = serde_json::from_slice(jwks.body()).expect("a JWKS");
        let (message, signature) = token.rsplit_once('.').expect("a JWT");
        let header = decode(message.split('.').next().unwrap_or_default()).expect("base64");
        let header: Map<String, Value> = serde_json::from_slice(&header).expect("a header");
        let signature = decode(signature).expect("base64");
        let mut candidates = jwks["keys"].as_array().expect("keys").iter().filter(|key| {
            // Session tokens of version 2 name no key.
            header.get("kid").is_none_or(|kid| *kid == key["kid"])
        });
        let verified = candidates.any(|key| {
            let number =
                |name: &str| decode(key[name].as_str().expect("a string")).expect("base64url");
            RsaPublicKeyComponents {
                n: number("n"),
                e: number("e"),
            }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
            .is_ok()
        });
        assert!(verified, "no published key verifies {token}");
    }
}

/// When the dynamic key of each recorded instance was made: its id tells.
fn key_ages() -> BTreeMap<String, u64> {
    recording::published_keys()
        .into_iter()
        .filter_map(|(name, jwks)| {
            let mut kids = jwks["keys"]
                .as_array()?
                .iter()
                .filter_map(|key| key["kid"].as_str());
            let dynamic = kids.find_map(|kid| kid.strip_prefix("d-"))?;
            // The first instance of a name, such as `main 3567`, not `main 3567, app app2`.
            let (name, port) = name.split_once(' ')?;
            port.parse::<u16>().ok()?;
            Some((name.to_owned(), dynamic.parse().ok()?))
        })
        .collect()
}

/// What is compared of an answer.
fn comparable(
    status: u16,
    header: impl Fn(&str) -> Option<String>,
    body: &str,
    now: u64,
) -> String {
    let kept = ["content-type", "connection", "access-control-allow-origin"]
        .map(|name| {
            format!(
                "{name}: {:?}",
                header(name).filter(|value| value != "keep-alive")
            )
        })
        .join("\n");
    // Refresh tokens are opaque and need not be equally long.
    let length = header("content-length").filter(|length| *length != body.len().to_string());
    // A weak tag of length and hash; the hash is that of other keys.
    let tag = header("etag").map(|tag| tag.split('-').next().unwrap_or_default().to_owned());
    format!(
        "{status}\n{kept}\ncontent-length other than the body's: {length:?}\netag: {tag:?}\n\n{}",
        normal(body, now)
    )
}

/// Seconds until the keys are too old, which may differ by one: keys are a few milliseconds apart in age.
fn max_age(cache_control: Option<&str>) -> Option<i64> {
    cache_control?
        .strip_prefix("max-age=")?
        .strip_suffix(", must-revalidate")?
        .parse()
        .ok()
}

#[tokio::test]
async fn every_recorded_exchange() {
    let ages = key_ages();
    let mut instances: HashMap<String, Instance> = HashMap::new();
    let (mut replayed, mut omitted) = (0, 0);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut differences = Vec::new();
    for recording in recording::load() {
        if let Some(reason) = left_out(&recording) {
            omitted += 1;
            *reasons.entry(reason).or_default() += 1;
            continue;
        }
        let name = recording.instance().unwrap_or("main").to_owned();
        if !instances.contains_key(&name) {
            let created_at = ages
                .get(&name)
                .copied()
                .unwrap_or(recording.meta.recorded_at_ms);
            instances.insert(name.clone(), Instance::start(&name, created_at).await);
        }
        let instance = instances.get_mut(&name).expect("inserted");
        let response = instance.ask(&recording).await;
        let body = String::from_utf8(response.body().to_vec()).expect("UTF-8");

        let now = recording.meta.recorded_at_ms;
        let expected = comparable(
            recording.response.status,
            |name| recording.answer_header(name).map(str::to_owned),
            recording.response.body.as_deref().unwrap_or_default(),
            now,
        );
        let header = |name: &str| {
            Some(
                response
                    .headers()
                    .get(name)?
                    .to_str()
                    .expect("text")
                    .to_owned(),
            )
        };
        let actual = comparable(response.status().as_u16(), header, &body, now);
        if expected != actual {
            differences.push(format!(
                "{}\n--- recorded\n{expected}\n--- DevCore\n{actual}",
                recording.file.display()
            ));
            continue;
        }
        let recorded_age = max_age(recording.answer_header("cache-control"));
        let age = max_age(header("cache-control").as_deref());
        let is_near = match (recorded_age, age) {
            (Some(recorded), Some(age)) => {
                recording.path().contains("/appid-app") || recorded.abs_diff(age) <= 1
            }
            (None, None) => true,
            _ => false,
        };
        if !is_near {
            differences.push(format!(
                "{}: max-age {recorded_age:?}, DevCore {age:?}",
                recording.file.display()
            ));
        }
        instance.remember(&recording, &body).await;
        replayed += 1;
    }
    report(&format!(
        "{replayed} recorded exchanges replayed to DevCore, {omitted} left out:"
    ));
    for (reason, count) in reasons {
        report(&format!("  {count:3} {reason}"));
    }
    assert!(
        differences.is_empty(),
        "{} of {} exchanges differ:\n\n{}",
        differences.len(),
        differences.len() + replayed,
        differences.join("\n\n")
    );
    assert!(replayed >= 100, "only {replayed} exchanges replayed");
}
