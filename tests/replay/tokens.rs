//! Every recorded JWT, verified at its recorded time with the recorded keys and its recorded issuer accepted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value, json};
use st_m2m::{Config, JwksSource, M2m, Reason, TokenKind, clock::ManualClock};
use st_m2m_tests::{
    recording::{self, Recording, Token},
    report::report,
    verdict::{caller, verdict},
};

/// The tokens of `/recipe/jwt` that are no service's token, and why. All others are.
const REFUSED: [(&str, Reason); 8] = [
    // The caller asked for claims without `source`.
    (
        "jwt_ok_payload_aud_array",
        Reason::WrongKind(TokenKind::Other),
    ),
    ("jwt_ok_payload_empty", Reason::WrongKind(TokenKind::Other)),
    (
        "jwt_ok_payload_nested_types",
        Reason::WrongKind(TokenKind::Other),
    ),
    (
        "jwt_ok_payload_reserved_exp_string",
        Reason::WrongKind(TokenKind::Other),
    ),
    (
        "jwt_ok_payload_reserved_iss_exp_iat",
        Reason::WrongKind(TokenKind::Other),
    ),
    (
        "jwt_ok_payload_reserved_iss_null",
        Reason::WrongKind(TokenKind::Other),
    ),
    (
        "jwt_ok_payload_reserved_iss_number",
        Reason::WrongKind(TokenKind::Other),
    ),
    // The caller asked for the claims of a session.
    (
        "m2m_create_session_like_payload",
        Reason::WrongKind(TokenKind::Session),
    ),
];

/// Protocol rules, told from the recorder's reading of the token rather than from ours.
fn expected(recording: &Recording, token: &Token) -> Result<(), Reason> {
    let session = token.header.contains_key("version")
        || ["sessionHandle", "refreshTokenHash1"]
            .iter()
            .any(|it| token.payload.contains_key(*it));
    if session {
        return Err(Reason::WrongKind(TokenKind::Session));
    }
    if token.payload.get("source") != Some(&json!("microservice")) {
        return Err(Reason::WrongKind(TokenKind::Other));
    }
    let expires_at = token.payload["exp"].as_u64().expect("an expiry");
    if (expires_at + 5) * 1000 <= recording.meta.recorded_at_ms {
        return Err(Reason::Expired);
    }
    Ok(())
}

/// Any service, with every key that a recorded instance published.
async fn verifier(issuer: &str, at: u64) -> M2m {
    let keys: Vec<Value> = recording::published_keys()
        .values()
        .flat_map(|set| set["keys"].as_array().cloned().unwrap_or_default())
        .collect();
    let config = Config::builder()
        .api_domain("https://api.example.com")
        .issuers([issuer])
        .jwks(JwksSource::Document(json!({ "keys": keys }).to_string()))
        .clock(Arc::new(ManualClock::at_unix_millis(at)))
        .build()
        .expect("a configuration");
    M2m::start(config).await.expect("verify-only")
}

#[tokio::test]
async fn services_are_accepted_and_everything_else_is_refused_for_its_reason() {
    let mut checked = BTreeSet::new();
    let mut minted = 0;
    let mut refused_by_name = 0;
    let mut tally = BTreeMap::new();
    for recording in recording::load() {
        let tokens = recording.response_tokens.iter().map(|it| (it, true));
        let tokens = tokens.chain(recording.request_tokens.iter().map(|it| (it, false)));
        for (token, answered) in tokens {
            let at_mint = answered
                && ["/recipe/jwt", "/m2m"]
                    .iter()
                    .any(|it| recording.path().trim_end_matches('/').ends_with(it));
            minted += usize::from(at_mint);
            let issuer = token
                .payload
                .get("iss")
                .and_then(Value::as_str)
                .unwrap_or("");
            let m2m = verifier(issuer, recording.meta.recorded_at_ms).await;
            let verdict = caller(&m2m, &token.token).await;

            let by_name = REFUSED
                .iter()
                .find(|(name, _)| at_mint && *name == recording.name);
            let by_rule = expected(&recording, token);
            if let Some((name, reason)) = by_name {
                assert_eq!(by_rule, Err(*reason), "{name}");
                refused_by_name += 1;
            }
            match (&verdict, by_rule) {
                (Ok(caller), Ok(())) => {
                    assert_eq!(caller.issuer(), issuer);
                    assert_eq!(caller.kind(), TokenKind::Service);
                    let claims: Value = caller.claims().expect("claims");
                    assert_eq!(
                        claims,
                        Value::Object(token.payload.clone()),
                        "{}",
                        recording.name
                    );
                }
                (Err(reason), Err(expected)) => assert_eq!(*reason, expected, "{}", recording.name),
                (verdict, expected) => {
                    panic!("{}: {verdict:?}, expected {expected:?}", recording.name)
                }
            }
            let outcome = verdict.map_or_else(Reason::as_str, |_| "accepted");
            *tally.entry(outcome).or_insert(0) += 1;
            checked.insert(token.token.clone());
        }
    }
    report(&format!(
        "{} different tokens in {tally:?}; {minted} minted by /recipe/jwt",
        checked.len()
    ));
    assert!(
        refused_by_name >= REFUSED.len(),
        "a row of the table was not met"
    );
    assert!(minted >= 33, "{minted} minted tokens found");
    assert!(tally["accepted"] >= 26, "{tally:?}");
    assert!(tally["wrong_kind_session"] > 50, "{tally:?}");
}

/// A byte of the signature, of the claims or of the header: each is noticed.
#[tokio::test]
async fn a_recorded_token_with_one_byte_changed_is_refused() {
    let recordings = recording::load();
    let recording = recordings
        .iter()
        .find(|it| it.name == "m2m_create_default")
        .expect("recorded");
    let token = &recording.response_tokens[0].token;
    let m2m = verifier("http://127.0.0.1:3001", recording.meta.recorded_at_ms).await;
    assert!(verdict(&m2m, token).await.is_ok());
    for position in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[position] = if changed[position] == b'A' {
            b'B'
        } else {
            b'A'
        };
        let changed = String::from_utf8(changed).expect("ASCII");
        assert!(verdict(&m2m, &changed).await.is_err(), "byte {position}");
    }
}
