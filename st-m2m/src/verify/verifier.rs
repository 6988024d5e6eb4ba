//! Verifies tokens with the keys of one issuer.

use std::sync::Arc;

use super::{
    Reason, Refusal, TokenKind, VerificationRules,
    jws::Jws,
    rules::{self, Facts},
};
use crate::{
    clock::Clock,
    error::KeysError,
    jwks::{Candidates, KeySet, KeyStore, LookupError},
};

/// Verifies the tokens of other services.
#[derive(Debug)]
pub(crate) struct Verifier {
    keys: KeyStore,
    rules: VerificationRules,
    clock: Arc<dyn Clock>,
}

/// A service's token that satisfied every rule.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) kind: TokenKind,
    pub(crate) subject: Option<String>,
    pub(crate) issuer: String,
    pub(crate) scopes: Vec<String>,
    /// Seconds since the Unix epoch.
    pub(crate) issued_at: u64,
    /// Seconds since the Unix epoch.
    pub(crate) expires_at: u64,
    pub(crate) key_id: String,
    /// All claims, as JSON text.
    pub(crate) claims: String,
}

impl Verifier {
    pub(crate) fn new(keys: KeyStore, rules: VerificationRules, clock: Arc<dyn Clock>) -> Self {
        Self { keys, rules, clock }
    }

    /// The issuer's keys, fetched if need be.
    pub(crate) async fn key_set(&self) -> Result<Arc<KeySet>, KeysError> {
        self.keys.all().await
    }

    /// Verifies a service's token.
    ///
    /// The rules run before the signature is checked and before any key is fetched, on the very bytes that are
    /// then checked: what they accept still needs the signature, and what they refuse costs nothing. When the key
    /// is known, the answer is ready at the first poll.
    pub(crate) async fn verify(&self, token: &str) -> Result<Verified, Refusal> {
        let jws = Jws::split(token)?;
        let facts = check(&jws, &self.rules, self.clock.unix_seconds())?;
        let candidates = self
            .keys
            .find(&facts.key_id)
            .await
            .map_err(|error| Refusal::found(reason(error), &facts.key_id))?;
        check_signature(&jws, &candidates)?;
        // Last, because it is answered 403: only a good token earns that.
        if let Some(own) = &self.rules.audience
            && !facts.audience.contains(own)
        {
            return Err(Refusal::found(
                Reason::AudienceNotAccepted,
                &facts.audience.join(", "),
            ));
        }
        Ok(Verified {
            kind: facts.kind,
            subject: facts.subject,
            issuer: facts.issuer,
            scopes: facts.scopes,
            issued_at: facts.dates.issued_at,
            expires_at: facts.dates.expires_at,
            key_id: facts.key_id,
            claims: jws.into_payload(),
        })
    }
}

fn check(jws: &Jws<'_>, rules: &VerificationRules, now: u64) -> Result<Facts, Refusal> {
    rules::check(jws.header(), jws.payload(), rules, now)
}

/// Whether a receiver with these rules would accept the token, if its signature is good. For the service that the
/// token was minted for, which need not have the keys.
pub(crate) fn check_without_signature(
    token: &str,
    rules: &VerificationRules,
    now: u64,
) -> Result<(), Refusal> {
    let jws = Jws::split(token)?;
    check(&jws, rules, now).map(|_| ())
}

fn check_signature(jws: &Jws<'_>, candidates: &Candidates) -> Result<(), Reason> {
    let signed = candidates
        .as_slice()
        .iter()
        .any(|key| key.verifies(jws.signing_input, &jws.signature));
    if signed {
        Ok(())
    } else {
        Err(Reason::BadSignature)
    }
}

fn reason(error: LookupError) -> Reason {
    match error {
        LookupError::Unknown => Reason::UnknownKey,
        LookupError::Unconfirmed => Reason::KeyUnconfirmed,
        LookupError::Unavailable => Reason::KeysUnavailable,
    }
}
