//! Our core client reads every recorded answer of a core as the official SDK does: the same result, or an error.

use serde_json::{Value, json};
use st_m2m::{
    Config, Error, JwksSource, JwtOptions, M2m,
    error::{CoreError, KeysError},
};
use st_m2m_tests::{
    recording::{self, Peer, Recording},
    report::report,
    transport::{Reply, Scripted},
};

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

fn of_a_core(what: impl Fn(&Recording) -> bool) -> Vec<Recording> {
    let all = recording::load().into_iter();
    all.filter(|it| it.peer == Peer::Core && what(it)).collect()
}

#[tokio::test]
async fn minting_reads_every_recorded_answer_as_the_sdk_does() {
    let recordings = of_a_core(|it| it.path().trim_end_matches('/').ends_with("/recipe/jwt"));
    assert!(recordings.len() > 50, "{} found", recordings.len());
    for recording in &recordings {
        let (m2m, _) = service(recording, Some("5.4")).await;
        let answer = m2m.create_jwt(&json!({}), JwtOptions::new()).await;
        match (as_the_sdk_reads_it(recording), answer) {
            (Ok(expected), Ok(jwt)) => assert_eq!(jwt, expected, "{}", recording.name),
            (Err(expected), Err(Error::Core(error))) => match error {
                CoreError::ApiKeyRefused { .. } => {
                    assert_eq!(recording.response.status, 401, "{}", recording.name);
                }
                CoreError::UnsupportedAlgorithm => {
                    assert_eq!(
                        expected, "UNSUPPORTED_ALGORITHM_ERROR",
                        "{}",
                        recording.name
                    );
                }
                // The SDK's text, and then which core it was. The page of the servlet container is cut.
                error => {
                    let start: String = expected.chars().take(350).collect();
                    let text = error.to_string();
                    assert!(text.starts_with(&start), "{}: {text}", recording.name);
                    assert!(text.contains("(http://127.0.0.1:3567"), "{text}");
                }
            },
            (expected, answer) => panic!("{}: {expected:?}, got {answer:?}", recording.name),
        }
    }
    report(&format!(
        "replayed {} answers to /recipe/jwt",
        recordings.len()
    ));
}

#[tokio::test]
async fn negotiation_picks_the_newest_common_version_of_every_recorded_list() {
    let recordings = of_a_core(|it| it.path().ends_with("/apiversion"));
    assert!(recordings.len() >= 4, "{} found", recordings.len());
    for recording in &recordings {
        let (m2m, network) = service(recording, None).await;
        let answer = m2m.create_jwt(&json!({}), JwtOptions::new()).await;
        let sent = network.sent();
        assert_eq!(sent[0].uri().path(), "/apiversion");
        assert!(!sent[0].headers().contains_key("cdi-version"));
        if recording.response.status == 200 {
            assert_eq!(
                sent[1].headers()["cdi-version"],
                "5.4",
                "{}",
                recording.name
            );
            // The next answer is the list of versions again, which is no minted token.
            assert!(
                matches!(answer, Err(Error::Core(CoreError::Garbage { .. }))),
                "{answer:?}"
            );
        } else {
            assert_eq!(sent.len(), 1, "{}", recording.name);
            assert!(
                matches!(answer, Err(Error::Core(CoreError::ApiKeyRefused { .. }))),
                "{}: {answer:?}",
                recording.name
            );
        }
    }
    report(&format!(
        "replayed {} answers to /apiversion",
        recordings.len()
    ));
}

#[tokio::test]
async fn keys_are_read_from_every_recorded_key_set() {
    let recordings: Vec<_> = recording::load()
        .into_iter()
        .filter(|it| {
            let path = it.path();
            path.ends_with("/jwks.json")
                || path.ends_with("/jwt/jwks")
                || path.ends_with("/jwks-recipe")
        })
        .collect();
    assert!(recordings.len() >= 10, "{} found", recordings.len());
    for recording in &recordings {
        let (m2m, network) = service(recording, None).await;
        let keys = m2m.key_set().await;
        assert!(!network.sent()[0].headers().contains_key("api-key"));
        if recording.response.status == 200 {
            let keys = keys.unwrap_or_else(|error| panic!("{}: {error}", recording.name));
            let body: Value =
                serde_json::from_str(recording.response.body.as_deref().unwrap_or_default())
                    .expect("JSON");
            let published: Vec<_> = body["keys"]
                .as_array()
                .expect("keys")
                .iter()
                .map(|key| key["kid"].as_str().expect("a kid"))
                .collect();
            let read: Vec<_> = keys.iter().map(st_m2m::jwks::Jwk::key_id).collect();
            assert_eq!(read, published, "{}", recording.name);
            assert_eq!(keys.static_keys().count(), 1, "{}", recording.name);
            assert!(keys.skipped().is_empty(), "{}", recording.name);
        } else {
            assert!(
                matches!(keys, Err(Error::Keys(KeysError::Core(_)))),
                "{}: {keys:?}",
                recording.name
            );
        }
    }
    report(&format!("replayed {} key sets", recordings.len()));
}
