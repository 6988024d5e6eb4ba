//! `DevCore`, asked what the real core was asked, gives the same answers up to ids, times and signatures.
//!
//! The exchanges are played in the order in which they were recorded, with the clock at the recorded time. A token
//! that the real core made is replaced by what `DevCore` made in its place.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use serde_json::{Map, Value};
use st_m2m::{SigningKey, clock::ManualClock, dev::DevCore};
use st_m2m_tests::{
    recording::{self, Peer, Recording, Token},
    report::report,
};

use crate::{
    normal::{self, decode, is_signed_by, normal},
    own_and_further,
};

/// The app that a path without one means.
const PUBLIC: &str = "public";

/// Exchanges of another server.
const LEFT_OUT: [(&str, &str); 2] = [
    ("jwks_node_head", "the page of express for a missing route"),
    (
        "jwks_node_cors_preflight",
        "the page of express for a missing route",
    ),
];

/// Exchanges, by name and time, before which a like request was made whose answer was not kept: later answers list two
/// more sessions than were recorded, each made before one of these, and tell that the handle of the third was removed.
const AFTER_ONE_NOT_KEPT: [(&str, u64); 3] = [
    ("session_create_ok_cdi_2_20", 1_795_440_860_451),
    ("session_create_ok_cdi_5_4", 1_795_440_860_551),
    ("session_remove_again_empty", 1_795_440_860_908),
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
        Peer::Node | Peer::Core => None,
    }
}

/// A stand-in for one recorded instance, and what it made in place of recorded tokens, handles and hashes.
struct Instance {
    core: DevCore,
    clock: ManualClock,
    counterparts: HashMap<String, String>,
    /// The same the other way round.
    originals: HashMap<String, String>,
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
            _ => builder,
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
            originals: HashMap::new(),
        }
    }

    async fn ask(&self, recording: &Recording) -> http::Response<Bytes> {
        let mut body = recording.request.body.clone().unwrap_or_default();
        for token in &recording.request_tokens {
            body = body.replace(&token.token, &self.counterpart(token));
        }
        let mut request = http::Request::builder()
            .method(recording.request.method.as_str())
            .uri(self.translated(&recording.request.path));
        for (name, value) in &recording.request.headers {
            request = request.header(name, value);
        }
        self.clock.set_unix_millis(recording.meta.recorded_at_ms);
        self.core
            .handle(
                request
                    .body(Bytes::from(self.translated(&body)))
                    .expect("a request"),
            )
            .await
    }

    /// A text with everything recorded replaced by what was made in its place.
    fn translated(&self, text: &str) -> String {
        self.counterparts
            .iter()
            .fold(text.to_owned(), |text, (recorded, made)| {
                text.replace(recorded, made)
            })
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

    /// Remembers what was made in place of what was recorded, which must be the same in every answer: a handle that
    /// is listed is the one that a session was given, and the parent's hash in a token is that of the token before.
    /// `recorded` and `made` hold what has the same place in both.
    async fn remember(
        &mut self,
        recording: &Recording,
        recorded: Vec<String>,
        made: Vec<String>,
    ) -> Result<(), String> {
        let app = recording
            .path()
            .strip_prefix("/appid-")
            .and_then(|path| path.split('/').next());
        let pairs = recorded.into_iter().zip(made);
        for (recorded, made) in pairs.flat_map(|(recorded, made)| with_hash(recorded, made)) {
            if normal::is_jwt(&made) {
                self.check_signature(&made, app.unwrap_or(PUBLIC)).await;
            }
            let counterpart = self.counterparts.get(&recorded).unwrap_or(&made);
            let original = self.originals.get(&made).unwrap_or(&recorded);
            if *counterpart != made || *original != recorded {
                return Err(format!(
                    "{made} stands for {recorded}, but before {counterpart} did, and it stood for {original}"
                ));
            }
            self.counterparts.insert(recorded.clone(), made.clone());
            self.originals.insert(made, recorded);
        }
        Ok(())
    }

    async fn check_signature(&self, token: &str, app: &str) {
        let request = http::Request::get(format!("/appid-{app}/.well-known/jwks.json"));
        let jwks = self
            .core
            .handle(request.body(Bytes::new()).expect("a request"))
            .await;
        let jwks: Value = serde_json::from_slice(jwks.body()).expect("a JWKS");
        let header = decode(token.split('.').next().unwrap_or_default()).expect("base64");
        let header: Map<String, Value> = serde_json::from_slice(&header).expect("a header");
        let mut candidates = jwks["keys"].as_array().expect("keys").iter().filter(|key| {
            // Session tokens of version 2 name no key.
            header.get("kid").is_none_or(|kid| *kid == key["kid"])
        });
        let verified = candidates.any(|key| is_signed_by(token, key));
        assert!(verified, "no published key verifies {token}");
    }
}

