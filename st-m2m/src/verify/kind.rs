//! What kind of token is this?
//!
//! One key set signs sessions, service tokens, `OAuth2` and ID tokens and whatever else an application mints, so
//! a good signature says nothing about the kind. The kind is told by the token's shape alone, before any rule
//! runs, and then that kind's whole rules apply. There is no second try with another kind.

use serde_json::value::RawValue;

use super::{claims::Claims, header::Header};

/// The headers of session tokens before version 3, which are literals in padded standard base64
/// (`supertokens-golang`, `recipe/session/jwt.go`; recorded: `session_create_ok_cdi_2_9`).
pub(crate) const OLD_SESSION_HEADERS: [&str; 2] = [
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsInZlcnNpb24iOiIxIn0=",
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsInZlcnNpb24iOiIyIn0=",
];

/// The kinds of token that one SuperTokens key set signs.
///
/// There will be no others: each kind has rules of its own, and a token that is of none of the first four is of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A service's token: `source` and none of the marks of the other kinds.
    Service,
    /// A frontend session: `version` in the header, or any session claim.
    Session,
    /// An `OAuth2` access token: `stt` is 1.
    OAuth2Access,
    /// An `OpenID` Connect ID token: `stt` is 2.
    Id,
    /// Anything else, such as an anonymous visitor's JWT.
    Other,
}

impl TokenKind {
    /// Whether the token is a session of version 1 or 2. They are no JWS in the strict form of all other kinds.
    pub(super) fn is_old_session(token: &str) -> bool {
        token
            .split_once('.')
            .is_some_and(|(header, _)| OLD_SESSION_HEADERS.contains(&header))
    }

    /// Tells the kind from the token's shape.
    ///
    /// A mark counts when the member is present, whatever its value: `null` is present. Sessions go first: a
    /// session may carry any custom claim, `source` included (`supertokens-node`,
    /// `recipe/session/constants.ts` protects neither).
    pub(super) fn of(header: &Header<'_>, claims: &Claims<'_>) -> Self {
        if header.version.is_some() || claims.has_session_member() {
            return Self::Session;
        }
        match claims.stt.map(RawValue::get) {
            Some("1") => Self::OAuth2Access,
            Some("2") => Self::Id,
            None if claims.source.is_some() => Self::Service,
            _ => Self::Other,
        }
    }

    /// A stable name for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Session => "session",
            Self::OAuth2Access => "oauth2_access",
            Self::Id => "id",
            Self::Other => "other",
        }
    }

    /// The values of header member `typ` that a token of this kind may have.
    pub(crate) fn types(self) -> &'static [&'static str] {
        match self {
            // The core writes `JWT`; `at+jwt` is RFC 9068's (§2.1).
            Self::OAuth2Access => &["JWT", "at+jwt"],
            Self::Service | Self::Session | Self::Id | Self::Other => &["JWT"],
        }
    }
}
