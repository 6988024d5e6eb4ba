//! Collects configuration values, then checks them all together.

#[cfg(feature = "client")]
use std::collections::BTreeMap;
use std::{
    ffi::OsString,
    fmt::{self, Display},
    sync::Arc,
    time::Duration,
};

use serde::Serialize;
use serde_json::Value;

use super::{Config, JwksSource, KeysConfig, Timeouts, domain, environment};
#[cfg(feature = "client")]
use crate::transport::BaseUrl;
use crate::{
    clock::{Clock, SystemClock},
    error::ConfigError,
    jwks::KeySet,
    secret::Secret,
    supertokens::{CdiVersion, CoreAccess, CoreHost, SigningKey, wire},
    token::{self, OwnToken},
    transport::{PlainHttp, Transport},
    verify::{AcceptKeys, VerificationRules},
};

/// A dynamic key stays published for twice the access token validity (1 h by default) after it last signed; a
/// token signed with it cannot be relied on for longer (`supertokens-core`,
/// `signingkeys/AccessTokenSigningKey.java`).
const DYNAMIC_VALIDITY_CAP: Duration = Duration::from_secs(2 * 60 * 60);
const LEEWAY_CAP: Duration = Duration::from_secs(60);
const TIMEOUT_CAP: Duration = Duration::from_secs(600);

/// Builds a [`Config`]. Every method but `api_domain` is optional.
///
/// Each key is documented at its method, with the environment variable that [`Config::from_env`] reads.
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ConfigBuilder {
    pub(super) connection_uri: Option<String>,
    pub(super) mint: Option<bool>,
    pub(super) api_key: Option<Secret>,
    pub(super) api_domain: Option<String>,
    pub(super) api_base_path: Option<String>,
    pub(super) jwks: Option<JwksSource>,
    pub(super) scopes: Vec<String>,
    pub(super) service: Option<String>,
    pub(super) claims: Option<Result<Value, String>>,
    pub(super) token_validity: Option<Duration>,
    pub(super) signing_key: SigningKey,
    pub(super) issuers: Vec<String>,
    pub(super) audience: Option<String>,
    pub(super) leeway: Option<Duration>,
    pub(super) max_token_age: Option<Duration>,
    pub(super) accept_keys: AcceptKeys,
    #[cfg(feature = "client")]
    pub(super) urls: Vec<(String, String)>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) request_timeout: Option<Duration>,
    pub(super) cdi_version: Option<String>,
    pub(super) allow_http: Vec<String>,
    pub(super) transport: Option<Arc<dyn Transport>>,
    pub(super) clock: Option<Arc<dyn Clock>>,
    /// Whether errors name environment variables rather than keys.
    pub(super) from_environment: bool,
}

/// Shows no value: most can hold a secret where they should not.
impl fmt::Debug for ConfigBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigBuilder").finish_non_exhaustive()
    }
}

