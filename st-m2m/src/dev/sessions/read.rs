//! `GET /recipe/session`: what is known of a session.

use crate::dev::{context::Context, json::Object, query::Query, reply::Refusal};

use super::{session_does_not_exist, tenant_of};

/// Answers a request.
pub(in crate::dev) fn get(context: &Context<'_>, query: &Query) -> Result<Object, Refusal> {
    let handle = query.required("sessionHandle")?;
    let tenant = tenant_of(context, handle)?;
    let Some(session) = context.app.sessions.current(&tenant, handle, context.now) else {
        return Ok(session_does_not_exist());
    };
    let mut answer = Object::new()
        .with("sessionHandle", session.handle.as_str())
        .with("userId", session.user_id.as_str());
    if context.version.is_at_least(4, 0) {
        answer.set("recipeUserId", session.user_id.as_str());
    }
    answer.set("userDataInDatabase", session.database_data.object());
    answer.set("expiry", session.expires_at);
    answer.set("userDataInJWT", session.user_data.object());
    answer.set("timeCreated", session.created_at);
    answer.set("status", "OK");
    if context.version.is_at_least(3, 0) {
        answer.set("tenantId", tenant);
    }
    Ok(answer)
}
