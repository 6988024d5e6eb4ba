//! Other services' public keys: JWKS documents (RFC 7517), PEM, and where they come from.

mod fetch;
mod jwk;
mod key_set;
mod store;

pub(crate) use self::{
    fetch::Source,
    jwk::is_key_id,
    key_set::Candidates,
    store::{KeyStore, LookupError},
};
pub use self::{jwk::Jwk, key_set::KeySet};
pub use crate::error::{KeysError as Error, SkippedKey};
