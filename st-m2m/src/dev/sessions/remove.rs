//! `POST /recipe/session/remove`: ends sessions.

use std::collections::HashSet;

use crate::dev::{context::Context, json::Object, reply::Refusal, request::Fields};

use super::{
    list::{handles, strings},
    tenant_of,
};

/// Answers a request, with the handles of the sessions that it ended. The checks come in the core's order.
pub(in crate::dev) fn remove(context: &Context<'_>, fields: &Fields) -> Result<Object, Refusal> {
    let user_id = fields.optional_string("userId")?;
    let session_handles = fields.optional_strings("sessionHandles")?;
    let across_tenants = fields.optional_boolean("revokeAcrossAllTenants");
    let linked = fields.optional_boolean("revokeSessionsForLinkedAccounts");
    let ended = match (user_id, session_handles) {
        (Some(user_id), None) => {
            let across_tenants = across_tenants?.unwrap_or(true);
            linked?;
            let handles = handles(context, user_id, across_tenants)?;
            end(context, &handles)?
        }
        (None, Some(handles)) => {
            for (name, value) in [
                ("revokeAcrossAllTenants", across_tenants),
                ("revokeSessionsForLinkedAccounts", linked),
            ] {
                if value?.is_some() {
                    return Err(Refusal::bad_request(format!(
                        "Invalid JSON input - {name} can only be set if userId is set"
                    )));
                }
            }
            end(context, &handles)?
        }
        _ => {
            return Err(Refusal::bad_request(
                "Invalid JSON input - use one of userId or sessionHandles array",
            ));
        }
    };
    Ok(Object::new()
        .with("status", "OK")
        .with("sessionHandlesRevoked", strings(ended)))
}

/// Ends the sessions of these handles; those that there were, as often as they are named.
fn end(context: &Context<'_>, handles: &[String]) -> Result<Vec<String>, Refusal> {
    let tenants: Vec<String> = handles
        .iter()
        .map(|handle| tenant_of(context, handle))
        .collect::<Result<_, _>>()?;
    let sessions = &context.app.sessions;
    let ended: HashSet<&String> = handles
        .iter()
        .zip(tenants)
        .filter(|(handle, tenant)| sessions.remove(tenant, handle))
        .map(|(handle, _)| handle)
        .collect();
    let named = handles.iter().filter(|handle| ended.contains(handle));
    Ok(named.cloned().collect())
}
