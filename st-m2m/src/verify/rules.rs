//! What a receiver demands of service tokens.

/// Which of the issuer's keys may have signed a service's token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcceptKeys {
    /// Any key of the set. The default.
    #[default]
    Any,
    /// Only keys that never rotate: those whose id does not begin with `d-`.
    StaticOnly,
}

/// What a service's token must satisfy, checked.
#[derive(Clone, Debug)]
pub(crate) struct VerificationRules {
    /// Never empty.
    pub(crate) issuers: Vec<String>,
    pub(crate) audience: Option<String>,
    /// Seconds, at most 60.
    pub(crate) leeway: u64,
    /// Seconds.
    pub(crate) max_token_age: Option<u64>,
    pub(crate) accept_keys: AcceptKeys,
}
