//! The configuration of frontend sessions.

use std::{fmt::Display, sync::Arc};

use http::StatusCode;

use super::{ConfigBuilder, domain};
use crate::{
    error::ConfigError,
    session::{AntiCsrf, ClaimValidator, CookieRules, SameSite, SessionRules, TokenTransfer},
    supertokens::SigningKey,
};

/// The values of the keys `session_…`, and of `website_domain`.
#[derive(Clone, Default)]
pub(super) struct SessionKeys {
    website_domain: Option<String>,
    anti_csrf: Option<AntiCsrf>,
    token_transfer: TokenTransfer,
    check_database: bool,
    signing_key: Option<SigningKey>,
    allow_unversioned: bool,
    claim_validators: Vec<Arc<dyn ClaimValidator>>,
    access_token_cookie: Option<String>,
    refresh_token_cookie: Option<String>,
    cookie_domain: Option<String>,
    cookie_path: Option<String>,
    cookie_secure: Option<bool>,
    cookie_same_site: Option<SameSite>,
    expose_access_token: bool,
    expired_status: Option<u16>,
    invalid_claim_status: Option<u16>,
}

/// Frontend sessions. The defaults are those of SuperTokens' SDKs: give both the same values.
impl ConfigBuilder {
    /// Scheme and host of the website whose browsers send sessions, such as `https://example.com`: the SDK's
    /// `websiteDomain`. Default: none. `ST_M2M_WEBSITE_DOMAIN`.
    ///
    /// With `api_domain` it tells whether cookies cross sites, and so the defaults of
    /// [`session_anti_csrf`](Self::session_anti_csrf) and [`session_cookie_same_site`](Self::session_cookie_same_site).
    pub fn website_domain(mut self, website_domain: impl Into<String>) -> Self {
        self.session.website_domain = Some(website_domain.into());
        self
    }

    /// How a request with its session in a cookie shows that no other site forged it: the SDK's `antiCsrf`.
    /// `ST_M2M_SESSION_ANTI_CSRF`: `none`, `via_token` or `via_custom_header`.
    ///
    /// Default: [`AntiCsrf::None`] where cookies do not cross sites, and [`AntiCsrf::ViaCustomHeader`] where they do, or
    /// where neither `website_domain` nor `session_cookie_same_site` tells. SuperTokens' frontend SDKs send what it takes.
    pub fn session_anti_csrf(mut self, anti_csrf: AntiCsrf) -> Self {
        self.session.anti_csrf = Some(anti_csrf);
        self
    }

    /// Where access tokens are looked for: the SDK's `getTokenTransferMethod`. Default: [`TokenTransfer::Any`].
    /// `ST_M2M_SESSION_TOKEN_TRANSFER`: `any`, `cookie` or `header`.
    pub fn session_token_transfer(mut self, token_transfer: TokenTransfer) -> Self {
        self.session.token_transfer = token_transfer;
        self
    }

    /// Whether the core is asked, on each request, if the session has ended: the SDK's `checkDatabase`. Default: no. It
    /// needs `connection_uri`. `ST_M2M_SESSION_CHECK_DATABASE`.
    ///
    /// Without it, a session that was revoked is good until its access token expires, after an hour by default.
    pub fn session_check_database(mut self, check: bool) -> Self {
        self.session.check_database = check;
        self
    }

    /// The kind of key that signs sessions; no other will do. Default: [`SigningKey::Dynamic`].
    /// `ST_M2M_SESSION_SIGNING_KEY`: `dynamic` or `static`.
    ///
    /// [`SigningKey::Static`] is for SDKs with `useDynamicAccessTokenSigningKey: false`. Then sessions are signed with the
    /// keys that sign whatever else the core mints.
    pub fn session_signing_key(mut self, signing_key: SigningKey) -> Self {
        self.session.signing_key = Some(signing_key);
        self
    }

    /// Whether a token may be a session though its header has no `version`. Default: no.
    /// `ST_M2M_SESSION_ALLOW_UNVERSIONED`.
    ///
    /// The core writes `version` into every session, and into nothing else: whoever may mint tokens can give them the
    /// claims of any session, but not that. SuperTokens' SDKs take both for sessions. This is for applications that mint
    /// such sessions themselves, with `createJWT`; a token with claim `source` or `client_id` is none even then.
    pub fn session_allow_unversioned(mut self, allow: bool) -> Self {
        self.session.allow_unversioned = allow;
        self
    }

    /// What the claims of every session must be, beside what a handler demands. Default: nothing.
    pub fn session_claim_validators(
        mut self,
        validators: impl IntoIterator<Item = Arc<dyn ClaimValidator>>,
    ) -> Self {
        self.session.claim_validators = validators.into_iter().collect();
        self
    }

    /// The cookie that holds the access token. Default: `sAccessToken`. `ST_M2M_SESSION_ACCESS_TOKEN_COOKIE`.
    pub fn session_access_token_cookie(mut self, name: impl Into<String>) -> Self {
        self.session.access_token_cookie = Some(name.into());
        self
    }

