//! Which API a path names, and for which app and tenant.

use http::StatusCode;

use super::{cdi::CdiVersion, reply::Refusal};
use crate::supertokens::wire;

/// What the core serves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Endpoint {
    Hello,
    ApiVersion,
    Jwt,
    Jwks,
    DeprecatedJwks,
    Session,
    SessionVerify,
    SessionRefresh,
    SessionRegenerate,
    SessionRemove,
    SessionsOfUser,
    /// A session's data in the database.
    SessionData,
    /// A session's data in its tokens.
    UserData,
    SignUp,
    SignIn,
    UserById,
    UsersByAccountInfo,
    App,
    Apps,
    Tenant,
    Tenants,
    Unknown,
}

const PATHS: [(&str, Endpoint); 21] = [
    ("/hello", Endpoint::Hello),
    (wire::API_VERSION_PATH, Endpoint::ApiVersion),
    (wire::JWT_PATH, Endpoint::Jwt),
    (wire::JWKS_PATH, Endpoint::Jwks),
    ("/recipe/jwt/jwks", Endpoint::DeprecatedJwks),
    ("/recipe/session", Endpoint::Session),
    ("/recipe/session/verify", Endpoint::SessionVerify),
    ("/recipe/session/refresh", Endpoint::SessionRefresh),
    ("/recipe/session/regenerate", Endpoint::SessionRegenerate),
    ("/recipe/session/remove", Endpoint::SessionRemove),
    ("/recipe/session/user", Endpoint::SessionsOfUser),
    ("/recipe/session/data", Endpoint::SessionData),
    ("/recipe/jwt/data", Endpoint::UserData),
    ("/recipe/signup", Endpoint::SignUp),
    ("/recipe/signin", Endpoint::SignIn),
    ("/user/id", Endpoint::UserById),
    ("/users/by-accountinfo", Endpoint::UsersByAccountInfo),
    ("/recipe/multitenancy/app/v2", Endpoint::App),
    ("/recipe/multitenancy/app/list/v2", Endpoint::Apps),
    ("/recipe/multitenancy/tenant/v2", Endpoint::Tenant),
    ("/recipe/multitenancy/tenant/list/v2", Endpoint::Tenants),
];

/// What no tenant is called, since paths begin with it (`webserver/Utils.java`, `INVALID_WORDS_FOR_TENANTID`).
pub(super) const NO_TENANTS: [&str; 4] = ["recipe", "config", "users", "hello"];

/// The app and tenant that a path without them means.
pub(super) const PUBLIC: &str = "public";

/// A path, taken apart.
#[derive(Debug, PartialEq)]
pub(super) struct Route {
    pub(super) endpoint: Endpoint,
    pub(super) app: String,
    pub(super) tenant: String,
}

impl Route {
    /// `[/appid-<app>][/<tenant>]<path>[/]`, in any case (`webserver/PathRouter.java`).
    pub(super) fn of(path: &str) -> Self {
        let path = path.to_ascii_lowercase();
        let path = path.strip_suffix('/').unwrap_or(&path);
        let (app, rest) = match path.strip_prefix("/appid-") {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                (&rest[..end], &rest[end..])
            }
            None => (PUBLIC, path),
        };
        if is_name(app) {
            if rest.is_empty() {
                return Self::new(Endpoint::Hello, app, PUBLIC);
            }
            if let Some(endpoint) = find(rest) {
                return Self::new(endpoint, app, PUBLIC);
            }
            let after_slash = rest.strip_prefix('/').unwrap_or_default();
            if let Some((tenant, rest)) = after_slash.split_once('/')
                && is_name(tenant)
                && !tenant.is_empty()
                && !NO_TENANTS.contains(&tenant)
                && let Some(endpoint) = find(&format!("/{rest}"))
            {
                return Self::new(endpoint, app, tenant);
            }
        }
        Self::new(Endpoint::Unknown, PUBLIC, PUBLIC)
    }

    fn new(endpoint: Endpoint, app: &str, tenant: &str) -> Self {
        Self {
            endpoint,
            app: if app.is_empty() { PUBLIC } else { app }.to_owned(),
            tenant: tenant.to_owned(),
        }
    }

    pub(super) fn is_public_tenant(&self) -> bool {
        self.tenant == PUBLIC
    }

    /// Whether an API of the whole app may be called by this path (`webserver/WebserverAPI.java`; recorded:
    /// `jwt_tenant_path_unknown_tenant`).
    pub(super) fn app_specific(&self, version: &CdiVersion) -> Result<(), Refusal> {
        if version.is_at_least(5, 0) && !self.is_public_tenant() {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "Only public tenantId can call this app specific API",
            ));
        }
        Ok(())
    }
}

fn find(path: &str) -> Option<Endpoint> {
    PATHS
        .iter()
        .find(|(known, _)| *known == path)
        .map(|(_, endpoint)| *endpoint)
}

/// Whether `name` consists of what the core allows in names of apps and tenants.
pub(super) fn is_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, endpoint, app, tenant) in [
            ("/", Endpoint::Hello, "public", "public"),
            ("", Endpoint::Hello, "public", "public"),
            ("/hello", Endpoint::Hello, "public", "public"),
            ("/recipe/jwt", Endpoint::Jwt, "public", "public"),
            ("/Recipe/JWT/", Endpoint::Jwt, "public", "public"),
            ("/public/recipe/jwt", Endpoint::Jwt, "public", "public"),
            ("/t1/recipe/jwt", Endpoint::Jwt, "public", "t1"),
            ("/appid-a2/recipe/jwt", Endpoint::Jwt, "a2", "public"),
            ("/appid-a2/t1/recipe/session", Endpoint::Session, "a2", "t1"),
            ("/appid-/recipe/jwt", Endpoint::Jwt, "public", "public"),
            (
                "/appid-a2/.well-known/jwks.json",
                Endpoint::Jwks,
                "a2",
                "public",
            ),
            (
                "/recipe/jwt/jwks",
                Endpoint::DeprecatedJwks,
                "public",
                "public",
            ),
            ("/recipe/jwt//", Endpoint::Unknown, "public", "public"),
            ("//recipe/jwt", Endpoint::Unknown, "public", "public"),
            ("/a/b/recipe/jwt", Endpoint::Unknown, "public", "public"),
            ("/t_1/recipe/jwt", Endpoint::Unknown, "public", "public"),
            ("/recipe/nope", Endpoint::Unknown, "public", "public"),
            ("recipe/jwt", Endpoint::Unknown, "public", "public"),
            (
                "/appid-a2/t1/recipe/session/user",
                Endpoint::SessionsOfUser,
                "a2",
                "t1",
            ),
            (
                "/users/users/by-accountinfo",
                Endpoint::Unknown,
                "public",
                "public",
            ),
            ("/recipe/user/id", Endpoint::Unknown, "public", "public"),
        ] {
            let expected = Route {
                endpoint,
                app: app.to_owned(),
                tenant: tenant.to_owned(),
            };
            assert_eq!(Route::of(path), expected, "{path}");
        }
    }
}
