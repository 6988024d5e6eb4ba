//! What somebody says of a token.

use serde::Deserialize;
use st_m2m::Caller;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// With what the token says, unless it cannot be compared: a lone surrogate is no text to Rust.
    Accepted(Option<Facts>),
    /// With a code of the library.
    Refused(String),
}

/// What an accepted token says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Facts {
    iss: String,
    sub: Option<String>,
    iat: u64,
    exp: u64,
    kid: String,
}

impl Facts {
    /// As a peer's program prints them.
    pub(crate) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// As our guard tells them to a handler.
    pub(crate) fn of(caller: &Caller) -> Self {
        Self {
            iss: caller.issuer().to_owned(),
            sub: caller.service().map(str::to_owned),
            iat: caller.issued_at(),
            exp: caller.expires_at(),
            kid: caller.key_id().to_owned(),
        }
    }
}

impl Verdict {
    pub(crate) fn accepts(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }

    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Refused(code) => code,
        }
    }
}
