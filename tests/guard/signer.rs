//! An issuer that signs whatever text it is given, as no core would.

use std::sync::LazyLock;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeySize, PublicKeyComponents},
    signature::{
        KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair,
        UnparsedPublicKey,
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A key pair of 2048 bits.
#[derive(Debug)]
pub(crate) struct Signer {
    key: RsaKeyPair,
    key_id: &'static str,
}

impl Signer {
    /// With a new key.
    pub(crate) fn new(key_id: &'static str) -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        Self { key, key_id }
    }

    /// The one that tests share: generating a key takes longer than most of them.
    pub(crate) fn shared() -> &'static Self {
        static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::new("s-signer"));
        &SIGNER
    }

    pub(crate) fn key_id(&self) -> &'static str {
        self.key_id
    }

    /// Big-endian.
    pub(crate) fn modulus(&self) -> Vec<u8> {
        PublicKeyComponents::<Vec<u8>>::from(self.key.public_key()).n
    }

    /// The public key as a core publishes it.
    pub(crate) fn jwk(&self) -> Value {
        let PublicKeyComponents::<Vec<u8>> { n, e } = self.key.public_key().into();
        let [n, e] = [n, e].map(|it| URL_SAFE_NO_PAD.encode(it));
        json!({"kty": "RSA", "kid": self.key_id, "n": n, "e": e, "alg": "RS256", "use": "sig"})
    }

    /// The RS256 signature of `message`.
    pub(crate) fn sign(&self, message: &str) -> Vec<u8> {
        self.sign_by(&RSA_PKCS1_SHA256, message)
    }

    /// The signature of `message` by another algorithm.
    pub(crate) fn sign_by(&self, algorithm: &'static dyn RsaEncoding, message: &str) -> Vec<u8> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                algorithm,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .expect("signed");
        signature
    }

    /// Whether `signature` is the RS256 signature of `message`.
    pub(crate) fn signed(&self, message: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.key.public_key())
            .verify(message.as_bytes(), signature)
            .is_ok()
    }

    /// A compact JWS of two segments, as they are spelled.
    pub(crate) fn jws(&self, header: &str, payload: &str) -> String {
        let signed = format!("{header}.{payload}");
        let signature = URL_SAFE_NO_PAD.encode(self.sign(&signed));
        format!("{signed}.{signature}")
    }

    /// A token of these texts.
    pub(crate) fn token(&self, header: &str, payload: &str) -> String {
        let [header, payload] = [header, payload].map(|it| URL_SAFE_NO_PAD.encode(it));
        self.jws(&header, &payload)
    }
}
