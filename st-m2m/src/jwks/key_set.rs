//! Keys, prepared for verification and found by key id.

use std::{
    collections::{HashMap, HashSet},
    fmt, slice,
    sync::Arc,
};

use aws_lc_rs::signature::ParsedPublicKey;
use serde_json::Value;

use super::{Jwk, KeysError, pem_keys};
use crate::error::SkippedKey;

/// Size of a JWKS document, in bytes.
pub(super) const DOCUMENT_BYTES: usize = 1024 * 1024;
/// A core publishes two keys; a set with more than this is not one of ours.
const MOST_KEYS: usize = 100;
const CONFLICT: &str = "another key with the same kid";

/// A set of RSA public keys. Each was parsed once.
#[derive(Clone, Debug)]
pub struct KeySet {
    by_id: HashMap<String, Arc<VerificationKey>>,
    /// Keys of the document, in its order.
    jwks: Vec<Jwk>,
    /// Keys from PEM, which have no id.
    unnamed: Arc<[Arc<VerificationKey>]>,
    skipped: Vec<SkippedKey>,
}

/// A key that the crypto library has parsed.
pub(crate) struct VerificationKey(ParsedPublicKey);

impl VerificationKey {
    /// Whether `signature` is this key's RS256 signature of `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerificationKey")
    }
}

/// The keys that may have signed a token.
#[derive(Debug)]
pub(crate) enum Candidates {
    /// The key that the token names.
    Named(Arc<VerificationKey>),
    /// Every pinned key without an id.
    Unnamed(Arc<[Arc<VerificationKey>]>),
}

impl Candidates {
    /// Whether this very key is among them.
    pub(crate) fn contains(&self, key: &Arc<VerificationKey>) -> bool {
        self.as_slice().iter().any(|it| Arc::ptr_eq(it, key))
    }

    pub(crate) fn as_slice(&self) -> &[Arc<VerificationKey>] {
        match self {
            Self::Named(key) => slice::from_ref(key),
            Self::Unnamed(keys) => keys,
        }
    }
}

impl KeySet {
    /// Reads a JWKS document (RFC 7517 §5).
    ///
    /// Keys that cannot verify RS256 are skipped one by one, see [`KeySet::skipped`]. Two keys with one id and
    /// different material are both skipped: nobody can say which is right.
    ///
    /// # Errors
    ///
    /// [`KeysError::NotAKeySet`] for anything but a JSON object with an array `keys` of at most 100 members, and for
    /// more than 1 MiB; [`KeysError::NoUsableKey`] when no key remains.
    pub fn from_json(document: &str) -> Result<Self, KeysError> {
        if document.len() > DOCUMENT_BYTES {
            return Err(KeysError::NotAKeySet("larger than 1 MiB".to_owned()));
        }
        let document: Value = serde_json::from_str(document)
            .map_err(|error| KeysError::NotAKeySet(format!("not JSON: {error}")))?;
        let keys = document
            .get("keys")
            .and_then(Value::as_array)
            .ok_or_else(|| KeysError::NotAKeySet("no array `keys`".to_owned()))?;
        if keys.len() > MOST_KEYS {
            return Err(KeysError::NotAKeySet(format!(
                "{} keys; at most {MOST_KEYS}",
                keys.len()
            )));
        }
        let mut set = Self {
            by_id: HashMap::new(),
            jwks: Vec::new(),
            unnamed: Arc::default(),
            skipped: Vec::new(),
        };
        let mut conflicting = HashSet::new();
        for key in keys {
            set.add(key, &mut conflicting);
        }
        if set.by_id.is_empty() {
            return Err(KeysError::NoUsableKey(set.skipped));
        }
        Ok(set)
    }

