//! Services whose handlers are open to users, written as `#[session_or_m2m]` expands.

use axum::{
    Extension, Json, Router,
    body::Body,
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value, json};
use st_m2m::{
    __private::{self, Handler, PrincipalPolicy, Reply, Rules, UserRules},
    Caller, ClaimValidator, Config, ConfigBuilder, HasValue, JwksSource, M2m, Principal,
    PrincipalGuard, Session, SessionError, SigningKey,
    dev::DevCore,
};
use st_m2m_tests::{
    jwt::{self, ISSUER},
    still::{self, NOW},
};
use tower::ServiceExt as _;

/// The website that browsers come from.
pub(crate) const WEBSITE: &str = "https://example.com";

pub(crate) static PHONE_OK: HasValue = HasValue::is_true("phone-ok");

macro_rules! policy {
    ($name:ident, $service:expr, $user:expr) => {
        pub(crate) struct $name;

        impl PrincipalPolicy for $name {
            const SERVICE: Rules = $service;
            const USER: UserRules = $user;
            const HANDLER: Handler =
                Handler::new(module_path!(), stringify!($name), file!(), line!());
        }
    };
}

policy!(Anyone, Rules::new(), UserRules::new());
policy!(NoAntiCsrf, Rules::new(), UserRules::new().anti_csrf(false));
policy!(
    AntiCsrfAlways,
    Rules::new(),
    UserRules::new().anti_csrf(true)
);
policy!(
    CheckDatabase,
    Rules::new(),
    UserRules::new().check_database(true)
);
policy!(Tenant, Rules::new(), UserRules::new().tenant("t1"));
policy!(Claim, Rules::new(), {
    // Of a `static`, this outlives the constant only as one of its own.
    const CLAIMS: &[&dyn ClaimValidator] = &[&PHONE_OK];
    UserRules::new().claims(CLAIMS)
});
policy!(Billing, Rules::new().from(&["billing"]), UserRules::new());

/// What the recorded applications answer.
pub(crate) fn described(session: &Session) -> Value {
    json!({
        "session": true,
        "userId": session.user_id(),
        "recipeUserId": session.recipe_user_id(),
        "handle": session.handle(),
        "tenantId": session.tenant_id(),
        "payload": session.payload::<Value>().expect("JSON"),
    })
}

pub(crate) fn who(principal: &Principal) -> Json<Value> {
    Json(match principal {
        Principal::User(session) => described(session),
        Principal::Service(caller) => {
            json!({"service": caller.service(), "kind": caller.kind().as_str()})
        }
    })
}

async fn handler<P: PrincipalPolicy>(guard: PrincipalGuard<P>) -> Reply<Json<Value>> {
    #[expect(clippy::unused_async, reason = "as the attribute writes it")]
    async fn handler(caller: Principal) -> Json<Value> {
        who(&caller)
    }
    let caller = __private::principal::<Principal, _>(&guard);
    __private::reply(guard, handler(caller).await)
}

/// With the other types that `#[caller]` may have.
async fn options(guard: PrincipalGuard<Anyone>) -> Reply<Json<Value>> {
    let session = __private::principal::<Option<Session>, _>(&guard);
    let caller = __private::principal::<Option<Caller>, _>(&guard);
    let answer = json!({"session": session.is_some(), "service": caller.is_some()});
    __private::reply(guard, Json(answer))
}

/// Changes the payload by the request's body.
async fn merge(
    guard: PrincipalGuard<Anyone>,
    Json(update): Json<Value>,
) -> Reply<Result<Json<Value>, SessionError>> {
    async fn merge(session: Option<Session>, update: Value) -> Result<Json<Value>, SessionError> {
        let session = session.expect("a user");
        session.merge_into_access_token_payload(&update).await?;
        Ok(Json(described(&session)))
    }
    let session = __private::principal::<Option<Session>, _>(&guard);
    __private::reply(guard, merge(session, update).await)
}

/// Ends the session, and changes its payload all the same.
async fn revoke_and_merge(guard: PrincipalGuard<Anyone>) -> Reply<StatusCode> {
    let session = __private::principal::<Option<Session>, _>(&guard).expect("a user");
    session.revoke().await.expect("revoked");
    let update = json!({"a": 1});
    let changed = session.merge_into_access_token_payload(&update).await;
    changed.expect("changed");
    __private::reply(guard, StatusCode::OK)
}

async fn revoke(guard: PrincipalGuard<Anyone>) -> Reply<Response> {
    let session = __private::principal::<Option<Session>, _>(&guard).expect("a user");
    let answer = match session.revoke().await {
        Ok(()) => Json(json!({"ok": true})).into_response(),
        Err(error) => error.into_response(),
    };
    __private::reply(guard, answer)
}

/// Replaces the data in the database by the request's body, where there is one, and shows it.
async fn data(
    guard: PrincipalGuard<Anyone>,
    update: Option<Json<Value>>,
) -> Reply<Result<Json<Value>, SessionError>> {
    async fn data(
        session: Option<Session>,
        update: Option<Json<Value>>,
    ) -> Result<Json<Value>, SessionError> {
        let session = session.expect("a user");
        if let Some(Json(update)) = update {
            session.set_data(&update).await?;
        }
        Ok(Json(session.data().await?))
    }
    let session = __private::principal::<Option<Session>, _>(&guard);
    __private::reply(guard, data(session, update).await)
}

