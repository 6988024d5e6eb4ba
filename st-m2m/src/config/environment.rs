//! Configuration from environment variables.

use std::ffi::OsString;

use super::{ConfigBuilder, JwksSource, duration};
use crate::{
    error::ConfigError,
    session::{AntiCsrf, SameSite, TokenTransfer},
    supertokens::SigningKey,
    verify::AcceptKeys,
};

const PREFIX: &str = "ST_M2M_";
#[cfg(feature = "client")]
const URL_PREFIX: &str = "URL_";

type Read = fn(ConfigBuilder, &str) -> Result<ConfigBuilder, String>;

/// Every key, in the order of the documentation.
const KEYS: &[(&str, Read)] = &[
    ("CONNECTION_URI", |b, v| Ok(b.connection_uri(v))),
    ("MINT", |b, v| Ok(b.mint(boolean(v)?))),
    ("API_KEY", |b, v| Ok(b.api_key(v))),
    ("API_DOMAIN", |b, v| Ok(b.api_domain(v))),
    ("API_BASE_PATH", |b, v| Ok(b.api_base_path(v))),
    ("JWKS", |b, v| Ok(b.jwks(jwks(v)?))),
    ("JWKS_SEED", |b, v| Ok(b.jwks_seed(jwks(v)?))),
    ("SCOPES", |b, v| Ok(b.scopes(list(v)?))),
    ("SERVICE", |b, v| Ok(b.service(v))),
    ("CLAIMS", |b, v| {
        let claims: serde_json::Value =
            serde_json::from_str(v).map_err(|error| format!("is not a JSON object: {error}"))?;
        Ok(b.claims(claims))
    }),
    ("TOKEN_VALIDITY", |b, v| {
        Ok(b.token_validity(duration::parse(v)?))
    }),
    ("SIGNING_KEY", |b, v| Ok(b.signing_key(signing_key(v)?))),
    ("ISSUERS", |b, v| Ok(b.issuers(list(v)?))),
    ("ACCEPT_OAUTH2_CLIENTS", |b, v| {
        Ok(b.accept_oauth2_clients(boolean(v)?))
    }),
    ("AUDIENCE", |b, v| Ok(b.audience(v))),
    ("LEEWAY", |b, v| Ok(b.leeway(duration::parse(v)?))),
    ("MAX_TOKEN_AGE", |b, v| {
        Ok(b.max_token_age(duration::parse(v)?))
    }),
    ("ACCEPT_KEYS", |b, v| {
        Ok(b.accept_keys(match v {
            "any" => AcceptKeys::Any,
            "static" => AcceptKeys::StaticOnly,
            _ => return Err(format!("must be `any` or `static`, not `{v}`")),
        }))
    }),
    ("KEYS_MAX_AGE", |b, v| {
        Ok(b.keys_max_age(duration::parse(v)?))
    }),
    ("KEYS_MAX_STALE", |b, v| {
        Ok(b.keys_max_stale(duration::parse(v)?))
    }),
    ("TOKEN_CACHE_ENTRIES", |b, v| {
        let entries = v
            .parse()
            .map_err(|_| format!("must be a whole number, not `{v}`"))?;
        Ok(b.token_cache_entries(entries))
    }),
    ("TOKEN_CACHE_MAX_AGE", |b, v| {
        Ok(b.token_cache_max_age(duration::parse(v)?))
    }),
    ("CONNECT_TIMEOUT", |b, v| {
        Ok(b.connect_timeout(duration::parse(v)?))
    }),
    ("REQUEST_TIMEOUT", |b, v| {
        Ok(b.request_timeout(duration::parse(v)?))
    }),
    ("WEBSITE_DOMAIN", |b, v| Ok(b.website_domain(v))),
    ("SESSION_ANTI_CSRF", |b, v| {
        Ok(b.session_anti_csrf(match v {
            "none" => AntiCsrf::None,
            "via_token" => AntiCsrf::ViaToken,
            "via_custom_header" => AntiCsrf::ViaCustomHeader,
            _ => {
                return Err(format!(
                    "must be `none`, `via_token` or `via_custom_header`, not `{v}`"
                ));
            }
        }))
    }),
    ("SESSION_TOKEN_TRANSFER", |b, v| {
        Ok(b.session_token_transfer(match v {
            "any" => TokenTransfer::Any,
            "cookie" => TokenTransfer::Cookie,
            "header" => TokenTransfer::Header,
            _ => return Err(format!("must be `any`, `cookie` or `header`, not `{v}`")),
        }))
    }),
    ("SESSION_CHECK_DATABASE", |b, v| {
        Ok(b.session_check_database(boolean(v)?))
    }),
    ("SESSION_SIGNING_KEY", |b, v| {
        Ok(b.session_signing_key(signing_key(v)?))
    }),
    ("SESSION_ALLOW_UNVERSIONED", |b, v| {
        Ok(b.session_allow_unversioned(boolean(v)?))
    }),
    ("SESSION_ACCESS_TOKEN_COOKIE", |b, v| {
        Ok(b.session_access_token_cookie(v))
    }),
    ("SESSION_REFRESH_TOKEN_COOKIE", |b, v| {
        Ok(b.session_refresh_token_cookie(v))
    }),
    ("SESSION_COOKIE_DOMAIN", |b, v| {
        Ok(b.session_cookie_domain(v))
    }),
    ("SESSION_COOKIE_PATH", |b, v| Ok(b.session_cookie_path(v))),
    ("SESSION_COOKIE_SECURE", |b, v| {
        Ok(b.session_cookie_secure(boolean(v)?))
    }),
    ("SESSION_COOKIE_SAME_SITE", |b, v| {
        Ok(b.session_cookie_same_site(match v {
            "strict" => SameSite::Strict,
            "lax" => SameSite::Lax,
            "none" => SameSite::None,
            _ => return Err(format!("must be `strict`, `lax` or `none`, not `{v}`")),
        }))
    }),
    ("SESSION_EXPOSE_ACCESS_TOKEN", |b, v| {
        Ok(b.session_expose_access_token(boolean(v)?))
    }),
    ("SESSION_EXPIRED_STATUS", |b, v| {
        Ok(b.session_expired_status(status(v)?))
    }),
    ("SESSION_INVALID_CLAIM_STATUS", |b, v| {
        Ok(b.session_invalid_claim_status(status(v)?))
    }),
    ("BEARER_FIRST", |b, v| Ok(b.bearer_first(boolean(v)?))),
    ("CDI_VERSION", |b, v| Ok(b.cdi_version(v))),
    ("ALLOW_HTTP", |b, v| Ok(b.allow_http(list(v)?))),
];

