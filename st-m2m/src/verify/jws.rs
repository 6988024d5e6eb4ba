//! The compact serialisation of a signed JWT (RFC 7515 §7.1), read strictly.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

use super::{Reason, TokenKind};
use crate::{jwks::is_key_id, supertokens::wire};

/// Longer tokens are refused unread.
pub(crate) const TOKEN_BYTES: usize = 8 * 1024;

/// The compact serialisation of any JWS, taken apart: header and payload may be no text.
#[derive(Debug)]
pub(super) struct Segments<'t> {
    /// Header and payload as they were signed.
    pub(super) signing_input: &'t [u8],
    pub(super) header: Vec<u8>,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// A token, taken apart but not verified.
#[derive(Debug)]
pub(super) struct Jws<'t> {
    /// Header and payload as they were signed.
    pub(super) signing_input: &'t [u8],
    /// JSON text.
    pub(super) header: String,
    /// JSON text.
    pub(super) payload: String,
    pub(super) signature: Vec<u8>,
}

/// The header members that matter. Others are ignored, as RFC 7515 §4 demands.
#[derive(Debug, Deserialize)]
pub(super) struct Header<'h> {
    #[serde(borrow, default, deserialize_with = "present")]
    alg: Option<&'h RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    typ: Option<&'h RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    kid: Option<&'h RawValue>,
    /// Only session tokens have it: the JWT recipe cannot set header members.
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) version: Option<&'h RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    crit: Option<&'h RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    b64: Option<&'h RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    cty: Option<&'h RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    jwk: Option<&'h RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    jku: Option<&'h RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    x5u: Option<&'h RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    x5c: Option<&'h RawValue>,
}

/// A member that is present, `null` included. serde's `Option` would take `null` for absent. That a member occurs
/// twice is an error of the derived code.
pub(super) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// A JSON object whose members are read into `T`. The derived code would take an array for a struct as well.
pub(super) fn object<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, serde_json::Error> {
    if text
        .trim_start_matches([' ', '\t', '\n', '\r'])
        .starts_with('{')
    {
        serde_json::from_str(text)
    } else {
        Err(serde_json::Error::custom("not an object"))
    }
}

