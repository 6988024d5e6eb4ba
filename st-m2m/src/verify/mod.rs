//! Is a token good, and of which kind?
//!
//! Everything here but [`Verifier`] is pure: no I/O, and no time but the one passed in.

mod claims;
mod jws;
mod kind;
mod m2m;
mod reason;
mod verifier;

pub(crate) use self::verifier::{Verified, Verifier};
pub use self::{kind::TokenKind, reason::Reason};
