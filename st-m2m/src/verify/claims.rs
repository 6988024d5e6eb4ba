//! The registered claims (RFC 7519 §4.1) and SuperTokens' own, read once and strictly.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer as _,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    Reason,
    json::{Text, object, plain_string, present},
};

/// 2^53 - 1: beyond it, JSON numbers lose precision in most languages.
const LATEST_DATE: u64 = (1 << 53) - 1;

/// The claims that matter, each as it stands in the token. A claim that occurs twice is an error.
#[derive(Debug, Deserialize)]
pub(super) struct Claims<'c> {
    #[serde(borrow, default, deserialize_with = "present")]
    iss: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    sub: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    aud: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    exp: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    iat: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    nbf: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    jti: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    scope: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    scp: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    client_id: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) source: Option<&'c RawValue>,
    /// SuperTokens' token type: 0 session, 1 `OAuth2` access token, 2 ID token.
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) stt: Option<&'c RawValue>,
    #[serde(default, deserialize_with = "present", rename = "sessionHandle")]
    session_handle: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present", rename = "refreshTokenHash1")]
    refresh_token_hash: Option<IgnoredAny>,
    #[serde(
        default,
        deserialize_with = "present",
        rename = "parentRefreshTokenHash1"
    )]
    parent_refresh_token_hash: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present", rename = "antiCsrfToken")]
    anti_csrf_token: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present", rename = "rsub")]
    recipe_user: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present", rename = "tId")]
    tenant: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present", rename = "userData")]
    user_data: Option<IgnoredAny>,
}

/// The dates that every service token has, in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dates {
    pub(crate) issued_at: u64,
    pub(crate) expires_at: u64,
    pub(crate) not_before: Option<u64>,
}

impl<'c> Claims<'c> {
    pub(super) fn read(text: &'c str) -> Result<Self, Reason> {
        object(text).map_err(|_| Reason::MalformedToken)
    }

    /// Whether any claim is present that only sessions have, whatever its value.
    pub(super) fn has_session_member(&self) -> bool {
        [
            &self.session_handle,
            &self.refresh_token_hash,
            &self.parent_refresh_token_hash,
            &self.anti_csrf_token,
            &self.recipe_user,
            &self.tenant,
            &self.user_data,
        ]
        .iter()
        .any(|it| it.is_some())
    }

    pub(super) fn dates(&self) -> Result<Dates, Reason> {
        let expires_at = self.exp.and_then(date).ok_or(Reason::ExpiryMissing)?;
        let issued_at = self.iat.and_then(date).ok_or(Reason::IssuedAtMissing)?;
        let not_before = match self.nbf {
            Some(raw) => Some(date(raw).ok_or(Reason::NotBeforeMalformed)?),
            None => None,
        };
        Ok(Dates {
            issued_at,
            expires_at,
            not_before,
        })
    }

    pub(super) fn issuer(&self) -> Option<Cow<'c, str>> {
        self.iss.and_then(string)
    }

    pub(super) fn source(&self) -> Option<Cow<'c, str>> {
        self.source.and_then(string)
    }

    /// The subject. A `sub` that is not a string is an error (RFC 7519 §4.1.2).
    pub(super) fn subject(&self) -> Result<Option<Cow<'c, str>>, Reason> {
        self.sub
            .map(|raw| string(raw).ok_or(Reason::ClaimMalformed))
            .transpose()
    }

    /// The id of an `OAuth2` client.
    pub(super) fn client_id(&self) -> Option<Cow<'c, str>> {
        self.client_id.and_then(string)
    }

    /// The token's own id. A `jti` that is not a string is an error (RFC 7519 §4.1.7).
    pub(super) fn token_id(&self) -> Result<Option<Cow<'c, str>>, Reason> {
        self.jti
            .map(|raw| string(raw).ok_or(Reason::ClaimMalformed))
            .transpose()
    }

    /// Calls `found` with each audience: a string or an array of strings (RFC 7519 §4.1.3).
    pub(super) fn each_audience(&self, found: impl FnMut(&str)) -> Result<(), Reason> {
        match self.aud {
            None => Ok(()),
            Some(raw) => each_string(raw, found).ok_or(Reason::ClaimMalformed),
        }
    }

    /// The scopes, with a space behind each: `scope`, a space-separated string (RFC 8693 §4.2), and `scp`, an array, as
    /// SuperTokens' `OAuth2` tokens have it. A scope has no space in it (RFC 6749 §3.3), so none is two.
    pub(super) fn scopes(&self) -> Result<String, Reason> {
        let mut scopes = String::new();
        if let Some(raw) = self.scope {
            let text = string(raw).ok_or(Reason::ClaimMalformed)?;
            scopes.push_str(&text);
            scopes.push(' ');
        }
        if let Some(raw) = self.scp {
            let mut one_each = raw.get().starts_with('[');
            each_string(raw, |scope| {
                one_each &= !scope.contains(' ');
                scopes.push_str(scope);
                scopes.push(' ');
            })
            .filter(|()| one_each)
            .ok_or(Reason::ClaimMalformed)?;
        }
        Ok(scopes)
    }
}

