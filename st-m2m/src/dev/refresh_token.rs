//! Refresh tokens: `<data>.<nonce>.V2`, where the data is sealed with a key that never leaves the core.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};

use super::{
    Error, identifier,
    json::{Json, Object},
    route::PUBLIC,
};

/// What a refresh token says to the core that made it (`session/refreshToken/RefreshToken.java`).
#[derive(Debug, PartialEq)]
pub(super) struct RefreshToken {
    pub(super) handle: String,
    pub(super) user_id: String,
    /// Hash of the refresh token in whose place it came.
    pub(super) parent_hash: Option<String>,
    pub(super) anti_csrf_token: Option<String>,
    pub(super) tenant: String,
}

/// Seals and opens the refresh tokens of one app.
pub(super) struct RefreshTokenKey(RandomizedNonceKey);

impl RefreshTokenKey {
    pub(super) fn generate() -> Result<Self, Error> {
        RandomizedNonceKey::new(&AES_256_GCM, &identifier::random::<32>()?)
            .map(Self)
            .map_err(|_| Error::Crypto)
    }

    /// The token in writing.
    pub(super) fn seal(&self, token: &RefreshToken) -> Result<String, Error> {
        let nonce = identifier::hex(&identifier::random::<32>()?);
        let mut content = Object::new()
            .with("sessionHandle", token.handle.as_str())
            .with("userId", token.user_id.as_str());
        if let Some(parent_hash) = &token.parent_hash {
            content.set("parentRefreshTokenHash1", parent_hash.as_str());
        }
        content.set("nonce", nonce.as_str());
        if let Some(anti_csrf_token) = &token.anti_csrf_token {
            content.set("antiCsrfToken", anti_csrf_token.as_str());
        }
        if token.tenant != PUBLIC {
            content.set("tenantId", token.tenant.as_str());
        }
        let mut sealed = content.to_string().into_bytes();
        let sealed_with = self
            .0
            .seal_in_place_append_tag(Aad::empty(), &mut sealed)
            .map_err(|_| Error::Crypto)?;
        let mut data = sealed_with.as_ref().to_vec();
        data.append(&mut sealed);
        Ok(format!("{}.{nonce}.V2", STANDARD.encode(data)))
    }

    /// Reads a token. The error is the core's message about it.
    pub(super) fn open(&self, token: &str) -> Result<RefreshToken, String> {
        // Java's split drops empty parts at the end.
        let parts: Vec<&str> = token.trim_end_matches('.').split('.').collect();
        let version = parts.last().copied().unwrap_or_default();
        if !["V0", "V1", "V2"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(version))
        {
            return Err(wrong_format("version of refresh token not recognised"));
        }
        let [data, nonce, _] = parts[..] else {
            return Err(wrong_format(&format!(
                "Refresh token split with dot yielded an array of length: {}",
                parts.len()
            )));
        };
        let content = self.content(data)?;
        let text = |name: &str| content.get(name).and_then(Json::as_str).map(str::to_owned);
        match (text("sessionHandle"), text("userId"), text("nonce")) {
            (Some(handle), Some(user_id), Some(sealed_nonce)) if sealed_nonce == nonce => {
                Ok(RefreshToken {
                    handle,
                    user_id,
                    parent_hash: text("parentRefreshTokenHash1"),
                    anti_csrf_token: text("antiCsrfToken"),
                    tenant: text("tenantId").unwrap_or_else(|| PUBLIC.to_owned()),
                })
            }
            _ => Err("Invalid refresh token".to_owned()),
        }
    }

    fn content(&self, data: &str) -> Result<Object, String> {
        const TOLERANT: GeneralPurposeConfig =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let mut data = GeneralPurpose::new(&alphabet::STANDARD, TOLERANT)
            .decode(data)
            .map_err(|error| format!("java.lang.IllegalArgumentException: {error}"))?;
        let (nonce, sealed) = data
            .split_at_mut_checked(NONCE_LEN)
            .ok_or("java.nio.BufferUnderflowException")?;
        let forged = |_| "javax.crypto.AEADBadTagException: Tag mismatch".to_owned();
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(forged)?;
        let content = self
            .0
            .open_in_place(nonce, Aad::empty(), sealed)
            .map_err(forged)?;
        match Json::parse(&String::from_utf8_lossy(content)) {
            Ok(Json::Object(content)) => Ok(content),
            _ => Err("Invalid refresh token".to_owned()),
        }
    }
}

impl fmt::Debug for RefreshTokenKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RefreshTokenKey")
    }
}

fn wrong_format(message: &str) -> String {
    format!(
        "io.supertokens.session.refreshToken.RefreshToken$InvalidRefreshTokenFormatException: {message}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> RefreshToken {
        RefreshToken {
            handle: "handle_t1".to_owned(),
            user_id: "user".to_owned(),
            parent_hash: Some("hash".to_owned()),
            anti_csrf_token: Some("csrf".to_owned()),
            tenant: "t1".to_owned(),
        }
    }

    #[test]
    fn what_was_sealed_is_opened_with_the_same_key_only() {
        let key = RefreshTokenKey::generate().expect("a key");
        let plain = RefreshToken {
            parent_hash: None,
            anti_csrf_token: None,
            tenant: PUBLIC.to_owned(),
            ..token()
        };
        for token in [token(), plain] {
            let sealed = key.seal(&token).expect("sealed");
            assert_ne!(sealed, key.seal(&token).expect("sealed"));
            assert_eq!(key.open(&sealed), Ok(token));
            let other = RefreshTokenKey::generate().expect("a key");
            assert_eq!(
                other.open(&sealed).expect_err("another key"),
                "javax.crypto.AEADBadTagException: Tag mismatch"
            );
        }
        assert_eq!(format!("{key:?}"), "RefreshTokenKey");
    }

    #[test]
    fn every_part_counts() {
        let key = RefreshTokenKey::generate().expect("a key");
        let sealed = key.seal(&token()).expect("sealed");
        let parts: Vec<&str> = sealed.split('.').collect();
        let (data, nonce) = (parts[0], parts[1]);
        let mut forged = data.to_owned();
        forged.replace_range(30..31, if &data[30..31] == "A" { "B" } else { "A" });
        for (token, message) in [
            (String::new(), "version of refresh token not recognised"),
            ("...".to_owned(), "version of refresh token not recognised"),
            (
                format!("{data}.{nonce}"),
                "version of refresh token not recognised",
            ),
            ("V2".to_owned(), "yielded an array of length: 1"),
            ("uuid.V0".to_owned(), "yielded an array of length: 2"),
            (format!("{sealed}.V2"), "yielded an array of length: 4"),
            (
                format!("{data}.{}.V2", "0".repeat(64)),
                "Invalid refresh token",
            ),
            (format!("{forged}.{nonce}.V2"), "Tag mismatch"),
            (format!("AAAA.{nonce}.V2"), "BufferUnderflowException"),
            (format!(".{nonce}.V2"), "BufferUnderflowException"),
            (format!("%%%%.{nonce}.V2"), "IllegalArgumentException"),
            (format!("é.{nonce}.V2"), "IllegalArgumentException"),
        ] {
            let error = key.open(&token).expect_err("refused");
            assert!(error.contains(message), "{token}: {error}");
        }
        assert!(key.open(&format!("{data}.{nonce}.v1")).is_ok());
    }
}
