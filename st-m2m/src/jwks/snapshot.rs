//! A key set in use, and for how long.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Candidates, KeySet, VerificationKey};

/// A key set as it is used.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(super) keys: Arc<KeySet>,
    /// Sets with the same keys have the same generation, others another one.
    pub(crate) generation: u64,
    /// The number of the fetch that found it; 0 for keys of the configuration.
    pub(super) number: u64,
    pub(super) origin: Origin,
}

/// Where a set came from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    /// The configuration, which has no others: always fresh.
    Fixed,
    /// The configuration, until there is a set of the issuer's: usable, and never fresh.
    Seed,
    /// The issuer.
    Fetched(Age),
}

/// How old a set is, and may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Age {
    /// When the issuer was asked, not when it answered: a key may have been removed in between.
    pub(super) asked_at: Instant,
    pub(super) fresh_until: Instant,
    /// Not before `fresh_until`.
    pub(super) usable_until: Instant,
}

impl Snapshot {
    /// Keys of the configuration.
    pub(super) fn configured(keys: Arc<KeySet>, origin: Origin) -> Self {
        Self {
            keys,
            generation: 0,
            number: 0,
            origin,
        }
    }

    pub(super) fn age(&self) -> Option<Age> {
        match self.origin {
            Origin::Fixed | Origin::Seed => None,
            Origin::Fetched(age) => Some(age),
        }
    }

    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        match self.origin {
            Origin::Fixed => true,
            Origin::Seed => false,
            Origin::Fetched(age) => now < age.fresh_until,
        }
    }

    pub(crate) fn is_usable(&self, now: Instant) -> bool {
        self.age().is_none_or(|age| now < age.usable_until)
    }

    /// When it is not usable any more.
    pub(super) fn expires_at(&self) -> Option<Instant> {
        self.age().map(|age| age.usable_until)
    }

    /// The keys that may have signed a token which can name none.
    pub(crate) fn every(&self) -> Vec<Arc<VerificationKey>> {
        self.keys.every()
    }

    /// The keys that may have signed a token which names `key_id`.
    pub(crate) fn candidates(&self, key_id: &str) -> Option<Candidates> {
        self.keys.candidates(key_id)
    }
}
