//! The core: its apps and its settings.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest;
use serde_json::{Map, Value};

use super::{
    Error,
    apps::Apps,
    builder::DevCoreBuilder,
    cdi::CdiVersion,
    context::Context,
    http::Server,
    json::{Json, Object},
    keys::KeySet,
    route::{PUBLIC, Route},
    sessions::{Issuer, NewSession},
};
use crate::{
    clock::Clock,
    supertokens::SigningKey,
    transport::{Error as TransportError, Request, Response, ResponseFuture, Transport},
};

/// The latest time that is taken from a clock, in milliseconds since the Unix epoch, so that sums cannot overflow.
const MAX_TIME: u64 = 1 << 53;

/// A SuperTokens-compatible core inside the process. For development and tests: it keeps nothing on disk.
///
/// Cheap to clone; clones share keys and sessions. The server stops when the last clone is dropped or when the tokio
/// runtime in which it was started ends.
///
/// As a [`Transport`] it answers in memory, whatever the URL's host, which suits simulations under a paused
/// tokio clock.
///
/// [`sign`](Self::sign), [`create_session`](Self::create_session) and [`jwks`](Self::jwks) block for a fraction of a
/// second when the keys have yet to be generated; requests wait for them without blocking the runtime.
#[derive(Clone)]
pub struct DevCore(Arc<Running>);

struct Running {
    core: Arc<Core>,
    origin: String,
    /// Stops when dropped.
    _server: Option<Server>,
}

/// Everything but the socket.
pub(super) struct Core {
    pub(super) apps: Apps,
    /// SHA-256 of each api key. Hashes have one length, so that comparing them tells nothing about a key.
    pub(super) api_keys: Vec<digest::Digest>,
    pub(super) sdk_jwks_path: String,
    /// Milliseconds.
    pub(super) access_token_validity: u64,
    pub(super) clock: Arc<dyn Clock>,
}

impl DevCore {
    pub(super) fn new(core: Arc<Core>, origin: String, server: Option<Server>) -> Self {
        Self(Arc::new(Running {
            core,
            origin,
            _server: server,
        }))
    }

    /// Starts a core on a free port of 127.0.0.1 that needs no api key.
    ///
    /// # Errors
    ///
    /// As [`DevCoreBuilder::start`].
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// Settings other than the defaults.
    pub fn builder() -> DevCoreBuilder {
        DevCoreBuilder::default()
    }

    /// Where the core is: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn connection_uri(&self) -> &str {
        &self.0.origin
    }

    /// The scheme and host below which a backend SDK's `{api_base_path}/jwt/jwks.json` is served: the same as
    /// [`connection_uri`](Self::connection_uri).
    #[must_use]
    pub fn api_domain(&self) -> &str {
        &self.0.origin
    }

    /// Where the keys are as a backend SDK serves them: `{api_domain}{api_base_path}/jwt/jwks.json`.
    #[must_use]
    pub fn jwks_url(&self) -> String {
        format!("{}{}", self.0.origin, self.0.core.sdk_jwks_path)
    }

    /// Answers a request in memory. Only its method, path, query, headers and body count.
    pub async fn handle(&self, request: Request) -> Response {
        self.0.core.answer(request).await
    }

    /// Signs a token of any shape with a key of the public app, to test what a verifier refuses.
    ///
    /// Header and payload are written as they are given; only a missing `kid` is added. Members stand in the map's
    /// order. The algorithm is RS256, whatever the header says.
    ///
    /// # Errors
    ///
    /// [`Error::Crypto`] when signing fails.
    pub fn sign(
        &self,
        key: SigningKey,
        mut header: Map<String, Value>,
        payload: Map<String, Value>,
    ) -> Result<String, Error> {
        let keys = self.0.core.public_keys()?;
        let key = match key {
            SigningKey::Static => keys.static_key(),
            SigningKey::Dynamic => keys.dynamic_key(),
        };
        header.entry("kid").or_insert_with(|| key.kid().into());
        key.jws(
            &Value::Object(header).to_string(),
            &Value::Object(payload).to_string(),
        )
    }

    /// Makes a session of the public app and tenant, as `POST /recipe/session` of CDI 5.4 does with a dynamic key
    /// and without anti-csrf, and gives its access token.
    ///
    /// # Errors
    ///
    /// [`Error::ProtectedClaim`] when `payload` holds a claim that the core sets, [`Error::Payload`] when it is
    /// nested more than 250 levels deep, [`Error::Crypto`] when signing fails.
    pub fn create_session(
        &self,
        user_id: &str,
        payload: Map<String, Value>,
    ) -> Result<String, Error> {
        let core = &self.0.core;
        let Ok(Json::Object(user_data)) = Json::parse(&Value::Object(payload).to_string()) else {
            return Err(Error::Payload);
        };
        let issuer = Issuer {
            context: Context {
                version: &CdiVersion::latest(),
                route: &Route::of(""),
                app: core.apps.public(),
                now: core.now(),
            },
            keys: core.public_keys()?,
            access_token_validity: core.access_token_validity,
        };
        let tokens = issuer.create(&NewSession {
            user_id,
            tenant: PUBLIC,
            user_data: &user_data,
            database_data: &Object::new(),
            anti_csrf: false,
            use_static_key: false,
        })?;
        Ok(tokens.signed)
    }

    /// The public app's keys, as `/.well-known/jwks.json` shows them: `{"keys": […]}`.
    ///
    /// # Errors
    ///
    /// [`Error::Crypto`] when no keys can be generated.
    pub fn jwks(&self) -> Result<Value, Error> {
        let keys = self.0.core.public_keys()?.jwks();
        let text = Object::new().with("keys", keys).to_string();
        // It is JSON, as we wrote it.
        serde_json::from_str(&text).map_err(|_| Error::Crypto)
    }
}

impl fmt::Debug for DevCore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DevCore")
            .field("connection_uri", &self.0.origin)
            .finish_non_exhaustive()
    }
}

impl Transport for DevCore {
    fn send(&self, request: Request, max_response_bytes: usize) -> ResponseFuture<'_> {
        Box::pin(async move {
            let response = self.handle(request).await;
            if response.body().len() > max_response_bytes {
                return Err(TransportError::TooLarge(max_response_bytes));
            }
            Ok(response)
        })
    }
}

impl Core {
    fn public_keys(&self) -> Result<KeySet, Error> {
        self.apps.public().keys.get(self.now())
    }

    /// Milliseconds since the Unix epoch.
    pub(super) fn now(&self) -> u64 {
        self.clock.unix_millis().min(MAX_TIME)
    }
}
