//! The compact serialisation of a signed JWT (RFC 7515 §7.1), read strictly.

use std::{borrow::Cow, fmt};

use base64::{Engine, decoded_len_estimate, engine::general_purpose::NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Reason, TokenKind};
use crate::{jwks::is_key_id, supertokens::wire};

/// Longer tokens are refused unread.
pub(crate) const TOKEN_BYTES: usize = 8 * 1024;
/// A header with more members is refused: each is compared with all before it. Cores write three or four.
const MEMBERS: usize = 32;

/// The compact serialisation of any JWS, taken apart: header and payload need not be text.
#[derive(Debug)]
pub(super) struct Segments<'t> {
    /// Header and payload as they were signed.
    pub(super) signing_input: &'t [u8],
    pub(super) signature: Vec<u8>,
    /// The payload, then the header: one allocation instead of two, of which the payload is kept.
    bytes: Vec<u8>,
    /// Where in `bytes` the header begins.
    header_start: usize,
}

/// A token, taken apart but not verified.
#[derive(Debug)]
pub(crate) struct Jws<'t> {
    /// Header and payload as they were signed.
    pub(crate) signing_input: &'t [u8],
    pub(crate) signature: Vec<u8>,
    /// The payload, then the header.
    text: String,
    /// Where in `text` the header begins.
    header_start: usize,
}

/// The header members that matter. Others are ignored, as RFC 7515 §4 demands, but no member may occur twice.
#[derive(Debug, Default)]
pub(crate) struct Header<'h> {
    alg: Option<&'h RawValue>,
    typ: Option<&'h RawValue>,
    kid: Option<&'h RawValue>,
    /// Only session tokens have it: the JWT recipe cannot set header members.
    pub(crate) version: Option<&'h RawValue>,
    /// A member that changes what was signed, what is inside, or which key is meant.
    odd: Option<IgnoredAny>,
}

/// A member that is present, `null` included: as its text, or as [`IgnoredAny`] where the value does not matter.
/// serde's `Option` would take `null` for absent. That a member occurs twice is an error of the derived code.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A JSON object whose members are read into `T`. The derived code would take an array for a struct as well.
pub(crate) fn object<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, serde_json::Error> {
    if text
        .trim_start_matches([' ', '\t', '\n', '\r'])
        .starts_with('{')
    {
        serde_json::from_str(text)
    } else {
        Err(serde_json::Error::custom("not an object"))
    }
}

impl<'de: 'h, 'h> Deserialize<'de> for Header<'h> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Header<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JOSE header")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header<'de>, A::Error> {
                let mut header = Header::default();
                // Derived code would find a known member that occurs twice, but no other.
                let mut names: Vec<Text<'de>> = Vec::with_capacity(4);
                while let Some(name) = map.next_key::<Text<'de>>()? {
                    if names.contains(&name) {
                        return Err(A::Error::custom("a member occurs twice"));
                    }
                    match &*name.0 {
                        "alg" => header.alg = Some(map.next_value()?),
                        "typ" => header.typ = Some(map.next_value()?),
                        "kid" => header.kid = Some(map.next_value()?),
                        "version" => header.version = Some(map.next_value()?),
                        // No extension is understood, so every `crit` is an error (RFC 7515 §4.1.11). A token that brings
                        // its own key is an attack; the others change what was signed or what is inside.
                        "crit" | "b64" | "cty" | "jwk" | "jku" | "x5u" | "x5c" => {
                            header.odd = Some(map.next_value()?);
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                    if names.len() == MEMBERS {
                        return Err(A::Error::custom("too many members"));
                    }
                    names.push(name);
                }
                Ok(header)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// A string, borrowed where it has no escapes.
#[derive(PartialEq, Eq)]
pub(super) struct Text<'n>(pub(super) Cow<'n, str>);

impl<'de: 'n, 'n> Deserialize<'de> for Text<'n> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Any)
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
        // The estimate holds each segment with room to spare, so nothing is moved.
        let mut bytes = Vec::with_capacity(decoded_len_estimate(signing_input.len()));
        decode(payload, &mut bytes)?;
        let header_start = bytes.len();
        decode(header, &mut bytes)?;
        let mut signature_bytes = Vec::new();
        decode(signature, &mut signature_bytes)?;
        Ok(Self {
            signing_input: signing_input.as_bytes(),
            signature: signature_bytes,
            bytes,
            header_start,
        })
    }

    #[cfg(test)]
    pub(super) fn header(&self) -> &[u8] {
        &self.bytes[self.header_start..]
    }
}

/// Canonical base64url without padding. Decoding is a large part of what a verification costs beside the signature, so
/// the engine with vector instructions is used where there is one; where the machine lacks them it is the plain one.
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
))]
static BASE64URL: std::sync::LazyLock<base64::engine::Simd> =
    std::sync::LazyLock::new(|| base64::engine::Simd::url_safe(NO_PAD));
#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
)))]
static BASE64URL: base64::engine::GeneralPurpose =
    base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD);

fn decode(segment: &str, bytes: &mut Vec<u8>) -> Result<(), Reason> {
    BASE64URL
        .decode_vec(segment, bytes)
        .map_err(|_| Reason::MalformedToken)
}

