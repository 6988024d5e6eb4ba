//! JWTs, made and taken apart without the code under test.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use st_m2m::{SigningKey, dev::DevCore};

use crate::still::NOW;

/// The issuer of [`claims`].
pub const ISSUER: &str = "https://api.example.com";

/// The header of a good service's token, but for its `kid`.
#[must_use]
pub fn header() -> Value {
    json!({"typ": "JWT", "alg": "RS256"})
}

/// The claims of a good service's token.
#[must_use]
pub fn claims() -> Value {
    json!({"iat": NOW, "exp": NOW + 3600, "iss": ISSUER, "source": "microservice", "sub": "orders"})
}

/// Signs with a key of `core`, whose `kid` a header without one gets.
///
/// # Panics
///
/// When header or claims are no object.
#[must_use]
pub fn sign(core: &DevCore, key: SigningKey, header: &Value, claims: &Value) -> String {
    core.sign(key, object(header), object(claims))
        .expect("signed")
}

/// A token of these texts, with a signature that no key made.
#[must_use]
pub fn unsigned(header: &str, payload: &str) -> String {
    let [header, payload, signature] =
        [header, payload, "signature"].map(|text| URL_SAFE_NO_PAD.encode(text));
    format!("{header}.{payload}.{signature}")
}

/// Header and payload.
///
/// # Panics
///
/// When `token` is no JWT.
#[must_use]
pub fn decode(token: &str) -> (Value, Value) {
    let segments: Vec<_> = token.split('.').collect();
    let [header, payload, _] = segments[..] else {
        panic!("no JWT: {token}")
    };
    let json = |segment| {
        let text = URL_SAFE_NO_PAD.decode(segment).expect("base64url");
        serde_json::from_slice(&text).expect("JSON")
    };
    (json(header), json(payload))
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}
