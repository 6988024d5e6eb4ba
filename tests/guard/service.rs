//! A guarded axum service in memory.

use axum::{Extension, Json, Router, body::Body, extract::Path, http::HeaderMap, routing::any};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use st_m2m::{
    Caller, Config, ConfigBuilder, JwksSource, M2m, SigningKey, dev::DevCore, m2m_protected,
};
use st_m2m_tests::{
    jwt::{self, ISSUER},
    still,
};
use tower::ServiceExt;

/// Says what it knows of its caller.
#[m2m_protected]
async fn open_to_services(#[caller] caller: Caller) -> Json<Value> {
    Json(json!({
        "service": caller.service(),
        "scopes": caller.scopes().collect::<Vec<_>>(),
        "issuer": caller.issuer(),
        "issued_at": caller.issued_at(),
        "expires_at": caller.expires_at(),
        "key_id": caller.key_id(),
        "claims": caller.claims::<Value>().ok(),
    }))
}

#[m2m_protected(from = ["orders", "checkout"])]
async fn open_to_two() -> &'static str {
    "let in"
}

/// With an extractor before the body and one for the body.
#[m2m_protected(from = "orders")]
async fn with_arguments(Path(id): Path<u64>, Json(body): Json<Vec<u64>>) -> String {
    format!("{id} {body:?}")
}

/// A guard without an attribute.
async fn by_extractor(caller: Caller) -> String {
    caller.service().unwrap_or("nobody").to_owned()
}

/// A service that verifies with the keys of the shared core.
pub(crate) struct Service {
    pub(crate) core: DevCore,
    pub(crate) m2m: M2m,
}

/// What a request was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        Some(value.to_str().expect("text"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// The configuration of a receiver that has the keys of `core` and whose clock stands at [`still::NOW`].
pub(crate) fn config(core: &DevCore) -> ConfigBuilder {
    Config::builder()
        .api_domain(ISSUER)
        .jwks(JwksSource::Document(core.jwks().expect("keys").to_string()))
        .clock(still::clock())
}

/// Signs a token with the core's static key, with any header and claims.
pub(crate) fn sign(core: &DevCore, header: &Value, claims: &Value) -> String {
    jwt::sign(core, SigningKey::Static, header, claims)
}

pub(crate) async fn start(config: ConfigBuilder) -> M2m {
    M2m::start(config.build().expect("a configuration"))
        .await
        .expect("started")
}

pub(crate) fn app(m2m: M2m) -> Router {
    Router::new()
        .route("/any", any(open_to_services))
        .route("/two", any(open_to_two))
        .route("/items/{id}", any(with_arguments))
        .route("/extractor", any(by_extractor))
        .layer(Extension(m2m))
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::with(|config| config).await
    }

    pub(crate) async fn with(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let core = still::shared_core();
        let m2m = start(change(config(&core))).await;
        Self { core, m2m }
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        sign(&self.core, &jwt::header(), claims)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = app(self.m2m.clone())
            .oneshot(request)
            .await
            .expect("an answer");
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("text"),
        }
    }

    /// Asks `path` with these `Authorization` headers.
    pub(crate) async fn get(&self, path: &str, authorization: &[&[u8]]) -> Answer {
        let mut request = Request::get(path);
        for value in authorization {
            let value = HeaderValue::from_bytes(value).expect("a header value");
            request = request.header("authorization", value);
        }
        self.send(request.body(Body::empty()).expect("a request"))
            .await
    }

    /// Asks `path` with a token.
    pub(crate) async fn call(&self, path: &str, token: &str) -> Answer {
        self.get(path, &[format!("Bearer {token}").as_bytes()])
            .await
    }
}
