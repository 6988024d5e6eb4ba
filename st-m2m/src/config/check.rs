//! The rules of a configuration: what each key accepts, and what goes together.

#[cfg(feature = "client")]
use std::collections::BTreeMap;
use std::{fmt::Display, ops::RangeInclusive, sync::Arc, time::Duration};

use super::{
    Config, ConfigBuilder, JwksSource, KeysConfig, KeysPlace, Timeouts, domain, duration::Written,
};
#[cfg(feature = "client")]
use crate::transport::BaseUrl;
use crate::{
    clock::SystemClock,
    error::{ConfigError, KeysError},
    jwks::{KeySet, SHORTEST_FRESH},
    secret::Secret,
    supertokens::{CdiVersion, CoreAccess, CoreHost, SigningKey, wire},
    token::{self, OwnToken},
    transport::PlainHttp,
    verify::{CacheRules, OAuth2ClientRules, VerificationRules},
};

/// A dynamic key stays published for twice the access token validity (1 h by default) after it last signed; a
/// token signed with it cannot be relied on for longer (`supertokens-core`,
/// `signingkeys/AccessTokenSigningKey.java`).
const DYNAMIC_VALIDITY_CAP: Duration = Duration::from_secs(2 * 60 * 60);
const LEEWAY_CAP: Duration = Duration::from_secs(60);
const TIMEOUT_CAP: Duration = Duration::from_secs(600);
/// Of every time for which keys, or what was verified with them, may be trusted without asking the issuer.
const KEYS_CAP: Duration = Duration::from_secs(3600);
const DEFAULT_KEYS_MAX_AGE: Duration = Duration::from_secs(600);
const DEFAULT_KEYS_MAX_STALE: Duration = KEYS_CAP;
const DEFAULT_CACHE_MAX_AGE: Duration = Duration::from_secs(300);
const DEFAULT_CACHE_ENTRIES: usize = 1024;
const CACHE_CAP: usize = 1_000_000;

