//! Sessions: made, checked, refreshed, changed, listed and ended.

mod create;
mod data;
mod issuer;
mod list;
mod read;
mod refresh;
mod regenerate;
mod remove;
mod store;
mod verify;

use super::{context::Context, json::Object, reply::Refusal};

pub(super) use self::{
    create::{NewSession, create},
    data::{get_database_data, get_user_data, put_database_data, put_user_data},
    issuer::Issuer,
    list::of_user,
    read::get,
    refresh::refresh,
    regenerate::regenerate,
    remove::remove,
    store::Sessions,
    verify::verify,
};

/// Validity of a refresh token in milliseconds: 100 days (`config.yaml`, `refresh_token_validity`).
const REFRESH_TOKEN_VALIDITY: u64 = 100 * 24 * 3_600_000;

/// The answer about a session that is no more, or never was.
fn unauthorised(message: &str) -> Object {
    Object::new()
        .with("status", "UNAUTHORISED")
        .with("message", message)
}

fn session_does_not_exist() -> Object {
    unauthorised("Session does not exist.")
}

/// The tenant that a session's handle names, which must exist (`session/Session.java`,
/// `getTenantIdFromSessionHandle`).
fn tenant_of(context: &Context<'_>, handle: &str) -> Result<String, Refusal> {
    // Java's split drops empty parts at the end.
    let parts: Vec<&str> = handle.trim_end_matches('_').split('_').collect();
    match parts[..] {
        [""] if !handle.is_empty() => Err(Refusal::failure(
            "java.lang.ArrayIndexOutOfBoundsException: Index 1 out of bounds for length 0",
        )),
        [_, tenant, ..] => context.known_tenant(tenant),
        _ => context.known_tenant(""),
    }
}
