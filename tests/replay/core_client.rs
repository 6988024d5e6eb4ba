//! Our core client reads every recorded answer of a core as the official SDK does: the same result, or an error.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use st_m2m::{
    Config, Error, JwksSource, JwtOptions, M2m,
    error::{CoreError, KeysError},
};
use st_m2m_tests::{
    recording::{Peer, Recording},
    report::report,
    transport::{Reply, Scripted},
};

use crate::own_and_further;

/// The CDI versions that this crate speaks, oldest first.
const SPOKEN: [&str; 9] = [
    "2.21", "3.0", "3.1", "4.0", "5.0", "5.1", "5.2", "5.3", "5.4",
];

/// A service whose core answers `recording` to every request. It asks with CDI `version`, or negotiates.
async fn service(recording: &Recording, version: Option<&str>) -> (M2m, Scripted) {
    let response = recording.response.clone();
    let network = Scripted::new(move |_| {
        let mut answer = http::Response::builder().status(response.status);
        for (name, value) in &response.headers {
            answer = answer.header(name, value);
        }
        let body = response.body.clone().unwrap_or_default();
        Reply::Answer(answer.body(body.into()).expect("an answer"))
    });
    let config = Config::builder()
        .connection_uri("http://127.0.0.1:3567")
        .api_domain("http://127.0.0.1:3001")
        .jwks(JwksSource::Core)
        .mint(false)
        .transport(network.shared());
    let config = match version {
        Some(version) => config.cdi_version(version),
        None => config,
    };
    let m2m = M2m::start(config.build().expect("a configuration"))
        .await
        .expect("verify-only");
    (m2m, network)
}

/// What the Node SDK makes of an answer to `POST /recipe/jwt`: the JWT, or an error
/// (`supertokens-node`, `querier.ts` and `recipe/jwt/recipeImplementation.ts`).
fn as_the_sdk_reads_it(recording: &Recording) -> Result<String, String> {
    let body = recording.response.body.clone().unwrap_or_default();
    if recording.response.status != 200 {
        return Err(format!(
            "SuperTokens core threw an error for a POST request to path: '/recipe/jwt' with status code: {} and message: {}",
            recording.response.status,
            body.trim()
        ));
    }
    let body: Value = serde_json::from_str(&body).expect("JSON");
    match body["status"].as_str() {
        Some("OK") => Ok(body["jwt"].as_str().expect("a JWT").to_owned()),
        _ => Err("UNSUPPORTED_ALGORITHM_ERROR".to_owned()),
    }
}

/// The newest version that a recorded answer to `/apiversion` lists and this crate speaks.
fn newest_common(recording: &Recording) -> Option<&'static str> {
    let body = recording.response.body.as_deref().unwrap_or_default();
    let body: Value = serde_json::from_str(body).expect("JSON");
    let listed = body["versions"].as_array().expect("versions");
    SPOKEN
        .into_iter()
        .rfind(|version| listed.iter().any(|it| it == version))
}

/// Every answer to `/recipe/jwt`, read as the SDK reads it. How many there were.
pub(crate) async fn check_minting(recordings: &[Recording]) -> usize {
    let mut count = 0;
    for recording in recordings.iter().filter(|it| {
        it.peer == Peer::Core && it.path().trim_end_matches('/').ends_with("/recipe/jwt")
    }) {
        count += 1;
        let (m2m, _) = service(recording, SPOKEN.last().copied()).await;
        let answer = m2m.create_jwt(&json!({}), JwtOptions::new()).await;
        match (as_the_sdk_reads_it(recording), answer) {
            (Ok(expected), Ok(jwt)) => assert_eq!(jwt, expected, "{}", recording.file.display()),
            (Err(expected), Err(Error::Core(error))) => match error {
                CoreError::ApiKeyRefused { .. } => {
                    assert_eq!(
                        recording.response.status,
                        401,
                        "{}",
                        recording.file.display()
                    );
                }
                CoreError::UnsupportedAlgorithm => {
                    assert_eq!(
                        expected,
                        "UNSUPPORTED_ALGORITHM_ERROR",
                        "{}",
                        recording.file.display()
                    );
                }
                // The SDK's text, and then which core it was. The page of the servlet container is cut.
                error => {
                    let start: String = expected.chars().take(350).collect();
                    let text = error.to_string();
                    assert!(
                        text.starts_with(&start),
                        "{}: {text}",
                        recording.file.display()
                    );
                    assert!(text.contains("(http://127.0.0.1:3567"), "{text}");
                }
            },
            (expected, answer) => {
                panic!("{}: {expected:?}, got {answer:?}", recording.file.display())
            }
        }
    }
    count
}