impl ConfigBuilder {
    pub(super) fn check(self) -> Result<Config, ConfigError> {
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
        let verification = self.verification(&api.domain, &api_base_path)?;
        let token_cache = self.token_cache()?;
        let sessions = self
            .session
            .clone()
            .check(&api, &api_base_path, core.is_some())?;
        #[cfg(feature = "client")]
        let urls = self.base_urls(&plain_http)?;
        Ok(Config {
            service,
            api_domain: api.domain,
            core,
            mint,
            keys,
            verification,
            sessions,
            bearer_first: self.bearer_first,
            token_cache,
            revocation_check: self.revocation_check,
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
            let useless = [
                ("scopes", !self.scopes.is_empty()),
                ("claims", self.claims.is_some()),
                ("token_validity", self.token_validity.is_some()),
                ("signing_key", self.signing_key.is_some()),
            ];
            return match useless.iter().find(|(_, set)| *set) {
                Some((key, _)) => Err(ConfigError::new(
                    *key,
                    "has no effect, since nothing is minted: that takes `connection_uri`, and `mint` on",
                )),
                None => Ok(None),
            };
        }
        if !has_core {
            return Err(ConfigError::new(
                "mint",
                "needs `connection_uri`, the core that mints",
            ));
        }
        let signing_key = self.signing_key.unwrap_or_default();
        let validity = match (self.token_validity, signing_key) {
            (Some(validity), SigningKey::Dynamic) if validity > DYNAMIC_VALIDITY_CAP => {
                return Err(ConfigError::new(
                    "token_validity",
                    format!(
                        "must be at most `2h` with a dynamic signing key, which the core withdraws when it rotates, not `{}`",
                        Written(validity)
                    ),
                ));
            }
            (Some(validity), _) => token::validity_seconds(validity).ok_or_else(|| {
                ConfigError::new(
                    "token_validity",
                    format!(
                        "must be whole seconds, from `1s` to 100 years, not `{}`",
                        Written(validity)
                    ),
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
            signing_key,
        }))
    }

    fn keys(
        &self,
        api: &domain::Location,
        api_base_path: &str,
        has_core: bool,
        plain_http: &PlainHttp,
    ) -> Result<KeysConfig, ConfigError> {
        let sources = match self.jwks.clone().unwrap_or_default() {
            JwksSource::InOrder(sources) => sources,
            JwksSource::Document(text) => {
                return self.fixed_keys(KeySet::from_json(&text), has_core);
            }
            JwksSource::Pem(text) => return self.fixed_keys(KeySet::from_pem(&text), has_core),
            one => vec![one],
        };
        if !sources.iter().any(|it| matches!(it, JwksSource::Sdk)) {
            self.no_base_path(has_core)?;
        }
        let in_order: Vec<_> = sources
            .into_iter()
            .map(|source| match source {
                JwksSource::Sdk => {
                    plain_http.check(&api.origin).map_err(at("api_domain"))?;
                    let mut url = api.origin.clone();
                    url.set_path(&format!("{api_base_path}{}", wire::SDK_JWKS_PATH));
                    Ok(KeysPlace::Url(url))
                }
                JwksSource::Core if has_core => Ok(KeysPlace::Core),
                JwksSource::Core => Err(ConfigError::new("jwks", "`core` needs `connection_uri`")),
                JwksSource::Url(text) => keys_url(&text, plain_http),
                JwksSource::Document(_) | JwksSource::Pem(_) | JwksSource::InOrder(_) => {
                    Err(ConfigError::new(
                        "jwks",
                        "a list holds places that are asked for keys; a document or PEM stands alone, or belongs in `jwks_seed`",
                    ))
                }
            })
            .collect::<Result<_, _>>()?;
        if in_order.is_empty() {
            return Err(ConfigError::new("jwks", "is an empty list"));
        }
        let bounds = SHORTEST_FRESH..=KEYS_CAP;
        let max_age = within(
            "keys_max_age",
            self.keys_max_age,
            DEFAULT_KEYS_MAX_AGE,
            bounds,
        )?;
        let bounds = Duration::ZERO..=KEYS_CAP;
        let max_stale = within(
            "keys_max_stale",
            self.keys_max_stale,
            DEFAULT_KEYS_MAX_STALE,
            bounds,
        )?;
        Ok(KeysConfig::Fetched {
            in_order,
            seed: self.seed()?,
            max_age,
            max_stale,
        })
    }

    /// Keys that are never fetched.
    fn fixed_keys(
        &self,
        keys: Result<KeySet, KeysError>,
        has_core: bool,
    ) -> Result<KeysConfig, ConfigError> {
        self.no_base_path(has_core)?;
        let useless = [
            ("jwks_seed", self.jwks_seed.is_some()),
            ("keys_max_age", self.keys_max_age.is_some()),
            ("keys_max_stale", self.keys_max_stale.is_some()),
        ];
        if let Some((key, _)) = useless.iter().find(|(_, is_set)| *is_set) {
            return Err(ConfigError::new(
                *key,
                "has no effect, since `jwks` holds keys that are never fetched",
            ));
        }
        let keys = keys.map_err(|error| ConfigError::new("jwks", error.to_string()))?;
        Ok(KeysConfig::Fixed(Arc::new(keys)))
    }

    fn seed(&self) -> Result<Option<Arc<KeySet>>, ConfigError> {
        let keys = match &self.jwks_seed {
            None => return Ok(None),
            Some(JwksSource::Document(text)) => KeySet::from_json(text),
            Some(JwksSource::Pem(text)) => KeySet::from_pem(text),
            Some(_) => {
                return Err(ConfigError::new(
                    "jwks_seed",
                    "must be a JWKS document or PEM text; what is asked for keys belongs in `jwks`",
                ));
            }
        };
        keys.map(|keys| Some(Arc::new(keys)))
            .map_err(|error| ConfigError::new("jwks_seed", error.to_string()))
    }

    /// Where no keys come from the SDK, its path must mean something else.
    fn no_base_path(&self, has_core: bool) -> Result<(), ConfigError> {
        let is_issuer = self.accept_oauth2_clients && self.issuers.is_empty();
        // With a core it is the path of a cookie, too: that of refresh tokens.
        if self.api_base_path.is_some() && !is_issuer && !has_core {
            return Err(ConfigError::new(
                "api_base_path",
                "has no effect, since `jwks` names other keys than those of `{api_domain}{api_base_path}`, that is no issuer, and no cookie is ever set: it is one with `accept_oauth2_clients` and without `issuers`, and they are with `connection_uri`",
            ));
        }
        Ok(())
    }

    fn token_cache(&self) -> Result<CacheRules, ConfigError> {
        let entries = self.token_cache_entries.unwrap_or(DEFAULT_CACHE_ENTRIES);
        if entries > CACHE_CAP {
            return Err(ConfigError::new(
                "token_cache_entries",
                format!("must be at most {CACHE_CAP}, not {entries}"),
            ));
        }
        if entries == 0 && self.token_cache_max_age.is_some() {
            return Err(ConfigError::new(
                "token_cache_max_age",
                "has no effect, since `token_cache_entries` is 0",
            ));
        }
        let bounds = Duration::from_secs(1)..=KEYS_CAP;
        Ok(CacheRules {
            entries,
            longest: within(
                "token_cache_max_age",
                self.token_cache_max_age,
                DEFAULT_CACHE_MAX_AGE,
                bounds,
            )?,
        })
    }

    fn verification(
        &self,
        api_domain: &str,
        api_base_path: &str,
    ) -> Result<VerificationRules, ConfigError> {
        let leeway = self.leeway.unwrap_or(Duration::from_secs(5));
        if leeway > LEEWAY_CAP || leeway.subsec_nanos() != 0 {
            return Err(ConfigError::new(
                "leeway",
                format!(
                    "must be whole seconds, at most `60s`, not `{}`",
                    Written(leeway)
                ),
            ));
        }
        let issuers = |default: &str| -> Vec<Arc<str>> {
            if self.issuers.is_empty() {
                vec![default.into()]
            } else {
                self.issuers.iter().map(|it| it.as_str().into()).collect()
            }
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
            issuers: issuers(api_domain),
            oauth2_clients: self.accept_oauth2_clients.then(|| OAuth2ClientRules {
                issuers: issuers(&format!("{api_domain}{api_base_path}")),
            }),
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
                    format!(
                        "must be more than `0s` and at most `10m`, not `{}`",
                        Written(value)
                    ),
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

fn keys_url(text: &str, plain_http: &PlainHttp) -> Result<KeysPlace, ConfigError> {
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
    Ok(KeysPlace::Url(url))
}

/// The value, or the default, if it lies within the bounds.
fn within(
    key: &str,
    value: Option<Duration>,
    default: Duration,
    bounds: RangeInclusive<Duration>,
) -> Result<Duration, ConfigError> {
    let value = value.unwrap_or(default);
    if bounds.contains(&value) {
        Ok(value)
    } else {
        Err(ConfigError::new(
            key,
            format!(
                "must be from `{}` to `{}`, not `{}`",
                Written(*bounds.start()),
                Written(*bounds.end()),
                Written(value)
            ),
        ))
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
            format!(
                "must be whole seconds, at least `1s`, not `{}`",
                Written(value)
            ),
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
