//! What must hold for any input. The reference is `serde_json` with no help from derived code.

use std::{collections::HashSet, fmt, str, sync::LazyLock};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json, value::RawValue};

use super::parsers::{self, Claims, KeySet, TokenKind, Verifier};

/// Header members, at most.
const MEMBERS: usize = 32;
/// Header members with which no token is a service's.
const UNACCEPTABLE: &[&str] = &["crit", "b64", "cty", "jwk", "jku", "x5u", "x5c"];
/// Claims that only sessions have.
const SESSION: &[&str] = &[
    "sessionHandle",
    "refreshTokenHash1",
    "parentRefreshTokenHash1",
    "antiCsrfToken",
    "rsub",
    "tId",
    "userData",
];
/// Other claims that are read.
const CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "scope",
    "scp",
    "client_id",
    "source",
    "stt",
];

/// The last second that a date may name.
const LATEST_DATE: u64 = (1 << 53) - 1;

/// The one good token: SuperTokens' Node SDK had a core mint it (fixture
/// `jwt_ok_node_sdk_default_validity_3153600000`).
const TOKEN: &str = include_str!("../token/good.jwt");
/// The keys of that core.
const KEYS: &str = include_str!("../token/jwks.json");
const ISSUER: &str = "http://127.0.0.1:3001/auth";
/// When it was minted.
const NOW: u64 = 1_795_440_859;