/// Reads the variables whose names begin with `ST_M2M_`.
pub(super) fn read<N, V>(
    variables: impl IntoIterator<Item = (N, V)>,
) -> Result<ConfigBuilder, ConfigError>
where
    N: Into<OsString>,
    V: Into<OsString>,
{
    let mut builder = ConfigBuilder {
        from_environment: true,
        ..ConfigBuilder::default()
    };
    for (name, value) in variables {
        let (name, value) = (name.into(), value.into());
        let Some(name) = name.to_str() else { continue };
        let Some(key) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let Some(value) = value.to_str() else {
            return Err(ConfigError::new(name, "is not UTF-8"));
        };
        let value = value.trim();
        builder = if let Some((_, read)) = KEYS.iter().find(|(known, _)| *known == key) {
            if value.is_empty() {
                return Err(ConfigError::new(
                    name,
                    "is empty; unset it to take the default",
                ));
            }
            read(builder, value).map_err(|problem| ConfigError::new(name, problem))?
        } else {
            #[cfg(feature = "client")]
            if let Some(service) = key.strip_prefix(URL_PREFIX).filter(|it| !it.is_empty()) {
                builder = builder.url(service.to_ascii_lowercase().replace('_', "-"), value);
                continue;
            }
            return Err(ConfigError::new(name, unknown(key)));
        };
    }
    Ok(builder)
}

