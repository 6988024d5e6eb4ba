//! Collects configuration values.

use std::{ffi::OsString, fmt, sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::Value;

use super::{Config, JwksSource, environment, session::SessionKeys};
use crate::{
    clock::Clock,
    error::ConfigError,
    secret::Secret,
    supertokens::SigningKey,
    transport::Transport,
    verify::{AcceptKeys, RevocationCheck},
};

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
    pub(super) jwks_seed: Option<JwksSource>,
    pub(super) scopes: Vec<String>,
    pub(super) service: Option<String>,
    pub(super) claims: Option<Result<Value, String>>,
    pub(super) token_validity: Option<Duration>,
    pub(super) signing_key: Option<SigningKey>,
    pub(super) issuers: Vec<String>,
    pub(super) accept_oauth2_clients: bool,
    pub(super) audience: Option<String>,
    pub(super) leeway: Option<Duration>,
    pub(super) max_token_age: Option<Duration>,
    pub(super) accept_keys: AcceptKeys,
    #[cfg(feature = "client")]
    pub(super) urls: Vec<(String, String)>,
    pub(super) keys_max_age: Option<Duration>,
    pub(super) keys_max_stale: Option<Duration>,
    pub(super) token_cache_entries: Option<usize>,
    pub(super) token_cache_max_age: Option<Duration>,
    pub(super) revocation_check: Option<Arc<dyn RevocationCheck>>,
    pub(super) session: SessionKeys,
    pub(super) bearer_first: bool,
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

    /// The path below which `api_domain` serves the SuperTokens API: where keys are by default, part of the issuer of
    /// `OAuth2` clients' tokens, and where browsers send refresh tokens. Default: `/auth`. `ST_M2M_API_BASE_PATH`.
    pub fn api_base_path(mut self, api_base_path: impl Into<String>) -> Self {
        self.api_base_path = Some(api_base_path.into());
        self
    }

    /// Where the public keys come from. Default: [`JwksSource::Sdk`]. `ST_M2M_JWKS`: a JWKS document, PEM text, or one or
    /// more of `sdk`, `core` and URLs, separated by commas and asked in this order.
    pub fn jwks(mut self, jwks: JwksSource) -> Self {
        self.jwks = Some(jwks);
        self
    }

    /// Keys to begin with, a [`JwksSource::Document`] or [`JwksSource::Pem`]: they serve until `jwks` was fetched for the
    /// first time, and never again after that. So a service can start while its issuer is away. Default: none.
    /// `ST_M2M_JWKS_SEED`.
    ///
    /// A key that the issuer removes must be removed here as well: at the next start, it is trusted until the issuer
    /// answers.
    pub fn jwks_seed(mut self, keys: JwksSource) -> Self {
        self.jwks_seed = Some(keys);
        self
    }

    /// Scopes to mint as claim `scope`, a space-separated string (RFC 8693 §4.2). `ST_M2M_SCOPES`.
    ///
    /// Whoever can reach the core can grant themselves any scope: scopes guard against mistakes, not against a
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
        self.signing_key = Some(signing_key);
        self
    }

    /// Accepted `iss` values, compared exactly, of every kind of token. Default: `api_domain` alone, and
    /// `{api_domain}{api_base_path}` alone for the tokens of `OAuth2` clients. `ST_M2M_ISSUERS`.
    ///
    /// Tokens minted with `Session.createJWT` of SuperTokens' SDKs carry `{api_domain}{api_base_path}`.
    pub fn issuers<S: Into<String>>(mut self, issuers: impl IntoIterator<Item = S>) -> Self {
        self.issuers = issuers.into_iter().map(Into::into).collect();
        self
    }

    /// Whether `OAuth2` clients are services too: their own tokens, from the grant `client_credentials`, are accepted
    /// beside those that services mint, and [`Caller::service`](crate::Caller::service) is the client's id. Default:
    /// no. `ST_M2M_ACCEPT_OAUTH2_CLIENTS`.
    ///
    /// A token that a user had issued to a client is no service's and stays refused. Whoever may create clients, or
    /// knows the secret of one, is let in: name clients in `from = …` where that is not every service. Clients and services
    /// share those names: a client whose id is a service's name passes for that service.
    pub fn accept_oauth2_clients(mut self, accept: bool) -> Self {
        self.accept_oauth2_clients = accept;
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
    ///
    /// Services mint once, at start: this refuses those that have run longer.
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

    /// How long fetched keys count as fresh, and so how long a key is trusted that the issuer has removed, while it
    /// answers. Default: 10 min; from 30 s to 1 h. `ST_M2M_KEYS_MAX_AGE`.
    ///
    /// The issuer's `max-age` counts where it is shorter. Keys are fetched in the background, at about 0.8 of that time.
    /// While the issuer does not answer, [`keys_max_stale`](Self::keys_max_stale) counts.
    pub fn keys_max_age(mut self, max_age: Duration) -> Self {
        self.keys_max_age = Some(max_age);
        self
    }

    /// How long keys are used after they were fetched last, while the issuer gives none. Default: 1 h, which is the most.
    /// They are used while they are fresh in any case, so with 0 no longer than that. `ST_M2M_KEYS_MAX_STALE`.
    ///
    /// After that, requests are answered 503 until the issuer is back. An answer without a usable key counts as none. A key that the issuer has removed is not used from
    /// the next fetch on, whatever this says.
    pub fn keys_max_stale(mut self, max_stale: Duration) -> Self {
        self.keys_max_stale = Some(max_stale);
        self
    }

    /// How many verified tokens are remembered, about, so that the next request with the same token costs no cryptography.
    /// Default: 1024; at most 1,000,000; 0 remembers none. `ST_M2M_TOKEN_CACHE_ENTRIES`.
    ///
    /// So many in each of up to eight groups of threads, about as many as there are cores: threads that share what they remember
    /// hold each other up. A token takes about twice its own length. Those over 4 KiB are not remembered. Time, key,
    /// revocation and the handler's policy are checked on each request all the same.
    pub fn token_cache_entries(mut self, entries: usize) -> Self {
        self.token_cache_entries = Some(entries);
        self
    }

    /// After which time a remembered token is verified anew. Default: 5 min; from 1 s to 1 h.
    /// `ST_M2M_TOKEN_CACHE_MAX_AGE`.
    pub fn token_cache_max_age(mut self, max_age: Duration) -> Self {
        self.token_cache_max_age = Some(max_age);
        self
    }

    /// Asks this list about every token that is good, on each request, beside those that
    /// [`M2m::revoke`](crate::M2m::revoke) has revoked. Default: none. No environment variable sets it.
    pub fn revocation_check(mut self, check: Arc<dyn RevocationCheck>) -> Self {
        self.revocation_check = Some(check);
        self
    }

    /// Whether a service's token goes before sessions in cookies, where a handler is open to both: a gateway may forward
    /// the cookies of others. Default: no, as in SuperTokens' guide. `ST_M2M_BEARER_FIRST`.
    ///
    /// What looks like a session goes first all the same.
    pub fn bearer_first(mut self, bearer_first: bool) -> Self {
        self.bearer_first = bearer_first;
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

    /// How long one HTTP exchange may take, connecting included: with the core, for keys (there at most 3 s), and of
    /// generated clients. Default: 5 s; at most 10 min. `ST_M2M_REQUEST_TIMEOUT`.
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
}
