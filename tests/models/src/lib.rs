//! What several threads of the product share, with every interleaving of them explored by loom.
//!
//! [`flight`] and [`standing`] are the product's own files. Around them, [`store`] and [`keys`] do in small what the key
//! store, its refresher and the verifier do, with loom's threads in place of tasks.

pub mod explore;
#[path = "../../../st-m2m/src/jwks/flight.rs"]
mod flight;
pub mod keys;
#[path = "../../../st-m2m/src/verify/standing.rs"]
mod standing;
pub mod store;

/// What the product's files are made of.
mod sync {
    pub(crate) use loom::sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    };
    pub(crate) use std::sync::PoisonError;
}
