//! The core: its apps, its settings and which request gets which answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use http::{
    HeaderMap, Method, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL},
};
use serde_json::{Map, Value};
use tokio::runtime::Handle;

use super::{
    Error,
    access_token::TokenVersion,
    builder::DevCoreBuilder,
    cdi::{self, CdiVersion},
    http::{MAX_REQUEST_BYTES, Server, too_large},
    json::{Json, Object},
    jwt,
    keys::{KeyRing, KeySet},
    reply::{self, Refusal},
    request::Fields,
    route::{Endpoint, PUBLIC, Route},
    sdk,
    sessions::{self, Context, NewSession, Sessions},
    users,
};
use crate::{
    clock::Clock,
    supertokens::{SigningKey, wire},
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
    /// By name; `public` is one of them.
    pub(super) apps: BTreeMap<String, App>,
    /// Names of every app's tenants; `public` is one of them.
    pub(super) tenants: BTreeSet<String>,
    /// SHA-256 of each api key. Hashes have one length, so that comparing them tells nothing about a key.
    pub(super) api_keys: Vec<digest::Digest>,
    pub(super) sdk_jwks_path: String,
    /// Milliseconds.
    pub(super) access_token_validity: u64,
    pub(super) clock: Arc<dyn Clock>,
}

#[derive(Debug)]
pub(super) struct App {
    pub(super) keys: Arc<KeyRing>,
    pub(super) sessions: Sessions,
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
        let protected = TokenVersion::V5.protected_claims();
        if let Some(name) = payload
            .keys()
            .find(|name| protected.contains(&name.as_str()))
        {
            return Err(Error::ProtectedClaim(name.clone()));
        }
        let Ok(Json::Object(user_data)) = Json::parse(&Value::Object(payload).to_string()) else {
            return Err(Error::Payload);
        };
        let keys = core.public_keys()?;
        let version = CdiVersion::latest();
        let (_, token, _) = core
            .context(core.public()?, &keys, &version)
            .create(&NewSession {
                user_id,
                tenant: PUBLIC,
                user_data: &user_data,
                anti_csrf: false,
                use_static_key: false,
            })?;
        Ok(token)
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
    /// Answers a request.
    pub(super) async fn answer(&self, request: Request) -> Response {
        let is_head = request.method() == Method::HEAD;
        let response = match self.dispatch(request).await {
            Ok(response) => response,
            Err(refusal) => refusal.into(),
        };
        if is_head {
            reply::without_body(response)
        } else {
            response
        }
    }

    /// Whether whoever asks may have what is at `path`: it tells no secrets and makes no tokens.
    pub(super) fn is_public(&self, path: &str) -> bool {
        path == self.sdk_jwks_path
            || matches!(Route::of(path).endpoint, Endpoint::Hello | Endpoint::Jwks)
    }

    async fn dispatch(&self, request: Request) -> Result<Response, Refusal> {
        let (request, body) = request.into_parts();
        if body.len() > MAX_REQUEST_BYTES {
            return Err(too_large());
        }
        let path = request.uri.path();
        let now = self.now();
        if path == self.sdk_jwks_path {
            if request.method != Method::GET {
                // Express serves no other method there (recorded: `jwks_node_head`).
                return Err(Refusal::new(StatusCode::NOT_FOUND, "Not found"));
            }
            let keys = keys(self.public()?, now).await?;
            return Ok(sdk::jwks(&request.headers, &keys, now));
        }

        let route = Route::of(path);
        let version = self.admit(&route, &request.headers)?;
        let app = self
            .apps
            .get(&route.app)
            .ok_or_else(|| not_found(&route.app, PUBLIC))?;
        match request.method {
            Method::GET | Method::POST | Method::PUT | Method::DELETE => {}
            Method::HEAD | Method::OPTIONS => return Err(method_not_supported()),
            method => return Ok(reply::tomcat_method_not_allowed(method.as_str())),
        }
        match (route.endpoint, request.method) {
            (Endpoint::Hello, _) => Ok(reply::text(StatusCode::OK, "Hello")),
            (Endpoint::Unknown, _) => Err(Refusal::new(StatusCode::NOT_FOUND, "Not found")),
            (Endpoint::ApiVersion, Method::GET) => {
                let versions = cdi::SUPPORTED.map(Json::from).to_vec();
                Ok(reply::json(&Object::new().with("versions", versions)))
            }
            (Endpoint::Jwks, Method::GET) => {
                let keys = keys(app, now).await?;
                let mut response = reply::json(&Object::new().with("keys", keys.jwks()));
                response
                    .headers_mut()
                    .insert(CACHE_CONTROL, reply::cache_control(keys.max_age(now)));
                Ok(response)
            }
            (Endpoint::DeprecatedJwks, Method::GET) => {
                let keys = keys(app, now).await?.jwks();
                Ok(reply::json(
                    &Object::new().with("keys", keys).with("status", "OK"),
                ))
            }
            (Endpoint::Jwt, Method::POST) => {
                let fields = Fields::read(&request.headers, &body)?;
                let keys = keys(app, now).await?;
                jwt::mint(&fields, &version, route.app_specific(&version), &keys, now)
                    .map(|answer| reply::json(&answer))
            }
            (Endpoint::Session, Method::POST) => {
                let fields = Fields::read(&request.headers, &body)?;
                let keys = keys(app, now).await?;
                sessions::create(
                    &self.context(app, &keys, &version),
                    &fields,
                    self.tenant(&route),
                )
                .map(|answer| reply::json(&answer))
            }
            (Endpoint::SessionVerify, Method::POST) => {
                let fields = Fields::read(&request.headers, &body)?;
                let keys = keys(app, now).await?;
                sessions::verify(&self.context(app, &keys, &version), &fields)
                    .map(|answer| reply::json(&answer))
            }
            (Endpoint::UserById, Method::GET) => {
                users::by_id(request.uri.query(), route.app_specific(&version))
                    .map(|answer| reply::json(&answer))
            }
            _ => Err(method_not_supported()),
        }
    }

