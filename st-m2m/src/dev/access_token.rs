//! Session access tokens, versions 2 to 5, as the core writes and reads them.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};

use super::{
    Error,
    cdi::CdiVersion,
    json::{Json, Object},
    keys::{KeySet, SigningKeyPair},
    reply::Refusal,
};
use crate::supertokens::wire;

/// Base64 of `{"alg":"RS256","typ":"JWT","version":"2"}`: such tokens name no key, and they use the standard
/// alphabet with padding (recorded: `session_create_ok_cdi_2_20`).
const V2_HEADER: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsInZlcnNpb24iOiIyIn0=";
/// The same with version 1, which differs in nothing else.
const V1_HEADER: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsInZlcnNpb24iOiIxIn0=";

const INCOMPLETE: &str =
    "Access token does not contain all the information. Maybe the structure has changed?";

/// The shape of an access token; the CDI version of the request that makes it decides.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) enum TokenVersion {
    V2,
    V3,
    V4,
    V5,
}

impl TokenVersion {
    pub(super) fn made_under(cdi: &CdiVersion) -> Self {
        if cdi.is_at_least(4, 0) {
            Self::V5
        } else if cdi.is_at_least(3, 0) {
            Self::V4
        } else if cdi.is_at_least(2, 21) {
            Self::V3
        } else {
            Self::V2
        }
    }

    fn from_header(text: &str) -> Option<Self> {
        match text {
            "3" => Some(Self::V3),
            "4" => Some(Self::V4),
            "5" => Some(Self::V5),
            _ => None,
        }
    }

    fn number(self) -> &'static str {
        match self {
            Self::V2 => "2",
            Self::V3 => "3",
            Self::V4 => "4",
            Self::V5 => "5",
        }
    }

    /// Claims that every token of this version has (`session/accessToken/AccessToken.java`).
    fn own_claims(self) -> &'static [&'static str] {
        const V2: [&str; 5] = [
            "userId",
            "expiryTime",
            "timeCreated",
            "sessionHandle",
            "refreshTokenHash1",
        ];
        const ALL: [&str; 9] = [
            "sub",
            "exp",
            "iat",
            "sessionHandle",
            "refreshTokenHash1",
            "parentRefreshTokenHash1",
            "antiCsrfToken",
            "tId",
            "rsub",
        ];
        match self {
            Self::V2 => &V2,
            Self::V3 => &ALL[..7],
            Self::V4 => &ALL[..8],
            Self::V5 => &ALL,
        }
    }

    /// A claim of the core's own that a session's data holds and must not.
    pub(super) fn own_claim_in(self, user_data: &Object) -> Option<&'static str> {
        let mut claims = self.own_claims().iter();
        claims.find(|name| user_data.get(name).is_some()).copied()
    }
}

/// What an access token says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AccessToken {
    pub(super) version: TokenVersion,
    pub(super) user_id: String,
    /// The user's id in the recipe, which linked accounts have besides their own; the same here, but a token that
    /// is presented may tell them apart.
    pub(super) recipe_user_id: String,
    pub(super) tenant: String,
    pub(super) handle: String,
    pub(super) refresh_token_hash: String,
    pub(super) parent_refresh_token_hash: Option<String>,
    pub(super) anti_csrf_token: Option<String>,
    pub(super) user_data: Object,
    /// Milliseconds since the Unix epoch.
    pub(super) created_at: u64,
    /// Milliseconds since the Unix epoch.
    pub(super) expires_at: u64,
}

/// Why a token is not accepted.
#[derive(Debug, PartialEq)]
pub(super) enum Problem {
    /// It is no JWT, or not one of ours: the text of the core's exception.
    Jwt(String),
    /// It is ours but no longer good, or incomplete; with this message.
    TryRefreshToken(String),
    /// The core fails with an exception.
    Failure(Refusal),
}

impl AccessToken {
    /// Times of version 3 and later are whole seconds.
    pub(super) fn round_times(&mut self) {
        if self.version >= TokenVersion::V3 {
            self.created_at -= self.created_at % 1000;
            self.expires_at -= self.expires_at % 1000;
        }
    }

    /// The signed token. Beside its own claims there is no place for the user's of the same name; those of version 2
    /// are apart.
    pub(super) fn sign(&self, key: &SigningKeyPair) -> Result<String, Error> {
        if self.version == TokenVersion::V2 {
            let mut token = format!("{V2_HEADER}.");
            STANDARD.encode_string(self.v2_payload().to_string(), &mut token);
            let signature = key.sign(token.as_bytes())?;
            token.push('.');
            STANDARD.encode_string(signature, &mut token);
            return Ok(token);
        }
        if let Some(name) = self.version.own_claim_in(&self.user_data) {
            return Err(Error::ProtectedClaim(name.to_owned()));
        }
        let header = Object::new()
            .with("kid", key.kid())
            .with("typ", "JWT")
            .with("version", self.version.number())
            .with("alg", wire::ALGORITHM);
        key.jws(&header.to_string(), &self.payload().to_string())
    }

