//! A token while it is being made: a good one, until it is changed.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use st_m2m::SigningKey;
use st_m2m_tests::{jwt::ISSUER, still::NOW};

use crate::keys::{IssuerKey, Keys, Signing};

/// Stands for the id of the key that signs, which is known when the token is built.
pub(crate) const OWN_KEY_ID: &str = "own key id";

type Rewrite<T> = Box<dyn Fn(T, &Keys) -> T>;

/// The members of a JSON object, in their order, each value as JSON text. A name may occur twice.
pub(crate) type Members = Vec<(String, String)>;

/// What becomes of a token, from the members down to the text.
pub(crate) struct Draft {
    pub(crate) key: IssuerKey,
    pub(crate) header: Members,
    pub(crate) claims: Members,
    /// The JSON texts, as bytes.
    pub(crate) header_text: Vec<Rewrite<Vec<u8>>>,
    pub(crate) payload_text: Vec<Rewrite<Vec<u8>>>,
    /// The segments, before they are signed.
    pub(crate) header_segment: Vec<Rewrite<String>>,
    pub(crate) payload_segment: Vec<Rewrite<String>>,
    pub(crate) signing: Signing,
    /// Sign until the signature has a letter that base64url alone has.
    pub(crate) url_letters: bool,
    pub(crate) signature: Vec<Rewrite<Vec<u8>>>,
    pub(crate) signature_segment: Vec<Rewrite<String>>,
    pub(crate) token: Vec<Rewrite<String>>,
}

impl Draft {
    /// A good token, which `key` will sign unless a change needs the raw key.
    pub(crate) fn good(key: IssuerKey) -> Self {
        let member = |(name, value): (&str, String)| (name.to_owned(), value);
        let header = [
            ("kid", OWN_KEY_ID.to_owned()),
            ("typ", r#""JWT""#.to_owned()),
            ("alg", r#""RS256""#.to_owned()),
        ];
        let claims = [
            ("iat", NOW.to_string()),
            ("exp", (NOW + 3600).to_string()),
            ("iss", format!("\"{ISSUER}\"")),
            ("source", r#""microservice""#.to_owned()),
            ("sub", r#""orders""#.to_owned()),
        ];
        Self {
            key,
            header: header.map(member).into(),
            claims: claims.map(member).into(),
            header_text: Vec::new(),
            payload_text: Vec::new(),
            header_segment: Vec::new(),
            payload_segment: Vec::new(),
            signing: Signing::Good,
            url_letters: false,
            signature: Vec::new(),
            signature_segment: Vec::new(),
            token: Vec::new(),
        }
    }

    pub(crate) fn build(&self, keys: &Keys) -> String {
        let token = self
            .built_by_core(keys)
            .unwrap_or_else(|| self.built_raw(keys));
        rewritten(token, &self.token, keys)
    }

    /// As the core writes it, if it can: members that are JSON values, each name once.
    fn built_by_core(&self, keys: &Keys) -> Option<String> {
        let key = match self.key {
            IssuerKey::Static => SigningKey::Static,
            IssuerKey::Dynamic => SigningKey::Dynamic,
            IssuerKey::Raw => return None,
        };
        let untouched = self.signing == Signing::Good
            && self.header_text.is_empty()
            && self.payload_text.is_empty()
            && self.header_segment.is_empty()
            && self.payload_segment.is_empty()
            && self.signature.is_empty()
            && self.signature_segment.is_empty();
        // Without a `kid` the core would add one.
        if !untouched || !self.header.iter().any(|(name, _)| name == "kid") {
            return None;
        }
        let header = object(&with_key_id(&self.header, keys.id(self.key)))?;
        Some(keys.core_token(key, header, object(&self.claims)?))
    }

    fn built_raw(&self, keys: &Keys) -> String {
        let [mut header, mut claims] = [&self.header, &self.claims].map(Clone::clone);
        loop {
            let (signed, signature) = self.signed(&header, &claims, keys);
            if !self.url_letters || signature.contains(['-', '_']) {
                let signature = rewritten(signature, &self.signature_segment, keys);
                return format!("{signed}.{signature}");
            }
            // In both, since a change may have replaced the text of one.
            for members in [&mut header, &mut claims] {
                members.push(("once more".to_owned(), "1".to_owned()));
            }
        }
    }

    /// What was signed, and the signature in base64url.
    fn signed(&self, header: &Members, claims: &Members, keys: &Keys) -> (String, String) {
        let header = with_key_id(header, keys.id(IssuerKey::Raw));
        let header = rewritten(text(&header).into_bytes(), &self.header_text, keys);
        let payload = rewritten(text(claims).into_bytes(), &self.payload_text, keys);
        let header = rewritten(URL_SAFE_NO_PAD.encode(header), &self.header_segment, keys);
        let payload = rewritten(URL_SAFE_NO_PAD.encode(payload), &self.payload_segment, keys);
        let signed = format!("{header}.{payload}");
        let signature = keys.sign(self.signing, signed.as_bytes());
        let signature = rewritten(signature, &self.signature, keys);
        (signed, URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Gives `members` this member, in place of one of the same name.
pub(crate) fn set(members: &mut Members, name: &str, value: &str) {
    let new = (name.to_owned(), value.to_owned());
    match members.iter_mut().find(|(known, _)| known == name) {
        Some(member) => *member = new,
        None => members.push(new),
    }
}

pub(crate) fn remove(members: &mut Members, name: &str) {
    members.retain(|(known, _)| known != name);
}

fn rewritten<T>(start: T, rewrites: &[Rewrite<T>], keys: &Keys) -> T {
    rewrites
        .iter()
        .fold(start, |value, rewrite| rewrite(value, keys))
}

fn with_key_id(members: &Members, key_id: &str) -> Members {
    let resolve = |(name, value): &(String, String)| {
        let value = value.replace(OWN_KEY_ID, &format!("\"{key_id}\""));
        (name.clone(), value)
    };
    members.iter().map(resolve).collect()
}

fn text(members: &Members) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// The members as the core can write them, unless that would lose something.
fn object(members: &Members) -> Option<Map<String, Value>> {
    let mut object = Map::new();
    for (name, text) in members {
        let value: Value = serde_json::from_str(text).ok()?;
        let written = value.to_string();
        let faithful = written == *text && !name.contains('\\');
        if !faithful || object.insert(name.clone(), value).is_some() {
            return None;
        }
    }
    Some(object)
}
