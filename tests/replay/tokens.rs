//! Every recorded JWT, verified at its recorded time with the recorded keys and its recorded issuer accepted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Map, Value, json};
use st_m2m::{Config, JwksSource, M2m, Reason, TokenKind, clock::ManualClock};
use st_m2m_tests::{
    recording::{self, PublishedKeys, Recording, Token},
    report::report,
    verdict::{caller, verdict},
};

use crate::{normal::is_signed_by, own_and_further};

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

/// Claims of which a session has at least one. Present is present, whatever the value.
const SESSION_CLAIMS: [&str; 7] = [
    "sessionHandle",
    "refreshTokenHash1",
    "parentRefreshTokenHash1",
    "antiCsrfToken",
    "rsub",
    "tId",
    "userData",
];

/// Seconds by which clocks may differ, unless configured.
const LEEWAY: u64 = 5;

/// The rules of a service's token, told from the recorder's reading of `token` rather than from ours, at `now` in
/// seconds. Empty when it is one; else the reasons of which one must be given: what a token of this form, kind or
/// content breaks first, and all of that when it is several.
fn expected(token: &Token, keys: &[Value], now: u64) -> Vec<Reason> {
    if token.token.len() > 8 * 1024 {
        return vec![Reason::TokenTooLong];
    }
    if !token.token.is_ascii() || token.token.split('.').count() != 3 || token.token.contains('=') {
        // Sessions of versions 1 and 2 have padding and are known by their header.
        let version = token.header.get("version").and_then(Value::as_str);
        return vec![match version {
            Some("1" | "2") => Reason::WrongKind(TokenKind::Session),
            _ => Reason::MalformedToken,
        }];
    }
    let mut reasons = header_reasons(&token.header);
    reasons.extend(kind_reason(token));
    if reasons.is_empty() {
        reasons = claim_reasons(&token.payload, now);
    }
    if reasons.is_empty() {
        let named: Vec<_> = keys
            .iter()
            .filter(|key| key.get("kid") == token.header.get("kid"))
            .collect();
        if named.is_empty() {
            reasons.push(Reason::UnknownKey);
        } else if !named.iter().any(|key| is_signed_by(&token.token, key)) {
            reasons.push(Reason::BadSignature);
        }
    }
    reasons
}

fn header_reasons(header: &Map<String, Value>) -> Vec<Reason> {
    let is = |name: &str, value: &str| header.get(name).and_then(Value::as_str) == Some(value);
    let kid = header.get("kid").and_then(Value::as_str).unwrap_or("");
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"._:-".contains(&it);
    let rules = [
        (is("alg", "RS256"), Reason::AlgorithmNotAccepted),
        (is("typ", "JWT"), Reason::TypeNotAccepted),
        (
            !["crit", "b64", "cty", "jwk", "jku", "x5u", "x5c"]
                .iter()
                .any(|it| header.contains_key(*it)),
            Reason::HeaderNotAccepted,
        ),
        (
            (1..=128).contains(&kid.len()) && kid.bytes().all(plain),
            Reason::KeyIdNotAccepted,
        ),
    ];
    broken(&rules)
}

fn kind_reason(token: &Token) -> Option<Reason> {
    let has = |name: &&str| token.payload.contains_key(*name);
    let kind = if token.header.contains_key("version") || SESSION_CLAIMS.iter().any(has) {
        TokenKind::Session
    } else {
        match token.payload.get("stt") {
            Some(stt) if *stt == json!(1) => TokenKind::OAuth2Access,
            Some(stt) if *stt == json!(2) => TokenKind::Id,
            None if has(&"source") => return None,
            _ => TokenKind::Other,
        }
    };
    Some(Reason::WrongKind(kind))
}