/// A pair, and the hashes that tokens hold of it if it is one of refresh tokens.
fn with_hash(recorded: String, made: String) -> Vec<(String, String)> {
    let hash = |text: &str| {
        let hash = digest(&SHA256, text.as_bytes());
        let digits = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
        digits.collect::<String>()
    };
    let hashes = normal::is_refresh_token(&recorded).then(|| (hash(&recorded), hash(&made)));
    std::iter::once((recorded, made)).chain(hashes).collect()
}

/// A folder and the name of an instance in it, without its port: `main`.
type InstanceId = (PathBuf, String);

/// When the dynamic key of each recorded instance was made: its id tells.
fn key_ages(recordings: &[Recording]) -> BTreeMap<InstanceId, u64> {
    recording::published_keys(recordings)
        .into_iter()
        .filter_map(|((folder, name), jwks)| {
            let mut kids = jwks["keys"]
                .as_array()?
                .iter()
                .filter_map(|key| key["kid"].as_str());
            let dynamic = kids.find_map(|kid| kid.strip_prefix("d-"))?;
            // The first instance of a name, such as `main 3567`, not `main 3567, app app2`.
            let (name, port) = name.split_once(' ')?;
            port.parse::<u16>().ok()?;
            Some(((folder, name.to_owned()), dynamic.parse().ok()?))
        })
        .collect()
}

/// The versions in the body of an answer to `/apiversion`, in any order.
fn versions(body: &str) -> BTreeSet<String> {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let listed = body["versions"].as_array().into_iter().flatten();
    listed
        .filter_map(|it| it.as_str().map(str::to_owned))
        .collect()
}

/// Major and minor number.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn newest(versions: &BTreeSet<String>) -> Option<(u32, u32)> {
    versions.iter().filter_map(|it| numbers(it)).max()
}

/// The versions that `DevCore` speaks.
async fn dev_core_versions() -> BTreeSet<String> {
    let core = DevCore::builder()
        .in_memory()
        .expect("the settings are right");
    let request = http::Request::get("/apiversion").body(Bytes::new());
    let response = core.handle(request.expect("a request")).await;
    versions(str::from_utf8(response.body()).expect("UTF-8"))
}

/// The versions that the recorded core of each folder says it speaks, where that was recorded.
fn recorded_versions(recordings: &[Recording]) -> BTreeMap<PathBuf, BTreeSet<String>> {
    recordings
        .iter()
        .filter(|it| it.response.status == 200 && it.path().ends_with("/apiversion"))
        .map(|it| {
            let body = it.response.body.as_deref().unwrap_or_default();
            (it.folder.clone(), versions(body))
        })
        .collect()
}

/// Why an exchange of a further folder has another answer when its core speaks other versions than `DevCore`.
fn depends_on_version(
    recording: &Recording,
    dev_core: &BTreeSet<String>,
    recorded: Option<&BTreeSet<String>>,
) -> Option<&'static str> {
    if recording.peer != Peer::Core {
        return None;
    }
    let body = recording.response.body.as_deref().unwrap_or_default();
    if recording.path().ends_with("/apiversion") {
        let other = recording.response.status == 200 && versions(body) != *dev_core;
        return other.then_some("another core: its list of CDI versions is its own");
    }
    // The api key is checked before the version.
    if recording.response.status == 401 {
        return None;
    }
    let Some(version) = recording.request_header("cdi-version") else {
        let other = recorded.is_some_and(|it| newest(it) != newest(dev_core));
        let same_in_all = ["/hello", "/jwks.json", "/jwt/jwks"]
            .iter()
            .any(|ending| recording.path().ends_with(ending));
        return (other && !same_in_all)
            .then_some("another core: it was asked in its newest CDI version");
    };
    let refused = recording.response.status == 400 && body.trim_end().ends_with(" not supported");
    match (dev_core.contains(version), refused) {
        (false, false) if numbers(version).is_some() => {
            Some("another core: it was asked in a CDI version that DevCore does not speak")
        }
        (true, true) => Some("another core: it does not speak a CDI version of DevCore's"),
        _ => None,
    }
}