async fn by_extractor(session: Session) -> Json<Value> {
    let mut answer = described(&session);
    answer["fresh"] = session.is_fresh_from_refresh().into();
    Json(answer)
}

async fn principal_by_extractor(principal: Principal) -> Json<Value> {
    who(&principal)
}

pub(crate) fn app(m2m: M2m) -> Router {
    Router::new()
        .route("/who", any(handler::<Anyone>))
        .route("/no-anti-csrf", any(handler::<NoAntiCsrf>))
        .route("/anti-csrf", any(handler::<AntiCsrfAlways>))
        .route("/check-database", any(handler::<CheckDatabase>))
        .route("/tenant", any(handler::<Tenant>))
        .route("/claim", any(handler::<Claim>))
        .route("/billing", any(handler::<Billing>))
        .route("/options", any(options))
        .route("/merge", any(merge))
        .route("/revoke", any(revoke))
        .route("/revoke-and-merge", any(revoke_and_merge))
        .route("/data", any(data))
        .route("/session", any(by_extractor))
        .route("/principal", any(principal_by_extractor))
        .layer(Extension(m2m))
}

/// What a request was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// What `app` answers to `request`.
    pub(crate) async fn of(app: Router, request: Request<Body>) -> Self {
        let answer = app.oneshot(request).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("text"),
        }
    }

    /// `None` for a header that is not there; several are joined by `\n`.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .headers
            .get_all(name)
            .iter()
            .map(|it| it.to_str().expect("text"))
            .collect();
        (!values.is_empty()).then(|| values.join("\n"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("JSON: {self:?}"))
    }

    /// Status and message, or who was let in.
    pub(crate) fn outcome(&self) -> String {
        let body = self.json();
        if self.status != StatusCode::OK {
            return format!(
                "{} {}",
                self.status.as_u16(),
                body["message"].as_str().unwrap_or("?")
            );
        }
        match (body["handle"].as_str(), body["service"].as_str()) {
            (Some(handle), None) => format!("session {handle}"),
            (None, Some(service)) => format!("service {service}"),
            (None, None) if body["kind"] == "service" => "service without a name".to_owned(),
            _ => panic!("neither: {body}"),
        }
    }
}

/// A service that verifies with the keys of the shared core.
pub(crate) struct Service {
    pub(crate) core: DevCore,
    pub(crate) m2m: M2m,
}

/// The configuration of a service with the keys of `core`, whose clock stands at [`NOW`].
pub(crate) fn config(core: &DevCore) -> ConfigBuilder {
    Config::builder()
        .api_domain(ISSUER)
        .website_domain(WEBSITE)
        .jwks(JwksSource::Document(core.jwks().expect("keys").to_string()))
        .clock(still::clock())
}

pub(crate) async fn start(config: ConfigBuilder) -> M2m {
    crate::log::install();
    M2m::start(config.build().expect("a configuration"))
        .await
        .expect("started")
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

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.body(Body::empty()).expect("a request"))
            .await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers).await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, headers).await
    }

    pub(crate) async fn answer(&self, request: Request<Body>) -> Answer {
        Answer::of(app(self.m2m.clone()), request).await
    }

    /// A session of version 5, as the core signs it by default.
    pub(crate) fn session(&self, handle: &str) -> String {
        self.sign(&header(), &claims(handle))
    }

    /// The same, expired.
    pub(crate) fn expired(&self, handle: &str) -> String {
        let mut claims = claims(handle);
        claims["iat"] = (NOW - 3600).into();
        claims["exp"] = NOW.into();
        self.sign(&header(), &claims)
    }

    /// Signed with the key that signs sessions.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        jwt::sign(&self.core, SigningKey::Dynamic, header, claims)
    }

    /// A service's token.
    pub(crate) fn service_token(&self) -> String {
        jwt::sign(
            &self.core,
            SigningKey::Static,
            &jwt::header(),
            &jwt::claims(),
        )
    }
}

/// The header of a session.
pub(crate) fn header() -> Value {
    json!({"typ": "JWT", "version": "5", "alg": "RS256"})
}

/// The claims of a session of version 5 with this handle.
pub(crate) fn claims(handle: &str) -> Value {
    json!({
        "iat": NOW, "exp": NOW + 3600, "sub": "user-1", "tId": "public", "rsub": "recipe-user-1",
        "sessionHandle": handle, "refreshTokenHash1": "hash", "parentRefreshTokenHash1": null,
        "antiCsrfToken": null, "iss": "https://api.example.com/auth", "role": "admin",
    })
}

/// The claims of `claims` that are the session's own.
pub(crate) fn own_claims(claims: &Value) -> Value {
    let own = [
        "sub",
        "iat",
        "exp",
        "sessionHandle",
        "parentRefreshTokenHash1",
        "refreshTokenHash1",
        "antiCsrfToken",
        "rsub",
        "tId",
    ];
    let claims = claims.as_object().expect("an object");
    let own = claims
        .iter()
        .filter(|(name, _)| own.contains(&name.as_str()));
    Value::Object(
        own.map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// One object with the members of both; the second's win.
pub(crate) fn merged(first: &Value, second: &Value) -> Value {
    let mut all: Map<String, Value> = first.as_object().cloned().expect("an object");
    all.extend(second.as_object().cloned().expect("an object"));
    all.into()
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

pub(crate) fn cookie(token: &str) -> String {
    format!("theme=dark; sAccessToken={token}; sRefreshToken=x")
}
