//! What the fuzz targets of `tests/fuzz` reach of the parsers, which are private. Nothing is decided in here.

#![cfg_attr(
    not(fuzzing),
    expect(unreachable_pub, reason = "public for fuzz targets alone")
)]

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{
    AcceptKeys, CacheRules, TokenKind, VerificationRules, claims,
    verifier::Verifier as TokenVerifier,
};
use crate::{
    clock::ManualClock,
    jwks::{Jwk, KeySet, KeyStore},
};

/// A header that was read.
#[derive(Debug)]
pub struct Header {
    /// The key id, where the header is one of a service's token.
    pub key_id: Option<String>,
    /// Whether it is the header of a session.
    pub has_version: bool,
}

/// Reads a header; `None` where that fails.
#[must_use]
pub fn header(text: &str) -> Option<Header> {
    let header = super::header::Header::read(text).ok()?;
    let key_id = header.check(TokenKind::Service.types());
    Some(Header {
        key_id: key_id.ok().map(str::to_owned),
        has_version: header.version.is_some(),
    })
}

/// Claims that were read; `None` is what is absent where it may be, and an error what is refused.
#[derive(Debug, PartialEq)]
pub struct Claims {
    /// Of a token whose header has no mark of its own.
    pub kind: TokenKind,
    /// Claim `iss`.
    pub issuer: Option<String>,
    /// Claim `source`.
    pub source: Option<String>,
    /// Claim `client_id`.
    pub client_id: Option<String>,
    /// Claim `sub`.
    pub subject: Result<Option<String>, ()>,
    /// Claim `jti`.
    pub token_id: Result<Option<String>, ()>,
    /// Claim `aud`.
    pub audience: Result<Vec<String>, ()>,
    /// Claims `scope` and `scp`, with a space behind each.
    pub scopes: Result<String, ()>,
    /// Claims `iat`, `exp` and `nbf`.
    pub dates: Result<(u64, u64, Option<u64>), ()>,
}

/// Reads claims; `None` where that fails.
#[must_use]
pub fn claims(text: &str) -> Option<Claims> {
    let claims = claims::Claims::read(text).ok()?;
    let plain = super::header::Header::read("{}").ok()?;
    let mut audience = Vec::new();
    let is_audience = claims.each_audience(|one| audience.push(one.to_owned()));
    Some(Claims {
        kind: TokenKind::of(&plain, &claims),
        issuer: claims.issuer().map(Into::into),
        source: claims.source().map(Into::into),
        client_id: claims.client_id().map(Into::into),
        subject: claims.subject().map(|it| it.map(Into::into)).map_err(drop),
        token_id: claims.token_id().map(|it| it.map(Into::into)).map_err(drop),
        audience: is_audience.map(|()| audience).map_err(drop),
        scopes: claims.scopes().map_err(drop),
        dates: claims
            .dates()
            .map(|it| (it.issued_at, it.expires_at, it.not_before))
            .map_err(drop),
    })
}

/// Modulus and exponent of a key as they are used: big-endian.
#[must_use]
pub fn numbers(key: &Jwk) -> (&[u8], &[u8]) {
    key.numbers()
}

/// Verifies tokens as guards do, with keys that never change, at a time that stands still.
#[derive(Debug)]
pub struct Verifier(TokenVerifier);

impl Verifier {
    /// For tokens of this issuer, at this time in seconds since the Unix epoch.
    #[must_use]
    pub fn new(keys: KeySet, issuer: &str, now: u64) -> Self {
        let rules = VerificationRules {
            issuers: vec![issuer.into()],
            oauth2_clients: None,
            audience: None,
            leeway: 5,
            max_token_age: None,
            accept_keys: AcceptKeys::Any,
        };
        let cache = CacheRules {
            entries: 16,
            longest: Duration::from_secs(300),
        };
        let clock = Arc::new(ManualClock::at_unix_seconds(now));
        let keys = KeyStore::fixed(Arc::new(keys));
        Self(TokenVerifier::new(keys, rules, cache, None, clock))
    }

    /// Whether a token is remembered, or verified now.
    ///
    /// # Panics
    ///
    /// When it has to wait for something.
    #[must_use]
    pub fn accepts(&self, token: &[u8]) -> bool {
        if let Some(remembered) = self.0.recall(token) {
            return remembered.is_ok();
        }
        let Ok(token) = str::from_utf8(token) else {
            return false;
        };
        match pin!(self.0.verify(token)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(verified) => verified.is_ok(),
            Poll::Pending => panic!("the keys are at hand"),
        }
    }
}

#[cfg(test)]
#[path = "../../../tests/fuzz/src/properties.rs"]
mod properties;

/// What the properties are about.
#[cfg(test)]
mod parsers {
    pub(super) use super::{Claims, TokenKind, Verifier, claims, header, numbers};
    pub(super) use crate::jwks::KeySet;
}

/// The fuzz targets' own seeds, held to what they hold every input to, so that a regression shows without cargo-fuzz.
#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::properties;

    fn replay(target: &str, holds: impl Fn(&[u8])) {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz");
        let folder = fuzz.join("seeds").join(target);
        let mut seeds = 0;
        for entry in fs::read_dir(&folder).expect("a folder of seeds") {
            holds(&fs::read(entry.expect("an entry").path()).expect("a seed"));
            seeds += 1;
        }
        assert!(seeds >= 10, "{seeds} seeds in {}", folder.display());
    }

    #[test]
    fn headers() {
        replay("header", properties::header);
    }

    #[test]
    fn claims() {
        replay("claims", properties::claims);
    }

    #[test]
    fn key_sets() {
        replay("jwks", properties::jwks);
    }

    #[test]
    fn tokens() {
        replay("token", properties::token);
    }
}
