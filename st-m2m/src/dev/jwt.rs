//! `POST /recipe/jwt`: mints a JWT.

use super::{
    Error,
    cdi::CdiVersion,
    json::{Json, Object},
    keys::KeySet,
    reply::Refusal,
    request::Fields,
};
use crate::supertokens::wire;

/// Answers a request to mint at `now`, in milliseconds since the Unix epoch. The checks come in the core's order.
pub(super) fn mint(
    fields: &Fields,
    version: &CdiVersion,
    app_specific: Result<(), Refusal>,
    keys: &KeySet,
    now: u64,
) -> Result<Object, Refusal> {
    let algorithm = fields.string("algorithm")?;
    let domain = fields.string("jwksDomain")?;
    let payload = fields.object("payload")?;
    let validity = fields.long("validity")?;
    if validity <= 0 {
        return Err(Refusal::bad_request(
            "validity must be greater than or equal to 0",
        ));
    }
    // Older versions always sign with the static key (recorded: `jwt_ok_cdi_2_20_dynamic_ignored`).
    let use_static_key = !version.is_at_least(2, 21)
        || fields
            .optional_boolean("useStaticSigningKey")?
            .unwrap_or(true);
    app_specific?;
    if !algorithm.eq_ignore_ascii_case(wire::ALGORITHM) {
        return Ok(Object::new().with("status", "UNSUPPORTED_ALGORITHM_ERROR"));
    }

    let key = if use_static_key {
        keys.static_key()
    } else {
        keys.dynamic_key()
    };
    let header = Object::new()
        .with("kid", key.kid())
        .with("typ", "JWT")
        .with("alg", wire::ALGORITHM);
    let jwt = key
        .jws(
            &header.to_string(),
            &claims(payload, domain, validity, now).to_string(),
        )
        .map_err(|error: Error| Refusal::failure(error.to_string()))?;
    Ok(Object::new().with("status", "OK").with("jwt", jwt))
}

/// The generated claims, overwritten by the caller's, whatever type these have (recorded:
/// `jwt_ok_payload_reserved_*`).
fn claims(payload: &Object, domain: &str, validity: i64, now: u64) -> Object {
    // Java counts in milliseconds and lets a long overflow: i64::MAX gives a token that has expired.
    let now = now.cast_signed();
    let expires_at = now.wrapping_add(validity.wrapping_mul(1000));
    let mut claims = Object::new()
        .with("iat", now / 1000)
        .with("exp", expires_at / 1000)
        .with("iss", domain);
    for (name, value) in payload.iter() {
        claims.set(name, normal(value));
    }
    claims
}

/// Numbers as java-jwt writes them: integers as they are, others in their shortest form.
fn normal(value: &Json) -> Json {
    match value {
        Json::Number(text) if text.parse::<i64>().is_err() => {
            let shortest = text
                .parse()
                .ok()
                .and_then(serde_json::Number::from_f64)
                .map_or_else(|| text.clone(), |number| number.to_string());
            Json::Number(shortest)
        }
        Json::Array(items) => Json::Array(items.iter().map(normal).collect()),
        Json::Object(members) => {
            let mut object = Object::new();
            for (name, member) in members.iter() {
                object.set(name, normal(member));
            }
            Json::Object(object)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(text: &str) -> Object {
        match Json::parse(text) {
            Ok(Json::Object(object)) => object,
            other => panic!("no object: {other:?}"),
        }
    }

    #[test]
    fn the_callers_claims_win_in_place() {
        let claims = claims(
            &payload(r#"{"a":1.50,"iss":null,"exp":"x","b":[2.0,1e2]}"#),
            "d",
            60,
            5_999,
        );
        assert_eq!(
            claims.to_string(),
            r#"{"iat":5,"exp":"x","iss":null,"a":1.5,"b":[2.0,100.0]}"#
        );
    }

    #[test]
    fn an_overflowing_validity_gives_an_expired_token() {
        let now = 1_795_440_860_000;
        let claims = claims(&Object::new(), "d", i64::MAX, now);
        assert_eq!(
            claims.to_string(),
            r#"{"iat":1795440860,"exp":1795440859,"iss":"d"}"#
        );
    }
}
