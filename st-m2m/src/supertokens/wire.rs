//! Names and shapes of the Core Driver Interface as they stand on the wire.
//!
//! Sources: `supertokens/core-driver-interface` (`api_spec.yaml`), `supertokens/supertokens-core`
//! (`webserver/WebserverAPI.java`, `webserver/api/jwt/JWTSigningAPI.java`), and recordings of core 11.4.7.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Lists the CDI versions a core speaks.
pub(crate) const API_VERSION_PATH: &str = "/apiversion";
/// Mints a JWT.
pub(crate) const JWT_PATH: &str = "/recipe/jwt";
/// Verifies a session's access token, and promotes it after a refresh.
pub(crate) const SESSION_VERIFY_PATH: &str = "/recipe/session/verify";
/// Makes a new access token with another payload.
pub(crate) const SESSION_REGENERATE_PATH: &str = "/recipe/session/regenerate";
/// Ends sessions.
pub(crate) const SESSION_REMOVE_PATH: &str = "/recipe/session/remove";
/// What the core knows of a session.
pub(crate) const SESSION_PATH: &str = "/recipe/session";
/// A session's data in the core's database.
pub(crate) const SESSION_DATA_PATH: &str = "/recipe/session/data";
/// The core's public keys. Needs no api key and no CDI version.
pub(crate) const JWKS_PATH: &str = "/.well-known/jwks.json";
/// What the SDK appends to `{api_domain}{api_base_path}` for its public keys
/// (`supertokens-node`, `recipe/jwt/constants.ts`).
pub(crate) const SDK_JWKS_PATH: &str = "/jwt/jwks.json";

/// Carries the core's api key.
pub(crate) const API_KEY_HEADER: &str = "api-key";
/// Carries the CDI version of a request.
pub(crate) const CDI_VERSION_HEADER: &str = "cdi-version";
/// Names the recipe a request belongs to.
pub(crate) const RECIPE_ID_HEADER: &str = "rid";

/// Without the charset the core reads the body as ISO-8859-1 and signs corrupted claims
/// (recorded: a claim `héllo` came back as `hÃ©llo`).
pub(crate) const JSON_CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// The only algorithm a core signs with (`supertokens-core`, `signingkeys/JWTSigningKey.java`).
pub(crate) const ALGORITHM: &str = "RS256";
/// 100 years of 365 days in seconds, the SDKs' default (`supertokens-node`, `recipe/jwt/utils.ts`).
pub(crate) const DEFAULT_VALIDITY_SECONDS: u64 = 3_153_600_000;
/// The value of claim `source` in a service's token (SuperTokens' guide "Legacy flow").
pub(crate) const SERVICE_SOURCE: &str = "microservice";
/// Claims that only sessions have (`supertokens-core`, `session/accessToken/AccessToken.java`), those of versions 1 and
/// 2 (`userData`) included.
pub(crate) const SESSION_CLAIMS: [&str; 7] = [
    "sessionHandle",
    "refreshTokenHash1",
    "parentRefreshTokenHash1",
    "antiCsrfToken",
    "rsub",
    "tId",
    "userData",
];

/// Claims of a session that are no application's (`supertokens-node`, `recipe/session/constants.ts`).
pub(crate) const PROTECTED_CLAIMS: [&str; 10] = [
    "sub",
    "iat",
    "exp",
    "sessionHandle",
    "parentRefreshTokenHash1",
    "refreshTokenHash1",
    "antiCsrfToken",
    "rsub",
    "tId",
    "stt",
];

/// What the id of a key that rotates begins with (`supertokens-core`, `signingkeys/SigningKeys.java`).
pub(crate) const DYNAMIC_KEY_PREFIX: &str = "d-";

/// Whether the core rotates the key with this id. Cores before
/// 5.0 gave static keys ids without a prefix, so whatever is not dynamic is static.
pub(crate) fn is_dynamic(key_id: &str) -> bool {
    key_id.starts_with(DYNAMIC_KEY_PREFIX)
}

