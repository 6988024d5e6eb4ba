//! The issuer's keys, and what an attacker may have.

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    hmac,
    rand::SystemRandom,
    rsa::{KeySize, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
        RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value, json};
use st_m2m::{SigningKey, dev::DevCore};
use st_m2m_tests::still;

/// The id of the key that signs what [`DevCore::sign`] cannot write.
pub(crate) const RAW_KEY_ID: &str = "s-raw-0000000001";

/// A key of the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IssuerKey {
    Static,
    Dynamic,
    /// Signs any bytes.
    Raw,
}

/// How the third segment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signing {
    /// RS256, with the issuer's key.
    Good,
    /// RS256, with a key that is not the issuer's.
    ForeignKey,
    Rs384,
    Rs512,
    Ps256,
    /// With the attacker's own elliptic curve.
    Es256,
    /// With the public key in PEM as the secret.
    HmacOfPem,
    /// With the public key in DER as the secret.
    HmacOfDer,
    /// With the modulus, as the JWK has it, as the secret.
    HmacOfModulus,
    Nothing,
}

/// The three keys of the issuer, and those of an attacker.
pub(crate) struct Keys {
    pub(crate) core: DevCore,
    raw: RsaKeyPair,
    foreign: RsaKeyPair,
    curve: EcdsaKeyPair,
    pub(crate) jwks: Value,
}

impl Keys {
    pub(crate) fn generate() -> Self {
        let rsa = || RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let (core, raw) = (still::core(), rsa());
        let mut jwks = core.jwks().expect("keys");
        jwks["keys"]
            .as_array_mut()
            .expect("keys")
            .push(jwk(&raw, RAW_KEY_ID));
        Self {
            core,
            raw,
            foreign: rsa(),
            curve: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"),
            jwks,
        }
    }

    pub(crate) fn id(&self, key: IssuerKey) -> &str {
        let kid = |of: &str| {
            let keys = self.jwks["keys"].as_array().expect("keys");
            let kids = keys.iter().filter_map(|key| key["kid"].as_str());
            kids.into_iter()
                .find(|kid| kid.starts_with(of))
                .expect("such a key")
        };
        match key {
            // The core's keys come first.
            IssuerKey::Static => kid("s-"),
            IssuerKey::Dynamic => kid("d-"),
            IssuerKey::Raw => RAW_KEY_ID,
        }
    }

    /// The public key that belongs to [`RAW_KEY_ID`].
    pub(crate) fn raw_jwk(&self) -> Value {
        jwk(&self.raw, RAW_KEY_ID)
    }

    /// The attacker's public key, under the name of the issuer's.
    pub(crate) fn foreign_jwk(&self) -> Value {
        jwk(&self.foreign, RAW_KEY_ID)
    }

    /// The modulus of the key that signs raw tokens, big-endian.
    pub(crate) fn raw_modulus(&self) -> Vec<u8> {
        components(&self.raw).n
    }

    /// A token of the core.
    pub(crate) fn core_token(
        &self,
        key: SigningKey,
        header: Map<String, Value>,
        claims: Map<String, Value>,
    ) -> String {
        self.core.sign(key, header, claims).expect("signed")
    }

    pub(crate) fn sign(&self, signing: Signing, message: &[u8]) -> Vec<u8> {
        let rsa = |pair: &RsaKeyPair, encoding: &'static dyn RsaEncoding| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
                .expect("signed");
            signature
        };
        let hmac = |secret: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            hmac::sign(&key, message).as_ref().to_vec()
        };
        match signing {
            Signing::Good => rsa(&self.raw, &RSA_PKCS1_SHA256),
            Signing::ForeignKey => rsa(&self.foreign, &RSA_PKCS1_SHA256),
            Signing::Rs384 => rsa(&self.raw, &RSA_PKCS1_SHA384),
            Signing::Rs512 => rsa(&self.raw, &RSA_PKCS1_SHA512),
            Signing::Ps256 => rsa(&self.raw, &RSA_PSS_SHA256),
            Signing::Es256 => {
                let signature = self.curve.sign(&SystemRandom::new(), message);
                signature.expect("signed").as_ref().to_vec()
            }
            Signing::HmacOfPem => hmac(self.raw_pem().as_bytes()),
            Signing::HmacOfDer => hmac(&self.raw_der()),
            Signing::HmacOfModulus => hmac(URL_SAFE_NO_PAD.encode(self.raw_modulus()).as_bytes()),
            Signing::Nothing => Vec::new(),
        }
    }

    fn raw_der(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = self.raw.public_key().as_der().expect("DER");
        der.as_ref().to_vec()
    }

    fn raw_pem(&self) -> String {
        let text = STANDARD.encode(self.raw_der());
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(64)
            .map(String::from_utf8_lossy)
            .collect();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            lines.join("\n")
        )
    }
}

fn components(pair: &RsaKeyPair) -> PublicKeyComponents<Vec<u8>> {
    pair.public_key().into()
}

fn jwk(pair: &RsaKeyPair, kid: &str) -> Value {
    let PublicKeyComponents { n, e } = components(pair);
    json!({
        "kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig",
        "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e),
    })
}