    fn v2_payload(&self) -> Object {
        let mut payload = Object::new()
            .with("userId", self.user_id.as_str())
            .with("expiryTime", self.expires_at)
            .with("timeCreated", self.created_at)
            .with("sessionHandle", self.handle.as_str())
            .with("refreshTokenHash1", self.refresh_token_hash.as_str());
        for (name, value) in [
            ("parentRefreshTokenHash1", &self.parent_refresh_token_hash),
            ("antiCsrfToken", &self.anti_csrf_token),
        ] {
            if let Some(value) = value {
                payload.set(name, value.as_str());
            }
        }
        payload.with("userData", self.user_data.clone())
    }

    fn payload(&self) -> Object {
        let mut payload = Object::new()
            .with("iat", self.created_at / 1000)
            .with("exp", self.expires_at / 1000)
            .with("sub", self.user_id.as_str());
        if self.version >= TokenVersion::V4 {
            payload.set("tId", self.tenant.as_str());
        }
        if self.version >= TokenVersion::V5 {
            payload.set("rsub", self.recipe_user_id.as_str());
        }
        payload.set("sessionHandle", self.handle.as_str());
        payload.set("refreshTokenHash1", self.refresh_token_hash.as_str());
        payload.set(
            "parentRefreshTokenHash1",
            self.parent_refresh_token_hash.as_deref(),
        );
        payload.set("antiCsrfToken", self.anti_csrf_token.as_deref());
        for (name, value) in self.user_data.iter() {
            payload.set(name, value.clone());
        }
        payload
    }

    /// Checks signature, structure and time of a token at `now`, in milliseconds since the Unix epoch.
    pub(super) fn verify(
        token: &str,
        keys: &KeySet,
        needs_anti_csrf: bool,
        now: u64,
    ) -> Result<Self, Problem> {
        let parts = Parts::of(token)?;
        let signature = || decode(parts.signature);
        let is_signed = match &parts.kid {
            None => {
                let signature = signature()?;
                keys.iter()
                    .any(|key| key.verifies(parts.message, &signature))
            }
            Some(kid) => keys
                .find(kid)
                .ok_or_else(|| Problem::TryRefreshToken("Key not found".to_owned()))?
                .verifies(parts.message, &signature()?),
        };
        if !is_signed {
            return Err(jwt_exception("JWT verification failed"));
        }
        let access_token = Self::from_parts(&parts)?;
        if access_token.expires_at < now {
            return Err(Problem::TryRefreshToken("Access token expired".to_owned()));
        }
        if needs_anti_csrf && access_token.anti_csrf_token.is_none() {
            return Err(Problem::TryRefreshToken(INCOMPLETE.to_owned()));
        }
        Ok(access_token)
    }

    /// Reads a token of whoever made it, and whenever.
    pub(super) fn read(token: &str) -> Result<Self, Problem> {
        Self::from_parts(&Parts::of(token)?)
    }

    fn from_parts(parts: &Parts<'_>) -> Result<Self, Problem> {
        let payload = object(parts.payload)?;
        let mut own_claims = parts.version.own_claims().iter();
        if let Some(missing) = own_claims.find(|name| payload.get(name).is_none()) {
            return Err(Problem::TryRefreshToken(format!("{INCOMPLETE} {missing}")));
        }
        if parts.version == TokenVersion::V2 {
            Self::from_v2_payload(&payload)
        } else {
            Self::from_payload(parts.version, &payload)
        }
    }

    fn from_v2_payload(payload: &Object) -> Result<Self, Problem> {
        let user_id = required(payload, "userId")?;
        Ok(Self {
            version: TokenVersion::V2,
            recipe_user_id: user_id.clone(),
            user_id,
            tenant: super::route::PUBLIC.to_owned(),
            handle: required(payload, "sessionHandle")?,
            refresh_token_hash: required(payload, "refreshTokenHash1")?,
            parent_refresh_token_hash: string(payload, "parentRefreshTokenHash1"),
            anti_csrf_token: string(payload, "antiCsrfToken"),
            user_data: payload
                .get("userData")
                .and_then(Json::as_object)
                .ok_or_else(|| {
                    Problem::Failure(Refusal::failure("java.lang.NullPointerException"))
                })?
                .clone(),
            created_at: millis(payload, "timeCreated", 1),
            expires_at: millis(payload, "expiryTime", 1),
        })
    }

