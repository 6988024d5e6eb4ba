//! One configured service: everything it knows, wired together.

#[cfg(feature = "client")]
use std::collections::BTreeMap;
use std::{fmt, sync::Arc, time::Duration};

use once_cell::sync::OnceCell;
use serde::Serialize;

#[cfg(feature = "client")]
use crate::transport::PlainHttp;
use crate::{
    clock::Clock,
    config::{Config, KeysConfig, KeysPlace},
    error::{ClaimsError, ConfigError, Error, TokenError},
    jwks::{KeySet, KeyStore, Source, Sources},
    session::{self, Session, SessionRefusal, SessionRequest, Sessions, UserRules},
    status::Status,
    supertokens::CoreClient,
    token::{self, JwtOptions, ServiceToken},
    transport::{Limits, ReqwestTransport, Transport},
    verify::{
        self, AcceptKeys, Meters, Refusal, Revocation, VerificationRules, Verified, Verifier,
    },
};

/// A core answers with one token or two keys; what is larger is not an answer. Bytes.
const CORE_ANSWER_BYTES: usize = 1024 * 1024;

static GLOBAL: OnceCell<M2m> = OnceCell::new();

/// Starts this service and makes it the process-global one, which guards and generated clients find by themselves.
///
/// It mints this service's token, unless the configuration is verify-only. The global one is set only on success,
/// so a failed `init` can be tried again.
///
/// # Errors
///
/// As [`M2m::start`]; [`Error::AlreadyInitialized`] when an earlier call succeeded.
pub async fn init(config: Config) -> Result<M2m, Error> {
    if GLOBAL.get().is_some() {
        return Err(Error::AlreadyInitialized);
    }
    let m2m = M2m::start(config).await?;
    // Of two calls at the same time one succeeds.
    GLOBAL
        .set(m2m.clone())
        .map_err(|_| Error::AlreadyInitialized)?;
    Ok(m2m)
}

/// The handle of one configured service. Cheap to clone; all state is inside.
///
/// Most programs have one, made by [`init`]. Tests and programs that serve several identities make several with
/// [`M2m::start`] and hand each to its handlers as a request extension (for axum:
/// `Router::layer(Extension(m2m))`), where it goes before the global one.
#[derive(Clone)]
pub struct M2m(Arc<Inner>);

// Some fields only generated clients read.
struct Inner {
    service: Option<String>,
    issuer: String,
    core: Option<Arc<CoreClient>>,
    token: Option<ServiceToken>,
    verifier: Verifier,
    sessions: Arc<Sessions>,
    bearer_first: bool,
    clock: Arc<dyn Clock>,
    #[cfg(feature = "client")]
    outgoing: Outgoing,
}

/// What generated clients need.
#[cfg(feature = "client")]
struct Outgoing {
    transport: Arc<dyn Transport>,
    request_timeout: Duration,
    plain_http: PlainHttp,
    /// Base URLs by service.
    urls: BTreeMap<String, String>,
}