/// The error of a key, told of the variable that set it or should have.
pub(super) fn name_the_variable(error: ConfigError) -> ConfigError {
    let variable = error.key().to_ascii_uppercase().replace(['.', '-'], "_");
    error.renamed(format!("{PREFIX}{variable}"))
}

fn unknown(key: &str) -> String {
    let nearest = KEYS
        .iter()
        .map(|(known, _)| (strsim::damerau_levenshtein(known, key), known))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, known)| *distance <= known.len() / 2);
    if let Some((_, known)) = nearest {
        return format!("is not a known variable; did you mean `{PREFIX}{known}`?");
    }
    let known: Vec<_> = KEYS
        .iter()
        .map(|(known, _)| format!("{PREFIX}{known}"))
        .collect();
    format!(
        "is not a known variable; known are {}{}",
        known.join(", "),
        if cfg!(feature = "client") {
            " and ST_M2M_URL_<SERVICE>"
        } else {
            ""
        }
    )
}

fn boolean(value: &str) -> Result<bool, String> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("must be `true` or `false`, not `{value}`")),
    }
}

fn signing_key(value: &str) -> Result<SigningKey, String> {
    match value {
        "static" => Ok(SigningKey::Static),
        "dynamic" => Ok(SigningKey::Dynamic),
        _ => Err(format!("must be `static` or `dynamic`, not `{value}`")),
    }
}

fn status(value: &str) -> Result<u16, String> {
    value
        .parse()
        .map_err(|_| format!("must be a status such as `401`, not `{value}`"))
}

fn list(value: &str) -> Result<Vec<String>, String> {
    let items: Vec<_> = value
        .split(',')
        .map(|item| item.trim().to_owned())
        .collect();
    if items.iter().any(String::is_empty) {
        return Err("holds an empty item; separate the items with single commas".to_owned());
    }
    Ok(items)
}