    fn from_payload(version: TokenVersion, payload: &Object) -> Result<Self, Problem> {
        let own_claims = version.own_claims();
        let required = |name| required(payload, name);
        let mut user_data = Object::new();
        for (name, value) in payload.iter() {
            if !own_claims.contains(&name) {
                user_data.set(name, value.clone());
            }
        }
        Ok(Self {
            version,
            user_id: required("sub")?,
            recipe_user_id: required(if version >= TokenVersion::V5 {
                "rsub"
            } else {
                "sub"
            })?,
            tenant: if version >= TokenVersion::V4 {
                required("tId")?
            } else {
                super::route::PUBLIC.to_owned()
            },
            handle: required("sessionHandle")?,
            refresh_token_hash: required("refreshTokenHash1")?,
            parent_refresh_token_hash: string(payload, "parentRefreshTokenHash1"),
            anti_csrf_token: string(payload, "antiCsrfToken"),
            user_data,
            created_at: millis(payload, "iat", 1000),
            expires_at: millis(payload, "exp", 1000),
        })
    }
}

/// A token, taken apart.
#[derive(Debug)]
struct Parts<'a> {
    version: TokenVersion,
    /// None in versions 1 and 2.
    kid: Option<String>,
    /// What is signed.
    message: &'a [u8],
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn of(token: &'a str) -> Result<Self, Problem> {
        // Java's split drops empty parts at the end.
        let parts: Vec<&str> = token.trim_end_matches('.').split('.').collect();
        let [header, payload, signature] = parts[..] else {
            return Err(jwt_exception("Invalid JWT"));
        };
        let (version, kid) = if header == V1_HEADER || header == V2_HEADER {
            (TokenVersion::V2, None)
        } else {
            let (version, kid) = read_header(&object(header)?)?;
            (version, Some(kid))
        };
        Ok(Self {
            version,
            kid,
            message: &token.as_bytes()[..header.len() + 1 + payload.len()],
            payload,
            signature,
        })
    }
}

/// Version and key id of a header. Without a version it is the latest (`session/jwt/JWT.java`).
fn read_header(header: &Object) -> Result<(TokenVersion, String), Problem> {
    for (name, wanted) in [("typ", "JWT"), ("alg", wire::ALGORITHM)] {
        match header.get(name) {
            None => return Err(jwt_exception(&format!("JWT header missing - {name}"))),
            Some(Json::String(text)) if text == wanted => {}
            Some(_) => return Err(jwt_exception(&format!("JWT header mismatch - {name}"))),
        }
    }
    let version = match header.get("version") {
        None => TokenVersion::V5,
        Some(Json::String(text)) if text != "1" && text != "2" => TokenVersion::from_header(text)
            .ok_or_else(|| {
            Problem::Failure(Refusal::failure(
                "java.lang.IllegalArgumentException: Unknown access token version",
            ))
        })?,
        Some(_) => return Err(jwt_exception("JWT header mismatch - version")),
    };
    match header.get("kid") {
        Some(Json::String(kid)) => Ok((version, kid.clone())),
        Some(_) => Err(jwt_exception("JWT header mismatch - kid")),
        None => Err(Problem::Failure(Refusal::failure(
            "java.lang.NullPointerException",
        ))),
    }
}

/// A `JWTException` reaches the answer as the text of a wrapped exception (recorded:
/// `session_verify_garbage_token`).
fn jwt_exception(message: &str) -> Problem {
    Problem::Jwt(format!(
        "io.supertokens.session.jwt.JWT$JWTException: {message}"
    ))
}

fn required(payload: &Object, name: &str) -> Result<String, Problem> {
    string(payload, name).ok_or_else(|| {
        Problem::Failure(Refusal::failure(
            "java.lang.UnsupportedOperationException: JsonNull",
        ))
    })
}

