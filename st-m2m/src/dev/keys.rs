//! Signing keys of one app: a static one, and dynamic ones that rotate.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeySize, PublicKeyComponents},
    signature::{self, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use super::{
    Error, identifier,
    json::{Json, Object},
    mutex::Mutex,
};
use crate::supertokens::wire;

/// How long a dynamic key is the newest, in milliseconds: 168 h
/// (`access_token_dynamic_signing_key_update_interval`).
const ROTATION_INTERVAL: u64 = 168 * 3_600_000;
/// A dynamic key is published this long before it first signs, in milliseconds
/// (`signingkeys/AccessTokenSigningKey.java`).
const ROTATION_OVERLAP: u64 = 60_000;

/// A key pair with its id.
pub(super) struct SigningKeyPair {
    kid: String,
    /// Milliseconds since the Unix epoch.
    created_at: u64,
    pair: RsaKeyPair,
}

impl fmt::Debug for SigningKeyPair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SigningKeyPair")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl SigningKeyPair {
    fn generate(kid: String, created_at: u64) -> Result<Self, Error> {
        // The core's keys are RSA-2048 (`utils/Utils.java`).
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| Error::Crypto)?;
        Ok(Self {
            kid,
            created_at,
            pair,
        })
    }

    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    pub(super) fn created_at(&self) -> u64 {
        self.created_at
    }

    /// The RSASSA-PKCS1-v1_5 signature with SHA-256 of `message` (RFC 7518 §3.3, `RS256`).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &signature::RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| Error::Crypto)?;
        Ok(signature)
    }

    /// Whether `signature` is this key's over `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        signature::UnparsedPublicKey::new(
            &RSA_PKCS1_2048_8192_SHA256,
            self.pair.public_key().as_ref(),
        )
        .verify(message, signature)
        .is_ok()
    }

    /// A compact JWS (RFC 7515 §7.1) of this header and payload, as they are.
    pub(super) fn jws(&self, header: &str, payload: &str) -> Result<String, Error> {
        let mut token = URL_SAFE_NO_PAD.encode(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = self.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The public key as `SubjectPublicKeyInfo` in base64, how CDI before 2.21 carries it.
    pub(super) fn public_key_base64(&self) -> Result<String, Error> {
        let der: PublicKeyX509Der<'_> =
            self.pair.public_key().as_der().map_err(|_| Error::Crypto)?;
        Ok(STANDARD.encode(der.as_ref()))
    }

    /// The public key as a JWK, with the core's members in the core's order.
    fn jwk(&self) -> Object {
        let PublicKeyComponents::<Vec<u8>> { n, e } = self.pair.public_key().into();
        Object::new()
            .with("kty", "RSA")
            .with("kid", self.kid.as_str())
            .with("n", URL_SAFE_NO_PAD.encode(n))
            .with("e", URL_SAFE_NO_PAD.encode(e))
            .with("alg", wire::ALGORITHM)
            .with("use", "sig")
    }
}

/// The published keys of an app at one moment.
#[derive(Clone, Debug)]
pub(super) struct KeySet {
    static_key: Arc<SigningKeyPair>,
    /// Newest first; never empty.
    dynamic_keys: Vec<Arc<SigningKeyPair>>,
    signing_index: usize,
}

impl KeySet {
    pub(super) fn static_key(&self) -> &SigningKeyPair {
        &self.static_key
    }

    /// The dynamic key that signs.
    pub(super) fn dynamic_key(&self) -> &SigningKeyPair {
        &self.dynamic_keys[self.signing_index]
    }

    /// All published keys, dynamic ones first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &SigningKeyPair> {
        self.dynamic_keys
            .iter()
            .chain(std::iter::once(&self.static_key))
            .map(Arc::as_ref)
    }

    pub(super) fn dynamic_keys(&self) -> impl Iterator<Item = &SigningKeyPair> {
        self.dynamic_keys.iter().map(Arc::as_ref)
    }

    pub(super) fn find(&self, kid: &str) -> Option<&SigningKeyPair> {
        self.iter().find(|key| key.kid == kid)
    }

    /// The member `keys` of a JWKS.
    pub(super) fn jwks(&self) -> Json {
        let keys: Vec<Json> = self.iter().map(|key| Json::from(key.jwk())).collect();
        keys.into()
    }

    /// Seconds until the next key appears, at least 1.
    pub(super) fn max_age(&self, now: u64) -> u64 {
        let next = self.dynamic_keys[0].created_at + ROTATION_INTERVAL - ROTATION_OVERLAP;
        (next.saturating_sub(now) / 1000).max(1)
    }
}

/// When a dynamic key stops being the newest, in milliseconds since the Unix epoch.
pub(super) fn rotates_at(key: &SigningKeyPair) -> u64 {
    key.created_at + ROTATION_INTERVAL
}

#[derive(Debug, Default)]
struct Keys {
    static_key: Option<Arc<SigningKeyPair>>,
    /// Newest first.
    dynamic_keys: Vec<Arc<SigningKeyPair>>,
}

