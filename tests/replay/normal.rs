//! Bodies without what differs from run to run: ids, times, keys and signatures.
//!
//! The order of members stays, and so does everything else. A JWT becomes its decoded header and payload.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

const TOLERANT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Base64 in either alphabet, with or without padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    GeneralPurpose::new(&alphabet::URL_SAFE, TOLERANT)
        .decode(text)
        .or_else(|_| GeneralPurpose::new(&alphabet::STANDARD, TOLERANT).decode(text))
        .ok()
}

/// Whether `jwk` made the signature of `token`, a JWT.
pub(crate) fn is_signed_by(token: &str, jwk: &Value) -> bool {
    let number = |name: &str| decode(jwk[name].as_str()?);
    let verified = || {
        let (message, signature) = token.rsplit_once('.')?;
        RsaPublicKeyComponents {
            n: number("n")?,
            e: number("e")?,
        }
        .verify(
            &RSA_PKCS1_2048_8192_SHA256,
            message.as_bytes(),
            &decode(signature)?,
        )
        .ok()
    };
    verified().is_some()
}

/// Normalises JSON text; times become distances from `now`, in milliseconds since the Unix epoch. Also the ids, hashes,
/// keys and tokens that no longer show, in the order in which they stand, those in tokens included.
pub(crate) fn normal(text: &str, now: u64) -> (String, Vec<String>) {
    let mut varying = Vec::new();
    let text = normal_text(text, now, &mut varying);
    (text, varying)
}

fn normal_text(text: &str, now: u64, varying: &mut Vec<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => string_end(rest),
            '0'..='9' => rest
                .find(|character: char| !character.is_ascii_digit())
                .unwrap_or(rest.len()),
            other => other.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        match first {
            '"' => out.push_str(&normal_string(token, now, varying)),
            '0'..='9' => out.push_str(&normal_number(token, now)),
            _ => out.push_str(token),
        }
        rest = after;
    }
    out
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

fn normal_number(digits: &str, now: u64) -> String {
    match digits.parse::<i64>() {
        Ok(millis @ 1_500_000_000_000..=9_999_999_999_999) => {
            format!(
                "<now{:+}s in ms>",
                millis / 1000 - (now / 1000).cast_signed()
            )
        }
        Ok(seconds @ 1_500_000_000..=9_999_999_999) => {
            format!("<now{:+}s>", seconds - (now / 1000).cast_signed())
        }
        _ => digits.to_owned(),
    }
}

fn normal_string(quoted: &str, now: u64, varying: &mut Vec<String>) -> String {
    let text = quoted.trim_matches('"');
    if let Some(jwt) = decoded_jwt(text, now, varying) {
        varying.push(text.to_owned());
        return jwt;
    }
    let (id, tenant) = text.split_once('_').unwrap_or((text, ""));
    let kind = if is_uuid(id) {
        format!("uuid {tenant}")
    } else if text.strip_prefix("s-").is_some_and(is_uuid) {
        "static kid".to_owned()
    } else if text.strip_prefix("d-").is_some_and(is_digits) {
        "dynamic kid".to_owned()
    } else if text.len() == 64 && is_hex(text) {
        "hash".to_owned()
    } else if is_refresh_token(text) {
        "refresh token".to_owned()
    } else if decode(text).is_some_and(|bytes| bytes.len() == 256 || bytes.len() == 294) {
        format!("public key of {} characters", text.len())
    } else {
        return quoted.to_owned();
    };
    varying.push(text.to_owned());
    format!("<{kind}>")
}

/// Whether it is a JWT with a signature of the size that the core's keys make.
pub(crate) fn is_jwt(text: &str) -> bool {
    decoded_jwt(text, 0, &mut Vec::new()).is_some()
}

fn decoded_jwt(text: &str, now: u64, varying: &mut Vec<String>) -> Option<String> {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return None;
    };
    let signature = decode(signature).filter(|signature| signature.len() == 256)?;
    let header = String::from_utf8(decode(header)?).ok()?;
    let payload = String::from_utf8(decode(payload)?).ok()?;
    let padding = if text.contains('=') {
        "padded"
    } else {
        "unpadded"
    };
    Some(format!(
        "<JWT, {padding}, header {}, payload {}, signature of {} bytes>",
        normal_text(&header, now, varying),
        normal_text(&payload, now, varying),
        signature.len()
    ))
}

/// Encrypted data, a nonce and a version.
pub(crate) fn is_refresh_token(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    matches!(parts[..], [data, nonce, "V2"] if decode(data).is_some() && nonce.len() == 64 && is_hex(nonce))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(index, character)| match index {
            8 | 13 | 18 | 23 => character == '-',
            _ => character.is_ascii_hexdigit(),
        })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