impl M2m {
    /// Starts a service: mints its token, unless the configuration is verify-only, and checks it.
    ///
    /// Other services' keys are fetched in the background, from now on; an issuer that is down does not keep a service
    /// from starting. Where it should, wait for [`M2m::ready`].
    ///
    /// # Errors
    ///
    /// [`Error::Core`] when the core refuses or cannot be reached, [`Error::UnusableToken`] when it minted
    /// something that receivers would refuse, [`Error::Transport`] when the HTTP client cannot be set up.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let transport: Arc<dyn Transport> = match config.transport {
            Some(transport) => transport,
            None => {
                Arc::new(ReqwestTransport::new(config.timeouts.connect).map_err(Error::Transport)?)
            }
        };
        let limits = Limits {
            total: config.timeouts.request,
            response_bytes: CORE_ANSWER_BYTES,
        };
        let core = config
            .core
            .map(|core| Arc::new(CoreClient::new(&core, Arc::clone(&transport), limits)));
        let keys = key_store(
            config.keys,
            core.as_ref(),
            &transport,
            config.timeouts.request,
        )?;
        let token = match (&core, &config.mint) {
            (Some(core), Some(own)) => {
                let leeway = config.verification.leeway;
                let clock = config.clock.as_ref();
                let token =
                    token::mint_at_start(core, &config.api_domain, own, leeway, clock).await?;
                check_as_a_receiver(&token, &config.api_domain, leeway, clock)?;
                Some(token)
            }
            _ => None,
        };
        let sessions = Sessions::new(config.sessions, core.clone(), Arc::clone(&config.clock));
        Ok(Self(Arc::new(Inner {
            service: config.service,
            issuer: config.api_domain,
            core,
            token,
            verifier: Verifier::new(
                keys,
                config.verification,
                config.token_cache,
                config.revocation_check,
                Arc::clone(&config.clock),
            ),
            sessions: Arc::new(sessions),
            bearer_first: config.bearer_first,
            clock: config.clock,
            #[cfg(feature = "client")]
            outgoing: Outgoing {
                transport,
                request_timeout: config.timeouts.request,
                plain_http: config.plain_http,
                urls: config.urls,
            },
        })))
    }

    /// The process-global one, once [`init`] succeeded.
    #[must_use]
    pub fn global() -> Option<Self> {
        GLOBAL.get().cloned()
    }

    /// This service's own name.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.0.service.as_deref()
    }

    /// This service's own token.
    ///
    /// # Errors
    ///
    /// [`TokenError::VerifyOnly`] when the configuration mints none, [`TokenError::Expired`] when it has expired.
    pub fn token(&self) -> Result<ServiceToken, TokenError> {
        let token = self.0.token.as_ref().ok_or(TokenError::VerifyOnly)?;
        let now = self.0.clock.unix_seconds();
        if token.expires_at() <= now {
            return Err(TokenError::Expired {
                seconds_ago: now - token.expires_at(),
            });
        }
        Ok(token.clone())
    }

    /// Mints a further token: SuperTokens' `createJWT(payload, validity, useStaticSigningKey)`.
    ///
    /// `claims` is anything that serialises to a JSON object. The issuer is `api_domain`. A token is a service's
    /// token only with `"source": "microservice"` among its claims.
    ///
    /// # Errors
    ///
    /// [`Error::Claims`] for claims that would change what the token is (`iss`, `iat`, `exp`, and those of sessions
    /// and `OAuth2` tokens) and for a validity that cannot be minted; [`Error::Core`] when the core refuses or cannot
    /// be reached; [`Error::NoCore`] when the configuration has none.
    pub async fn create_jwt<C: Serialize>(
        &self,
        claims: &C,
        options: JwtOptions,
    ) -> Result<String, Error> {
        let core = self.0.core.as_ref().ok_or(Error::NoCore)?;
        let claims = serde_json::to_value(claims)
            .map_err(|error| ClaimsError::NotAnObject(error.to_string()))?;
        token::create_jwt(core, &self.0.issuer, claims, &options).await
    }

    /// The issuer's public keys, fetched if they are not fresh. [`KeySet::static_keys`] and
    /// [`Jwk::to_pem`](crate::jwks::Jwk::to_pem) make of them a key to pin.
    ///
    /// # Errors
    ///
    /// [`Error::Keys`] when they cannot be fetched or read.
    pub async fn key_set(&self) -> Result<Arc<KeySet>, Error> {
        Ok(self.0.verifier.keys().all().await?)
    }

    /// Waits until there are keys to verify with, at most for the time `within`: for programs that should not serve before.
    ///
    /// # Errors
    ///
    /// [`Error::Keys`], with the reason why the last fetch gave none.
    pub async fn ready(&self, within: Duration) -> Result<(), Error> {
        Ok(self.0.verifier.keys().ready(within).await?)
    }

    /// How this service is: for a readiness probe, and to see which keys are in use.
    #[must_use]
    pub fn status(&self) -> Status {
        let verifier = &self.0.verifier;
        Status::new(verifier.keys().status(), verifier.remembered())
    }

    /// Fetches the issuer's keys now: after a key was removed in an emergency, say. A key that is gone is cut with the
    /// answer, and with it every remembered token that it signed.
    ///
    /// Calls at the same time share fetches, but nothing else holds them back: do not let strangers cause them.
    ///
    /// # Errors
    ///
    /// [`Error::Keys`] when they cannot be fetched or read. The keys in use then stay in use.
    pub async fn reload(&self) -> Result<Arc<KeySet>, Error> {
        Ok(self.0.verifier.keys().reload().await?)
    }

    /// Refuses tokens from now on that are otherwise good, remembered ones included: 401, reason `revoked`.
    ///
    /// The list is this process's own and is empty after a restart. A [`RevocationCheck`](crate::RevocationCheck) asks
    /// another.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRevocations`] beyond 65,536 subjects and token ids.
    pub fn revoke(&self, revocation: Revocation) -> Result<(), Error> {
        if self.0.verifier.revoke(revocation) {
            Ok(())
        } else {
            Err(Error::TooManyRevocations)
        }
    }

    /// Forgets all verified tokens: each is verified anew when it comes again.
    pub fn clear_token_cache(&self) {
        self.0.verifier.forget();
    }
}

