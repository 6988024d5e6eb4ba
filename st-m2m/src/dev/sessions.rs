//! `POST /recipe/session` and `POST /recipe/session/verify`.

use std::collections::{HashSet, VecDeque};

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Error,
    access_token::{AccessToken, Problem, TokenVersion},
    cdi::CdiVersion,
    identifier,
    json::{Json, Object},
    keys::{self, KeySet},
    mutex::Mutex,
    reply::Refusal,
    request::Fields,
    route::PUBLIC,
};

/// Sessions that one app remembers. Beyond this the oldest is forgotten, as if it had been revoked.
pub(super) const MAX_SESSIONS: usize = 10_000;
/// Validity of a refresh token in milliseconds: 100 days (`config.yaml`, `refresh_token_validity`).
const REFRESH_TOKEN_VALIDITY: u64 = 100 * 24 * 3_600_000;

/// The sessions of one app. Their data is in their tokens, so only handles are kept.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<Handles>);

#[derive(Debug, Default)]
struct Handles {
    known: HashSet<String>,
    oldest_first: VecDeque<String>,
}

/// What a request for sessions is answered with.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) version: &'a CdiVersion,
    pub(super) keys: &'a KeySet,
    pub(super) sessions: &'a Sessions,
    /// Milliseconds since the Unix epoch.
    pub(super) now: u64,
    /// Milliseconds.
    pub(super) access_token_validity: u64,
}

/// What a session is to be.
#[derive(Debug)]
pub(super) struct NewSession<'a> {
    pub(super) user_id: &'a str,
    pub(super) tenant: &'a str,
    pub(super) user_data: &'a Object,
    pub(super) anti_csrf: bool,
    pub(super) use_static_key: bool,
}

impl Sessions {
    fn insert(&self, handle: String) {
        let mut handles = self.0.lock();
        if handles.oldest_first.len() >= MAX_SESSIONS
            && let Some(oldest) = handles.oldest_first.pop_front()
        {
            handles.known.remove(&oldest);
        }
        handles.oldest_first.push_back(handle.clone());
        handles.known.insert(handle);
    }

    fn contains(&self, handle: &str) -> bool {
        self.0.lock().known.contains(handle)
    }
}

/// Answers `POST /recipe/session`. The checks come in the core's order.
pub(super) fn create(
    context: &Context<'_>,
    fields: &Fields,
    tenant: Result<&str, Refusal>,
) -> Result<Object, Refusal> {
    let user_id = fields.string("userId")?;
    let anti_csrf = fields.boolean("enableAntiCsrf")?;
    let user_data = fields.object("userDataInJWT")?;
    fields.object("userDataInDatabase")?;
    let use_static_key = context.version.is_at_least(2, 21)
        && fields.optional_boolean("useDynamicSigningKey")? == Some(false);
    let tenant = tenant?;
    let version = TokenVersion::made_under(context.version);
    if version
        .protected_claims()
        .iter()
        .any(|name| user_data.get(name).is_some())
    {
        return Err(Refusal::bad_request(
            "The user payload contains protected field",
        ));
    }

    let (access_token, token, refresh_token) = context.create(&NewSession {
        user_id,
        tenant,
        user_data,
        anti_csrf,
        use_static_key,
    })?;
    let refresh_times = |token: String| {
        Object::new()
            .with("token", token)
            .with("expiry", context.now + REFRESH_TOKEN_VALIDITY)
            .with("createdTime", context.now)
    };
    let mut answer = Object::new()
        .with("session", context.session(&access_token))
        .with("accessToken", token_info(&access_token, token))
        .with("refreshToken", refresh_times(refresh_token));
    if !context.version.is_at_least(2, 21) {
        answer.set("idRefreshToken", refresh_times(identifier::uuid()?));
    }
    if let Some(anti_csrf_token) = &access_token.anti_csrf_token {
        answer.set("antiCsrfToken", anti_csrf_token.as_str());
    }
    answer.set("status", "OK");
    context.add_signing_keys(&mut answer)?;
    Ok(answer)
}

/// Answers `POST /recipe/session/verify`. The checks come in the core's order.
pub(super) fn verify(context: &Context<'_>, fields: &Fields) -> Result<Object, Refusal> {
    let token = fields.string("accessToken")?;
    let anti_csrf_token = fields.optional_string("antiCsrfToken")?;
    let check_anti_csrf = fields.boolean("doAntiCsrfCheck")? & fields.boolean("enableAntiCsrf")?;
    let check_database = context.version.is_at_least(2, 21) && fields.boolean("checkDatabase")?;

    let access_token = match AccessToken::verify(token, context.keys, check_anti_csrf, context.now)
    {
        Ok(access_token) => access_token,
        Err(Problem::Failure(refusal)) => return Err(refusal),
        Err(Problem::TryRefreshToken(message)) => return context.try_refresh_token(&message),
    };
    if check_anti_csrf && access_token.anti_csrf_token.as_deref() != anti_csrf_token {
        return context.try_refresh_token("anti-csrf check failed");
    }
    let is_first_use_after_refresh = access_token.parent_refresh_token_hash.is_some();
    if (check_database || is_first_use_after_refresh)
        && !context.sessions.contains(&access_token.handle)
    {
        return Ok(Object::new().with("status", "UNAUTHORISED").with(
            "message",
            "Either the session has ended or has been blacklisted",
        ));
    }

    let mut answer = Object::new().with("session", context.session(&access_token));
    if is_first_use_after_refresh {
        let (replacement, token) = context.without_parent(&access_token)?;
        answer.set("accessToken", token_info(&replacement, token));
    }
    answer.set("status", "OK");
    context.add_signing_keys(&mut answer)?;
    Ok(answer)
}