/// A JSON object's members in their order, each as often as it occurs.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Members<'t> {
    /// `None` for anything but a JSON object in which each member that `matters` occurs once.
    fn read(text: &'t str, matters: impl Fn(&str) -> bool) -> Option<Self> {
        let members: Self = serde_json::from_str(text).ok()?;
        let mut names = HashSet::new();
        let once = |(name, _): &(String, _)| !matters(name) || names.insert(name.clone());
        members.0.iter().all(once).then_some(members)
    }

    fn raw(&self, name: &str) -> Option<&'t str> {
        let member = self.0.iter().find(|it| it.0 == name);
        member.map(|it| it.1.get())
    }

    /// The value of a member; an error for one that is no value to `serde_json`, as a number out of range.
    fn value(&self, name: &str) -> Option<serde_json::Result<Value>> {
        self.raw(name).map(serde_json::from_str)
    }

    fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// The text of a member, if it is a string.
    fn text(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Ok(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// A member that must be a string where it is present.
    fn text_or_absent(&self, name: &str) -> Result<Option<String>, ()> {
        match self.value(name) {
            None => Ok(None),
            Some(_) => self.text(name).map(Some).ok_or(()),
        }
    }

    fn date(&self, name: &str) -> Result<u64, ()> {
        let Some(Ok(Value::Number(number))) = self.value(name) else {
            return Err(());
        };
        let seconds = match number.as_u64() {
            Some(seconds) => seconds,
            None => number
                .as_f64()
                .filter(|it| *it >= 0.0 && *it < 9_007_199_254_740_992.0)
                .map(|it| it.trunc().to_string().trim_start_matches('-').parse())
                .ok_or(())?
                .map_err(drop)?,
        };
        if seconds <= LATEST_DATE {
            Ok(seconds)
        } else {
            Err(())
        }
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// The whole text as one value, where that can be, says the same of every member.
fn agrees_with_a_whole_value(text: &str, members: &Members<'_>) {
    if let Ok(whole) = serde_json::from_str::<Value>(text) {
        let whole = whole.as_object().expect("an object");
        for (name, raw) in &members.0 {
            // Of a member that occurs twice a value keeps the last.
            let last = members.0.iter().rev().find(|it| it.0 == *name);
            if last.is_some_and(|it| std::ptr::eq(it.1, *raw)) {
                assert_eq!(
                    whole[name],
                    serde_json::from_str::<Value>(raw.get()).expect("JSON")
                );
            }
        }
    }
}

/// A header is read exactly if it is an object of few members in which none occurs twice, and it is that of a service's
/// token exactly if its members have the only values that are accepted.
pub fn header(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let members = Members::read(text, |_| true).filter(|it| it.0.len() <= MEMBERS);
    let read = parsers::header(text);
    assert_eq!(read.is_some(), members.is_some());
    let (Some(read), Some(members)) = (read, members) else {
        return;
    };
    agrees_with_a_whole_value(text, &members);
    assert_eq!(read.has_version, members.has("version"));
    // Escapes are never written, and never taken.
    let plain = |name: &str| {
        let raw = members.raw(name).unwrap_or_default();
        members.text(name).filter(|_| !raw.contains('\\'))
    };
    let key_id = plain("kid").filter(|it| {
        let odd = |c: char| !(c.is_ascii_alphanumeric() || "._:-".contains(c));
        !it.is_empty() && it.len() <= 128 && !it.contains(odd)
    });
    let is_service = plain("alg").as_deref() == Some("RS256")
        && plain("typ").as_deref() == Some("JWT")
        && !UNACCEPTABLE.iter().any(|name| members.has(name));
    assert_eq!(read.key_id, key_id.filter(|_| is_service));
}

/// Claims are read exactly if they are an object in which none that matters occurs twice, and each is what it is to
/// `serde_json`.
pub fn claims(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    let members = Members::read(text, |name| {
        CLAIMS.contains(&name) || SESSION.contains(&name)
    });
    let read = parsers::claims(text);
    assert_eq!(read.is_some(), members.is_some());
    let (Some(read), Some(members)) = (read, members) else {
        return;
    };
    agrees_with_a_whole_value(text, &members);
    let kind = if SESSION.iter().any(|name| members.has(name)) {
        TokenKind::Session
    } else {
        match members.raw("stt") {
            Some("1") => TokenKind::OAuth2Access,
            Some("2") => TokenKind::Id,
            None if members.has("source") => TokenKind::Service,
            _ => TokenKind::Other,
        }
    };
    let not_before = if members.has("nbf") {
        members.date("nbf").map(Some)
    } else {
        Ok(None)
    };
    let dates = (members.date("exp"), members.date("iat"), not_before);
    let expected = Claims {
        kind,
        issuer: members.text("iss"),
        source: members.text("source"),
        client_id: members.text("client_id"),
        subject: members.text_or_absent("sub"),
        token_id: members.text_or_absent("jti"),
        audience: match members.value("aud") {
            None => Ok(Vec::new()),
            Some(Ok(Value::String(one))) => Ok(vec![one]),
            Some(value) => strings(value),
        },
        scopes: members.text_or_absent("scope").and_then(|scope| {
            let list = members.value("scp").map_or(Ok(Vec::new()), strings)?;
            // Each is one scope, whatever a space would make of it.
            if list.iter().any(|it| it.contains(' ')) {
                return Err(());
            }
            Ok(scope
                .iter()
                .chain(&list)
                .fold(String::new(), |all, it| all + it + " "))
        }),
        dates: match dates {
            (Ok(expires_at), Ok(issued_at), Ok(not_before)) => {
                Ok((issued_at, expires_at, not_before))
            }
            _ => Err(()),
        },
    };
    assert_eq!(read, expected);
}

fn strings(value: serde_json::Result<Value>) -> Result<Vec<String>, ()> {
    let Ok(Value::Array(list)) = value else {
        return Err(());
    };
    let text = |value: Value| value.as_str().map(str::to_owned).ok_or(());
    list.into_iter().map(text).collect()
}

/// Every key that is taken has 2048 to 4096 bits, is the same when it is written and read again, and is there under its id
/// once.
pub fn jwks(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    // Neither may panic.
    let _ = KeySet::from_pem(text);
    let Ok(set) = KeySet::from_json(text) else {
        return;
    };
    assert!(set.iter().count() > 0);
    for key in &set {
        let (modulus, exponent) = parsers::numbers(key);
        let bits = modulus.len() * 8 - modulus[0].leading_zeros() as usize;
        assert!((2048..=4096).contains(&bits), "{bits} bits");
        assert!(modulus[0] != 0 && exponent[0] != 0, "normalised");
        assert!(modulus[modulus.len() - 1] % 2 == 1);
        assert!(exponent.len() <= 4 && exponent != [1]);

        let pem = key.to_pem().expect("PEM");
        KeySet::from_pem(&pem).expect("what we write we read");

        // As it should be written, and as cores before 3.6.1 did.
        let plain = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
        let old = |number: &[u8]| STANDARD.encode([&[0], number].concat());
        for (n, e) in [
            (plain(modulus), plain(exponent)),
            (old(modulus), old(exponent)),
        ] {
            let key_id = key.key_id();
            let written = json!({"keys": [{"kty": "RSA", "kid": key_id, "n": n, "e": e}]});
            let again = KeySet::from_json(&written.to_string()).expect("what we write we read");
            assert_eq!(again.get(key_id), Some(key));
        }
        assert_eq!(set.get(key.key_id()), Some(key), "the only one of its id");
        assert!(!key.key_id().is_empty() && key.key_id().len() <= 128);
    }
}

/// No token is accepted but the good one, and that is accepted each time. An input that looks like two JSON objects in two
/// lines is a token of these, with the good one's signature.
pub fn token(input: &[u8]) {
    static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
        let keys = KeySet::from_json(KEYS).expect("keys");
        Verifier::new(keys, ISSUER, NOW)
    });
    let good = TOKEN.trim_end();
    let texts = str::from_utf8(input).ok().filter(|it| it.starts_with('{'));
    let made = texts.and_then(|it| it.split_once('\n')).map(|texts| {
        let (header, payload) = texts;
        let signature = good.rsplit_once('.').expect("a JWT").1;
        let [header, payload] = [header, payload].map(|text| URL_SAFE_NO_PAD.encode(text));
        format!("{header}.{payload}.{signature}")
    });
    let token = made.as_ref().map_or(input, String::as_bytes);
    assert_eq!(VERIFIER.accepts(token), token == good.as_bytes());
    assert!(VERIFIER.accepts(good.as_bytes()));
    assert_eq!(VERIFIER.accepts(token), token == good.as_bytes());
}
