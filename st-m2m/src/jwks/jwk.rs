//! One RSA public key of a JWKS document.

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer,
    signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{KeysError, roca::is_roca};
use crate::supertokens::wire;

/// Shorter moduli are refused (RFC 7518 §3.3), and so are longer ones than anybody uses: they cost too much.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
const EXPONENT_BYTES: usize = 4;
const KEY_ID_BYTES: usize = 128;
/// Members that only a private key has (RFC 7518 §6.3.2).
const PRIVATE_MEMBERS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth"];

/// Why a key of a broken generator is refused.
pub(super) const ROCA: &str = "a key whose private half can be computed (ROCA, CVE-2017-15361)";

/// An RSA public key for RS256, with its key id.
///
/// The modulus and exponent are normalised: cores before 3.6.1 wrote them with padding and a leading zero byte
/// (`supertokens-core`, `CHANGELOG.md`), which many libraries refuse or, worse, accept and then verify nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Jwk {
    key_id: String,
    /// Big-endian, without leading zeros.
    modulus: Vec<u8>,
    /// Big-endian, without leading zeros.
    exponent: Vec<u8>,
}

impl Jwk {
    /// Reads a member of a JWKS document's `keys`.
    ///
    /// The error is the reason why the key cannot verify RS256 signatures.
    pub(super) fn read(members: &Map<String, Value>) -> Result<Self, &'static str> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if text("kty") != Some("RSA") {
            return Err("not an RSA key");
        }
        if members.contains_key("use") && text("use") != Some("sig") {
            return Err("not for signatures");
        }
        if members.contains_key("alg") && text("alg") != Some(wire::ALGORITHM) {
            return Err("not for RS256");
        }
        if let Some(operations) = members.get("key_ops") {
            let verifies = operations
                .as_array()
                .is_some_and(|list| list.iter().any(|it| it.as_str() == Some("verify")));
            if !verifies {
                return Err("not for verification");
            }
        }
        if PRIVATE_MEMBERS
            .iter()
            .any(|name| members.contains_key(*name))
        {
            return Err("a published private key");
        }
        let key_id = text("kid").ok_or("without kid")?;
        if !is_key_id(key_id) {
            return Err("an odd kid");
        }
        let modulus = text("n")
            .and_then(unsigned)
            .ok_or("an unreadable modulus")?;
        let exponent = text("e")
            .and_then(unsigned)
            .ok_or("an unreadable exponent")?;
        if !has_accepted_size(&modulus) {
            return Err("a modulus that is not 2048 to 4096 bits long");
        }
        // RFC 8017 §3.1: odd and at least 3. aws-lc takes at most 33 bits; 32 are plenty.
        let odd = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte % 2 == 1);
        if !odd(&modulus) || !odd(&exponent) || exponent == [1] || exponent.len() > EXPONENT_BYTES {
            return Err("an odd modulus or exponent out of range");
        }
        if is_roca(&modulus) {
            return Err(ROCA);
        }
        Ok(Self {
            key_id: key_id.to_owned(),
            modulus,
            exponent,
        })
    }

    /// The key's id, `kid`: `s-…` for static keys, `d-…` for those that rotate.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Whether the core rotates this key. A key that does not rotate can be pinned.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        wire::is_dynamic(&self.key_id)
    }

    /// The key as PEM (`-----BEGIN PUBLIC KEY-----`, RFC 7468 §13), for
    /// [`JwksSource::Pem`](crate::JwksSource::Pem) or any other library.
    ///
    /// # Errors
    ///
    /// [`KeysError::Encode`] when the crypto library cannot encode the key.
    pub fn to_pem(&self) -> Result<String, KeysError> {
        let der = self.components().as_der().map_err(|_| KeysError::Encode)?;
        let pem = pem::Pem::new("PUBLIC KEY", der.as_ref());
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        Ok(pem::encode_config(&pem, config))
    }

    /// Modulus and exponent, normalised.
    #[cfg(any(fuzzing, test))]
    pub(crate) fn numbers(&self) -> (&[u8], &[u8]) {
        (&self.modulus, &self.exponent)
    }

    /// Parses the key once, for many verifications.
    pub(super) fn prepare(&self) -> Result<ParsedPublicKey, &'static str> {
        self.components()
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map_err(|_| "refused by the crypto library")
    }

    fn components(&self) -> RsaPublicKeyComponents<&[u8]> {
        RsaPublicKeyComponents {
            n: &self.modulus,
            e: &self.exponent,
        }
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("key_id", &self.key_id)
            .field("modulus_bits", &bits(&self.modulus))
            .finish_non_exhaustive()
    }
}

/// Whether a modulus, big-endian and without leading zeros, is 2048 to 4096 bits long.
pub(super) fn has_accepted_size(modulus: &[u8]) -> bool {
    MODULUS_BITS.contains(&bits(modulus))
}

/// The length of a big-endian number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    match number {
        [] => 0,
        [first, rest @ ..] => rest.len() * 8 + (u8::BITS - first.leading_zeros()) as usize,
    }
}

/// Key ids that may be looked up. They are map keys and log fields, never part of a URL or a query.
pub(crate) fn is_key_id(text: &str) -> bool {
    (1..=KEY_ID_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
}

/// A big-endian unsigned integer in base64url, as strict RFC 7518 §2 wants it or as old cores wrote it: with
/// padding, in the standard alphabet, with leading zero bytes.
fn unsigned(text: &str) -> Option<Vec<u8>> {
    let plain: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '+' => '-',
            '/' => '_',
            c => c,
        })
        .collect();
    let bytes = URL_SAFE_NO_PAD.decode(plain).ok()?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[zeros..];
    (!digits.is_empty()).then(|| digits.to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jwks::KeySet;

    /// A modulus of 2041 to 2047 bits fills as many bytes as one of 2048. The crypto library takes such a key, and verifies
    /// nothing with it.
    #[test]
    fn moduli_are_measured_in_bits() {
        for (first, len, bits) in [
            (0x7f, 256, 2047),
            (0x80, 256, 2048),
            (0x01, 257, 2049),
            (0xff, 512, 4096),
            (0x01, 513, 4097),
        ] {
            let mut modulus = vec![0xff; len];
            modulus[0] = first;
            let key = json!({"kty": "RSA", "kid": "s-1", "n": URL_SAFE_NO_PAD.encode(&modulus), "e": "AQAB"});
            let size =
                Jwk::read(key.as_object().expect("an object")).map(|key| super::bits(&key.modulus));
            let components = RsaPublicKeyComponents {
                n: &modulus,
                e: &vec![1, 0, 1],
            };
            let der = components.as_der().expect("DER");
            let pem = pem::encode(&pem::Pem::new("PUBLIC KEY", der.as_ref()));
            let pinned = KeySet::from_pem(&pem);
            if (2048..=4096).contains(&bits) {
                assert_eq!(size, Ok(bits));
                assert!(pinned.is_ok(), "{bits}");
            } else {
                assert_eq!(size, Err("a modulus that is not 2048 to 4096 bits long"));
                assert!(pinned.is_err(), "{bits}");
            }
        }
    }
}
