//! A refusal, with what the log should know.

use super::{Reason, TokenKind};
use crate::excerpt::excerpt;

/// Why a token is refused, and what was found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// What the token holds instead of what is accepted. It comes from the token, so before the signature is checked
    /// anybody may have written it.
    pub(crate) found: Option<String>,
    /// The token's kind, once it is told.
    pub(crate) kind: Option<TokenKind>,
}

impl Refusal {
    /// A refusal that names what was found: an issuer, a key id, an audience, the name of a service.
    pub(crate) fn found(reason: Reason, found: &str) -> Self {
        Self {
            reason,
            found: Some(excerpt(found)),
            kind: None,
        }
    }

    /// The refusal of a token of this kind.
    pub(crate) fn of(self, kind: TokenKind) -> Self {
        Self {
            kind: Some(kind),
            ..self
        }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            found: None,
            kind: None,
        }
    }
}