pub(crate) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    if let Some(text) = plain_string(raw) {
        return Some(Cow::Borrowed(text));
    }
    // An array of audiences is common, and the error that serde_json writes about it is dear: two of them cost nearly
    // as much as reading all claims. White space around a value is not part of it.
    if !raw.get().starts_with('"') {
        return None;
    }
    serde_json::from_str(raw.get()).ok().map(Cow::Owned)
}

/// Calls `found` with a string, or with each string of an array; `None` where there is anything else.
fn each_string(raw: &RawValue, mut found: impl FnMut(&str)) -> Option<()> {
    struct Strings<F>(F);

    impl<'de, F: FnMut(&str)> Visitor<'de> for Strings<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array of strings")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
            while let Some(text) = seq.next_element::<Text<'de>>()? {
                self.0(&text.0);
            }
            Ok(())
        }
    }

    match string(raw) {
        Some(one) => {
            found(&one);
            Some(())
        }
        None if raw.get().starts_with('[') => {
            let mut array = serde_json::Deserializer::from_str(raw.get());
            array.deserialize_seq(Strings(found)).ok()
        }
        None => None,
    }
}

/// A `NumericDate` (RFC 7519 §2): an integer, or a finite non-negative number whose fraction is dropped.
pub(crate) fn date(raw: &RawValue) -> Option<u64> {
    // JSON has no sign or zero before an integer that this would take as well.
    let seconds = if let Ok(seconds) = raw.get().parse::<u64>() {
        seconds
    } else {
        let seconds: f64 = serde_json::from_str(raw.get()).ok()?;
        if !seconds.is_finite() || seconds < 0.0 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, and the comparison below refuses what it saturated to"
        )]
        let whole = seconds as u64;
        whole
    };
    (seconds <= LATEST_DATE).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Claims<'_> {
        Claims::read(text).expect("claims")
    }

    #[test]
    fn dates_are_numbers_without_overflow() {
        let expiry = |value: &str| {
            let text = format!(r#"{{"exp":{value},"iat":0}}"#);
            let dates = read(&text).dates();
            dates.map(|it| it.expires_at)
        };
        for (value, expected) in [
            ("0", 0),
            ("4949041085", 4_949_041_085),
            ("1700000000000", 1_700_000_000_000),
            ("1.9", 1),
            ("1e3", 1000),
            ("-0.0", 0),
            ("-0", 0),
            ("1E3", 1000),
            ("1e-1", 0),
            ("3153600000", 3_153_600_000),
            ("1675123200000", 1_675_123_200_000),
            ("9007199254740991", LATEST_DATE),
        ] {
            assert_eq!(expiry(value), Ok(expected), "{value}");
        }
        for value in [
            "9007199254740992",
            "9007199254740991.5",
            "1e19",
            "18446744073709551615",
            "18446744073709551616",
            "1e300",
            "1e999",
            "-1",
            "-0.5",
            "\"1\"",
            "null",
            "true",
            "[1]",
            "{}",
        ] {
            assert_eq!(expiry(value), Err(Reason::ExpiryMissing), "{value}");
        }
    }

    #[test]
    fn registered_claims_occur_once() {
        for text in [
            r#"{"iss":"a","iss":"b"}"#,
            r#"{"iss":"a","\u0069ss":"b"}"#,
            r#"{"source":"microservice","source":"x"}"#,
            r#"{"exp":1,"exp":2}"#,
            r#"{"stt":1,"stt":1}"#,
            r#"{"jti":"a","jti":"b"}"#,
            r#"{"client_id":"a","client_id":"a"}"#,
            r#"{"sessionHandle":"a","sessionHandle":"a"}"#,
            r#"{"tId":null,"tId":null}"#,
            r#"["https://iss"]"#,
            "{",
            "",
        ] {
            assert_eq!(
                Claims::read(text).map(|_| ()),
                Err(Reason::MalformedToken),
                "{text}"
            );
        }
        assert!(Claims::read(r#"{"mine":1,"mine":2}"#).is_ok());
    }

    /// What needs no parser is not given to one: it means the same without.
    #[test]
    fn strings_are_those_of_json() {
        for value in [
            r#""""#,
            r#""a""#,
            r#""\u0061\/""#,
            r#""\"""#,
            r#""\\""#,
            r#""\ud83d\ude00""#,
            r#""\ud800""#,
            r#""\u00e9 é""#,
            "1",
            "null",
            r#"["a"]"#,
            r#"{"a":"a"}"#,
        ] {
            let text = format!("{{ \"sub\" : {value} }}");
            let expected = serde_json::from_str(value).map_err(|_| Reason::ClaimMalformed);
            let subject = read(&text).subject().map(|it| it.map(Cow::into_owned));
            assert_eq!(subject, expected.map(Some), "{value}");
        }
    }

    #[test]
    fn null_is_present() {
        assert!(read(r#"{"antiCsrfToken":null}"#).has_session_member());
        assert!(!read(r#"{"anticsrftoken":null}"#).has_session_member());
    }

    #[test]
    fn lists_of_strings() {
        let audience = |text: &str| {
            let mut all = Vec::new();
            read(text)
                .each_audience(|one| all.push(one.to_owned()))
                .map(|()| all)
        };
        for (text, expected) in [
            (r#"{"aud":"a"}"#, Ok(vec!["a"])),
            (r#"{"aud":["a","b"]}"#, Ok(vec!["a", "b"])),
            (r#"{"aud":["\u0061"]}"#, Ok(vec!["a"])),
            (r#"{"aud":[]}"#, Ok(vec![])),
            ("{}", Ok(vec![])),
            (r#"{"aud":5}"#, Err(Reason::ClaimMalformed)),
            (r#"{"aud":null}"#, Err(Reason::ClaimMalformed)),
            (r#"{"aud":{"a":"b"}}"#, Err(Reason::ClaimMalformed)),
            (r#"{"aud":["a",5]}"#, Err(Reason::ClaimMalformed)),
            (r#"{"aud":["a",["b"]]}"#, Err(Reason::ClaimMalformed)),
        ] {
            let expected = expected.map(|all| all.into_iter().map(str::to_owned).collect());
            assert_eq!(audience(text), expected, "{text}");
        }
        for (text, expected) in [
            (r#"{"scope":"a  b"}"#, Ok("a  b ")),
            (r#"{"scp":["a","b"]}"#, Ok("a b ")),
            (r#"{"scope":"a","scp":["b"]}"#, Ok("a b ")),
            ("{}", Ok("")),
            (r#"{"scope":["a"]}"#, Err(Reason::ClaimMalformed)),
            (r#"{"scp":"a"}"#, Err(Reason::ClaimMalformed)),
            (r#"{"scp":["a b"]}"#, Err(Reason::ClaimMalformed)),
            (r#"{"scp":[1]}"#, Err(Reason::ClaimMalformed)),
        ] {
            assert_eq!(read(text).scopes(), expected.map(str::to_owned), "{text}");
        }
        assert_eq!(read(r#"{"sub":7}"#).subject(), Err(Reason::ClaimMalformed));
        assert_eq!(read(r#"{"jti":7}"#).token_id(), Err(Reason::ClaimMalformed));
    }
}
