//! Signs the tokens of sessions, and shows sessions as the request's CDI version has them.

use crate::dev::{
    Error,
    access_token::{AccessToken, TokenVersion},
    context::Context,
    identifier,
    json::{Json, Object},
    keys::{self, KeySet},
    refresh_token::RefreshToken,
};

use super::REFRESH_TOKEN_VALIDITY;

/// Makes the tokens of one app's sessions.
#[derive(Debug)]
pub(in crate::dev) struct Issuer<'a> {
    pub(in crate::dev) context: Context<'a>,
    pub(in crate::dev) keys: KeySet,
    /// Milliseconds.
    pub(in crate::dev) access_token_validity: u64,
}

/// What the tokens of a session are to say.
#[derive(Debug)]
pub(super) struct Claims<'a> {
    pub(super) handle: &'a str,
    pub(super) user_id: &'a str,
    pub(super) tenant: &'a str,
    pub(super) user_data: Object,
    /// Hash of the refresh token that is exchanged for these.
    pub(super) parent_hash: Option<String>,
    pub(super) anti_csrf: bool,
    pub(super) use_static_key: bool,
}

/// The tokens of a new or refreshed session.
#[derive(Debug)]
pub(in crate::dev) struct Tokens {
    pub(super) access: AccessToken,
    /// The access token, signed.
    pub(in crate::dev) signed: String,
    pub(super) refresh: String,
}

impl Issuer<'_> {
    /// Makes a refresh token, and an access token that goes with it.
    pub(super) fn issue(&self, claims: Claims<'_>) -> Result<Tokens, Error> {
        let now = self.context.now;
        let anti_csrf_token = claims.anti_csrf.then(identifier::uuid).transpose()?;
        let refresh_token = self.context.app.refresh_tokens.seal(&RefreshToken {
            handle: claims.handle.to_owned(),
            user_id: claims.user_id.to_owned(),
            parent_hash: claims.parent_hash.clone(),
            anti_csrf_token: anti_csrf_token.clone(),
            tenant: claims.tenant.to_owned(),
        })?;
        let access_token = AccessToken {
            version: TokenVersion::made_under(self.context.version),
            user_id: claims.user_id.to_owned(),
            recipe_user_id: claims.user_id.to_owned(),
            tenant: claims.tenant.to_owned(),
            handle: claims.handle.to_owned(),
            refresh_token_hash: identifier::hash(&refresh_token),
            parent_refresh_token_hash: claims.parent_hash,
            anti_csrf_token,
            user_data: claims.user_data,
            created_at: now,
            expires_at: now + self.access_token_validity,
        };
        let (access, signed) = self.sign(access_token, claims.use_static_key)?;
        Ok(Tokens {
            access,
            signed,
            refresh: refresh_token,
        })
    }

    /// The token as it is signed, with the times that it then has.
    pub(super) fn sign(
        &self,
        mut token: AccessToken,
        use_static_key: bool,
    ) -> Result<(AccessToken, String), Error> {
        token.round_times();
        let key = if use_static_key {
            self.keys.static_key()
        } else {
            self.keys.dynamic_key()
        };
        let signed = token.sign(key)?;
        Ok((token, signed))
    }

    /// The answer that hands out new tokens, without a status.
    pub(super) fn shown(&self, tokens: Tokens) -> Result<Object, Error> {
        let now = self.context.now;
        let refresh_times = |token: String| {
            Object::new()
                .with("token", token)
                .with("expiry", now + REFRESH_TOKEN_VALIDITY)
                .with("createdTime", now)
        };
        let mut answer = Object::new()
            .with("session", self.session(&tokens.access))
            .with("accessToken", token_info(&tokens.access, tokens.signed))
            .with("refreshToken", refresh_times(tokens.refresh));
        if !self.context.version.is_at_least(2, 21) {
            answer.set("idRefreshToken", refresh_times(identifier::uuid()?));
        }
        if let Some(anti_csrf_token) = tokens.access.anti_csrf_token {
            answer.set("antiCsrfToken", anti_csrf_token);
        }
        Ok(answer)
    }

    /// The member `session`, with what the request's CDI version knows.
    pub(super) fn session(&self, token: &AccessToken) -> Object {
        let mut session = Object::new()
            .with("handle", token.handle.as_str())
            .with("userId", token.user_id.as_str());
        if self.context.version.is_at_least(4, 0) {
            session.set("recipeUserId", token.recipe_user_id.as_str());
        }
        session.set("userDataInJWT", token.user_data.clone());
        if self.context.version.is_at_least(3, 0) {
            session.set("tenantId", token.tenant.as_str());
        }
        session
    }

    /// Before there was a JWKS, answers carried the public keys; as a list from CDI 2.9 on.
    pub(super) fn add_signing_keys(&self, answer: &mut Object) -> Result<(), Error> {
        if self.context.version.is_at_least(2, 21) {
            return Ok(());
        }
        let current = self.keys.dynamic_key();
        answer.set("jwtSigningPublicKey", current.public_key_base64()?);
        answer.set("jwtSigningPublicKeyExpiryTime", keys::rotates_at(current));
        if self.context.version.is_at_least(2, 9) {
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

/// The member `accessToken`.
pub(super) fn token_info(token: &AccessToken, signed: String) -> Object {
    Object::new()
        .with("token", signed)
        .with("expiry", token.expires_at)
        .with("createdTime", token.created_at)
}
