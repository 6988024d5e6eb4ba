//! Other services' public keys: JWKS documents (RFC 7517), PEM, and where they come from.

mod fetch;
mod jwk;
mod key_set;
mod roca;
mod store;

pub(crate) use self::{
    fetch::Source,
    jwk::is_key_id,
    key_set::Candidates,
    store::{KeyStore, LookupError, RETRY_AFTER},
};
pub use self::{jwk::Jwk, key_set::KeySet};
use crate::error::KeysError;