fn string(object: &Object, name: &str) -> Option<String> {
    match object.get(name)? {
        Json::String(text) | Json::Number(text) => Some(text.clone()),
        Json::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn millis(payload: &Object, name: &str, unit: u64) -> u64 {
    payload
        .get(name)
        .and_then(Json::as_i64)
        .and_then(|number| u64::try_from(number).ok())
        .unwrap_or(0)
        .saturating_mul(unit)
}

fn object(part: &str) -> Result<Object, Problem> {
    match Json::parse(&String::from_utf8_lossy(&decode(part)?)) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(other) => Err(Problem::Failure(Refusal::failure(format!(
            "java.lang.IllegalStateException: Not a JSON Object: {other}"
        )))),
        Err(_) => Err(Problem::Failure(Refusal::failure(
            "com.google.gson.JsonSyntaxException: com.google.gson.stream.MalformedJsonException",
        ))),
    }
}

/// Either alphabet, with or without padding; what is neither is an exception in the core (recorded:
/// `session_verify_garbage_three_parts`).
fn decode(part: &str) -> Result<Vec<u8>, Problem> {
    const TOLERANT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const TOLERANT_STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, TOLERANT);
    const TOLERANT_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, TOLERANT);
    TOLERANT_URL_SAFE
        .decode(part)
        .or_else(|_| TOLERANT_STANDARD.decode(part))
        .map_err(|error| {
            let message = if part.len() < 2 {
                "Input byte[] should at least have 2 bytes for base64 bytes".to_owned()
            } else {
                error.to_string()
            };
            Problem::Failure(Refusal::failure(format!(
                "java.lang.IllegalArgumentException: {message}"
            )))
        })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE;

    use super::*;
    use crate::dev::keys::KeyRing;

    const NOW: u64 = 1_795_440_860_446;

    fn token(version: TokenVersion) -> AccessToken {
        let mut token = AccessToken {
            version,
            user_id: "user-1".to_owned(),
            recipe_user_id: "user-1".to_owned(),
            tenant: "public".to_owned(),
            handle: "handle".to_owned(),
            refresh_token_hash: "hash".to_owned(),
            parent_refresh_token_hash: None,
            anti_csrf_token: Some("csrf".to_owned()),
            user_data: Object::new().with("role", "admin"),
            created_at: NOW,
            expires_at: NOW + 3_600_000,
        };
        token.round_times();
        token
    }

    #[test]
    fn each_version_survives_its_own_reading() {
        let keys = KeyRing::new(3_600_000, 0).get(NOW).expect("keys");
        for version in [
            TokenVersion::V2,
            TokenVersion::V3,
            TokenVersion::V4,
            TokenVersion::V5,
        ] {
            let token = token(version);
            let signed = token.sign(keys.dynamic_key()).expect("a signature");
            assert_eq!(
                AccessToken::verify(&signed, &keys, true, NOW),
                Ok(token.clone())
            );
            let expired = AccessToken::verify(&signed, &keys, true, NOW + 3_600_001);
            assert_eq!(
                expired,
                Err(Problem::TryRefreshToken("Access token expired".to_owned()))
            );
        }
    }

    #[test]
    fn payloads_have_the_recorded_order() {
        assert_eq!(
            token(TokenVersion::V5).payload().to_string(),
            r#"{"iat":1795440860,"exp":1795444460,"sub":"user-1","tId":"public","rsub":"user-1","sessionHandle":"handle","refreshTokenHash1":"hash","parentRefreshTokenHash1":null,"antiCsrfToken":"csrf","role":"admin"}"#
        );
        assert_eq!(
            token(TokenVersion::V2).v2_payload().to_string(),
            r#"{"userId":"user-1","expiryTime":1795444460446,"timeCreated":1795440860446,"sessionHandle":"handle","refreshTokenHash1":"hash","antiCsrfToken":"csrf","userData":{"role":"admin"}}"#
        );
    }

    #[test]
    fn hostile_tokens_are_refused() {
        let keys = KeyRing::new(3_600_000, 0).get(NOW).expect("keys");
        let signed = token(TokenVersion::V5)
            .sign(keys.static_key())
            .expect("a signature");
        let mut others: Vec<String> = [
            "",
            ".",
            "..",
            "...",
            "a.b.c",
            "é.é.é",
            "e30.e30.e30",
            "a.b.c.d",
            "====.=.=",
        ]
        .map(str::to_owned)
        .into();
        others.push(signed[..signed.len() - 8].to_owned());
        others.push(format!("{V2_HEADER}.e30.AAAA"));
        others.push(format!("{}.e30.AAAA", URL_SAFE.encode("[".repeat(100_000))));
        for version in ["\"6\"", "5", "\"2\"", "null"] {
            let header = format!(
                r#"{{"typ":"JWT","alg":"RS256","kid":"{}","version":{version}}}"#,
                keys.static_key().kid()
            );
            others.push(keys.static_key().jws(&header, "{}").expect("a signature"));
        }
        for other in others {
            assert!(
                AccessToken::verify(&other, &keys, false, NOW).is_err(),
                "{other}"
            );
        }
    }
}