/// What guards need.
impl M2m {
    pub(crate) fn global_ref() -> Option<&'static Self> {
        GLOBAL.get()
    }

    /// What is known of a token that was verified before: see [`Verifier::recall`].
    pub(crate) fn recall(&self, token: &[u8]) -> Option<Result<Arc<Verified>, Refusal>> {
        self.0.verifier.recall(token)
    }

    /// Verifies a service's token.
    pub(crate) async fn verify(&self, token: &str) -> Result<Arc<Verified>, Refusal> {
        self.0.verifier.verify(token).await
    }

    /// Whether a token was verified before: see [`Verifier::remembers`].
    pub(crate) fn remembers(&self, token: &[u8]) -> bool {
        self.0.verifier.remembers(token)
    }

    /// Whether a token has the form of a service's.
    pub(crate) fn is_for_services(&self, token: &str) -> bool {
        self.0.verifier.is_for_services(token)
    }

    /// Whether service tokens go before sessions in cookies.
    pub(crate) fn bearer_first(&self) -> bool {
        self.0.bearer_first
    }

    /// Finds and verifies the session of a request.
    pub(crate) async fn session(
        &self,
        request: SessionRequest<'_>,
        user: &UserRules,
        reply: session::Reply,
    ) -> Result<Option<Session>, SessionRefusal> {
        let verifier = &self.0.verifier;
        self.0
            .sessions
            .resolve(request, user, verifier, reply)
            .await
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn meters(&self) -> &Meters {
        self.0.verifier.meters()
    }
}

fn key_store(
    config: KeysConfig,
    core: Option<&Arc<CoreClient>>,
    transport: &Arc<dyn Transport>,
    exchange: Duration,
) -> Result<KeyStore, ConfigError> {
    let (in_order, seed, max_age, max_stale) = match config {
        KeysConfig::Fixed(keys) => return Ok(KeyStore::fixed(keys)),
        KeysConfig::Fetched {
            in_order,
            seed,
            max_age,
            max_stale,
        } => (in_order, seed, max_age, max_stale),
    };
    let sources = in_order.into_iter().map(|place| match (place, core) {
        (KeysPlace::Url(url), _) => Ok(Source::Url {
            url,
            transport: Arc::clone(transport),
        }),
        (KeysPlace::Core, Some(core)) => Ok(Source::Core(Arc::clone(core))),
        // `ConfigBuilder::build` refuses it; an error is still better than a panic.
        (KeysPlace::Core, None) => Err(ConfigError::new("jwks", "`core` needs `connection_uri`")),
    });
    let sources = Sources::new(sources.collect::<Result<_, _>>()?, exchange, max_age);
    Ok(KeyStore::fetched(sources, max_stale, seed))
}

/// Holds this service's own token to what receivers demand: too many claims, say, make a token that is too long.
fn check_as_a_receiver(
    token: &ServiceToken,
    issuer: &str,
    leeway: u64,
    clock: &dyn Clock,
) -> Result<(), Error> {
    let rules = VerificationRules {
        issuers: vec![issuer.into()],
        oauth2_clients: None,
        audience: None,
        leeway,
        max_token_age: None,
        accept_keys: AcceptKeys::Any,
    };
    verify::check_without_signature(token.expose(), &rules, clock.unix_seconds())
        .map_err(|refusal| Error::UnusableToken(refusal.reason.to_string()))
}

/// What generated clients need.
#[cfg(feature = "client")]
impl M2m {
    pub(crate) fn transport(&self) -> &dyn Transport {
        self.0.outgoing.transport.as_ref()
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        self.0.outgoing.request_timeout
    }

    pub(crate) fn plain_http(&self) -> &PlainHttp {
        &self.0.outgoing.plain_http
    }

    pub(crate) fn url_of(&self, service: &str) -> Option<&str> {
        self.0.outgoing.urls.get(service).map(String::as_str)
    }
}

impl fmt::Debug for M2m {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("M2m")
            .field("service", &self.0.service)
            .field("issuer", &self.0.issuer)
            .field("token", &self.0.token)
            .finish_non_exhaustive()
    }
}
