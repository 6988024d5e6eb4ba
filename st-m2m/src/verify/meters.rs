//! What is counted on the path of every request.

use super::TokenKind;

/// Handles of the counters that requests touch, so that counting looks nothing up. Without the feature `metrics` there is
/// nothing in it.
#[derive(Clone, Debug)]
pub(crate) struct Meters(#[cfg(feature = "metrics")] Counters);

#[cfg(feature = "metrics")]
#[derive(Clone, Debug)]
struct Counters {
    services: metrics::Counter,
    oauth2_clients: metrics::Counter,
    sessions: metrics::Counter,
    hits: metrics::Counter,
    misses: metrics::Counter,
    evictions: metrics::Counter,
}

#[cfg_attr(
    not(feature = "metrics"),
    expect(clippy::unused_self, reason = "there is nothing to count with")
)]
impl Meters {
    /// Registers them with the recorder that is installed now.
    #[cfg(feature = "metrics")]
    pub(crate) fn new() -> Self {
        use crate::observe::names;
        metrics::describe_counter!(names::VERIFICATIONS, "Requests let in and refused");
        metrics::describe_counter!(names::TOKEN_CACHE_HITS, "Tokens that were remembered");
        metrics::describe_counter!(names::TOKEN_CACHE_MISSES, "Tokens that were not remembered");
        metrics::describe_counter!(
            names::TOKEN_CACHE_EVICTIONS,
            "Remembered tokens that made room for others"
        );
        metrics::describe_counter!(names::KEY_FETCHES, "Fetches of the issuer's keys");
        metrics::describe_counter!(names::KEYS_SKIPPED, "Published keys that are not used");
        metrics::describe_gauge!(
            names::KEY_SET_AGE,
            metrics::Unit::Seconds,
            "Age of the keys in use, told after each fetch"
        );
        metrics::describe_gauge!(names::KEY_SET_KEYS, "Fetched keys in use");
        let accepted = |kind: TokenKind| {
            metrics::counter!(
                names::VERIFICATIONS,
                "kind" => kind.as_str(), "outcome" => "accepted", "reason" => ""
            )
        };
        Self(Counters {
            services: accepted(TokenKind::Service),
            oauth2_clients: accepted(TokenKind::OAuth2Access),
            sessions: accepted(TokenKind::Session),
            hits: metrics::counter!(names::TOKEN_CACHE_HITS),
            misses: metrics::counter!(names::TOKEN_CACHE_MISSES),
            evictions: metrics::counter!(names::TOKEN_CACHE_EVICTIONS),
        })
    }

    #[cfg(not(feature = "metrics"))]
    pub(crate) fn new() -> Self {
        Self()
    }

    /// A request was let in.
    #[inline]
    pub(crate) fn accepted(&self, kind: TokenKind) {
        #[cfg(feature = "metrics")]
        match kind {
            TokenKind::OAuth2Access => self.0.oauth2_clients.increment(1),
            TokenKind::Session => self.0.sessions.increment(1),
            _ => self.0.services.increment(1),
        }
        #[cfg(not(feature = "metrics"))]
        let _ = kind;
    }

    /// A token's verification was remembered.
    #[inline]
    pub(crate) fn token_remembered(&self) {
        #[cfg(feature = "metrics")]
        self.0.hits.increment(1);
    }

    /// A token was not remembered, or not any more.
    #[inline]
    pub(crate) fn token_not_remembered(&self) {
        #[cfg(feature = "metrics")]
        self.0.misses.increment(1);
    }

    /// A remembered token made room for another.
    #[inline]
    pub(crate) fn token_evicted(&self) {
        crate::observe::token_evicted();
        #[cfg(feature = "metrics")]
        self.0.evictions.increment(1);
    }
}
