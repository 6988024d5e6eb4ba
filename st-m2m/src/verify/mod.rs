//! Is a token good, and of which kind?
//!
//! Everything here but [`Verifier`] is pure: no I/O, and no time but the one passed in.

mod claims;
mod jws;
mod kind;
mod m2m;
mod oauth2_client;
mod reason;
mod refusal;
mod rules;
mod verifier;

pub use self::{kind::TokenKind, reason::Reason, rules::AcceptKeys};
pub(crate) use self::{
    refusal::Refusal,
    rules::{OAuth2ClientRules, VerificationRules},
    verifier::{Verified, Verifier, check_without_signature},
};
pub(crate) use crate::jwks::RETRY_AFTER;
