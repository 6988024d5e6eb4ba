//! `GET /user/id` and `GET /users/by-accountinfo`: users, found by what is known of them.
//!
//! Backend SDKs ask for the user of an id before they make a session, whether or not the application signs users up
//! with SuperTokens (`supertokens-node`, `recipe/session/index.ts`, `createNewSessionWithoutRequestResponse`), and for
//! users with the same email before somebody signs up or in.

use crate::dev::{
    context::Context,
    json::{Json, Object},
    query::Query,
    reply::Refusal,
};

use super::normalised;

/// Answers `GET /user/id`. The checks come in the core's order (`webserver/api/core/GetUserByIdAPI.java`).
pub(in crate::dev) fn by_id(context: &Context<'_>, query: &Query) -> Result<Object, Refusal> {
    let id = query.required("userId")?;
    context.app_specific()?;
    Ok(match context.app.users.get(id) {
        None => Object::new().with("status", "UNKNOWN_USER_ID_ERROR"),
        Some(user) => Object::new()
            .with("status", "OK")
            .with("user", user.shown(context.version)),
    })
}

/// Answers `GET /users/by-accountinfo` (`webserver/api/core/ListUsersByAccountInfoAPI.java`). Users here have an email
/// and nothing else to be found by.
pub(in crate::dev) fn by_account_info(
    context: &Context<'_>,
    query: &Query,
) -> Result<Object, Refusal> {
    let matches_any = match query.required("doUnionOfAccountInfo")? {
        "true" => true,
        "false" => false,
        _ => {
            return Err(Refusal::bad_request(
                "'doUnionOfAccountInfo' should be either 'true' or 'false'",
            ));
        }
    };
    let has = |name: &&str| query.optional(name).is_some();
    let third_party = ["thirdPartyId", "thirdPartyUserId"];
    if third_party.iter().filter(|name| has(name)).count() == 1 {
        return Err(Refusal::bad_request(
            "If 'thirdPartyId' is provided, 'thirdPartyUserId' must also be provided, and vice versa",
        ));
    }
    let tenant = context.tenant()?;
    let asks_for_others = ["phoneNumber", "thirdPartyId", "webauthnCredentialId"]
        .iter()
        .any(has);
    let user = query
        .optional("email")
        .filter(|_| matches_any || !asks_for_others)
        .and_then(|email| context.app.users.by_email(tenant, &normalised(email)));
    let users: Vec<Json> = user
        .iter()
        .map(|user| Json::from(user.shown(context.version)))
        .collect();
    Ok(Object::new().with("status", "OK").with("users", users))
}
