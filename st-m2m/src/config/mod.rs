//! The configuration of one service.
//!
//! A [`Config`] is valid by construction: [`ConfigBuilder::build`] and [`Config::from_env`] check every value and
//! every combination, and say which key is wrong and what is accepted.

mod builder;
mod check;
mod domain;
mod duration;
mod environment;
mod session;

#[cfg(feature = "client")]
use std::collections::BTreeMap;
use std::{fmt, sync::Arc, time::Duration};

pub use self::builder::ConfigBuilder;
#[cfg(feature = "client")]
use crate::transport::PlainHttp;
use crate::{
    clock::Clock,
    error::ConfigError,
    jwks::KeySet,
    session::SessionRules,
    supertokens::CoreAccess,
    token::OwnToken,
    transport::Transport,
    verify::{CacheRules, RevocationCheck, VerificationRules},
};

/// Where the public keys come from that verify other services' tokens.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum JwksSource {
    /// `{api_domain}{api_base_path}/jwt/jwks.json`, which the SuperTokens backend SDK serves. The default.
    #[default]
    Sdk,
    /// `/.well-known/jwks.json` of the cores in `connection_uri`.
    Core,
    /// A URL that serves a JWKS document: `https`, or plain `http` where `allow_http` permits.
    Url(String),
    /// A JWKS document (RFC 7517 §5). No network is used.
    Document(String),
    /// One or more RSA public keys in PEM (`PUBLIC KEY` or `RSA PUBLIC KEY`). No network is used. A PEM key has
    /// no key id: it verifies a token whatever its `kid` says.
    Pem(String),
    /// Several of the first three. Each fetch asks one after the other, and the first that has a key set wins.
    InOrder(Vec<Self>),
}

/// The checked configuration of one service. Made by [`Config::builder`] or [`Config::from_env`].
#[derive(Clone)]
pub struct Config {
    pub(crate) service: Option<String>,
    pub(crate) api_domain: String,
    pub(crate) core: Option<CoreAccess>,
    pub(crate) mint: Option<OwnToken>,
    pub(crate) keys: KeysConfig,
    pub(crate) verification: VerificationRules,
    pub(crate) sessions: SessionRules,
    pub(crate) bearer_first: bool,
    pub(crate) token_cache: CacheRules,
    pub(crate) revocation_check: Option<Arc<dyn RevocationCheck>>,
    /// Base URLs of other services, by service name.
    #[cfg(feature = "client")]
    pub(crate) urls: BTreeMap<String, String>,
    pub(crate) timeouts: Timeouts,
    #[cfg(feature = "client")]
    pub(crate) plain_http: PlainHttp,
    pub(crate) transport: Option<Arc<dyn Transport>>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Config {
    /// Starts a configuration.
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    /// Reads the configuration from environment variables: `ST_M2M_` and the key in capitals.
    ///
    /// The keys and their syntax are those of [`ConfigBuilder`]'s methods: `ST_M2M_API_DOMAIN`,
    /// `ST_M2M_CONNECTION_URI`, `ST_M2M_CONNECT_TIMEOUT`, `ST_M2M_URL_BILLING` and so on. Durations are written
    /// `250ms`, `2s`, `15m` or `1h`; lists with commas; booleans `true` or `false`.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the variable: unknown (with the nearest known name), unreadable, or a value
    /// that [`ConfigBuilder::build`] refuses. To override some keys, start with [`ConfigBuilder::from_env`].
    pub fn from_env() -> Result<Self, ConfigError> {
        ConfigBuilder::from_env()?.build()
    }

    /// [`Config::from_env`] with variables from elsewhere: see [`ConfigBuilder::from_vars`].
    ///
    /// # Errors
    ///
    /// As [`Config::from_env`].
    pub fn from_vars<N, V>(variables: impl IntoIterator<Item = (N, V)>) -> Result<Self, ConfigError>
    where
        N: Into<std::ffi::OsString>,
        V: Into<std::ffi::OsString>,
    {
        ConfigBuilder::from_vars(variables)?.build()
    }

    /// This service's own name, the `sub` of its tokens.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// Scheme, host and port that serve the SuperTokens API, normalised as SuperTokens' SDKs do. The issuer of
    /// service tokens.
    #[must_use]
    pub fn api_domain(&self) -> &str {
        &self.api_domain
    }
}

/// Where keys come from, checked.
#[derive(Clone, Debug)]
pub(crate) enum KeysConfig {
    Fixed(Arc<KeySet>),
    Fetched {
        /// Never empty.
        in_order: Vec<KeysPlace>,
        /// Until the first set is fetched.
        seed: Option<Arc<KeySet>>,
        max_age: Duration,
        max_stale: Duration,
    },
}

/// A place where keys are fetched, checked.
#[derive(Clone, Debug)]
pub(crate) enum KeysPlace {
    Url(url::Url),
    Core,
}

/// Time limits of one HTTP exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) request: Duration,
}

/// Shows who the service is, and nothing that could be private.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("service", &self.service)
            .field("api_domain", &self.api_domain)
            .finish_non_exhaustive()
    }
}

/// Shows the kind of source: a URL's query may be private, and a document is long.
impl fmt::Debug for JwksSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sdk => "Sdk",
            Self::Core => "Core",
            Self::Url(_) => "Url(..)",
            Self::Document(_) => "Document(..)",
            Self::Pem(_) => "Pem(..)",
            Self::InOrder(_) => "InOrder(..)",
        })
    }
}