    /// Checks the api key, then the CDI version (recorded: `apikey_missing_bad_cdi` is 401).
    fn admit(&self, route: &Route, headers: &HeaderMap) -> Result<CdiVersion, Refusal> {
        let is_open = matches!(
            route.endpoint,
            Endpoint::Hello | Endpoint::Jwks | Endpoint::Unknown
        );
        if !is_open && !self.api_key_matches(headers) {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "Invalid API key"));
        }
        let version = match headers.get(wire::CDI_VERSION_HEADER) {
            None => CdiVersion::latest(),
            Some(value) => CdiVersion::parse(&String::from_utf8_lossy(value.as_bytes()))
                .ok_or_else(|| {
                    Refusal::failure("java.lang.IllegalArgumentException: Invalid version format")
                })?,
        };
        let unsupported = || Refusal::bad_request(format!("cdi-version {version} not supported"));
        if version.is_too_high() {
            return Err(unsupported());
        }
        // Tenants came with 3.0 (`webserver/WebserverAPI.java`).
        if !version.is_at_least(3, 0) && !route.is_public_tenant() {
            return Err(Refusal::new(StatusCode::NOT_FOUND, "Not found"));
        }
        let needs_version = !is_open && route.endpoint != Endpoint::ApiVersion;
        if needs_version && !version.is_supported() {
            return Err(unsupported());
        }
        Ok(version)
    }

    /// Whether the request carries one of the api keys: in `api-key`, else in `Authorization`, with or without
    /// `Bearer` in any case.
    fn api_key_matches(&self, headers: &HeaderMap) -> bool {
        if self.api_keys.is_empty() {
            return true;
        }
        let text = |name| headers.get(name).map(http::HeaderValue::as_bytes);
        let presented = text(wire::API_KEY_HEADER).or_else(|| {
            let value = text(AUTHORIZATION.as_str())?;
            match value.split_at_checked(7) {
                Some((scheme, key)) if scheme.eq_ignore_ascii_case(b"bearer ") => Some(key),
                _ => Some(value),
            }
        });
        let Some(presented) = presented else {
            return false;
        };
        let presented = digest::digest(&digest::SHA256, presented.trim_ascii());
        self.api_keys.iter().fold(false, |found, key| {
            found | verify_slices_are_equal(key.as_ref(), presented.as_ref()).is_ok()
        })
    }

    fn tenant<'a>(&self, route: &'a Route) -> Result<&'a str, Refusal> {
        if self.tenants.contains(&route.tenant) {
            Ok(&route.tenant)
        } else {
            Err(not_found(&route.app, &route.tenant))
        }
    }

    fn context<'a>(&self, app: &'a App, keys: &'a KeySet, version: &'a CdiVersion) -> Context<'a> {
        Context {
            version,
            keys,
            sessions: &app.sessions,
            now: self.now(),
            access_token_validity: self.access_token_validity,
        }
    }

    fn public(&self) -> Result<&App, Error> {
        self.apps
            .get(PUBLIC)
            .ok_or_else(|| Error::Name(PUBLIC.to_owned()))
    }

    fn public_keys(&self) -> Result<KeySet, Error> {
        self.public()?.keys.get(self.now())
    }

    /// Milliseconds since the Unix epoch.
    pub(super) fn now(&self) -> u64 {
        self.clock.unix_millis().min(MAX_TIME)
    }
}

/// An app's keys; generating them does not hold up the runtime.
async fn keys(app: &App, now: u64) -> Result<KeySet, Error> {
    if let Some(keys) = app.keys.ready(now) {
        return Ok(keys);
    }
    let ring = Arc::clone(&app.keys);
    match Handle::try_current() {
        Ok(runtime) => runtime
            .spawn_blocking(move || ring.get(now))
            .await
            .unwrap_or(Err(Error::Crypto)),
        Err(_) => ring.get(now),
    }
}

fn not_found(app: &str, tenant: &str) -> Refusal {
    Refusal::bad_request(format!(
        "AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and tenantId \
         combination not found: (, {app}, {tenant})"
    ))
}

fn method_not_supported() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Method not supported")
}
