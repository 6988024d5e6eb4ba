//! `POST /recipe/session/verify`: checks an access token.

use crate::dev::{
    Error,
    access_token::{AccessToken, Problem},
    json::Object,
    reply::Refusal,
    request::Fields,
};

use super::{
    issuer::{Issuer, token_info},
    store::Session,
    unauthorised,
};

/// Answers a request. The checks come in the core's order.
pub(in crate::dev) fn verify(issuer: &Issuer<'_>, fields: &Fields) -> Result<Object, Refusal> {
    let context = &issuer.context;
    let token = fields.string("accessToken")?;
    let anti_csrf_token = fields.optional_string("antiCsrfToken")?;
    let check_anti_csrf = fields.boolean("doAntiCsrfCheck")? & fields.boolean("enableAntiCsrf")?;
    let check_database = context.version.is_at_least(2, 21) && fields.boolean("checkDatabase")?;

    let token = match AccessToken::verify(token, &issuer.keys, check_anti_csrf, context.now) {
        Ok(token) => token,
        Err(Problem::Failure(refusal)) => return Err(refusal),
        Err(Problem::Jwt(message) | Problem::TryRefreshToken(message)) => {
            return issuer.try_refresh_token(&message);
        }
    };
    let tenant = context.known_tenant(&token.tenant)?;
    if check_anti_csrf && token.anti_csrf_token.as_deref() != anti_csrf_token {
        return issuer.try_refresh_token("anti-csrf check failed");
    }
    let mut is_changed = false;
    if check_database {
        let Some(session) = context.app.sessions.get(&tenant, &token.handle) else {
            return Ok(unauthorised(
                "Either the session has ended or has been blacklisted",
            ));
        };
        is_changed = !session.user_data.object().equals(&token.user_data);
    }
    let mut replacement = None;
    if token.parent_refresh_token_hash.is_some() || is_changed {
        let confirmed = context.app.sessions.confirm(
            &tenant,
            &token.handle,
            &token.refresh_token_hash,
            token.parent_refresh_token_hash.as_deref(),
            context.now,
        );
        let Some((session, is_current)) = confirmed else {
            return Ok(unauthorised("Session missing in db"));
        };
        if is_current || is_changed {
            replacement = Some(issuer.replacement(&token, &session)?);
        }
    }
    let mut answer = match replacement {
        None => Object::new().with("session", issuer.session(&token)),
        Some((token, signed)) => Object::new()
            .with("session", issuer.session(&token))
            .with("accessToken", token_info(&token, signed)),
    };
    answer.set("status", "OK");
    issuer.add_signing_keys(&mut answer)?;
    Ok(answer)
}

impl Issuer<'_> {
    /// The token that takes the place of another at its first use after a refresh (recorded:
    /// `session_verify_child_token_rotates_on_first_use`), or when the session's data has changed.
    fn replacement(
        &self,
        presented: &AccessToken,
        session: &Session,
    ) -> Result<(AccessToken, String), Error> {
        let replacement = AccessToken {
            parent_refresh_token_hash: None,
            user_data: session.user_data.object(),
            created_at: self.context.now,
            expires_at: self.context.now + self.access_token_validity,
            ..presented.clone()
        };
        self.sign(replacement, session.use_static_key)
    }

    fn try_refresh_token(&self, message: &str) -> Result<Object, Refusal> {
        let mut answer = Object::new().with("status", "TRY_REFRESH_TOKEN");
        self.add_signing_keys(&mut answer)?;
        Ok(answer.with("message", message))
    }
}