impl Context<'_> {
    /// Makes a session: its access token, the same signed, and its refresh token.
    pub(super) fn create(
        &self,
        new: &NewSession<'_>,
    ) -> Result<(AccessToken, String, String), Error> {
        let mut handle = identifier::uuid()?;
        if new.tenant != PUBLIC {
            handle.push('_');
            handle.push_str(new.tenant);
        }
        let refresh_token = refresh_token()?;
        let mut access_token = AccessToken {
            version: TokenVersion::made_under(self.version),
            user_id: new.user_id.to_owned(),
            recipe_user_id: new.user_id.to_owned(),
            tenant: new.tenant.to_owned(),
            handle,
            refresh_token_hash: identifier::hex(
                digest::digest(&digest::SHA256, refresh_token.as_bytes()).as_ref(),
            ),
            parent_refresh_token_hash: None,
            anti_csrf_token: new.anti_csrf.then(identifier::uuid).transpose()?,
            user_data: new.user_data.clone(),
            created_at: self.now,
            expires_at: self.now + self.access_token_validity,
        };
        access_token.round_times();
        let key = if new.use_static_key {
            self.keys.static_key()
        } else {
            self.keys.dynamic_key()
        };
        let token = access_token.sign(key)?;
        self.sessions.insert(access_token.handle.clone());
        Ok((access_token, token, refresh_token))
    }

    /// The token that replaces one at its first use after a refresh (recorded:
    /// `session_verify_child_token_rotates_on_first_use`).
    fn without_parent(&self, presented: &AccessToken) -> Result<(AccessToken, String), Error> {
        let mut replacement = AccessToken {
            parent_refresh_token_hash: None,
            created_at: self.now,
            expires_at: self.now + self.access_token_validity,
            ..presented.clone()
        };
        replacement.round_times();
        let token = replacement.sign(self.keys.dynamic_key())?;
        Ok((replacement, token))
    }

    /// The member `session`, with what the request's CDI version knows.
    fn session(&self, token: &AccessToken) -> Object {
        let mut session = Object::new()
            .with("handle", token.handle.as_str())
            .with("userId", token.user_id.as_str());
        if self.version.is_at_least(4, 0) {
            session.set("recipeUserId", token.recipe_user_id.as_str());
        }
        session.set("userDataInJWT", token.user_data.clone());
        if self.version.is_at_least(3, 0) {
            session.set("tenantId", token.tenant.as_str());
        }
        session
    }

    fn try_refresh_token(&self, message: &str) -> Result<Object, Refusal> {
        let mut answer = Object::new().with("status", "TRY_REFRESH_TOKEN");
        self.add_signing_keys(&mut answer)?;
        Ok(answer.with("message", message))
    }

    /// Before there was a JWKS, answers carried the public keys; as a list from CDI 2.9 on.
    fn add_signing_keys(&self, answer: &mut Object) -> Result<(), Error> {
        if self.version.is_at_least(2, 21) {
            return Ok(());
        }
        let current = self.keys.dynamic_key();
        answer.set("jwtSigningPublicKey", current.public_key_base64()?);
        answer.set("jwtSigningPublicKeyExpiryTime", keys::rotates_at(current));
        if self.version.is_at_least(2, 9) {
            let mut list = Vec::new();
            for key in self.keys.dynamic_keys() {
                let expires_at = keys::rotates_at(key) + 2 * self.access_token_validity;
                list.push(Json::from(
                    Object::new()
                        .with("publicKey", key.public_key_base64()?)
                        .with("expiryTime", expires_at)
                        .with("createdAt", key.created_at()),
                ));
            }
            answer.set("jwtSigningPublicKeyList", list);
        }
        Ok(())
    }
}

fn token_info(access_token: &AccessToken, token: String) -> Object {
    Object::new()
        .with("token", token)
        .with("expiry", access_token.expires_at)
        .with("createdTime", access_token.created_at)
}

/// Opaque, in the shape of the core's: encrypted data, a nonce and a version.
fn refresh_token() -> Result<String, Error> {
    Ok(format!(
        "{}.{}.V2",
        STANDARD.encode(identifier::random::<240>()?),
        identifier::hex(&identifier::random::<32>()?)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_sessions_are_forgotten() {
        let sessions = Sessions::default();
        for number in 0..=MAX_SESSIONS {
            sessions.insert(number.to_string());
        }
        assert!(!sessions.contains("0"));
        assert!(sessions.contains("1"));
        assert!(sessions.contains(&MAX_SESSIONS.to_string()));
        assert_eq!(sessions.0.lock().known.len(), MAX_SESSIONS);
    }
}
