//! Tokens that are refused although they are good.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use super::{TokenKind, Verified};

/// Subjects and token ids that are revoked at most.
const MOST: usize = 65_536;

/// Which tokens are refused from now on, though they are signed and in date: see [`M2m::revoke`](crate::M2m::revoke).
///
/// SuperTokens cannot revoke a single service token; this is a receiver's own list. It lives in the process, so every
/// receiver needs it, and again after a restart; see [`RevocationCheck`] for a list kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation(Which);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Which {
    Subject { subject: String, issued_before: u64 },
    TokenId(String),
    IssuedBefore(u64),
}

impl Revocation {
    /// Every token of this subject: a service's name (claim `sub`), or the id of an `OAuth2` client.
    pub fn subject(subject: impl Into<String>) -> Self {
        Self(Which::Subject {
            subject: subject.into(),
            issued_before: u64::MAX,
        })
    }

    /// The tokens of this subject that were issued (claim `iat`) before `time`, or in the same second: a service that mints
    /// another one later, as it does when it is restarted, is let in again.
    pub fn subject_issued_before(subject: impl Into<String>, time: SystemTime) -> Self {
        Self(Which::Subject {
            subject: subject.into(),
            issued_before: next_second(time),
        })
    }

    /// The token with this id (claim `jti`). Tokens that st-m2m or the core mint for services have none unless it is among
    /// their claims; those of `OAuth2` clients do.
    pub fn token_id(token_id: impl Into<String>) -> Self {
        Self(Which::TokenId(token_id.into()))
    }

    /// All tokens that were issued (claim `iat`) before `time`, or in the same second.
    #[must_use]
    pub fn issued_before(time: SystemTime) -> Self {
        Self(Which::IssuedBefore(next_second(time)))
    }
}

/// The first second that does not count as before `time`. Claims have whole seconds, so its own one does.
fn next_second(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs().saturating_add(1))
}

/// A list of revoked tokens that is kept elsewhere: in a database, say, of which the process holds a copy.
///
/// It is asked about every token that satisfies all rules, each time it is presented, also when its verification is
/// remembered. So it must not block: keep a copy in memory and refresh it in the background. Set it with
/// [`ConfigBuilder::revocation_check`](crate::ConfigBuilder::revocation_check).
pub trait RevocationCheck: fmt::Debug + Send + Sync + 'static {
    /// Whether the token is refused, as if [`M2m::revoke`](crate::M2m::revoke) had been called for it.
    fn is_revoked(&self, token: &PresentedToken<'_>) -> bool;
}

/// What a [`RevocationCheck`] may look at: a token that satisfies every rule.
#[derive(Clone, Copy, Debug)]
pub struct PresentedToken<'t>(&'t Verified);

impl<'t> PresentedToken<'t> {
    pub(super) fn new(verified: &'t Verified) -> Self {
        Self(verified)
    }

    /// Claim `sub`: a service's name, or the id of an `OAuth2` client.
    #[must_use]
    pub fn subject(&self) -> Option<&'t str> {
        self.0.facts.subject.as_deref()
    }

    /// Claim `jti`.
    #[must_use]
    pub fn token_id(&self) -> Option<&'t str> {
        self.0.facts.token_id.as_deref()
    }

    /// Claim `iss`.
    #[must_use]
    pub fn issuer(&self) -> &'t str {
        &self.0.facts.issuer
    }

    /// The kind of token.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.0.facts.kind
    }

    /// Claim `iat`, in seconds since the Unix epoch.
    #[must_use]
    pub fn issued_at(&self) -> u64 {
        self.0.facts.dates.issued_at
    }

    /// Claim `exp`, in seconds since the Unix epoch.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.0.facts.dates.expires_at
    }

    /// The id of the key that signed it.
    #[must_use]
    pub fn key_id(&self) -> &'t str {
        &self.0.facts.key_id
    }
}

/// The tokens that this process has revoked.
#[derive(Debug, Default)]
pub(super) struct Revocations {
    /// Counts the calls that changed the list.
    version: AtomicU64,
    list: RwLock<List>,
}

#[derive(Debug, Default)]
struct List {
    /// Subjects, and before which second their tokens were issued.
    subjects: HashMap<String, u64>,
    token_ids: HashSet<String>,
    /// Of all tokens.
    issued_before: u64,
}

impl Revocations {
    /// The state of the list; 0 while it is empty. What was checked against this very state needs no second look.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Adds to the list; false when it is full.
    pub(super) fn add(&self, revocation: Revocation) -> bool {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        let List {
            subjects,
            token_ids,
            issued_before,
        } = &mut *list;
        let full = subjects.len() + token_ids.len() >= MOST;
        match revocation.0 {
            Which::IssuedBefore(seconds) => *issued_before = seconds.max(*issued_before),
            Which::Subject {
                subject,
                issued_before,
            } => match subjects.get_mut(&subject) {
                Some(earlier) => *earlier = issued_before.max(*earlier),
                None if full => return false,
                None => {
                    subjects.insert(subject, issued_before);
                }
            },
            Which::TokenId(token_id) => {
                if full && !token_ids.contains(&token_id) {
                    return false;
                }
                token_ids.insert(token_id);
            }
        }
        // While the list is locked: whoever sees the new version sees the new list.
        self.version.fetch_add(1, Ordering::AcqRel);
        true
    }

    /// Whether the list holds the token.
    pub(super) fn contain(&self, token: &Verified) -> bool {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        let issued_at = token.facts.dates.issued_at;
        let subject = token.facts.subject.as_ref();
        issued_at < list.issued_before
            || subject
                .and_then(|it| list.subjects.get(it))
                .is_some_and(|before| issued_at < *before)
            || token
                .facts
                .token_id
                .as_ref()
                .is_some_and(|it| list.token_ids.contains(it))
    }
}