    /// The cookie that holds the refresh token, to be cleared when a session ends. Default: `sRefreshToken`.
    /// `ST_M2M_SESSION_REFRESH_TOKEN_COOKIE`.
    pub fn session_refresh_token_cookie(mut self, name: impl Into<String>) -> Self {
        self.session.refresh_token_cookie = Some(name.into());
        self
    }

    /// The attribute `Domain` of session cookies: the SDK's `cookieDomain`. Default: none.
    /// `ST_M2M_SESSION_COOKIE_DOMAIN`.
    pub fn session_cookie_domain(mut self, domain: impl Into<String>) -> Self {
        self.session.cookie_domain = Some(domain.into());
        self
    }

    /// The attribute `Path` of the access token's cookie: the SDK's `accessTokenPath`. Default: `/`.
    /// `ST_M2M_SESSION_COOKIE_PATH`.
    pub fn session_cookie_path(mut self, path: impl Into<String>) -> Self {
        self.session.cookie_path = Some(path.into());
        self
    }

    /// Whether session cookies are `Secure`: the SDK's `cookieSecure`. Default: whether `api_domain` is https.
    /// `ST_M2M_SESSION_COOKIE_SECURE`.
    pub fn session_cookie_secure(mut self, secure: bool) -> Self {
        self.session.cookie_secure = Some(secure);
        self
    }

    /// The attribute `SameSite` of session cookies: the SDK's `cookieSameSite`. Default: [`SameSite::None`] where
    /// `website_domain` is another site than `api_domain` or has another scheme, else [`SameSite::Lax`].
    /// `ST_M2M_SESSION_COOKIE_SAME_SITE`: `strict`, `lax` or `none`.
    pub fn session_cookie_same_site(mut self, same_site: SameSite) -> Self {
        self.session.cookie_same_site = Some(same_site);
        self
    }

    /// Whether a new access token that goes into a cookie goes into the header `st-access-token` as well: the SDK's
    /// `exposeAccessTokenToFrontendInCookieBasedAuth`. Default: no. `ST_M2M_SESSION_EXPOSE_ACCESS_TOKEN`.
    pub fn session_expose_access_token(mut self, expose: bool) -> Self {
        self.session.expose_access_token = expose;
        self
    }

    /// The status of answers that make a browser refresh its session: the SDK's `sessionExpiredStatusCode`. Default: 401.
    /// `ST_M2M_SESSION_EXPIRED_STATUS`.
    pub fn session_expired_status(mut self, status: u16) -> Self {
        self.session.expired_status = Some(status);
        self
    }

    /// The status of answers to a session of which a claim is not as it must be: the SDK's `invalidClaimStatusCode`.
    /// Default: 403. `ST_M2M_SESSION_INVALID_CLAIM_STATUS`.
    pub fn session_invalid_claim_status(mut self, status: u16) -> Self {
        self.session.invalid_claim_status = Some(status);
        self
    }
}

impl SessionKeys {
    /// Checks everything. `api` is `api_domain`.
    pub(super) fn check(
        self,
        api: &domain::Location,
        api_base_path: &str,
        has_core: bool,
    ) -> Result<SessionRules, ConfigError> {
        self.refuse_what_has_no_effect(has_core)?;
        let same_site = self.same_site(api)?;
        let cookies_cross_sites = same_site.is_none_or(|it| it == SameSite::None);
        let expired_status = status("session_expired_status", self.expired_status, 401)?;
        let invalid_claim_status = status(
            "session_invalid_claim_status",
            self.invalid_claim_status,
            403,
        )?;
        if expired_status == invalid_claim_status {
            return Err(ConfigError::new(
                "session_invalid_claim_status",
                format!(
                    "must differ from `session_expired_status`, {expired_status}: by the status, browsers tell whether to refresh"
                ),
            ));
        }
        let name = |key: &str, name: Option<String>, default: &str| {
            let name = name.unwrap_or_else(|| default.to_owned());
            cookie_name(&name).map(|()| name).map_err(at(key))
        };
        let access_name = name(
            "session_access_token_cookie",
            self.access_token_cookie,
            "sAccessToken",
        )?;
        let refresh_name = name(
            "session_refresh_token_cookie",
            self.refresh_token_cookie,
            "sRefreshToken",
        )?;
        let access_path = match self.cookie_path {
            Some(path) => domain::base_path(&path)
                .and_then(|path| attribute(if path.is_empty() { "/" } else { &path }))
                .map_err(at("session_cookie_path"))?,
            None => "/".to_owned(),
        };
        let domain = match self.cookie_domain {
            Some(domain) => Some(cookie_domain(&domain).map_err(at("session_cookie_domain"))?),
            None => None,
        };
        Ok(SessionRules {
            anti_csrf: self.anti_csrf.unwrap_or(if cookies_cross_sites {
                AntiCsrf::ViaCustomHeader
            } else {
                AntiCsrf::None
            }),
            transfer: self.token_transfer,
            check_database: self.check_database,
            signing_key: self.signing_key.unwrap_or(SigningKey::Dynamic),
            allow_unversioned: self.allow_unversioned,
            claims: self.claim_validators,
            cookies: CookieRules {
                access_name,
                refresh_name,
                domain,
                secure: self
                    .cookie_secure
                    .unwrap_or_else(|| api.origin.scheme() == "https"),
                same_site: same_site.unwrap_or(SameSite::Lax),
                access_path,
                refresh_path: format!("{api_base_path}/session/refresh"),
                expose_access_token: self.expose_access_token,
            },
            expired_status,
            invalid_claim_status,
        })
    }