/// Every answer to `/apiversion`, negotiated with. The versions that were then used, by how often.
pub(crate) async fn check_negotiation(
    recordings: &[Recording],
) -> BTreeMap<Option<&'static str>, usize> {
    let mut used = BTreeMap::new();
    for recording in recordings
        .iter()
        .filter(|it| it.peer == Peer::Core && it.path().ends_with("/apiversion"))
    {
        let file = recording.file.display();
        let (m2m, network) = service(recording, None).await;
        let answer = m2m.create_jwt(&json!({}), JwtOptions::new()).await;
        let sent = network.sent();
        assert_eq!(sent[0].uri().path(), "/apiversion");
        assert!(!sent[0].headers().contains_key("cdi-version"));
        let expected = match recording.response.status {
            200 => newest_common(recording),
            _ => None,
        };
        *used.entry(expected).or_insert(0) += 1;
        if let Some(version) = expected {
            assert_eq!(sent[1].headers()["cdi-version"], version, "{file}");
            // The next answer is the list of versions again, which is no minted token.
            assert!(
                matches!(answer, Err(Error::Core(CoreError::Garbage { .. }))),
                "{file}: {answer:?}"
            );
        } else {
            let asked_on = sent.iter().any(|it| it.uri().path() != "/apiversion");
            assert!(!asked_on, "{file}");
            let refused = matches!(answer, Err(Error::Core(CoreError::ApiKeyRefused { .. })));
            assert_eq!(
                refused,
                recording.response.status == 401,
                "{file}: {answer:?}"
            );
            assert!(matches!(answer, Err(Error::Core(_))), "{file}: {answer:?}");
        }
    }
    used
}

/// Every answer of a key endpoint, read. How many there were.
pub(crate) async fn check_key_sets(recordings: &[Recording]) -> usize {
    let mut count = 0;
    for recording in recordings {
        let path = recording.path();
        let asks_for_keys = ["/jwks.json", "/jwt/jwks", "/jwks-recipe"]
            .iter()
            .any(|ending| path.ends_with(ending));
        if !asks_for_keys {
            continue;
        }
        // An answer without a body, such as one to HEAD, is none to us, who GET.
        if recording.response.status == 200 && recording.request.method != "GET" {
            continue;
        }
        count += 1;
        let file = recording.file.display();
        let (m2m, network) = service(recording, None).await;
        let keys = m2m.key_set().await;
        assert!(!network.sent()[0].headers().contains_key("api-key"));
        if recording.response.status == 200 {
            let keys = keys.unwrap_or_else(|error| panic!("{file}: {error}"));
            let body = recording.response.body.as_deref().unwrap_or_default();
            let body: Value = serde_json::from_str(body).expect("JSON");
            let published: Vec<_> = body["keys"]
                .as_array()
                .expect("keys")
                .iter()
                .map(|key| key["kid"].as_str().expect("a kid"))
                .collect();
            let read: Vec<_> = keys.iter().map(st_m2m::jwks::Jwk::key_id).collect();
            assert_eq!(read, published, "{file}");
            let fixed = published.iter().filter(|kid| !kid.starts_with("d-"));
            assert_eq!(keys.static_keys().count(), fixed.count(), "{file}");
            assert!(keys.skipped().is_empty(), "{file}");
        } else {
            let Err(Error::Keys(KeysError::Failed(cause))) = &keys else {
                panic!("{file}: {keys:?}");
            };
            assert!(matches!(**cause, KeysError::Core(_)), "{file}: {keys:?}");
        }
    }
    count
}

#[tokio::test]
async fn minting_reads_every_recorded_answer_as_the_sdk_does() {
    let (own, further) = own_and_further();
    let count = check_minting(&own).await;
    assert!(count > 50, "{count} found");
    let more = check_minting(&further).await;
    report(&format!("replayed {count} + {more} answers to /recipe/jwt"));
}

#[tokio::test]
async fn negotiation_picks_the_newest_common_version_of_every_recorded_list() {
    let (own, further) = own_and_further();
    let used = check_negotiation(&own).await;
    assert!(used.values().sum::<usize>() >= 4, "{used:?}");
    let more = check_negotiation(&further).await;
    report(&format!(
        "replayed answers to /apiversion; negotiated {used:?} + {more:?}"
    ));
}

#[tokio::test]
async fn keys_are_read_from_every_recorded_key_set() {
    let (own, further) = own_and_further();
    let count = check_key_sets(&own).await;
    assert!(count >= 10, "{count} found");
    let more = check_key_sets(&further).await;
    report(&format!("replayed {count} + {more} key sets"));
}