impl<'t> Jws<'t> {
    /// Splits and decodes a token whose header and payload are text, as those of every JWT are.
    pub(crate) fn split(token: &'t str) -> Result<Self, Reason> {
        let Segments {
            signing_input,
            signature,
            bytes,
            header_start,
        } = Segments::split(token)?;
        let text = String::from_utf8(bytes).map_err(|_| Reason::MalformedToken)?;
        // Half a character at the end of the one and half at the start of the other are no text.
        if !text.is_char_boundary(header_start) {
            return Err(Reason::MalformedToken);
        }
        Ok(Self {
            signing_input,
            signature,
            text,
            header_start,
        })
    }

    /// JSON text.
    pub(crate) fn header(&self) -> &str {
        &self.text[self.header_start..]
    }

    /// JSON text.
    pub(crate) fn payload(&self) -> &str {
        &self.text[..self.header_start]
    }

    /// JSON text.
    pub(crate) fn into_payload(mut self) -> String {
        self.text.truncate(self.header_start);
        self.text
    }
}

impl<'h> Header<'h> {
    pub(crate) fn read(text: &'h str) -> Result<Self, Reason> {
        object(text).map_err(|_| Reason::MalformedToken)
    }

    /// The rules that every kind of token shares but for its `types`, and the key id.
    pub(crate) fn check(&self, types: &[&str]) -> Result<&'h str, Reason> {
        // The algorithm is ours, never the token's (RFC 8725 §3.1).
        if self.alg.and_then(plain_string) != Some(wire::ALGORITHM) {
            return Err(Reason::AlgorithmNotAccepted);
        }
        if !self
            .typ
            .and_then(plain_string)
            .is_some_and(|typ| types.contains(&typ))
        {
            return Err(Reason::TypeNotAccepted);
        }
        if self.odd.is_some() {
            return Err(Reason::HeaderNotAccepted);
        }
        self.kid
            .and_then(plain_string)
            .filter(|kid| is_key_id(kid))
            .ok_or(Reason::KeyIdNotAccepted)
    }
}

/// A JSON string without escapes, which is how every core writes header members.
///
/// That the value is well-formed JSON was established when it was read as such, so nothing is parsed twice.
pub(super) fn plain_string(raw: &RawValue) -> Option<&str> {
    let text = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('\\')).then_some(text)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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

    /// With vector instructions and without, the same texts are base64url and mean the same bytes: any character at
    /// any place of a segment, whichever way it is cut into vectors.
    #[test]
    fn segments_decode_as_they_do_without_vector_instructions() {
        let plain = |segment: &str| URL_SAFE_NO_PAD.decode(segment).map_err(|_| ());
        let ours = |segment: &str| {
            let mut bytes = Vec::new();
            decode(segment, &mut bytes).map(|()| bytes).map_err(|_| ())
        };
        for length in 96..100 {
            let good: String = encode("\u{fb}any \u{2192} text? ~")
                .chars()
                .cycle()
                .take(length)
                .collect();
            for place in 0..length {
                for odd in '\0'..='\u{ff}' {
                    let (head, tail) = (&good[..place], &good[place + 1..]);
                    let segment = format!("{head}{odd}{tail}");
                    assert_eq!(ours(&segment), plain(&segment), "{segment:?}");
                }
            }
        }
    }

    /// Two halves of a character, at the end of the one segment and at the start of the other, are no text.
    #[test]
    fn segments_are_text_each_for_itself() {
        let [first, second] = [0xc3, 0xa9];
        let join = |header: &[u8], payload: &[u8]| {
            let [header, payload] = [header, payload].map(|it| URL_SAFE_NO_PAD.encode(it));
            format!("{header}.{payload}.{}", encode("s"))
        };
        for (header, payload) in [
            (&[second, b'{', b'}'][..], &[b'{', b'}', first][..]),
            (&[b'{', b'}', first], &[second, b'{', b'}']),
        ] {
            let token = join(header, payload);
            assert_eq!(
                Jws::split(&token).map(|_| ()),
                Err(Reason::MalformedToken),
                "{token}"
            );
        }
        let token = join("{\"\u{e9}\":1}".as_bytes(), "{\"\u{20ac}\":2}".as_bytes());
        let jws = Jws::split(&token).expect("a token");
        assert_eq!(
            (jws.header(), jws.payload()),
            ("{\"\u{e9}\":1}", "{\"\u{20ac}\":2}")
        );
        assert_eq!(jws.into_payload(), "{\"\u{20ac}\":2}");
    }

    #[test]
    fn header_members_are_few_and_occur_once() {
        let check = |further: &str| {
            let text = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"s-1"{further}}}"#);
            Header::read(&text).map(|_| ())
        };
        let many = |count: usize| {
            let members: Vec<_> = (0..count).map(|it| format!(r#","{it}":{it}"#)).collect();
            check(&members.concat())
        };
        assert_eq!(many(MEMBERS - 3), Ok(()));
        assert_eq!(many(MEMBERS - 2), Err(Reason::MalformedToken));
        for twice in [
            r#","kid":"s-1""#,
            r#","\u006bid":"s-1""#,
            r#","x":1,"y":2,"x":1"#,
            r#","x":1,"y":2,"\u0078":1"#,
            r#","crit":null,"crit":null"#,
        ] {
            assert_eq!(check(twice), Err(Reason::MalformedToken), "{twice}");
        }
    }

    #[test]
    fn header_members_are_held_to_their_exact_values() {
        let check =
            |text: &str| Header::read(text).and_then(|it| it.check(&["JWT"]).map(str::to_owned));
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
