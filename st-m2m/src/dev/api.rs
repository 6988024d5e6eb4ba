//! Which request gets which answer.

use std::sync::Arc;

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use http::{
    HeaderMap, Method, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL},
};

use super::{
    Error,
    apps::App,
    blocking,
    cdi::{self, CdiVersion},
    context::Context,
    core::Core,
    http::{MAX_REQUEST_BYTES, too_large},
    json::{Json, Object},
    jwt,
    keys::KeySet,
    multitenancy,
    query::Query,
    reply::{self, Refusal},
    request::Fields,
    route::{Endpoint, PUBLIC, Route},
    sdk,
    sessions::{self, Issuer},
    users,
};
use crate::{
    supertokens::wire,
    transport::{Request, Response},
};

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
        if path == self.sdk_jwks_path {
            if request.method != Method::GET {
                // Express serves no other method there (recorded: `jwks_node_head`).
                return Err(Refusal::new(StatusCode::NOT_FOUND, "Not found"));
            }
            let now = self.now();
            let keys = keys(self.apps.public(), now).await?;
            return Ok(sdk::jwks(&request.headers, &keys, now));
        }

        let route = Route::of(path);
        let version = self.admit(&route, &request.headers)?;
        let Some(app) = self.apps.get(&route.app) else {
            if (route.endpoint, &request.method) == (Endpoint::Tenant, &Method::GET) {
                return Ok(reply::json(&multitenancy::tenant_not_found()));
            }
            return Err(reply::not_found(&route.app, PUBLIC));
        };
        match request.method {
            Method::GET | Method::POST | Method::PUT | Method::DELETE => {}
            Method::HEAD | Method::OPTIONS => return Err(method_not_supported()),
            method => return Ok(reply::tomcat_method_not_allowed(method.as_str())),
        }
        let context = Context {
            version: &version,
            route: &route,
            app: &app,
            now: self.now(),
        };
        if let Some(response) = public_answer(&context, &request.method).await? {
            return Ok(response);
        }
        let read = || Fields::read(&request.headers, &body);
        let query = Query::read(request.uri.query());
        let answer = match (route.endpoint, request.method) {
            (Endpoint::ApiVersion, Method::GET) => {
                let versions = cdi::SUPPORTED.map(Json::from).to_vec();
                Object::new().with("versions", versions)
            }
            (Endpoint::DeprecatedJwks, Method::GET) => {
                let keys = keys(&app, context.now).await?.jwks();
                Object::new().with("keys", keys).with("status", "OK")
            }
            (Endpoint::Jwt, Method::POST) => {
                let fields = read()?;
                let keys = keys(&app, context.now).await?;
                jwt::mint(
                    &fields,
                    &version,
                    context.app_specific(),
                    &keys,
                    context.now,
                )?
            }
            (Endpoint::Session, Method::POST) => {
                let fields = read()?;
                sessions::create(&self.issuer(context).await?, &fields)?
            }
            (Endpoint::Session, Method::GET) => sessions::get(&context, &query)?,
            (Endpoint::SessionVerify, Method::POST) => {
                let fields = read()?;
                sessions::verify(&self.issuer(context).await?, &fields)?
            }
            (Endpoint::SessionRefresh, Method::POST) => {
                let fields = read()?;
                sessions::refresh(&self.issuer(context).await?, &fields)?
            }
            (Endpoint::SessionRegenerate, Method::POST) => {
                let fields = read()?;
                sessions::regenerate(&self.issuer(context).await?, &fields)?
            }
            (Endpoint::SessionRemove, Method::POST) => sessions::remove(&context, &read()?)?,
            (Endpoint::SessionsOfUser, Method::GET) => sessions::of_user(&context, &query)?,
            (Endpoint::SessionData, Method::GET) => sessions::get_database_data(&context, &query)?,
            (Endpoint::SessionData, Method::PUT) => {
                sessions::put_database_data(&context, &read()?)?
            }
            (Endpoint::UserData, Method::GET) => sessions::get_user_data(&context, &query)?,
            (Endpoint::UserData, Method::PUT) => sessions::put_user_data(&context, &read()?)?,
            (Endpoint::SignUp, Method::POST) => users::sign_up(&context, &read()?).await?,
            (Endpoint::SignIn, Method::POST) => users::sign_in(&context, &read()?).await?,
            (Endpoint::UserById, Method::GET) => users::by_id(&context, &query)?,
            (Endpoint::UsersByAccountInfo, Method::GET) => {
                users::by_account_info(&context, &query)?
            }
            (Endpoint::App, Method::PUT) => multitenancy::put_app(&context, &self.apps, &read()?)?,
            (Endpoint::Apps, Method::GET) => multitenancy::list_apps(&context, &self.apps)?,
            (Endpoint::Tenant, Method::PUT) => multitenancy::put_tenant(&context, &read()?)?,
            (Endpoint::Tenant, Method::GET) => multitenancy::get_tenant(&context),
            (Endpoint::Tenants, Method::GET) => multitenancy::list_tenants(&context)?,
            _ => return Err(method_not_supported()),
        };
        Ok(reply::json(&answer))
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

    async fn issuer<'a>(&self, context: Context<'a>) -> Result<Issuer<'a>, Error> {
        Ok(Issuer {
            keys: keys(context.app, context.now).await?,
            context,
            access_token_validity: self.access_token_validity,
        })
    }
}

/// The answers that are not JSON of a common form: what whoever asks may have, and what is nowhere.
async fn public_answer(
    context: &Context<'_>,
    method: &Method,
) -> Result<Option<Response>, Refusal> {
    match (context.route.endpoint, method) {
        (Endpoint::Hello, _) => Ok(Some(reply::text(StatusCode::OK, "Hello"))),
        (Endpoint::Unknown, _) => Err(Refusal::new(StatusCode::NOT_FOUND, "Not found")),
        (Endpoint::Jwks, &Method::GET) => {
            let keys = keys(context.app, context.now).await?;
            let mut response = reply::json(&Object::new().with("keys", keys.jwks()));
            response.headers_mut().insert(
                CACHE_CONTROL,
                reply::cache_control(keys.max_age(context.now)),
            );
            Ok(Some(response))
        }
        _ => Ok(None),
    }
}

/// An app's keys; generating them does not hold up the runtime.
async fn keys(app: &App, now: u64) -> Result<KeySet, Error> {
    if let Some(keys) = app.keys.ready(now) {
        return Ok(keys);
    }
    let ring = Arc::clone(&app.keys);
    blocking::run(move || ring.get(now)).await
}

fn method_not_supported() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Method not supported")
}
