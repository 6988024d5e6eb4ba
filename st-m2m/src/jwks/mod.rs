//! Other services' public keys: JWKS documents (RFC 7517), PEM, and where they come from.

mod absent;
mod budget;
mod fetch;
mod flight;
mod jwk;
mod key_set;
mod pem_keys;
mod refresher;
mod roca;
mod schedule;
mod snapshot;
mod store;

/// What [`flight`] is made of; models put their own in its place.
mod sync {
    pub(super) use std::sync::{Mutex, MutexGuard, PoisonError};
}

pub(crate) use self::{
    fetch::{SHORTEST_FRESH, Source, Sources},
    jwk::is_key_id,
    key_set::{Candidates, VerificationKey},
    store::{Found, KeyStatus, KeyStore, LookupError, RETRY_AFTER},
};
pub use self::{jwk::Jwk, key_set::KeySet};
use crate::error::KeysError;
