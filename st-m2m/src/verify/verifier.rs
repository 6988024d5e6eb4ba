//! Verifies tokens with the keys of one issuer.

use std::sync::Arc;

use super::{
    Reason, TokenKind,
    claims::Claims,
    jws::{Header, Jws},
    m2m,
};
use crate::{
    clock::Clock,
    config::VerificationConfig,
    jwks::{Candidates, Error, KeySet, KeyStore, LookupError},
};

/// Verifies the tokens of other services.
#[derive(Debug)]
pub(crate) struct Verifier {
    keys: KeyStore,
    rules: VerificationConfig,
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
    pub(crate) fn new(keys: KeyStore, rules: VerificationConfig, clock: Arc<dyn Clock>) -> Self {
        Self { keys, rules, clock }
    }

    /// The issuer's keys, fetched if need be.
    pub(crate) async fn key_set(&self) -> Result<Arc<KeySet>, Error> {
        self.keys.all().await
    }

    /// Verifies a service's token.
    ///
    /// The rules run before the signature is checked and before any key is fetched, on the very bytes that are
    /// then checked: what they accept still needs the signature, and what they refuse costs nothing. When the key
    /// is known, the answer is ready at the first poll.
    pub(crate) async fn verify(&self, token: &str) -> Result<Verified, Reason> {
        let jws = Jws::split(token)?;
        let header = Header::read(&jws.header)?;
        let claims = Claims::read(&jws.payload)?;
        let kind = TokenKind::of(&header, &claims);
        let key_id = header.check()?;
        let facts = m2m::check(kind, &claims, &self.rules, self.clock.unix_seconds())?;
        m2m::check_key_id(key_id, &self.rules)?;
        let candidates = match self.keys.fresh(key_id) {
            Some(answer) => answer,
            None => self.keys.find(key_id).await,
        };
        check_signature(&jws, &candidates.map_err(reason)?)?;
        // Last, because it is answered 403: only a good token earns that.
        if let Some(own) = &self.rules.audience
            && !facts.audience.contains(own)
        {
            return Err(Reason::AudienceNotAccepted);
        }
        Ok(Verified {
            kind,
            subject: facts.subject,
            issuer: facts.issuer,
            scopes: facts.scopes,
            issued_at: facts.dates.issued_at,
            expires_at: facts.dates.expires_at,
            key_id: key_id.to_owned(),
            claims: jws.payload,
        })
    }
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
        LookupError::Unavailable => Reason::KeysUnavailable,
    }
}
