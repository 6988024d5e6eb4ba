//! A verified service.

use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;

use crate::verify::{TokenKind, Verified};

/// A service whose token satisfied every rule. Only this crate makes one. Cheap to clone.
///
/// It is the type of a `#[caller]` argument, and with axum an extractor of its own: a handler that takes a `Caller` is
/// open to any service, without an attribute.
///
/// Identity asserted is not identity proven: whoever can reach the core can mint any name. Rules about callers
/// guard against mistakes, not against a compromised service.
#[derive(Clone)]
pub struct Caller(Arc<Verified>);

impl Caller {
    pub(super) fn new(verified: Arc<Verified>) -> Self {
        Self(verified)
    }

    /// The service's name, claim `sub`. Tokens minted by the Node code of SuperTokens' guide have none.
    ///
    /// Of an `OAuth2` client, which is a service where
    /// [`accept_oauth2_clients`](crate::ConfigBuilder::accept_oauth2_clients) says so, it is the client's id:
    /// `from = "stcl_…"` matches it.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.0.facts.subject.as_deref()
    }

    /// The scopes of claims `scope` (a space-separated string) and `scp` (an array).
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.facts.scopes.split(' ').filter(|it| !it.is_empty())
    }

    /// The kind of token the service presented: [`TokenKind::Service`], or [`TokenKind::OAuth2Access`] of an `OAuth2`
    /// client.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.0.facts.kind
    }

    /// Claim `iss`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.facts.issuer
    }

    /// Claim `iat`: when the token was minted, in seconds since the Unix epoch.
    #[must_use]
    pub fn issued_at(&self) -> u64 {
        self.0.facts.dates.issued_at
    }

    /// Claim `exp`: when the token expires, in seconds since the Unix epoch. It may lie far beyond the years that
    /// calendar types hold.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.0.facts.dates.expires_at
    }

    /// Claim `jti`, the token's own id, by which [`M2m::revoke`](crate::M2m::revoke) can name it. Tokens that st-m2m mints for
    /// services have none unless it is among their `claims`.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.0.facts.token_id.as_deref()
    }

    /// The id of the key that signed the token.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.0.facts.key_id
    }

    /// All claims, read into `T`.
    ///
    /// # Errors
    ///
    /// serde's, when the claims do not have the shape of `T`.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0.claims)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("service", &self.0.facts.subject)
            .field("kind", &self.0.facts.kind)
            .field("key_id", &self.0.facts.key_id)
            .finish_non_exhaustive()
    }
}