    /// Adds a key, unless it cannot be used or its id is among the `conflicting` ones.
    fn add(&mut self, key: &Value, conflicting: &mut HashSet<String>) {
        let key_id = key.get("kid").and_then(Value::as_str);
        let read = key.as_object().ok_or("not an object").and_then(Jwk::read);
        let (jwk, prepared) = match read.and_then(|jwk| jwk.prepare().map(|it| (jwk, it))) {
            Ok(usable) => usable,
            Err(reason) => return self.skip(key_id, reason),
        };
        match self
            .jwks
            .iter()
            .find(|known| known.key_id() == jwk.key_id())
        {
            None if conflicting.contains(jwk.key_id()) => self.skip(key_id, CONFLICT),
            None => {
                self.by_id
                    .insert(jwk.key_id().to_owned(), Arc::new(VerificationKey(prepared)));
                self.jwks.push(jwk);
            }
            Some(known) if *known == jwk => {}
            Some(_) => {
                self.by_id.remove(jwk.key_id());
                self.jwks.retain(|known| known.key_id() != jwk.key_id());
                conflicting.insert(jwk.key_id().to_owned());
                self.skip(key_id, CONFLICT);
            }
        }
    }

    fn skip(&mut self, key_id: Option<&str>, reason: &'static str) {
        self.skipped.push(SkippedKey {
            key_id: key_id.map(|it| it.chars().take(64).flat_map(char::escape_debug).collect()),
            reason,
        });
    }

    /// Reads RSA public keys in PEM: `PUBLIC KEY` (RFC 7468 §13) or `RSA PUBLIC KEY` (PKCS #1), at most 8.
    ///
    /// A PEM key has no id: it verifies a token whatever its `kid` says.
    ///
    /// # Errors
    ///
    /// [`KeysError::Pem`] for anything else, for keys that are not 2048 to 4096 bits long, and for keys with the ROCA
    /// weakness (CVE-2017-15361).
    pub fn from_pem(text: &str) -> Result<Self, KeysError> {
        let keys = pem_keys::read(text)?.into_iter();
        Ok(Self {
            by_id: HashMap::new(),
            jwks: Vec::new(),
            unnamed: keys.map(|key| Arc::new(VerificationKey(key))).collect(),
            skipped: Vec::new(),
        })
    }

    /// The keys of the document, in its order. Keys from PEM are not among them.
    pub fn iter(&self) -> slice::Iter<'_, Jwk> {
        self.jwks.iter()
    }

    /// The keys that never rotate: those whose id does not begin with `d-`. One of them, as
    /// [`Jwk::to_pem`] writes it, is what SuperTokens' guide pins in services that cannot fetch keys.
    pub fn static_keys(&self) -> impl Iterator<Item = &Jwk> {
        self.jwks.iter().filter(|jwk| !jwk.is_dynamic())
    }

    /// The key with this id.
    #[must_use]
    pub fn get(&self, key_id: &str) -> Option<&Jwk> {
        self.jwks.iter().find(|jwk| jwk.key_id() == key_id)
    }

    /// The keys of the document that are not used, and why.
    #[must_use]
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// This set in place of `older`, which it is where both hold the same keys. A key that is in both stays one object, by
    /// which verified tokens know the key that signed them.
    pub(super) fn replacing(mut self, older: &Arc<Self>) -> Arc<Self> {
        let same = |jwk: &&Jwk| older.get(jwk.key_id()) == Some(*jwk);
        let kept = self.jwks.iter().filter(same);
        let mut count = 0;
        for jwk in kept {
            if let Some(key) = older.by_id.get(jwk.key_id()) {
                self.by_id.insert(jwk.key_id().to_owned(), Arc::clone(key));
                count += 1;
            }
        }
        if count == self.jwks.len() && count == older.jwks.len() {
            Arc::clone(older)
        } else {
            Arc::new(self)
        }
    }

    /// All keys, for a token that names none.
    pub(crate) fn every(&self) -> Vec<Arc<VerificationKey>> {
        self.by_id.values().chain(&*self.unnamed).cloned().collect()
    }

    /// The keys that may have signed a token which names `key_id`.
    pub(crate) fn candidates(&self, key_id: &str) -> Option<Candidates> {
        match self.by_id.get(key_id) {
            Some(key) => Some(Candidates::Named(Arc::clone(key))),
            None if self.unnamed.is_empty() => None,
            None => Some(Candidates::Unnamed(Arc::clone(&self.unnamed))),
        }
    }
}

impl<'a> IntoIterator for &'a KeySet {
    type Item = &'a Jwk;
    type IntoIter = slice::Iter<'a, Jwk>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
