//! What services record: every event with `tracing`, and every metric, in one place.
//!
//! # Events
//!
//! The target of all is `st_m2m`. No event holds a token or an api key. What `found` holds comes from a token that was
//! refused: an issuer, a key id, an audience, a service's or tenant's name, ids of claims; or it is what the core says of a session.
//!
//! | event | level | fields |
//! |---|---|---|
//! | `request refused: …` | info; debug where a session's access token has expired, as each does; warn without keys or core; error without an `M2m` | `reason` (a stable code, [`Reason::as_str`](crate::Reason::as_str)), `found`, `handler`, `module`, `file`, `line` |
//! | `keys fetched` | debug | `keys` (how many), `generation` |
//! | `the issuer's keys have changed` | info | `keys` (how many), `generation` (another for each different set) |
//! | `a published key is not used` | warn | `key_id`, `reason` |
//! | `keys could not be fetched` | warn | `error`, `age_seconds` (of the keys in use) |
//! | `keys are too old to be used` | error | |
//! | `no CA certificates: every https connection will fail` | warn | `error` |
//! | `minted this service's token` | info | `key_id`, `expires_at` (seconds since the Unix epoch) |
//!
//! # Metrics
//!
//! With the feature `metrics`, through the `metrics` facade. Install its recorder before the service starts: the counters
//! that every request touches are registered then. Label values are from closed lists, never from a request.
//!
//! | metric | kind | labels |
//! |---|---|---|
//! | `st_m2m_verifications_total` | counter | `outcome`: `accepted`, `refused`; `kind`: `service`, `oauth2_access`, `session`, and for refused ones `id`, `other` or `unknown`; `reason`: as in the event, empty for accepted ones |
//! | `st_m2m_token_cache_hits_total` | counter | |
//! | `st_m2m_token_cache_misses_total` | counter | |
//! | `st_m2m_token_cache_evictions_total` | counter: tokens that made room for others | |
//! | `st_m2m_key_fetches_total` | counter | `outcome`: `changed`, `unchanged`, `failed` |
//! | `st_m2m_key_set_age_seconds` | gauge: age of the keys in use, told after each fetch | |
//! | `st_m2m_key_set_keys` | gauge: how many keys are in use | |

mod meters;

pub(crate) use self::meters::Meters;

/// Names of the metrics.
#[cfg(feature = "metrics")]
mod names {
    pub(super) const VERIFICATIONS: &str = "st_m2m_verifications_total";
    pub(super) const TOKEN_CACHE_HITS: &str = "st_m2m_token_cache_hits_total";
    pub(super) const TOKEN_CACHE_MISSES: &str = "st_m2m_token_cache_misses_total";
    pub(super) const TOKEN_CACHE_EVICTIONS: &str = "st_m2m_token_cache_evictions_total";
    pub(super) const KEY_FETCHES: &str = "st_m2m_key_fetches_total";
    pub(super) const KEY_SET_AGE: &str = "st_m2m_key_set_age_seconds";
    pub(super) const KEY_SET_KEYS: &str = "st_m2m_key_set_keys";
}

use std::{fmt::Display, time::Duration};

use crate::verify::{Reason, TokenKind};

/// The target of every event.
const TARGET: &str = "st_m2m";

/// A guarded handler: where it stands and what it is called.
#[doc(hidden)]
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
    /// Nobody's: it is how sessions go on.
    Routine,
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
    reason: Reason,
    kind: Option<TokenKind>,
    found: Option<&str>,
    handler: Option<&Handler>,
) {
    #[cfg(feature = "metrics")]
    metrics::counter!(
        names::VERIFICATIONS,
        "kind" => kind.map_or("unknown", TokenKind::as_str),
        "outcome" => "refused",
        "reason" => reason.as_str(),
    )
    .increment(1);
    #[cfg(not(feature = "metrics"))]
    let _ = kind;
    // The level of an event is part of its declaration, hence four of them.
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                target: TARGET,
                reason = reason.as_str(),
                found,
                handler = handler.map(|it| it.name),
                module = handler.map(|it| it.module),
                file = handler.map(|it| it.file),
                line = handler.map(|it| it.line),
                "request refused: {reason}"
            )
        };
    }
    match cause {
        Cause::Routine => event!(debug),
        Cause::Request => event!(info),
        Cause::Issuer => event!(warn),
        Cause::Program => event!(error),
    }
}

/// Keys were fetched: another set than the one in use, or the same.
pub(crate) fn keys_fetched(keys: usize, generation: u64, changed: bool) {
    if changed {
        tracing::info!(target: TARGET, keys, generation, "the issuer's keys have changed");
    } else {
        tracing::debug!(target: TARGET, keys, generation, "keys fetched");
    }
    #[cfg(feature = "metrics")]
    {
        let outcome = if changed { "changed" } else { "unchanged" };
        metrics::counter!(names::KEY_FETCHES, "outcome" => outcome).increment(1);
        metrics::gauge!(names::KEY_SET_AGE).set(0.0);
        #[expect(clippy::cast_precision_loss, reason = "a set has 100 keys at most")]
        metrics::gauge!(names::KEY_SET_KEYS).set(keys as f64);
    }
}

/// A published key is not used.
pub(crate) fn key_skipped(key_id: Option<&str>, reason: &'static str) {
    tracing::warn!(target: TARGET, key_id, reason, "a published key is not used");
}

/// A fetch of keys failed; the keys in use stay. `age` is theirs.
pub(crate) fn key_fetch_failed(error: &dyn Display, age: Option<Duration>) {
    let age_seconds = age.map(|it| it.as_secs());
    tracing::warn!(target: TARGET, error = %error, age_seconds, "keys could not be fetched");
    #[cfg(feature = "metrics")]
    {
        metrics::counter!(names::KEY_FETCHES, "outcome" => "failed").increment(1);
        if let Some(age) = age {
            metrics::gauge!(names::KEY_SET_AGE).set(age.as_secs_f64());
        }
    }
}

/// The issuer was away for so long that its keys are given up.
pub(crate) fn keys_expired() {
    tracing::error!(target: TARGET, "keys are too old to be used");
    #[cfg(feature = "metrics")]
    metrics::gauge!(names::KEY_SET_KEYS).set(0.0);
}

/// The machine has no CA certificates.
pub(crate) fn no_certificates(error: &impl std::fmt::Debug) {
    tracing::warn!(target: TARGET, ?error, "no CA certificates: every https connection will fail");
}

/// The process's own token was minted.
pub(crate) fn minted(key_id: &str, expires_at: u64) {
    tracing::info!(target: TARGET, key_id, expires_at, "minted this service's token");
}