    fn refuse_what_has_no_effect(&self, has_core: bool) -> Result<(), ConfigError> {
        let sets_cookies = [
            (
                "session_refresh_token_cookie",
                self.refresh_token_cookie.is_some(),
            ),
            ("session_cookie_domain", self.cookie_domain.is_some()),
            ("session_cookie_path", self.cookie_path.is_some()),
            ("session_cookie_secure", self.cookie_secure.is_some()),
            ("session_expose_access_token", self.expose_access_token),
        ];
        let reads_cookies = [
            (
                "session_access_token_cookie",
                self.access_token_cookie.is_some(),
            ),
            ("session_anti_csrf", self.anti_csrf.is_some()),
        ];
        let useless = |keys: &[(&'static str, bool)], why: &str| match keys.iter().find(|it| it.1) {
            Some((key, _)) => Err(ConfigError::new(
                *key,
                format!("has no effect, since {why}"),
            )),
            None => Ok(()),
        };
        if self.check_database && !has_core {
            return Err(ConfigError::new(
                "session_check_database",
                "needs `connection_uri`, the core that knows which sessions have ended",
            ));
        }
        if self.token_transfer == TokenTransfer::Header {
            useless(&reads_cookies, "`session_token_transfer` is header")?;
        }
        if !has_core {
            useless(
                &sets_cookies,
                "no cookie is ever set without `connection_uri`",
            )?;
        }
        if self.cookie_same_site.is_some() {
            let website = [("website_domain", self.website_domain.is_some())];
            useless(
                &website,
                "`session_cookie_same_site` says what it would tell",
            )?;
        }
        Ok(())
    }

    /// `None` where nothing tells.
    fn same_site(&self, api: &domain::Location) -> Result<Option<SameSite>, ConfigError> {
        if let Some(same_site) = self.cookie_same_site {
            return Ok(Some(same_site));
        }
        let Some(website) = &self.website_domain else {
            return Ok(None);
        };
        let website = domain::location(website).map_err(at("website_domain"))?;
        let is_one = website.origin.scheme() == api.origin.scheme()
            && site(&website.origin) == site(&api.origin);
        Ok(Some(if is_one {
            SameSite::Lax
        } else {
            SameSite::None
        }))
    }
}

/// The site of a host, as browsers tell it: its registrable domain (`supertokens-node`, `utils.ts`:
/// `getTopLevelDomainForSameSiteResolution`). Where there is none, the host stands for itself.
fn site(origin: &url::Url) -> String {
    match origin.host() {
        Some(url::Host::Domain(host)) if !host.starts_with("localhost") => {
            psl::domain_str(host).unwrap_or(host).to_owned()
        }
        // The SDK takes all these for one site.
        _ => "localhost".to_owned(),
    }
}

fn status(key: &str, value: Option<u16>, default: u16) -> Result<StatusCode, ConfigError> {
    let value = value.unwrap_or(default);
    StatusCode::from_u16(value)
        .ok()
        .filter(StatusCode::is_client_error)
        .ok_or_else(|| ConfigError::new(key, format!("must be from 400 to 499, not {value}")))
}

/// RFC 6265 §4.1.1: a token of HTTP.
fn cookie_name(name: &str) -> Result<(), String> {
    let is_token = !name.is_empty()
        && name
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&it));
    if is_token {
        Ok(())
    } else {
        Err(format!("`{}` is no name of a cookie", name.escape_debug()))
    }
}

/// A host, or all below it with a dot in front (`supertokens-node`, `recipe/session/utils.ts`:
/// `normaliseSessionScopeOrThrowError`).
fn cookie_domain(text: &str) -> Result<String, String> {
    let text = text.trim();
    let location = domain::location(text)?;
    let host = location.origin.host_str().unwrap_or_default();
    attribute(&if text.starts_with('.') {
        format!(".{host}")
    } else {
        host.to_owned()
    })
}

/// A value that can stand in a cookie's attribute.
fn attribute(text: &str) -> Result<String, String> {
    if text.bytes().all(|it| it.is_ascii_graphic() && it != b';') {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{}` cannot stand in a cookie",
            text.escape_debug()
        ))
    }
}

/// Names the key that a problem belongs to.
fn at<P: Display>(key: &str) -> impl FnOnce(P) -> ConfigError + use<'_, P> {
    move |problem| ConfigError::new(key, problem.to_string())
}
