//! RSA public keys in PEM.

use aws_lc_rs::{
    rsa::PublicKey,
    signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256},
};

use super::{
    KeysError,
    jwk::{ROCA, has_accepted_size},
    key_set::DOCUMENT_BYTES,
    roca::is_roca,
};

/// A PEM key has no id, so each is tried on each token.
const MOST_KEYS: usize = 8;
const NO_KEY: &str = "not an RSA public key of 2048 to 4096 bits";

/// Reads every key of the text.
pub(super) fn read(text: &str) -> Result<Vec<ParsedPublicKey>, KeysError> {
    if text.len() > DOCUMENT_BYTES {
        return Err(refuse("larger than 1 MiB"));
    }
    let blocks = pem::parse_many(text).map_err(|error| KeysError::Pem(error.to_string()))?;
    if blocks.is_empty() {
        return Err(refuse("no `-----BEGIN PUBLIC KEY-----` found"));
    }
    if blocks.len() > MOST_KEYS {
        return Err(refuse("more than 8 keys"));
    }
    blocks.iter().map(key).collect()
}

fn key(block: &pem::Pem) -> Result<ParsedPublicKey, KeysError> {
    match block.tag() {
        "PUBLIC KEY" | "RSA PUBLIC KEY" => {}
        tag if tag.contains("PRIVATE") => {
            return Err(refuse(
                "this is a private key, which no verifier should hold; give the public key",
            ));
        }
        tag => return Err(refuse(&format!("`{tag}` is no public key"))),
    }
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, block.contents())
        .map_err(|_| refuse(NO_KEY))?;
    let components = PublicKey::from_der(block.contents()).map_err(|_| refuse(NO_KEY))?;
    let modulus = modulus(components.as_ref()).ok_or_else(|| refuse(NO_KEY))?;
    if !has_accepted_size(modulus) {
        return Err(refuse(NO_KEY));
    }
    if is_roca(modulus) {
        return Err(refuse(ROCA));
    }
    Ok(key)
}

fn refuse(problem: &str) -> KeysError {
    KeysError::Pem(problem.to_owned())
}

/// The modulus of an `RSAPublicKey` (RFC 8017 appendix A.1.1) as the crypto library writes it: the first INTEGER of a
/// SEQUENCE, each with a length of two bytes, since shorter keys are not for us.
fn modulus(der: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    const TWO_BYTES: u8 = 0x82;
    let [
        SEQUENCE,
        TWO_BYTES,
        _,
        _,
        INTEGER,
        TWO_BYTES,
        high,
        low,
        rest @ ..,
    ] = der
    else {
        return None;
    };
    let digits = rest.get(..usize::from(u16::from_be_bytes([*high, *low])))?;
    // The sign.
    Some(digits.strip_prefix(&[0]).unwrap_or(digits))
}
