//! Is a token good, and of which kind?
//!
//! Everything here but [`Verifier`] is pure: no I/O, and no time but the one passed in.

mod claims;
mod jws;
mod kind;
mod m2m;
mod reason;
mod refusal;
mod rules;
#[cfg(test)]
mod vectors;
mod verifier;

pub use self::{kind::TokenKind, reason::Reason, rules::AcceptKeys};
pub(crate) use self::{
    refusal::Refusal,
    rules::VerificationRules,
    verifier::{Verified, Verifier, check_without_signature},
};
pub(crate) use crate::jwks::RETRY_AFTER;
