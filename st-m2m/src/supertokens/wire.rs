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