fn jwks(value: &str) -> Result<JwksSource, String> {
    Ok(match value {
        "sdk" => JwksSource::Sdk,
        "core" => JwksSource::Core,
        _ if value.starts_with('{') => JwksSource::Document(value.to_owned()),
        // Environment files often hold a PEM on one line with `\n` written out.
        _ if value.starts_with("-----BEGIN") => JwksSource::Pem(value.replace("\\n", "\n")),
        _ if value.contains(',') => {
            let places = list(value)?;
            JwksSource::InOrder(places.iter().map(|it| jwks(it)).collect::<Result<_, _>>()?)
        }
        _ if value.contains("://") => JwksSource::Url(value.to_owned()),
        _ => {
            return Err(
                "must be `sdk`, `core`, a URL, several of these separated by commas, a JWKS document or PEM text"
                    .to_owned(),
            );
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        Config,
        config::{KeysConfig, KeysPlace},
    };

    fn error(variables: &[(&str, &str)]) -> String {
        let variables = [("ST_M2M_API_DOMAIN", "https://api.example.com")]
            .iter()
            .chain(variables)
            .copied();
        Config::from_vars(variables)
            .expect_err("refused")
            .to_string()
    }

    #[test]
    fn every_key_of_the_table_is_read() {
        let config = Config::from_vars([
            ("PATH", "/bin"),
            ("ST_M2M_API_DOMAIN", "https://api.example.com"),
            (
                "ST_M2M_CONNECTION_URI",
                "http://core:3567;https://b.example/appid-x",
            ),
            ("ST_M2M_API_KEY", " key-0123456789\n"),
            ("ST_M2M_MINT", "true"),
            ("ST_M2M_JWKS", "core,sdk"),
            ("ST_M2M_SCOPES", "a:read, b:write"),
            ("ST_M2M_SERVICE", "orders"),
            ("ST_M2M_CLAIMS", r#"{"region":"eu"}"#),
            ("ST_M2M_TOKEN_VALIDITY", "15m"),
            ("ST_M2M_SIGNING_KEY", "dynamic"),
            (
                "ST_M2M_ISSUERS",
                "https://api.example.com,https://api.example.com/api",
            ),
            ("ST_M2M_ACCEPT_OAUTH2_CLIENTS", "true"),
            ("ST_M2M_AUDIENCE", "orders"),
            ("ST_M2M_LEEWAY", "0s"),
            ("ST_M2M_MAX_TOKEN_AGE", "1h"),
            ("ST_M2M_ACCEPT_KEYS", "static"),
            ("ST_M2M_KEYS_MAX_AGE", "5m"),
            ("ST_M2M_KEYS_MAX_STALE", "0s"),
            ("ST_M2M_TOKEN_CACHE_ENTRIES", "64"),
            ("ST_M2M_TOKEN_CACHE_MAX_AGE", "1m"),
            ("ST_M2M_CONNECT_TIMEOUT", "250ms"),
            ("ST_M2M_REQUEST_TIMEOUT", "2s"),
            ("ST_M2M_CDI_VERSION", "5.4"),
            ("ST_M2M_ALLOW_HTTP", "core"),
            ("ST_M2M_URL_ORDER_HISTORY", "https://history.internal/v1"),
        ])
        .expect("a whole configuration");
        let core = config.core.as_ref().expect("core");
        let hosts: Vec<_> = core.hosts.iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["http://core:3567", "https://b.example/appid-x"]);
        assert_eq!(
            core.api_key.as_ref().expect("key").expose(),
            "key-0123456789"
        );
        let mint = config.mint.as_ref().expect("mint");
        assert_eq!(mint.validity, 900);
        assert_eq!(
            serde_json::Value::from(mint.claims.clone()),
            serde_json::json!({"region": "eu", "sub": "orders", "scope": "a:read b:write"})
        );
        let clients = config.verification.oauth2_clients.as_ref();
        assert_eq!(
            clients.map(|it| it.issuers.as_slice()),
            Some(config.verification.issuers.as_slice())
        );
        assert_eq!(config.verification.leeway, 0);
        assert_eq!(config.verification.max_token_age, Some(3600));
        let KeysConfig::Fetched {
            in_order,
            max_age,
            max_stale,
            ..
        } = &config.keys
        else {
            panic!("keys that are fetched: {:?}", config.keys)
        };
        assert!(matches!(in_order[..], [KeysPlace::Core, KeysPlace::Url(_)]));
        assert_eq!(*max_age, Duration::from_secs(300));
        assert_eq!(*max_stale, Duration::ZERO);
        assert_eq!(config.token_cache.entries, 64);
        assert_eq!(config.token_cache.longest, Duration::from_secs(60));
        assert_eq!(config.timeouts.connect, Duration::from_millis(250));
        assert_eq!(config.urls["order-history"], "https://history.internal/v1");
        assert!(!format!("{config:?}").contains("key-0123456789"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (variable, value, expected) in [
            (
                "ST_M2M_API_DOMIAN",
                "x",
                "did you mean `ST_M2M_API_DOMAIN`?",
            ),
            ("ST_M2M_QQQQQQQQQQQ", "x", "known are ST_M2M_CONNECTION_URI"),
            ("ST_M2M_URL_", "x", "not a known variable"),
            ("ST_M2M_MINT", "yes", "`true` or `false`"),
            ("ST_M2M_LEEWAY", "5", "write `250ms`"),
            ("ST_M2M_LEEWAY", "61s", "at most `60s`, not `61s`"),
            ("ST_M2M_LEEWAY", "99999999999999999999s", "no duration"),
            ("ST_M2M_JWKS", "nonsense", "a JWKS document or PEM"),
            ("ST_M2M_JWKS", "core", "needs `connection_uri`"),
            (
                "ST_M2M_JWKS",
                "http://keys.example/",
                "plain http to `keys.example`",
            ),
            ("ST_M2M_JWKS", "{}", "`keys`"),
            ("ST_M2M_SERVICE", "", "is empty"),
            ("ST_M2M_SERVICE", "my service", "no service name"),
            ("ST_M2M_MINT", "true", "needs `connection_uri`"),
            (
                "ST_M2M_API_KEY",
                "secret-key-value",
                "no effect without `connection_uri`",
            ),
            ("ST_M2M_CONNECTION_URI", ";;", "names no host"),
            (
                "ST_M2M_CONNECTION_URI",
                "core",
                "write it with its scheme, such as `http://core`",
            ),
            (
                "ST_M2M_CONNECTION_URI",
                "http://core:3567",
                "name the host in `allow_http`",
            ),
            (
                "ST_M2M_CONNECTION_URI",
                "https://u:secret@core",
                "user name or password",
            ),
            ("ST_M2M_SIGNING_KEY", "rotating", "`static` or `dynamic`"),
            ("ST_M2M_ACCEPT_KEYS", "all", "`any` or `static`"),
            (
                "ST_M2M_KEYS_MAX_AGE",
                "29s",
                "from `30s` to `1h`, not `29s`",
            ),
            ("ST_M2M_KEYS_MAX_STALE", "2h", "from `0s` to `1h`, not `2h`"),
            ("ST_M2M_TOKEN_CACHE_ENTRIES", "many", "a whole number"),
            ("ST_M2M_TOKEN_CACHE_ENTRIES", "1000001", "at most 1000000"),
            (
                "ST_M2M_TOKEN_CACHE_MAX_AGE",
                "0s",
                "from `1s` to `1h`, not `0s`",
            ),
            ("ST_M2M_JWKS_SEED", "sdk", "belongs in `jwks`"),
            ("ST_M2M_JWKS_SEED", "{}", "`keys`"),
            ("ST_M2M_JWKS", "sdk,core", "needs `connection_uri`"),
            ("ST_M2M_JWKS", "sdk,,sdk", "an empty item"),
            ("ST_M2M_JWKS", "sdk,nonsense", "several of these"),
            ("ST_M2M_ACCEPT_OAUTH2_CLIENTS", "1", "`true` or `false`"),
            ("ST_M2M_CONNECT_TIMEOUT", "0s", "more than `0s`"),
            ("ST_M2M_REQUEST_TIMEOUT", "11m", "at most `10m`, not `11m`"),
            ("ST_M2M_ALLOW_HTTP", "http://core", "no host"),
            ("ST_M2M_URL_BILLING", "billing", "absolute http(s) URL"),
            ("ST_M2M_ISSUERS", ",", "empty item"),
            ("ST_M2M_SCOPES", "a,,b", "empty item"),
            ("ST_M2M_URL_BILLING", "http://billing", "plain http"),
            ("ST_M2M_MAX_TOKEN_AGE", "1ms", "at least `1s`, not `1ms`"),
        ] {
            let message = error(&[(variable, value)]);
            assert!(message.contains(expected), "{variable}={value}: {message}");
            assert!(
                message.contains(variable) || message.contains("ST_M2M_API_DOMAIN"),
                "{message}"
            );
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn what_the_environment_says_can_be_overridden() {
        let variables = [
            ("ST_M2M_API_DOMAIN", "https://api.example.com"),
            ("ST_M2M_SERVICE", "a"),
        ];
        let builder = ConfigBuilder::from_vars(variables).expect("readable");
        let config = builder.service("b").build().expect("a configuration");
        assert_eq!(config.service(), Some("b"));
    }

    #[test]
    fn the_issuer_of_oauth2_clients_has_the_base_path() {
        let issuers = |variables: &[(&str, &str)]| {
            let variables = [("ST_M2M_API_DOMAIN", "https://api.example.com")]
                .iter()
                .chain(variables)
                .copied();
            let rules = Config::from_vars(variables)
                .expect("a configuration")
                .verification;
            (rules.issuers, rules.oauth2_clients.map(|it| it.issuers))
        };
        let accept = ("ST_M2M_ACCEPT_OAUTH2_CLIENTS", "true");
        let domain = || vec!["https://api.example.com".into()];
        assert_eq!(issuers(&[]), (domain(), None));
        assert_eq!(
            issuers(&[("ST_M2M_ACCEPT_OAUTH2_CLIENTS", "false")]),
            (domain(), None)
        );
        for (path, issuer) in [
            ("/auth", "https://api.example.com/auth"),
            ("api/v1/", "https://api.example.com/api/v1"),
            ("/", "https://api.example.com"),
        ] {
            // It counts though the keys are elsewhere.
            for jwks in ["sdk", "https://keys.example"] {
                let path = ("ST_M2M_API_BASE_PATH", path);
                assert_eq!(
                    issuers(&[accept, path, ("ST_M2M_JWKS", jwks)]),
                    (domain(), Some(vec![issuer.into()])),
                    "{path:?} {jwks}"
                );
            }
        }
        let message = error(&[
            accept,
            ("ST_M2M_API_BASE_PATH", "/auth"),
            ("ST_M2M_JWKS", "https://keys.example"),
            ("ST_M2M_ISSUERS", "https://api.example.com"),
        ]);
        assert!(message.contains("`issuers`"), "{message}");
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        for (variables, expected) in [
            (
                [
                    ("ST_M2M_CONNECTION_URI", "https://core"),
                    ("ST_M2M_CLAIMS", r#"{"exp":1}"#),
                ],
                "claim `exp` is reserved",
            ),
            (
                [
                    ("ST_M2M_CONNECTION_URI", "https://core"),
                    ("ST_M2M_CLAIMS", "[]"),
                ],
                "must be a JSON object",
            ),
            (
                [("ST_M2M_MINT", "false"), ("ST_M2M_TOKEN_VALIDITY", "1h")],
                "nothing is minted",
            ),
            (
                [("ST_M2M_MINT", "false"), ("ST_M2M_SIGNING_KEY", "static")],
                "nothing is minted",
            ),
            (
                [("ST_M2M_MINT", "false"), ("ST_M2M_CLAIMS", "{}")],
                "nothing is minted",
            ),
            (
                [("ST_M2M_MINT", "false"), ("ST_M2M_SCOPES", "a")],
                "nothing is minted",
            ),
            (
                [
                    ("ST_M2M_JWKS", "https://keys.example"),
                    ("ST_M2M_API_BASE_PATH", "/auth"),
                ],
                "`jwks` names other keys",
            ),
            (
                [
                    ("ST_M2M_CONNECTION_URI", "https://core"),
                    ("ST_M2M_SCOPES", "a b"),
                ],
                "no scope",
            ),
            (
                [
                    ("ST_M2M_CONNECTION_URI", "https://core"),
                    ("ST_M2M_CDI_VERSION", "five"),
                ],
                "such as `5.4`",
            ),
            (
                [
                    ("ST_M2M_CONNECTION_URI", "https://core"),
                    ("ST_M2M_API_KEY", "secret key"),
                ],
                "visible ASCII",
            ),
            (
                [
                    ("ST_M2M_CONNECTION_URI", "https://core"),
                    ("ST_M2M_TOKEN_VALIDITY", "0s"),
                ],
                "from `1s` to 100 years",
            ),
        ] {
            let message = error(&variables);
            assert!(message.contains(expected), "{variables:?}: {message}");
            assert!(!message.contains("secret key"), "{message}");
        }
        assert!(
            Config::builder()
                .build()
                .expect_err("no domain")
                .to_string()
                .contains("api_domain")
        );
    }
}
