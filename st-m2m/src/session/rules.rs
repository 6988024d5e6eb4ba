//! What a service, and what one handler demands of sessions.

use std::sync::Arc;

use http::StatusCode;

use super::ClaimValidator;
use crate::supertokens::SigningKey;

/// How a request whose session comes in a cookie shows that it was not forged by another site
/// (`supertokens-node`, `recipe/session/types.ts`: `antiCsrf`).
///
/// Nothing is asked of `GET` requests, nor of sessions in the `Authorization` header, which other sites cannot send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AntiCsrf {
    /// Nothing: the browser does not send the cookie with other sites' requests, because of its `SameSite`.
    None,
    /// The header `anti-csrf`, with the token that the session holds.
    ViaToken,
    /// The header `rid`, with any value: other sites may not send it unless CORS lets them.
    ViaCustomHeader,
}

/// Where a session's access token is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenTransfer {
    /// In the `Authorization` header, then in the cookie. The default, as in SuperTokens' SDKs.
    #[default]
    Any,
    /// In the cookie alone.
    Cookie,
    /// In the `Authorization` header alone.
    Header,
}

/// The attribute `SameSite` of session cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// `SameSite=Strict`
    Strict,
    /// `SameSite=Lax`
    Lax,
    /// `SameSite=None`
    None,
}

/// What a service demands of sessions, checked.
#[derive(Clone, Debug)]
pub(crate) struct SessionRules {
    pub(crate) anti_csrf: AntiCsrf,
    pub(crate) transfer: TokenTransfer,
    pub(crate) check_database: bool,
    /// The kind of key that signs sessions. No other will do: by default it is what tells sessions from whatever else the
    /// core signs.
    pub(crate) signing_key: SigningKey,
    /// Whether a token without `version` in its header may be a session.
    pub(crate) allow_unversioned: bool,
    pub(crate) claims: Vec<Arc<dyn ClaimValidator>>,
    pub(crate) cookies: CookieRules,
    pub(crate) expired_status: StatusCode,
    pub(crate) invalid_claim_status: StatusCode,
}

/// How session cookies are named and set.
#[derive(Clone, Debug)]
pub(crate) struct CookieRules {
    pub(crate) access_name: String,
    pub(crate) refresh_name: String,
    pub(crate) domain: Option<String>,
    pub(crate) secure: bool,
    pub(crate) same_site: SameSite,
    pub(crate) access_path: String,
    /// `{api_base_path}/session/refresh`
    pub(crate) refresh_path: String,
    /// Whether a token that goes into the cookie goes into the header `st-access-token` as well.
    pub(crate) expose_access_token: bool,
}

/// What one handler demands of users, beside what the configuration demands of every session.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserRules {
    pub(super) anti_csrf: Option<bool>,
    pub(super) check_database: Option<bool>,
    pub(super) tenant: Option<&'static str>,
    pub(super) claims: &'static [&'static dyn ClaimValidator],
}

impl UserRules {
    /// Any user.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            anti_csrf: None,
            check_database: None,
            tenant: None,
            claims: &[],
        }
    }

    /// Whether the request must show that no other site forged it, also where it is a `GET`. The SDK's `antiCsrfCheck`.
    #[must_use]
    pub const fn anti_csrf(self, check: bool) -> Self {
        Self {
            anti_csrf: Some(check),
            ..self
        }
    }

    /// Whether the core is asked if the session has ended. The SDK's `checkDatabase`.
    #[must_use]
    pub const fn check_database(self, check: bool) -> Self {
        Self {
            check_database: Some(check),
            ..self
        }
    }

    /// Only users of this tenant.
    #[must_use]
    pub const fn tenant(self, tenant: &'static str) -> Self {
        Self {
            tenant: Some(tenant),
            ..self
        }
    }

    /// Only sessions whose claims satisfy these validators.
    #[must_use]
    pub const fn claims(self, claims: &'static [&'static dyn ClaimValidator]) -> Self {
        Self { claims, ..self }
    }
}