fn claim_reasons(claims: &Map<String, Value>, now: u64) -> Vec<Reason> {
    let date = |name: &str| claims.get(name).and_then(seconds);
    let (expiry, issue, start) = (date("exp"), date("iat"), date("nbf"));
    let is_string = |name: &str| claims.get(name).is_none_or(Value::is_string);
    let are_strings = |name: &str| {
        let list = claims.get(name).map(Value::as_array);
        list.is_none_or(|it| it.is_some_and(|list| list.iter().all(Value::is_string)))
    };
    let rules = [
        (
            claims.get("source") == Some(&json!("microservice")),
            Reason::SourceNotAccepted,
        ),
        // The verifier accepts whichever issuer was recorded.
        (
            claims.get("iss").is_some_and(Value::is_string),
            Reason::IssuerMissing,
        ),
        (expiry.is_some(), Reason::ExpiryMissing),
        (issue.is_some(), Reason::IssuedAtMissing),
        (
            start.is_some() || !claims.contains_key("nbf"),
            Reason::NotBeforeMalformed,
        ),
        (
            expiry
                .zip(issue)
                .is_none_or(|(expiry, issue)| expiry > issue),
            Reason::ExpiryNotAfterIssue,
        ),
        (
            expiry.is_none_or(|expiry| expiry + LEEWAY > now),
            Reason::Expired,
        ),
        (
            issue.is_none_or(|issue| issue <= now + LEEWAY),
            Reason::IssuedInTheFuture,
        ),
        (
            start.is_none_or(|start| start <= now + LEEWAY),
            Reason::NotYetValid,
        ),
        (
            is_string("sub")
                && (is_string("aud") || are_strings("aud"))
                && is_string("scope")
                && are_strings("scp"),
            Reason::ClaimMalformed,
        ),
    ];
    broken(&rules)
}

fn broken(rules: &[(bool, Reason)]) -> Vec<Reason> {
    let broken = rules.iter().filter(|(kept, _)| !kept);
    broken.map(|(_, reason)| *reason).collect()
}

/// A date: a number from 0 to 2^53 - 1, whose fraction is dropped.
fn seconds(value: &Value) -> Option<u64> {
    let seconds = if let Some(whole) = value.as_u64() {
        whole
    } else {
        let number = value.as_f64().filter(|it| it.is_sign_positive())?;
        format!("{:.0}", number.trunc()).parse().ok()?
    };
    (seconds < 1 << 53).then_some(seconds)
}

/// The keys that may have made `recording`'s tokens: those of its own folder, one of each id. If several instances
/// share an id, its own instance's; an application's recording does not tell the instance, so there it is the one
/// that made `token`'s signature, if any.
fn keys_for(recording: &Recording, token: &Token, published: &PublishedKeys) -> Vec<Value> {
    let of_instance = |name: &str| {
        let name = name.split([' ', ',']).next();
        name.is_some() && name == recording.instance()
    };
    let mut candidates: Vec<(bool, &Value)> = published
        .iter()
        .filter(|((folder, _), _)| *folder == recording.folder)
        .flat_map(|((_, name), jwks)| {
            let keys = jwks["keys"].as_array().into_iter().flatten();
            keys.map(move |key| (of_instance(name), key))
        })
        .collect();
    candidates.sort_by_key(|(own, key)| {
        let made_it = || {
            let named = key.get("kid") == token.header.get("kid");
            recording.instance().is_none() && named && is_signed_by(&token.token, key)
        };
        !(*own || made_it())
    });
    let mut keys: Vec<Value> = Vec::new();
    for (_, key) in candidates {
        if !keys.iter().any(|known| known["kid"] == key["kid"]) {
            keys.push(key.clone());
        }
    }
    keys
}

/// Any service, with these keys.
async fn verifier(issuer: &str, keys: &[Value], at: u64) -> M2m {
    let config = Config::builder()
        .api_domain("https://api.example.com")
        .issuers([issuer])
        .jwks(JwksSource::Document(json!({ "keys": keys }).to_string()))
        .clock(Arc::new(ManualClock::at_unix_millis(at)))
        .build()
        .expect("a configuration");
    M2m::start(config).await.expect("verify-only")
}

/// Whether a token of `recording`'s answer was minted by it.
fn mints(recording: &Recording) -> bool {
    let path = recording.path().trim_end_matches('/');
    ["/recipe/jwt", "/m2m"].iter().any(|it| path.ends_with(it))
}

