//! The header of a signed JWT (RFC 7515 §4), read strictly.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    Reason,
    json::{Text, object, plain_string},
};
use crate::{jwks::is_key_id, supertokens::wire};

/// A header with more members is refused: each is compared with all before it. Cores write three or four.
const MEMBERS: usize = 32;

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

#[cfg(test)]
mod tests {
    use super::*;

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