impl<'t> Segments<'t> {
    /// Splits and decodes a token. Only canonical base64url without padding passes, so that a token has one
    /// spelling.
    pub(super) fn split(token: &'t str) -> Result<Self, Reason> {
        if token.len() > TOKEN_BYTES {
            return Err(Reason::TokenTooLong);
        }
        if TokenKind::is_old_session(token) {
            return Err(Reason::WrongKind(TokenKind::Session));
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Reason::MalformedToken)?;
        let (header, payload) = signing_input
            .split_once('.')
            .ok_or(Reason::MalformedToken)?;
        let decode = |segment: &str| {
            URL_SAFE_NO_PAD
                .decode(segment)
                .map_err(|_| Reason::MalformedToken)
        };
        Ok(Self {
            signing_input: signing_input.as_bytes(),
            header: decode(header)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }
}

impl<'t> Jws<'t> {
    /// Splits and decodes a token whose header and payload are text, as those of every JWT are.
    pub(super) fn split(token: &'t str) -> Result<Self, Reason> {
        let segments = Segments::split(token)?;
        let text = |bytes| String::from_utf8(bytes).map_err(|_| Reason::MalformedToken);
        Ok(Self {
            signing_input: segments.signing_input,
            header: text(segments.header)?,
            payload: text(segments.payload)?,
            signature: segments.signature,
        })
    }
}

impl<'h> Header<'h> {
    pub(super) fn read(text: &'h str) -> Result<Self, Reason> {
        object(text).map_err(|_| Reason::MalformedToken)
    }

    /// The rules that every kind of token shares, and the key id.
    pub(super) fn check(&self) -> Result<&'h str, Reason> {
        // The algorithm is ours, never the token's (RFC 8725 §3.1).
        if self.alg.and_then(plain_string) != Some(wire::ALGORITHM) {
            return Err(Reason::AlgorithmNotAccepted);
        }
        if self.typ.and_then(plain_string) != Some("JWT") {
            return Err(Reason::TypeNotAccepted);
        }
        // No extension is understood, so every `crit` is an error (RFC 7515 §4.1.11). A token that brings its own
        // key is an attack; the others change what was signed or what is inside.
        let odd = [
            self.crit, self.b64, self.cty, self.jwk, self.jku, self.x5u, self.x5c,
        ];
        if odd.iter().any(Option::is_some) {
            return Err(Reason::HeaderNotAccepted);
        }
        self.kid
            .and_then(plain_string)
            .filter(|kid| is_key_id(kid))
            .ok_or(Reason::KeyIdNotAccepted)
    }
}

/// A JSON string without escapes, which is how every core writes header members.
fn plain_string(raw: &RawValue) -> Option<&str> {
    serde_json::from_str(raw.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn only_three_canonical_segments_are_a_token() {
        let good = format!("{}.{}.{}", encode("{}"), encode("{}"), encode("s"));
        assert!(Jws::split(&good).is_ok());
        for bad in [
            String::new(),
            "a".to_owned(),
            "..".replace("..", "."),
            format!("{good}."),
            format!("{good}.{}", encode("x")),
            format!(".{good}"),
            format!("{good}="),
            format!("{good}=="),
            format!("{} .{}.{}", encode("{}"), encode("{}"), encode("s")),
            // "e31" decodes to the same bytes as the canonical "e30" in lenient decoders.
            format!("e31.{}.{}", encode("{}"), encode("s")),
            format!("{}.{}.cw+/", encode("{}"), encode("{}")),
            format!(
                "{}.{}.{}",
                URL_SAFE_NO_PAD.encode([0xff]),
                encode("{}"),
                encode("s")
            ),
        ] {
            assert_eq!(
                Jws::split(&bad).map(|_| ()),
                Err(Reason::MalformedToken),
                "{bad}"
            );
        }
        let long = "a".repeat(TOKEN_BYTES + 1);
        assert_eq!(Jws::split(&long).map(|_| ()), Err(Reason::TokenTooLong));
    }

    #[test]
    fn header_members_are_held_to_their_exact_values() {
        let check = |text: &str| Header::read(text).and_then(|it| it.check().map(str::to_owned));
        assert_eq!(
            check(r#"{"alg":"RS256","typ":"JWT","kid":"s-1","other":[1]}"#),
            Ok("s-1".to_owned())
        );
        for (text, reason) in [
            ("[]", Reason::MalformedToken),
            (r#"["RS256","JWT","s-1"]"#, Reason::MalformedToken),
            ("null", Reason::MalformedToken),
            (
                r#"{"alg":"RS256","alg":"none","typ":"JWT","kid":"s-1"}"#,
                Reason::MalformedToken,
            ),
            (
                r#"{"alg":"RS256","\u0061lg":"RS256","typ":"JWT","kid":"s-1"}"#,
                Reason::MalformedToken,
            ),
            (
                r#"{"alg":"RS256","typ":"JWT","kid":"s-1"} x"#,
                Reason::MalformedToken,
            ),
            (r#"{"typ":"JWT","kid":"s-1"}"#, Reason::AlgorithmNotAccepted),
            (
                r#"{"alg":"none","typ":"JWT","kid":"s-1"}"#,
                Reason::AlgorithmNotAccepted,
            ),
            (
                r#"{"alg":"HS256","typ":"JWT","kid":"s-1"}"#,
                Reason::AlgorithmNotAccepted,
            ),
            (
                r#"{"alg":"rs256","typ":"JWT","kid":"s-1"}"#,
                Reason::AlgorithmNotAccepted,
            ),
            (
                r#"{"alg":["RS256"],"typ":"JWT","kid":"s-1"}"#,
                Reason::AlgorithmNotAccepted,
            ),
            (r#"{"alg":"RS256","kid":"s-1"}"#, Reason::TypeNotAccepted),
            (
                r#"{"alg":"RS256","typ":"jwt","kid":"s-1"}"#,
                Reason::TypeNotAccepted,
            ),
            (
                r#"{"alg":"RS256","typ":"at+jwt","kid":"s-1"}"#,
                Reason::TypeNotAccepted,
            ),
            (
                r#"{"alg":"RS256","typ":null,"kid":"s-1"}"#,
                Reason::TypeNotAccepted,
            ),
            (
                r#"{"alg":"RS256","typ":"JWT","kid":"s-1","crit":null}"#,
                Reason::HeaderNotAccepted,
            ),
            (
                r#"{"alg":"RS256","typ":"JWT","kid":"s-1","crit":["b64"],"b64":false}"#,
                Reason::HeaderNotAccepted,
            ),
            (
                r#"{"alg":"RS256","typ":"JWT","kid":"s-1","cty":"JWT"}"#,
                Reason::HeaderNotAccepted,
            ),
            (
                r#"{"alg":"RS256","typ":"JWT","kid":"s-1","jwk":{}}"#,
                Reason::HeaderNotAccepted,
            ),
            (
                r#"{"alg":"RS256","typ":"JWT","kid":"s-1","jku":"https://evil.example"}"#,
                Reason::HeaderNotAccepted,
            ),
            (
                r#"{"alg":"RS256","typ":"JWT","kid":"s-1","x5u":"https://evil.example"}"#,
                Reason::HeaderNotAccepted,
            ),
            (
                r#"{"alg":"RS256","typ":"JWT","kid":"s-1","x5c":[]}"#,
                Reason::HeaderNotAccepted,
            ),
            (r#"{"alg":"RS256","typ":"JWT"}"#, Reason::KeyIdNotAccepted),
            (
                r#"{"alg":"RS256","typ":"JWT","kid":""}"#,
                Reason::KeyIdNotAccepted,
            ),
            (
                r#"{"alg":"RS256","typ":"JWT","kid":7}"#,
                Reason::KeyIdNotAccepted,
            ),
            (
                r#"{"alg":"RS256","typ":"JWT","kid":"../../etc/passwd"}"#,
                Reason::KeyIdNotAccepted,
            ),
        ] {
            assert_eq!(check(text), Err(reason), "{text}");
        }
    }
}
