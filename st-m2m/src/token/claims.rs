//! Which claims may be minted.
//!
//! The core merges the caller's claims over its own: a stray `exp`, `iss` or `sessionHandle` changes what the token
//! is (`supertokens-core`, `jwt/JWTSigningFunctions.java`; recorded: `jwt_ok_payload_reserved_iss_exp_iat`). So the
//! names with a meaning are reserved.

use serde_json::{Map, Value};

use crate::{error::ClaimsError, supertokens::wire};

/// Claims that the core generates.
const GENERATED: &[(&str, &str)] = &[
    ("iss", "it is always `api_domain`"),
    ("iat", "the core sets it"),
    ("exp", "set the validity instead"),
];

/// Claims, beside those of [`wire::SESSION_CLAIMS`], that would make the token a session or an `OAuth2` token.
const OTHER_KINDS: [&str; 2] = ["userId", "stt"];

/// Claims of this service's own token that have a configuration key, or none on purpose.
const OWN: &[(&str, &str)] = &[
    ("sub", "set `service` instead"),
    ("scope", "set `scopes` instead"),
    ("scp", "set `scopes` instead"),
    ("source", "it is always `microservice`"),
    (
        "aud",
        "some receivers, those built on PyJWT among them, refuse a token with an audience they do not check",
    ),
    ("nbf", "a service's token is valid at once"),
    ("jti", "a service's token is used many times"),
];

/// The configured claims of this service's own token.
pub(crate) fn own_claims(claims: Value) -> Result<Map<String, Value>, ClaimsError> {
    let claims = requested_claims(claims)?;
    refuse(&claims, OWN)?;
    Ok(claims)
}

/// Claims of a further token, which may have a subject, an audience and a source of its own.
pub(crate) fn requested_claims(claims: Value) -> Result<Map<String, Value>, ClaimsError> {
    let claims = match claims {
        Value::Object(claims) => claims,
        Value::Null => Map::new(),
        other => return Err(ClaimsError::NotAnObject(format!("got {}", name_of(&other)))),
    };
    refuse(&claims, GENERATED)?;
    for name in wire::SESSION_CLAIMS.iter().chain(&OTHER_KINDS) {
        if claims.contains_key(*name) {
            return Err(ClaimsError::Reserved {
                name: (*name).to_owned(),
                instead: "it would make the token a session or an OAuth2 token",
            });
        }
    }
    for (name, value) in &claims {
        if !is_signable(value) {
            return Err(ClaimsError::IntegerTooLarge(name.clone()));
        }
    }
    Ok(claims)
}

fn refuse(
    claims: &Map<String, Value>,
    reserved: &[(&str, &'static str)],
) -> Result<(), ClaimsError> {
    match reserved.iter().find(|(name, _)| claims.contains_key(*name)) {
        Some((name, instead)) => Err(ClaimsError::Reserved {
            name: (*name).to_owned(),
            instead,
        }),
        None => Ok(()),
    }
}

/// Whether the core can sign the value: no integer above `i64::MAX`.
fn is_signable(value: &Value) -> bool {
    match value {
        // As text, since a number may be longer than any integer type where `arbitrary_precision` is on.
        Value::Number(number) => {
            let text = number.to_string();
            text.contains(['.', 'e', 'E']) || text.parse::<i64>().is_ok()
        }
        Value::Array(values) => values.iter().all(is_signable),
        Value::Object(members) => members.values().all(is_signable),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_claim_with_a_meaning_is_reserved() {
        for (name, _) in GENERATED.iter().chain(OWN) {
            assert!(own_claims(json!({ *name: null })).is_err(), "{name}");
        }
        for name in wire::SESSION_CLAIMS.iter().chain(&OTHER_KINDS) {
            assert!(own_claims(json!({ *name: null })).is_err(), "{name}");
            assert!(requested_claims(json!({ *name: 1 })).is_err(), "{name}");
        }
        assert!(
            requested_claims(json!({"sub": "a", "aud": "b", "source": "microservice"})).is_ok()
        );
        assert!(requested_claims(json!({"exp": 1})).is_err());
    }

    #[test]
    fn integers_that_the_core_cannot_sign_are_found_at_any_depth() {
        assert!(own_claims(json!({"n": i64::MAX, "m": -1, "f": 1.5})).is_ok());
        assert!(own_claims(json!({"deep": [{"n": u64::MAX}]})).is_err());
        assert!(own_claims(json!([])).is_err());
        assert_eq!(own_claims(json!(null)), Ok(Map::new()));
    }
}
