//! The configuration of one service.
//!
//! A [`Config`] is valid by construction: [`ConfigBuilder::build`] and [`Config::from_env`] check every value and
//! every combination, and say which key is wrong and what is accepted.

mod builder;
mod domain;
mod environment;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Map, Value};

pub use self::builder::ConfigBuilder;
use crate::{
    clock::Clock,
    error::ConfigError,
    jwks::KeySet,
    secret::Secret,
    supertokens::{CdiVersion, CoreHost},
    transport::{PlainHttp, Transport},
};

/// Where the public keys come from that verify other services' tokens.
#[derive(Clone, Debug, Default)]
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
}

/// The kind of key the core signs with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningKey {
    /// A key that never rotates; its id begins with `s-`. The default, as in SuperTokens' SDKs.
    #[default]
    Static,
    /// A key that the core rotates (every 168 h by default); its id begins with `d-`. A token is verifiable only
    /// while its key is published, so its validity is capped at 2 h (`supertokens-core`,
    /// `signingkeys/AccessTokenSigningKey.java`).
    Dynamic,
}

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

/// The checked configuration of one service. Made by [`Config::builder`] or [`Config::from_env`].
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) service: Option<String>,
    pub(crate) api_domain: String,
    pub(crate) core: Option<CoreConfig>,
    pub(crate) mint: Option<MintConfig>,
    pub(crate) keys: KeysConfig,
    pub(crate) verification: VerificationConfig,
    /// Base URLs of other services, by service name.
    pub(crate) urls: BTreeMap<String, String>,
    pub(crate) timeouts: Timeouts,
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
    /// `ST_M2M_CONNECTION_URI`, `ST_M2M_TIMEOUTS_CONNECT`, `ST_M2M_URL_BILLING` and so on. Durations are written
    /// `250ms`, `2s`, `15m` or `1h`; lists with commas; booleans `true` or `false`.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the variable: unknown (with the nearest known name), unreadable, or a value
    /// that [`ConfigBuilder::build`] refuses.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_vars(std::env::vars_os())
    }

    /// [`Config::from_env`] with variables from elsewhere, for tests and for programs that read a file. Names that
    /// do not begin with `ST_M2M_` are passed over.
    ///
    /// # Errors
    ///
    /// As [`Config::from_env`].
    pub fn from_vars<N, V>(variables: impl IntoIterator<Item = (N, V)>) -> Result<Self, ConfigError>
    where
        N: Into<std::ffi::OsString>,
        V: Into<std::ffi::OsString>,
    {
        environment::read(variables)?.build()
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

/// How to reach SuperTokens Core.
#[derive(Clone, Debug)]
pub(crate) struct CoreConfig {
    /// Never empty.
    pub(crate) hosts: Vec<CoreHost>,
    pub(crate) api_key: Option<Secret>,
    /// Pinned: `/apiversion` is not asked.
    pub(crate) cdi_version: Option<CdiVersion>,
}

/// What to mint at start.
#[derive(Clone, Debug)]
pub(crate) struct MintConfig {
    /// All claims but those the core adds, checked.
    pub(crate) claims: Map<String, Value>,
    /// Seconds.
    pub(crate) validity: u64,
    pub(crate) signing_key: SigningKey,
}

/// Where keys come from, checked.
#[derive(Clone, Debug)]
pub(crate) enum KeysConfig {
    Url(url::Url),
    Core,
    Fixed(Arc<KeySet>),
}

/// What a service's token must satisfy.
#[derive(Clone, Debug)]
pub(crate) struct VerificationConfig {
    /// Never empty.
    pub(crate) issuers: Vec<String>,
    pub(crate) audience: Option<String>,
    /// Seconds, at most 60.
    pub(crate) leeway: u64,
    /// Seconds.
    pub(crate) max_token_age: Option<u64>,
    pub(crate) accept_keys: AcceptKeys,
}

/// Time limits of one HTTP exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) connect: Duration,
    pub(crate) request: Duration,
}