/// Makes and rotates the keys of one app.
#[derive(Debug)]
pub(super) struct KeyRing {
    /// Access-token validity in milliseconds: an old dynamic key stays for twice as long.
    access_token_validity: u64,
    /// Sets apart the ids of keys that several apps make in the same millisecond.
    offset: u64,
    keys: Mutex<Keys>,
    /// Held while keys are generated, so that it happens once and no reader of `keys` waits for it.
    generating: Mutex<()>,
}

impl KeyRing {
    pub(super) fn new(access_token_validity: u64, offset: u64) -> Self {
        Self {
            access_token_validity,
            offset,
            keys: Mutex::default(),
            generating: Mutex::default(),
        }
    }

    /// The keys as of `now`, unless one must be generated first.
    pub(super) fn ready(&self, now: u64) -> Option<KeySet> {
        let Keys {
            static_key,
            dynamic_keys,
        } = &mut *self.keys.lock();
        let newest = dynamic_keys.first()?;
        if now >= newest.created_at + ROTATION_INTERVAL - ROTATION_OVERLAP {
            return None;
        }
        let lifetime = ROTATION_INTERVAL + 2 * self.access_token_validity;
        dynamic_keys.retain(|key| now < key.created_at + lifetime);
        // The newest key waits until verifiers had time to fetch it, while its predecessor may sign.
        let signing_index = match dynamic_keys.as_slice() {
            [newest, previous, ..]
                if now < newest.created_at + ROTATION_OVERLAP
                    && now < previous.created_at + ROTATION_INTERVAL =>
            {
                1
            }
            _ => 0,
        };
        Some(KeySet {
            static_key: Arc::clone(static_key.as_ref()?),
            dynamic_keys: dynamic_keys.clone(),
            signing_index,
        })
    }

    /// The keys as of `now`. Generates what is missing, which takes a fraction of a second of computation.
    pub(super) fn get(&self, now: u64) -> Result<KeySet, Error> {
        let _only_one = self.generating.lock();
        if let Some(set) = self.ready(now) {
            return Ok(set);
        }
        if self.keys.lock().static_key.is_none() {
            let kid = format!("s-{}", identifier::uuid()?);
            let key = SigningKeyPair::generate(kid, now)?;
            self.keys.lock().static_key = Some(Arc::new(key));
        }
        let created_at = now.saturating_sub(self.offset);
        let kid = format!("{}{created_at}", wire::DYNAMIC_KEY_PREFIX);
        let key = SigningKeyPair::generate(kid, created_at)?;
        self.keys.lock().dynamic_keys.insert(0, Arc::new(key));
        self.ready(now).ok_or(Error::Crypto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;
    const START: u64 = 1_795_440_636_693;

    #[test]
    fn keys_are_made_once_and_shown_as_the_core_shows_them() {
        let ring = KeyRing::new(HOUR, 0);
        assert!(ring.ready(START).is_none());
        let set = ring.get(START).expect("keys");
        assert_eq!(set.dynamic_key().kid(), "d-1795440636693");
        assert!(set.static_key().kid().starts_with("s-"));
        let again = ring.get(START + 1).expect("keys");
        assert_eq!(again.static_key().kid(), set.static_key().kid());

        let jwks = set.jwks().to_string();
        let value: serde_json::Value = serde_json::from_str(&jwks).expect("JSON");
        assert_eq!(value[0]["kid"], "d-1795440636693");
        assert_eq!(value[0]["e"], "AQAB");
        let modulus = URL_SAFE_NO_PAD
            .decode(value[1]["n"].as_str().expect("a string"))
            .expect("base64url");
        assert_eq!(modulus.len(), 256);
        assert!(modulus[0] >= 0x80);
        assert!(jwks.starts_with(r#"[{"kty":"RSA","kid":"d-1795440636693","n":""#));
    }

    #[test]
    fn signatures_verify_with_their_own_key_only() {
        let set = KeyRing::new(HOUR, 0).get(START).expect("keys");
        let signature = set.static_key().sign(b"message").expect("a signature");
        assert!(set.static_key().verifies(b"message", &signature));
        assert!(!set.static_key().verifies(b"massage", &signature));
        assert!(!set.dynamic_key().verifies(b"message", &signature));
        assert!(!set.dynamic_key().verifies(b"message", b""));
    }

    #[test]
    fn a_new_key_is_published_before_it_signs_and_the_old_one_goes_later() {
        let ring = KeyRing::new(HOUR, 0);
        let first = ring.get(START).expect("keys");
        assert_eq!(first.max_age(START), 604_740);
        let rotation = START + ROTATION_INTERVAL - ROTATION_OVERLAP;
        assert_eq!(first.max_age(rotation - 500), 1);
        assert!(ring.ready(rotation - 1).is_some());
        assert!(ring.ready(rotation).is_none());

        let published = ring.get(rotation).expect("keys");
        assert_eq!(published.iter().count(), 3);
        assert_eq!(published.dynamic_key().kid(), first.dynamic_key().kid());
        let signing = ring.get(rotation + ROTATION_OVERLAP).expect("keys");
        assert_eq!(signing.dynamic_key().kid(), format!("d-{rotation}"));
        assert_eq!(signing.iter().count(), 3);
        let expired = ring
            .get(START + ROTATION_INTERVAL + 2 * HOUR)
            .expect("keys");
        assert_eq!(expired.iter().count(), 2);
        assert!(expired.find("d-1795440636693").is_none());
    }
}
