//! `POST /recipe/session/refresh`: exchanges a refresh token for new tokens.

use crate::dev::{Error, identifier, json::Object, reply::Refusal, request::Fields};

use super::{
    issuer::{Claims, Issuer},
    store::{Refresh, Session},
    unauthorised,
};

/// Answers a request. The checks come in the core's order.
pub(in crate::dev) fn refresh(issuer: &Issuer<'_>, fields: &Fields) -> Result<Object, Refusal> {
    let context = &issuer.context;
    let refresh_token = fields.string("refreshToken")?;
    let anti_csrf_token = fields.optional_string("antiCsrfToken")?;
    let anti_csrf = fields.boolean("enableAntiCsrf")?;
    let use_dynamic_key = if context.version.is_at_least(5, 0) {
        Some(fields.boolean("useDynamicSigningKey")?)
    } else if context.version.is_at_least(3, 0) {
        fields.optional_boolean("useDynamicSigningKey")?
    } else {
        None
    };
    context.tenant()?;

    let token = match context.app.refresh_tokens.open(refresh_token) {
        Ok(token) => token,
        Err(message) => return Ok(unauthorised(&message)),
    };
    // A token that was made without anti-csrf is not held to it.
    if anti_csrf
        && token.anti_csrf_token.is_some()
        && token.anti_csrf_token.as_deref() != anti_csrf_token
    {
        return Ok(unauthorised("Anti CSRF token missing, or not matching"));
    }
    let tenant = context.known_tenant(&token.tenant)?;
    let token_hash = identifier::hash(refresh_token);
    let outcome = context.app.sessions.refresh(
        &tenant,
        &token.handle,
        (&token_hash, token.parent_hash.as_deref()),
        use_dynamic_key.map(|use_dynamic| !use_dynamic),
        context.now,
    );
    let session = match outcome {
        Refresh::Current(session) => session,
        Refresh::Missing => return Ok(unauthorised("Session missing in db or has expired")),
        Refresh::Theft(session) => return Ok(theft(&session)),
    };
    let tokens = issuer.issue(Claims {
        handle: &session.handle,
        user_id: &session.user_id,
        tenant: &tenant,
        user_data: session.user_data.object(),
        parent_hash: Some(token_hash),
        anti_csrf,
        use_static_key: session.use_static_key,
    });
    let tokens = match tokens {
        Ok(tokens) => tokens,
        // Data of a session that was made under an older version may collide with the claims of newer tokens.
        Err(error @ Error::ProtectedClaim(_)) => {
            return Ok(unauthorised(&Refusal::from(error).message));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(issuer.shown(tokens)?.with("status", "OK"))
}

/// A refresh token was used after another one had taken its place: one of the two users stole it. What becomes of the
/// session is the SDK's decision (recorded: `session_refresh_after_theft_child`).
fn theft(session: &Session) -> Object {
    let user = Object::new()
        .with("handle", session.handle.as_str())
        .with("userId", session.user_id.as_str())
        .with("recipeUserId", session.user_id.as_str());
    Object::new()
        .with("status", "TOKEN_THEFT_DETECTED")
        .with("session", user)
}
