//! `/recipe/session/data` and `/recipe/jwt/data`: the data of a session, that in its database and that in its tokens.

use crate::dev::{
    access_token::TokenVersion,
    context::Context,
    json::Object,
    query::Query,
    reply::{Refusal, protected_field},
    request::Fields,
};

use super::{
    session_does_not_exist,
    store::{Session, Text},
    tenant_of,
};

const DATABASE_DATA: &str = "userDataInDatabase";
const USER_DATA: &str = "userDataInJWT";

/// `GET /recipe/session/data`.
pub(in crate::dev) fn get_database_data(
    context: &Context<'_>,
    query: &Query,
) -> Result<Object, Refusal> {
    get(context, query, DATABASE_DATA, |session| {
        &session.database_data
    })
}

/// `GET /recipe/jwt/data`.
pub(in crate::dev) fn get_user_data(
    context: &Context<'_>,
    query: &Query,
) -> Result<Object, Refusal> {
    get(context, query, USER_DATA, |session| &session.user_data)
}

/// `PUT /recipe/session/data`.
pub(in crate::dev) fn put_database_data(
    context: &Context<'_>,
    fields: &Fields,
) -> Result<Object, Refusal> {
    let handle = fields.string("sessionHandle")?;
    let data = fields.object(DATABASE_DATA)?;
    put(context, handle, |session| {
        session.database_data = Text::from(data);
    })
}

/// `PUT /recipe/jwt/data`: tokens have it from the next refresh on, or from the next check with the database.
pub(in crate::dev) fn put_user_data(
    context: &Context<'_>,
    fields: &Fields,
) -> Result<Object, Refusal> {
    let handle = fields.string("sessionHandle")?;
    let data = fields.object(USER_DATA)?;
    tenant_of(context, handle)?;
    let version = TokenVersion::made_under(context.version);
    if context.version.is_at_least(2, 21) && version.own_claim_in(data).is_some() {
        return Err(protected_field());
    }
    put(context, handle, |session| {
        session.user_data = Text::from(data);
    })
}

fn get(
    context: &Context<'_>,
    query: &Query,
    name: &str,
    data: impl FnOnce(&Session) -> &Text,
) -> Result<Object, Refusal> {
    let handle = query.required("sessionHandle")?;
    let tenant = tenant_of(context, handle)?;
    let session = context.app.sessions.current(&tenant, handle, context.now);
    Ok(session.map_or_else(session_does_not_exist, |session| {
        Object::new()
            .with("status", "OK")
            .with(name, data(&session).object())
    }))
}

fn put(
    context: &Context<'_>,
    handle: &str,
    change: impl FnOnce(&mut Session),
) -> Result<Object, Refusal> {
    let tenant = tenant_of(context, handle)?;
    let sessions = &context.app.sessions;
    if sessions.change(&tenant, handle, context.now, change) {
        Ok(Object::new().with("status", "OK"))
    } else {
        Ok(session_does_not_exist())
    }
}
