//! How a service is.

use std::time::Duration;

use crate::{
    error::KeysError,
    jwks::{Jwk, KeyStatus},
};

/// How a service is, at the moment it was asked: see [`M2m::status`](crate::M2m::status).
#[derive(Clone, Debug)]
pub struct Status {
    keys: KeyStatus,
    remembered_tokens: usize,
}

impl Status {
    pub(crate) fn new(keys: KeyStatus, remembered_tokens: usize) -> Self {
        Self {
            keys,
            remembered_tokens,
        }
    }

    /// Whether tokens can be verified: there are keys, and they are not too old. Where there are none, guarded handlers
    /// answer 503.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.keys.keys.is_some()
    }

    /// The ids of the keys in use. Keys from PEM have none.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.keys
            .keys
            .iter()
            .flat_map(|it| it.iter().map(Jwk::key_id))
    }

    /// How long ago the issuer was asked for the keys in use. `None` without keys, and for keys of the configuration.
    #[must_use]
    pub fn keys_age(&self) -> Option<Duration> {
        self.keys.age
    }

    /// Whether the keys in use are as fresh as they should be. Keys that were fetched are used for a while when they are
    /// not, see [`keys_max_stale`](crate::ConfigBuilder::keys_max_stale). Never of a
    /// [`jwks_seed`](crate::ConfigBuilder::jwks_seed); always of keys that are not fetched at all.
    #[must_use]
    pub fn keys_are_fresh(&self) -> bool {
        self.keys.is_fresh
    }

    /// Whether the keys in use are of the configuration: a document or PEM, or the
    /// [`jwks_seed`](crate::ConfigBuilder::jwks_seed) while the issuer has never answered.
    #[must_use]
    pub fn keys_are_pinned(&self) -> bool {
        self.keys.is_pinned
    }

    /// Grows with each different set of keys that was fetched; 0 while there is none.
    #[must_use]
    pub fn keys_generation(&self) -> u64 {
        self.keys.generation
    }

    /// Why the last fetch of keys failed, if it did.
    #[must_use]
    pub fn last_fetch_error(&self) -> Option<&KeysError> {
        self.keys.last_error.as_deref()
    }

    /// How many verified tokens are remembered. One that several groups of threads remember counts as often, see
    /// [`token_cache_entries`](crate::ConfigBuilder::token_cache_entries).
    #[must_use]
    pub fn remembered_tokens(&self) -> usize {
        self.remembered_tokens
    }
}
