//! Is a token good, and of which kind?
//!
//! Everything here but [`Verifier`] is pure: no I/O, and no time but the one passed in.

mod cache;
mod claims;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod header;
mod json;
mod jws;
mod kind;
mod m2m;
mod meters;
mod oauth2_client;
mod reason;
mod refusal;
mod revocation;
mod rules;
mod standing;
#[cfg(test)]
mod vectors;
mod verifier;

/// What [`standing`] is made of; models put their own in its place.
mod sync {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
}

pub(crate) use self::{
    claims::{date, string},
    header::Header,
    json::{object, present},
    jws::{Jws, TOKEN_BYTES},
    kind::OLD_SESSION_HEADERS,
    meters::Meters,
    refusal::Refusal,
    rules::{OAuth2ClientRules, VerificationRules},
    verifier::{CacheRules, Verified, Verifier, check_without_signature},
};
pub use self::{
    kind::TokenKind,
    reason::Reason,
    revocation::{PresentedToken, Revocation, RevocationCheck},
    rules::AcceptKeys,
};
pub(crate) use crate::jwks::RETRY_AFTER;