/// What is compared of an answer, and what in it differs from run to run.
fn comparable(
    status: u16,
    header: impl Fn(&str) -> Option<String>,
    body: &str,
    now: u64,
) -> (String, Vec<String>) {
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
    let (body, varying) = normal(body, now);
    let text = format!(
        "{status}\n{kept}\ncontent-length other than the body's: {length:?}\netag: {tag:?}\n\n{body}"
    );
    (text, varying)
}

/// Seconds until the keys are too old, which may differ by one: keys are a few milliseconds apart in age.
fn max_age(cache_control: Option<&str>) -> Option<i64> {
    cache_control?
        .strip_prefix("max-age=")?
        .strip_suffix(", must-revalidate")?
        .parse()
        .ok()
}

/// What came of a replay.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    pub(crate) replayed: usize,
    /// Reasons why exchanges were left out, and how many each.
    pub(crate) omitted: BTreeMap<&'static str, usize>,
    /// Exchanges that `DevCore` answers otherwise, each with both answers.
    pub(crate) differences: Vec<String>,
}

/// Plays all exchanges, which are in the order in which they were recorded. Each instance of each folder has a
/// `DevCore` of its own. In the project's own folder, nothing is left out because of versions.
pub(crate) async fn replay(recordings: &[Recording]) -> Replay {
    let ages = key_ages(recordings);
    let dev_core = dev_core_versions().await;
    let recorded = recorded_versions(recordings);
    let mut instances: HashMap<InstanceId, Instance> = HashMap::new();
    let mut outcome = Replay::default();
    for recording in recordings {
        let other_version = || {
            let recorded = recorded.get(&recording.folder);
            depends_on_version(recording, &dev_core, recorded).filter(|_| !recording.is_own())
        };
        if let Some(reason) = left_out(recording).or_else(other_version) {
            *outcome.omitted.entry(reason).or_default() += 1;
            continue;
        }
        let name = recording.instance().unwrap_or("main");
        let id = (recording.folder.clone(), name.to_owned());
        if !instances.contains_key(&id) {
            let created_at = ages.get(&id).copied();
            let created_at = created_at.unwrap_or(recording.meta.recorded_at_ms);
            instances.insert(id.clone(), Instance::start(name, created_at).await);
        }
        let instance = instances.get_mut(&id).expect("inserted");
        let exchange = (recording.name.as_str(), recording.meta.recorded_at_ms);
        if AFTER_ONE_NOT_KEPT.contains(&exchange) {
            let first = instance.ask(recording).await;
            assert_eq!(first.status(), 200);
        }
        let response = instance.ask(recording).await;
        let body = String::from_utf8(response.body().to_vec()).expect("UTF-8");

        let now = recording.meta.recorded_at_ms;
        let (expected, recorded) = comparable(
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
        let (actual, made) = comparable(response.status().as_u16(), header, &body, now);
        if expected != actual {
            outcome.differences.push(format!(
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
            outcome.differences.push(format!(
                "{}: max-age {recorded_age:?}, DevCore {age:?}",
                recording.file.display()
            ));
        }
        if let Err(difference) = instance.remember(recording, recorded, made).await {
            let file = recording.file.display();
            outcome.differences.push(format!("{file}: {difference}"));
            continue;
        }
        outcome.replayed += 1;
    }
    outcome
}

fn assert_no_difference(outcome: &Replay) {
    let Replay {
        replayed,
        omitted,
        differences,
    } = outcome;
    report(&format!(
        "{replayed} recorded exchanges replayed to DevCore, {} left out:",
        omitted.values().sum::<usize>()
    ));
    for (reason, count) in omitted {
        report(&format!("  {count:3} {reason}"));
    }
    assert!(
        differences.is_empty(),
        "{} of {} exchanges differ:\n\n{}",
        differences.len(),
        differences.len() + replayed,
        differences.join("\n\n")
    );
}

#[tokio::test]
async fn every_recorded_exchange() {
    let (own, further) = own_and_further();
    let outcome = replay(&own).await;
    assert_no_difference(&outcome);
    assert!(outcome.replayed >= 178, "only {}", outcome.replayed);
    if !further.is_empty() {
        assert_no_difference(&replay(&further).await);
    }
}