/// `POST /recipe/jwt`.
#[derive(Debug, Serialize)]
pub(crate) struct JwtRequest<'a> {
    pub(crate) payload: &'a Map<String, Value>,
    pub(crate) algorithm: &'a str,
    #[serde(rename = "jwksDomain")]
    pub(crate) jwks_domain: &'a str,
    /// Seconds.
    pub(crate) validity: u64,
    #[serde(rename = "useStaticSigningKey")]
    pub(crate) use_static_signing_key: bool,
}

/// What `POST /recipe/jwt` answers with status 200.
#[derive(Deserialize)]
pub(crate) struct JwtResponse {
    pub(crate) status: String,
    pub(crate) jwt: Option<String>,
}

/// What `GET /apiversion` answers with status 200.
#[derive(Debug, Deserialize)]
pub(crate) struct ApiVersionResponse {
    pub(crate) versions: Vec<String>,
}

/// `POST /recipe/session/verify`.
#[derive(Serialize)]
pub(crate) struct SessionVerifyRequest<'a> {
    #[serde(rename = "accessToken")]
    pub(crate) access_token: &'a str,
    #[serde(rename = "antiCsrfToken", skip_serializing_if = "Option::is_none")]
    pub(crate) anti_csrf_token: Option<&'a str>,
    #[serde(rename = "doAntiCsrfCheck")]
    pub(crate) do_anti_csrf_check: bool,
    #[serde(rename = "enableAntiCsrf")]
    pub(crate) enable_anti_csrf: bool,
    #[serde(rename = "checkDatabase")]
    pub(crate) check_database: bool,
}

/// `POST /recipe/session/regenerate`.
#[derive(Serialize)]
pub(crate) struct SessionRegenerateRequest<'a> {
    #[serde(rename = "accessToken")]
    pub(crate) access_token: &'a str,
    #[serde(rename = "userDataInJWT")]
    pub(crate) payload: &'a Map<String, Value>,
}

/// What `POST /recipe/session/verify` and `/recipe/session/regenerate` answer with status 200.
#[derive(Deserialize)]
pub(crate) struct SessionResponse {
    pub(crate) status: String,
    pub(crate) message: Option<String>,
    pub(crate) session: Option<SessionInResponse>,
    #[serde(rename = "accessToken")]
    pub(crate) access_token: Option<AccessTokenInResponse>,
}

/// A session as the core describes it. The tenant came with CDI 3.0, the recipe user with 4.0.
#[derive(Deserialize)]
pub(crate) struct SessionInResponse {
    pub(crate) handle: String,
    #[serde(rename = "userId")]
    pub(crate) user_id: String,
    #[serde(rename = "recipeUserId")]
    pub(crate) recipe_user_id: Option<String>,
    #[serde(rename = "tenantId")]
    pub(crate) tenant_id: Option<String>,
    #[serde(rename = "userDataInJWT")]
    pub(crate) payload: Value,
}

/// A new access token.
#[derive(Deserialize)]
pub(crate) struct AccessTokenInResponse {
    pub(crate) token: String,
}

/// What `GET /recipe/session` answers with status 200.
#[derive(Deserialize)]
pub(crate) struct SessionInformationResponse {
    pub(crate) status: String,
    #[serde(rename = "userDataInDatabase", default)]
    pub(crate) data: Value,
}

/// `PUT /recipe/session/data`.
#[derive(Serialize)]
pub(crate) struct SessionDataRequest<'a> {
    #[serde(rename = "sessionHandle")]
    pub(crate) handle: &'a str,
    #[serde(rename = "userDataInDatabase")]
    pub(crate) data: &'a Value,
}

/// `POST /recipe/session/remove`.
#[derive(Serialize)]
pub(crate) struct SessionRemoveRequest<'a> {
    #[serde(rename = "sessionHandles")]
    pub(crate) handles: [&'a str; 1],
}

/// What `POST /recipe/session/remove` and `PUT /recipe/session/data` answer with status 200.
#[derive(Deserialize)]
pub(crate) struct StatusResponse {
    pub(crate) status: String,
}
