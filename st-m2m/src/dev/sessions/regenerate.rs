//! `POST /recipe/session/regenerate`: exchanges an access token for one with other data.

use crate::dev::{
    access_token::{AccessToken, Problem},
    json::Object,
    reply::{Refusal, protected_field},
    request::Fields,
};

use super::{
    issuer::{Issuer, token_info},
    session_does_not_exist,
    store::Text,
    unauthorised,
};

/// Answers a request. The SDK has verified the token; here only its structure counts, and it may have expired.
pub(in crate::dev) fn regenerate(issuer: &Issuer<'_>, fields: &Fields) -> Result<Object, Refusal> {
    let context = &issuer.context;
    let token = fields.string("accessToken")?;
    let user_data = fields.optional_object("userDataInJWT")?;

    let token = match AccessToken::read(token) {
        Ok(token) => token,
        Err(Problem::Failure(refusal)) => return Err(refusal),
        Err(Problem::Jwt(message)) => return Err(Refusal::failure(message)),
        Err(Problem::TryRefreshToken(message)) => return Ok(unauthorised(&message)),
    };
    let tenant = context.known_tenant(&token.tenant)?;
    let Some(session) = context
        .app
        .sessions
        .current(&tenant, &token.handle, context.now)
    else {
        return Ok(session_does_not_exist());
    };
    let user_data = user_data.map_or_else(|| session.user_data.object(), Clone::clone);
    if context.version.is_at_least(2, 21) && token.version.own_claim_in(&user_data).is_some() {
        return Err(protected_field());
    }
    let text = Text::from(&user_data);
    let is_there = context
        .app
        .sessions
        .change(&tenant, &token.handle, context.now, |session| {
            session.user_data = text;
        });
    if !is_there {
        return Ok(session_does_not_exist());
    }
    let token = AccessToken {
        user_data,
        created_at: context.now,
        ..token
    };
    let mut answer = Object::new().with("session", issuer.session(&token));
    // An expired one is refreshed next anyway.
    if token.expires_at >= context.now {
        let (token, signed) = issuer.sign(token, session.use_static_key)?;
        answer.set("accessToken", token_info(&token, signed));
    }
    Ok(answer.with("status", "OK"))
}
