//! `GET /recipe/session/user`: the handles of a user's sessions.

use crate::dev::{
    context::Context,
    json::{Json, Object},
    query::Query,
    reply::Refusal,
};

/// Answers a request. No user is linked to another here, so that `fetchSessionsForAllLinkedAccounts` changes nothing.
pub(in crate::dev) fn of_user(context: &Context<'_>, query: &Query) -> Result<Object, Refusal> {
    let user_id = query.required("userId")?;
    let handles = handles(context, user_id, query.is_true("fetchAcrossAllTenants"))?;
    Ok(Object::new()
        .with("status", "OK")
        .with("sessionHandles", strings(handles)))
}

/// Handles of a user's sessions, by tenant and age: those of all tenants, or of the one in the path.
pub(super) fn handles(
    context: &Context<'_>,
    user_id: &str,
    across_tenants: bool,
) -> Result<Vec<String>, Refusal> {
    let only = if across_tenants {
        context.app_specific()?;
        None
    } else {
        Some(context.tenant()?)
    };
    let mut found = context.app.sessions.of_user(user_id, context.now);
    found.retain(|(tenant, _)| only.is_none_or(|only| tenant == only));
    found.sort_by_cached_key(|(tenant, _)| context.app.tenants.position(tenant));
    Ok(found.into_iter().map(|(_, handle)| handle).collect())
}

pub(super) fn strings(handles: Vec<String>) -> Vec<Json> {
    handles.into_iter().map(Json::from).collect()
}