/// What came of verifying all tokens.
#[derive(Debug, Default)]
pub(crate) struct Verified {
    pub(crate) different: BTreeSet<String>,
    pub(crate) minted: usize,
    /// Rows of [`REFUSED`] that were met.
    refused_by_name: usize,
    pub(crate) tally: BTreeMap<&'static str, usize>,
}

/// Verifies every token of every recording, each with the keys of the recording's folder.
pub(crate) async fn check(recordings: &[Recording]) -> Verified {
    let published = recording::published_keys(recordings);
    let mut outcome = Verified::default();
    for recording in recordings {
        let file = recording.file.display();
        let tokens = recording.response_tokens.iter().map(|it| (it, true));
        let tokens = tokens.chain(recording.request_tokens.iter().map(|it| (it, false)));
        for (token, answered) in tokens {
            let at_mint = answered && mints(recording);
            outcome.minted += usize::from(at_mint);
            let issuer = token.payload.get("iss").and_then(Value::as_str);
            let issuer = issuer.unwrap_or("");
            let at = recording.meta.recorded_at_ms;
            let keys = keys_for(recording, token, &published);
            let m2m = verifier(issuer, &keys, at).await;
            let verdict = caller(&m2m, &token.token).await;

            let by_rule = expected(token, &keys, at / 1000);
            let by_name = REFUSED
                .iter()
                .find(|(name, _)| at_mint && recording.is_own() && *name == recording.name);
            if let Some((name, reason)) = by_name {
                assert_eq!(by_rule, [*reason], "{name}");
                outcome.refused_by_name += 1;
            }
            match &verdict {
                Ok(caller) => {
                    assert!(by_rule.is_empty(), "{file}: accepted, not {by_rule:?}");
                    assert_eq!(caller.issuer(), issuer);
                    assert_eq!(caller.kind(), TokenKind::Service);
                    let claims: Value = caller.claims().expect("claims");
                    assert_eq!(claims, Value::Object(token.payload.clone()), "{file}");
                }
                Err(reason) => {
                    assert!(
                        by_rule.contains(reason),
                        "{file}: {reason:?}, not {by_rule:?}"
                    );
                    // No recording of ours breaks several rules at once.
                    assert!(
                        !recording.is_own() || by_rule.len() == 1,
                        "{file}: {by_rule:?}"
                    );
                }
            }
            let outcome_name = verdict.map_or_else(Reason::as_str, |_| "accepted");
            *outcome.tally.entry(outcome_name).or_insert(0) += 1;
            outcome.different.insert(token.token.clone());
        }
    }
    outcome
}

#[tokio::test]
async fn services_are_accepted_and_everything_else_is_refused_for_its_reason() {
    let (own, further) = own_and_further();
    let outcome = check(&own).await;
    let tell = |outcome: &Verified| {
        report(&format!(
            "{} different tokens in {:?}; {} minted by /recipe/jwt",
            outcome.different.len(),
            outcome.tally,
            outcome.minted
        ));
    };
    tell(&outcome);
    assert!(
        outcome.refused_by_name >= REFUSED.len(),
        "a row of the table was not met"
    );
    assert!(outcome.minted >= 33, "{} minted", outcome.minted);
    let tally = &outcome.tally;
    assert!(tally["accepted"] >= 26, "{tally:?}");
    assert!(tally["wrong_kind_session"] > 50, "{tally:?}");
    if !further.is_empty() {
        tell(&check(&further).await);
    }
}

/// A byte of the signature, of the claims or of the header: each is noticed.
#[tokio::test]
async fn a_recorded_token_with_one_byte_changed_is_refused() {
    let (own, _) = own_and_further();
    let published = recording::published_keys(&own);
    let recording = own
        .iter()
        .find(|it| it.name == "m2m_create_default")
        .expect("recorded");
    let token = &recording.response_tokens[0];
    let keys = keys_for(recording, token, &published);
    let at = recording.meta.recorded_at_ms;
    let m2m = verifier("http://127.0.0.1:3001", &keys, at).await;
    let token = &token.token;
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