impl ConfigBuilder {
    /// What the environment says, to be completed or overridden. See [`Config::from_env`].
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names a variable which is unknown or cannot be read.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_vars(std::env::vars_os())
    }

    /// [`ConfigBuilder::from_env`] with variables from elsewhere, for tests and for programs that read a file. Names
    /// that do not begin with `ST_M2M_` are passed over.
    ///
    /// # Errors
    ///
    /// As [`ConfigBuilder::from_env`].
    pub fn from_vars<N, V>(variables: impl IntoIterator<Item = (N, V)>) -> Result<Self, ConfigError>
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        environment::read(variables)
    }

    /// SuperTokens Core: one or more hosts, separated by `;`, with an optional base path or `/appid-…`. The next
    /// host is asked when one gives no answer. `ST_M2M_CONNECTION_URI`.
    ///
    /// Absent: verify-only, nothing is minted.
    pub fn connection_uri(mut self, connection_uri: impl Into<String>) -> Self {
        self.connection_uri = Some(connection_uri.into());
        self
    }

    /// Whether to mint this service's token at start. Default: true with `connection_uri`. `ST_M2M_MINT`.
    pub fn mint(mut self, mint: bool) -> Self {
        self.mint = Some(mint);
        self
    }

    /// The core's api key. White space around it is dropped. `ST_M2M_API_KEY`.
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = Some(Secret::new(api_key));
        self
    }

    /// Scheme and host that serve the SuperTokens API, such as `https://api.example.com`: the issuer of service
    /// tokens, and where their public keys are by default. Required, and the same in all services.
    /// `ST_M2M_API_DOMAIN`.
    ///
    /// Without a backend SDK nobody serves that API: then take the keys from the core ([`JwksSource::Core`]).
    ///
    /// It is read as SuperTokens' SDKs read `apiDomain`: a path is dropped, `api.example.com` means https.
    pub fn api_domain(mut self, api_domain: impl Into<String>) -> Self {
        self.api_domain = Some(api_domain.into());
        self
    }

    /// The path below which `api_domain` serves the SuperTokens API. Default: `/auth`. `ST_M2M_API_BASE_PATH`.
    pub fn api_base_path(mut self, api_base_path: impl Into<String>) -> Self {
        self.api_base_path = Some(api_base_path.into());
        self
    }

    /// Where the public keys come from. Default: [`JwksSource::Sdk`]. `ST_M2M_JWKS`: `sdk`, `core`, a URL, a JWKS
    /// document, or PEM text.
    pub fn jwks(mut self, jwks: JwksSource) -> Self {
        self.jwks = Some(jwks);
        self
    }

    /// Scopes to mint as claim `scope`, a space-separated string (RFC 8693 §4.2). `ST_M2M_SCOPES`.
    ///
    /// Whoever can reach the core can grant himself any scope: scopes guard against mistakes, not against a
    /// compromised service.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// This service's own name. It is minted as claim `sub` and matched by `from = …` on the other side.
    /// `ST_M2M_SERVICE`.
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// Further claims to mint: anything that serialises to a JSON object. Reserved names (`iss`, `sub`, `exp`,
    /// `source`, `scope`, every session claim, …) are refused. `ST_M2M_CLAIMS`: a JSON object.
    pub fn claims<C: Serialize>(mut self, claims: C) -> Self {
        self.claims = Some(serde_json::to_value(claims).map_err(|error| error.to_string()));
        self
    }

    /// How long minted tokens are valid, in whole seconds, at least 1 s. Default: 100 years, as in SuperTokens'
    /// SDKs, or 2 h with [`SigningKey::Dynamic`], which is also the most it allows. `ST_M2M_TOKEN_VALIDITY`.
    ///
    /// The token is minted once, at start, and not renewed yet: after this time calls to other services fail with
    /// an error that says so.
    pub fn token_validity(mut self, token_validity: Duration) -> Self {
        self.token_validity = Some(token_validity);
        self
    }

    /// The kind of key the core signs this service's token with. Default: [`SigningKey::Static`].
    /// `ST_M2M_SIGNING_KEY`: `static` or `dynamic`.
    pub fn signing_key(mut self, signing_key: SigningKey) -> Self {
        self.signing_key = signing_key;
        self
    }

    /// Accepted `iss` values, compared exactly. Default: `api_domain` alone. `ST_M2M_ISSUERS`.
    ///
    /// Tokens minted with `Session.createJWT` of SuperTokens' SDKs carry `{api_domain}{api_base_path}`.
    pub fn issuers<S: Into<String>>(mut self, issuers: impl IntoIterator<Item = S>) -> Self {
        self.issuers = issuers.into_iter().map(Into::into).collect();
        self
    }

    /// This service's own audience. When set, a service's token must carry it in `aud`, else it is answered 403.
    /// `ST_M2M_AUDIENCE`.
    ///
    /// The token that a service mints at start carries no audience, since a receiver need not expect one. So this is
    /// for callers whose tokens are minted otherwise: with [`M2m::create_jwt`](crate::M2m::create_jwt) or by
    /// another SDK.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Clock skew allowed on `exp`, `nbf` and `iat`, in whole seconds. Default: 5 s; at most 60 s.
    /// `ST_M2M_LEEWAY`.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = Some(leeway);
        self
    }

    /// Refuse tokens minted longer ago than this, in whole seconds, at least 1 s. Default: no bound.
    /// `ST_M2M_MAX_TOKEN_AGE`.
    pub fn max_token_age(mut self, max_token_age: Duration) -> Self {
        self.max_token_age = Some(max_token_age);
        self
    }

    /// Which keys may have signed a service's token. Default: [`AcceptKeys::Any`]. `ST_M2M_ACCEPT_KEYS`: `any` or
    /// `static`.
    pub fn accept_keys(mut self, accept_keys: AcceptKeys) -> Self {
        self.accept_keys = accept_keys;
        self
    }

    /// The base URL of the service `service`, for the clients that `#[m2m_client(service = "…")]` generates.
    /// `ST_M2M_URL_<SERVICE>`, in capitals and with `_` for `-`.
    #[cfg(feature = "client")]
    pub fn url(mut self, service: impl Into<String>, base_url: impl Into<String>) -> Self {
        self.urls.push((service.into(), base_url.into()));
        self
    }

    /// How long connecting may take. Default: 1 s; at most 10 min. `ST_M2M_CONNECT_TIMEOUT`.
    pub fn connect_timeout(mut self, connect_timeout: Duration) -> Self {
        self.connect_timeout = Some(connect_timeout);
        self
    }

    /// How long one HTTP exchange may take, connecting included: with the core, for keys, and of generated
    /// clients. Default: 5 s; at most 10 min. `ST_M2M_REQUEST_TIMEOUT`.
    pub fn request_timeout(mut self, request_timeout: Duration) -> Self {
        self.request_timeout = Some(request_timeout);
        self
    }

    /// Pins the version of the Core Driver Interface, such as `5.4`: `/apiversion` is not asked. Default:
    /// negotiated. `ST_M2M_CDI_VERSION`.
    pub fn cdi_version(mut self, cdi_version: impl Into<String>) -> Self {
        self.cdi_version = Some(cdi_version.into());
        self
    }

    /// Hosts, beside loopback, to which plain http is allowed: a host (`core`), a suffix
    /// (`*.svc.cluster.local`), or `*`. Default: none. `ST_M2M_ALLOW_HTTP`.
    pub fn allow_http<S: Into<String>>(mut self, hosts: impl IntoIterator<Item = S>) -> Self {
        self.allow_http = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// Sends every request of this service through `transport` instead of over the network.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Reads the wall-clock time from `clock` instead of from the operating system.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the first key that is wrong or missing, and what is accepted.
    pub fn build(self) -> Result<Config, ConfigError> {
        let from_environment = self.from_environment;
        self.check().map_err(|error| {
            if from_environment {
                environment::name_the_variable(error)
            } else {
                error
            }
        })
    }

    fn check(self) -> Result<Config, ConfigError> {
        let Some(api_domain) = &self.api_domain else {
            return Err(ConfigError::new(
                "api_domain",
                "missing: the scheme and host that serve the SuperTokens API, such as `https://api.example.com`",
            ));
        };
        let api = domain::location(api_domain).map_err(at("api_domain"))?;
        let api_base_path = domain::base_path(self.api_base_path.as_deref().unwrap_or("/auth"))
            .map_err(at("api_base_path"))?;
        let plain_http = PlainHttp::new(&self.allow_http).map_err(at("allow_http"))?;
        let timeouts = self.timeouts()?;
        let service = match &self.service {
            Some(service) => Some(name("service", service)?),
            None => None,
        };
        let core = self.core(&plain_http)?;
        let mint = self.minting(core.is_some())?;
        let keys = self.keys(&api, &api_base_path, core.is_some(), &plain_http)?;
        let verification = self.verification(&api.domain)?;
        #[cfg(feature = "client")]
        let urls = self.base_urls(&plain_http)?;
        Ok(Config {
            service,
            api_domain: api.domain,
            core,
            mint,
            keys,
            verification,
            #[cfg(feature = "client")]
            urls,
            timeouts,
            #[cfg(feature = "client")]
            plain_http,
            transport: self.transport,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
        })
    }

    #[cfg(feature = "client")]
    fn base_urls(&self, plain_http: &PlainHttp) -> Result<BTreeMap<String, String>, ConfigError> {
        let mut urls = BTreeMap::new();
        for (service, base_url) in &self.urls {
            let key = format!("url.{service}");
            let service = service_label(service).map_err(at(&key))?;
            let url = BaseUrl::parse(base_url).map_err(at(&key))?;
            plain_http.check(url.as_url()).map_err(at(&key))?;
            if urls.insert(service, base_url.clone()).is_some() {
                return Err(ConfigError::new(key, "is given twice"));
            }
        }
        Ok(urls)
    }

    fn core(&self, plain_http: &PlainHttp) -> Result<Option<CoreAccess>, ConfigError> {
        let Some(connection_uri) = &self.connection_uri else {
            let useless = [
                ("api_key", self.api_key.is_some()),
                ("cdi_version", self.cdi_version.is_some()),
            ];
            for (key, set) in useless {
                if set {
                    return Err(ConfigError::new(
                        key,
                        "has no effect without `connection_uri`",
                    ));
                }
            }
            return Ok(None);
        };
        let mut hosts = Vec::new();
        for piece in connection_uri
            .split(';')
            .map(str::trim)
            .filter(|piece| !piece.is_empty())
        {
            let location = domain::location(piece).map_err(at("connection_uri"))?;
            plain_http
                .check(&location.origin)
                .map_err(at("connection_uri"))?;
            hosts.push(CoreHost::new(&location.domain, &location.path));
        }
        if hosts.is_empty() {
            return Err(ConfigError::new(
                "connection_uri",
                "names no host; write one or more, separated by `;`, such as `http://localhost:3567`",
            ));
        }
        let api_key = match &self.api_key {
            Some(key) => {
                let key = key.expose().trim();
                if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(ConfigError::new(
                        "api_key",
                        "must be one of the core's `api_keys`: visible ASCII characters without spaces (the value is not shown)",
                    ));
                }
                Some(Secret::new(key))
            }
            None => None,
        };
        let cdi_version = match &self.cdi_version {
            Some(text) => Some(CdiVersion::pinned(text).map_err(at("cdi_version"))?),
            None => None,
        };
        Ok(Some(CoreAccess {
            hosts,
            api_key,
            cdi_version,
        }))
    }

    fn minting(&self, has_core: bool) -> Result<Option<OwnToken>, ConfigError> {
        if !self.mint.unwrap_or(has_core) {
            return Ok(None);
        }
        if !has_core {
            return Err(ConfigError::new(
                "mint",
                "needs `connection_uri`, the core that mints",
            ));
        }
        let validity = match (self.token_validity, self.signing_key) {
            (Some(validity), SigningKey::Dynamic) if validity > DYNAMIC_VALIDITY_CAP => {
                return Err(ConfigError::new(
                    "token_validity",
                    "must be at most `2h` with a dynamic signing key, which the core withdraws when it rotates",
                ));
            }
            (Some(validity), _) => token::validity_seconds(validity).ok_or_else(|| {
                ConfigError::new(
                    "token_validity",
                    "must be whole seconds, from `1s` to 100 years",
                )
            })?,
            (None, SigningKey::Dynamic) => DYNAMIC_VALIDITY_CAP.as_secs(),
            (None, SigningKey::Static) => wire::DEFAULT_VALIDITY_SECONDS,
        };
        let mut claims = match &self.claims {
            Some(Ok(value)) => token::own_claims(value.clone())
                .map_err(|error| ConfigError::new("claims", error.to_string()))?,
            Some(Err(problem)) => {
                return Err(ConfigError::new(
                    "claims",
                    format!("cannot be serialised: {problem}"),
                ));
            }
            None => serde_json::Map::new(),
        };
        if let Some(service) = &self.service {
            claims.insert("sub".to_owned(), service.clone().into());
        }
        if !self.scopes.is_empty() {
            for scope in &self.scopes {
                // RFC 6749 §3.3, scope-token.
                let well_formed = !scope.is_empty()
                    && scope
                        .bytes()
                        .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
                if !well_formed {
                    return Err(ConfigError::new(
                        "scopes",
                        format!(
                            "`{scope}` is no scope; it must be visible ASCII characters but no space, `\"` or `\\` (RFC 6749 §3.3)"
                        ),
                    ));
                }
            }
            claims.insert("scope".to_owned(), self.scopes.join(" ").into());
        }
        Ok(Some(OwnToken {
            claims,
            validity,
            signing_key: self.signing_key,
        }))
    }

    fn keys(
        &self,
        api: &domain::Location,
        api_base_path: &str,
        has_core: bool,
        plain_http: &PlainHttp,
    ) -> Result<KeysConfig, ConfigError> {
        let fixed = |set: Result<KeySet, crate::error::KeysError>| {
            set.map(|set| KeysConfig::Fixed(Arc::new(set)))
                .map_err(|error| ConfigError::new("jwks", error.to_string()))
        };
        match self.jwks.clone().unwrap_or_default() {
            JwksSource::Sdk => {
                plain_http.check(&api.origin).map_err(at("api_domain"))?;
                let mut url = api.origin.clone();
                url.set_path(&format!("{api_base_path}{}", wire::SDK_JWKS_PATH));
                Ok(KeysConfig::Url(url))
            }
            JwksSource::Core if has_core => Ok(KeysConfig::Core),
            JwksSource::Core => Err(ConfigError::new("jwks", "`core` needs `connection_uri`")),
            JwksSource::Url(text) => {
                let url = url::Url::parse(text.trim())
                    .ok()
                    .filter(|url| matches!(url.scheme(), "http" | "https"))
                    .filter(|url| url.username().is_empty() && url.password().is_none())
                    .ok_or_else(|| {
                        ConfigError::new(
                            "jwks",
                            "must be an absolute http(s) URL without user name or password",
                        )
                    })?;
                plain_http.check(&url).map_err(at("jwks"))?;
                Ok(KeysConfig::Url(url))
            }
            JwksSource::Document(text) => fixed(KeySet::from_json(&text)),
            JwksSource::Pem(text) => fixed(KeySet::from_pem(&text)),
        }
    }

    fn verification(&self, api_domain: &str) -> Result<VerificationRules, ConfigError> {
        let leeway = self.leeway.unwrap_or(Duration::from_secs(5));
        if leeway > LEEWAY_CAP || leeway.subsec_nanos() != 0 {
            return Err(ConfigError::new(
                "leeway",
                "must be whole seconds, at most `60s`",
            ));
        }
        let issuers = if self.issuers.is_empty() {
            vec![api_domain.to_owned()]
        } else {
            self.issuers.clone()
        };
        if self
            .audience
            .as_deref()
            .is_some_and(|audience| audience.trim().is_empty())
        {
            return Err(ConfigError::new(
                "audience",
                "is empty; leave it unset to demand none",
            ));
        }
        let max_token_age = match self.max_token_age {
            Some(age) => Some(whole_seconds("max_token_age", age)?),
            None => None,
        };
        Ok(VerificationRules {
            issuers,
            audience: self.audience.clone(),
            leeway: leeway.as_secs(),
            max_token_age,
            accept_keys: self.accept_keys,
        })
    }

    fn timeouts(&self) -> Result<Timeouts, ConfigError> {
        let check = |key: &str, value: Option<Duration>, default: u64| {
            let value = value.unwrap_or(Duration::from_secs(default));
            if value.is_zero() || value > TIMEOUT_CAP {
                return Err(ConfigError::new(
                    key,
                    "must be more than nothing and at most `10m`",
                ));
            }
            Ok(value)
        };
        Ok(Timeouts {
            connect: check("connect_timeout", self.connect_timeout, 1)?,
            request: check("request_timeout", self.request_timeout, 5)?,
        })
    }
}

