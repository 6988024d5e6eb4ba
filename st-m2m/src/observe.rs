//! Every event this crate records with `tracing`, in one place. No event holds a token, an api key or a claim.
//!
//! | event | level | fields |
//! |---|---|---|
//! | `request refused` | info; error where the service itself is at fault | `reason` (a stable code), `handler`, `module`, `file`, `line` |
//! | `keys fetched` | debug | `keys` |
//! | `a published key is not used` | warn | `key_id`, `reason` |
//! | `keys could not be fetched` | warn | `error` |
//! | `no CA certificates: every https connection will fail` | warn | `error` |
//! | `minted this service's token` | info | `key_id`, `expires_at` (seconds since the Unix epoch) |

use crate::error::{KeysError, SkippedKey};

/// The target of every event.
const TARGET: &str = "st_m2m";

/// A request was refused.
pub(crate) fn refused(reason: &'static str, our_fault: bool, at: &Place) {
    let Place {
        handler,
        module,
        file,
        line,
    } = at;
    if our_fault {
        tracing::error!(target: TARGET, reason, handler, module, file, line, "request refused");
    } else {
        tracing::info!(target: TARGET, reason, handler, module, file, line, "request refused");
    }
}

/// The guarded handler that an event is about; empty where a guard stands without an attribute.
#[derive(Debug, Default)]
pub(crate) struct Place {
    pub(crate) handler: &'static str,
    pub(crate) module: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

/// Keys were fetched.
pub(crate) fn keys_fetched(keys: usize, skipped: &[SkippedKey]) {
    for key in skipped {
        tracing::warn!(target: TARGET, key_id = ?key.key_id, reason = key.reason, "a published key is not used");
    }
    tracing::debug!(target: TARGET, keys, "keys fetched");
}

/// A fetch of keys failed; the keys in use stay.
pub(crate) fn key_fetch_failed(error: &KeysError) {
    tracing::warn!(target: TARGET, %error, "keys could not be fetched");
}

/// The machine has no CA certificates.
pub(crate) fn no_certificates(error: &impl std::fmt::Debug) {
    tracing::warn!(target: TARGET, ?error, "no CA certificates: every https connection will fail");
}

/// The process's own token was minted.
pub(crate) fn minted(key_id: &str, expires_at: u64) {
    tracing::info!(target: TARGET, key_id, expires_at, "minted this service's token");
}
