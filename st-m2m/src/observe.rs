//! What services record: every event with `tracing`, and every metric, in one place.
//!
//! # Events
//!
//! The target of all is `st_m2m`, or `st_m2m::dev` for the embedded core, whose events are not listed. No event holds a
//! token or an api key. What `found` holds comes from a token that was refused: an issuer, a key id, an audience, a
//! service's or tenant's name, ids of claims; or it is what the core says of a session.
//!
//! | event | level | fields |
//! |---|---|---|
//! | `request refused: …` | info; debug where a session's access token has expired, as each does; warn when keys or the core cannot be had; error without an `M2m` | `reason` (a stable code, [`Reason::as_str`](crate::Reason::as_str)), `found`, `handler`, `module`, `file`, `line` |
//! | `request let in` | trace | `kind` ([`TokenKind::as_str`](crate::TokenKind::as_str)), `service` and `key_id` of a service, `handler` |
//! | `a remembered token made room for another` | trace | |
//! | `the issuer's keys are there` | info: for the first time | `keys` (how many), `generation` |
//! | `the issuer's keys have changed` | info | `keys`, `generation` (another for each different set) |
//! | `keys fetched` | debug: the same as before | `keys`, `generation` |
//! | `a published key is not used` | warn | `key_id`, `reason` |
//! | `keys could not be fetched` | warn | `error`, `age_seconds` (of the keys in use) |
//! | `keys are too old to be used` | error | |
//! | `no CA certificates: every https connection will fail` | warn | `error` |
//! | `minted this service's token` | info | `key_id`, `expires_at` (seconds since the Unix epoch) |
//!
//! # Metrics
//!
//! With the feature `metrics`, through the facade of `metrics` 0.24. Install its recorder before the service starts: what
//! every request counts is registered then, and lost to a recorder that comes later. Several services in one process count
//! together. Label values are from closed lists, never from a request.
//!
//! | metric | kind | meaning | labels |
//! |---|---|---|---|
//! | `st_m2m_verifications_total` | counter | requests let in and refused | `outcome`: `accepted`, `refused`; `kind`: `service`, `oauth2_access`, `session`, and for refused ones `id`, `other` or `unknown`; `reason`: as in the event, empty for accepted ones |
//! | `st_m2m_token_cache_hits_total` | counter | tokens that were remembered | |
//! | `st_m2m_token_cache_misses_total` | counter | tokens that were not, or not any more | |
//! | `st_m2m_token_cache_evictions_total` | counter | remembered tokens that made room for others | |
//! | `st_m2m_key_fetches_total` | counter | fetches of keys | `outcome`: `changed` (the first included), `unchanged`, `failed` |
//! | `st_m2m_keys_skipped_total` | counter | published keys that are not used, once for each different set | `reason`: as in the event, such as `another key with the same kid` |
//! | `st_m2m_key_set_age_seconds` | gauge | age of the keys in use, told after each fetch: while they fail, at least every 34 s | |
//! | `st_m2m_key_set_keys` | gauge | how many fetched keys are in use | |

use std::{fmt::Display, time::Duration};

/// Names of the metrics.
#[cfg(feature = "metrics")]
pub(crate) mod names {
    pub(crate) const VERIFICATIONS: &str = "st_m2m_verifications_total";
    pub(crate) const TOKEN_CACHE_HITS: &str = "st_m2m_token_cache_hits_total";
    pub(crate) const TOKEN_CACHE_MISSES: &str = "st_m2m_token_cache_misses_total";
    pub(crate) const TOKEN_CACHE_EVICTIONS: &str = "st_m2m_token_cache_evictions_total";
    pub(crate) const KEY_FETCHES: &str = "st_m2m_key_fetches_total";
    pub(crate) const KEYS_SKIPPED: &str = "st_m2m_keys_skipped_total";
    pub(crate) const KEY_SET_AGE: &str = "st_m2m_key_set_age_seconds";
    pub(crate) const KEY_SET_KEYS: &str = "st_m2m_key_set_keys";
}

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

/// A request was refused: the stable code of the reason, what it means, and the kind of token if it is known. Without a
/// handler the guard stands without an attribute.
pub(crate) fn refused(
    cause: Cause,
    reason: &'static str,
    meaning: &dyn Display,
    kind: Option<&'static str>,
    found: Option<&str>,
    handler: Option<&Handler>,
) {
    #[cfg(feature = "metrics")]
    metrics::counter!(
        names::VERIFICATIONS,
        "kind" => kind.unwrap_or("unknown"),
        "outcome" => "refused",
        "reason" => reason,
    )
    .increment(1);
    #[cfg(not(feature = "metrics"))]
    let _ = kind;
    // The level of an event is part of its declaration, hence four of them.
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
                "request refused: {meaning}"
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

/// What a fetched set is to the one in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// There was none.
    First,
    /// It has other keys.
    Other,
    /// It has the same keys.
    None,
}

/// Keys were fetched and are in use.
pub(crate) fn keys_fetched(keys: usize, generation: u64, change: Change) {
    match change {
        Change::First => {
            tracing::info!(target: TARGET, keys, generation, "the issuer's keys are there");
        }
        Change::Other => {
            tracing::info!(target: TARGET, keys, generation, "the issuer's keys have changed");
        }
        Change::None => tracing::debug!(target: TARGET, keys, generation, "keys fetched"),
    }
    #[cfg(feature = "metrics")]
    {
        let outcome = match change {
            Change::First | Change::Other => "changed",
            Change::None => "unchanged",
        };
        metrics::counter!(names::KEY_FETCHES, "outcome" => outcome).increment(1);
        metrics::gauge!(names::KEY_SET_AGE).set(0.0);
        #[expect(clippy::cast_precision_loss, reason = "a set has 100 keys at most")]
        metrics::gauge!(names::KEY_SET_KEYS).set(keys as f64);
    }
}

/// A request was let in.
#[inline]
pub(crate) fn let_in(
    kind: &'static str,
    service: Option<&str>,
    key_id: Option<&str>,
    handler: Option<&Handler>,
) {
    let handler = handler.map(|it| it.name);
    tracing::trace!(target: TARGET, kind, service, key_id, handler, "request let in");
}

/// A remembered token made room for another.
pub(crate) fn token_evicted() {
    tracing::trace!(target: TARGET, "a remembered token made room for another");
}

/// A published key is not used.
pub(crate) fn key_skipped(key_id: Option<&str>, reason: &'static str) {
    tracing::warn!(target: TARGET, key_id, reason, "a published key is not used");
    #[cfg(feature = "metrics")]
    metrics::counter!(names::KEYS_SKIPPED, "reason" => reason).increment(1);
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