/// Names the key that a problem belongs to.
fn at<P: Display>(key: &str) -> impl FnOnce(P) -> ConfigError + use<'_, P> {
    move |problem| ConfigError::new(key, problem.to_string())
}

fn whole_seconds(key: &str, value: Duration) -> Result<u64, ConfigError> {
    if value.as_secs() == 0 || value.subsec_nanos() != 0 {
        return Err(ConfigError::new(
            key,
            "must be whole seconds, at least `1s`",
        ));
    }
    Ok(value.as_secs())
}

/// A name that can stand in a `sub` claim and in `from = …` without surprises.
fn name(key: &str, text: &str) -> Result<String, ConfigError> {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if text.is_empty() || text.len() > 256 || text.contains(odd) {
        return Err(ConfigError::new(
            key,
            format!(
                "`{}` is no service name; it must be 1 to 256 bytes without white space",
                text.escape_debug()
            ),
        ));
    }
    Ok(text.to_owned())
}

/// The name of a callee, as `#[m2m_client(service = "…")]` writes it. `_` stands for `-`, since environment
/// variables cannot hold the latter.
#[cfg(feature = "client")]
fn service_label(text: &str) -> Result<String, String> {
    let label = text.to_ascii_lowercase().replace('_', "-");
    if label.is_empty()
        || !label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    {
        return Err("service names use letters, digits and `-`".to_owned());
    }
    Ok(label)
}
