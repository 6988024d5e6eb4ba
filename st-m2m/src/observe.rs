//! Every event that services record with `tracing`, in one place. No event holds a token or an api
//! key. What `found` holds comes from a token that was refused: an issuer, a key id, an audience or a service's name.
//!
//! | event | level | fields |
//! |---|---|---|
//! | `request refused: …` | info; warn without keys; error without an `M2m` | `reason` (a stable code), `found`, `handler`, `module`, `file`, `line` |
//! | `keys fetched` | debug | `keys` |
//! | `a published key is not used` | warn | `key_id`, `reason` |
//! | `keys could not be fetched` | warn | `error` |
//! | `no CA certificates: every https connection will fail` | warn | `error` |
//! | `minted this service's token` | info | `key_id`, `expires_at` (seconds since the Unix epoch) |

use std::fmt::Display;

/// The target of every event.
const TARGET: &str = "st_m2m";

/// A guarded handler: where it stands and what it is called.
#[derive(Clone, Copy, Debug)]
pub struct Handler {
    module: &'static str,
    name: &'static str,
    file: &'static str,
    line: u32,
}

impl Handler {
    /// What the attribute knows of its function.
    #[must_use]
    pub const fn new(
        module: &'static str,
        name: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self {
            module,
            name,
            file,
            line,
        }
    }
}

/// Whose doing a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The request's.
    Request,
    /// The issuer's, who gives no keys at all. Not an error of ours: it heals when the issuer is back.
    Issuer,
    /// Ours: there is nothing to verify with.
    Program,
}

/// A request was refused. Without a handler the guard stands without an attribute.
pub(crate) fn refused(
    cause: Cause,
    reason: &'static str,
    explanation: &dyn Display,
    found: Option<&str>,
    handler: Option<&Handler>,
) {
    // The level of an event is part of its declaration, hence three of them.
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                target: TARGET,
                reason,
                found,
                handler = handler.map(|it| it.name),
                module = handler.map(|it| it.module),
                file = handler.map(|it| it.file),
                line = handler.map(|it| it.line),
                "request refused: {explanation}"
            )
        };
    }
    match cause {
        Cause::Request => event!(info),
        Cause::Issuer => event!(warn),
        Cause::Program => event!(error),
    }
}

/// Keys were fetched.
pub(crate) fn keys_fetched(keys: usize) {
    tracing::debug!(target: TARGET, keys, "keys fetched");
}

/// A published key is not used.
pub(crate) fn key_skipped(key_id: Option<&str>, reason: &'static str) {
    tracing::warn!(target: TARGET, key_id, reason, "a published key is not used");
}

/// A fetch of keys failed; the keys in use stay.
pub(crate) fn key_fetch_failed(error: &dyn Display) {
    tracing::warn!(target: TARGET, error = %error, "keys could not be fetched");
}

/// The machine has no CA certificates.
pub(crate) fn no_certificates(error: &impl std::fmt::Debug) {
    tracing::warn!(target: TARGET, ?error, "no CA certificates: every https connection will fail");
}

/// The process's own token was minted.
pub(crate) fn minted(key_id: &str, expires_at: u64) {
    tracing::info!(target: TARGET, key_id, expires_at, "minted this service's token");
}
