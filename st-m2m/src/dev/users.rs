//! `GET /user/id`: the user of an id. There are none.
//!
//! Backend SDKs ask before they make a session, whether or not the application signs users up with SuperTokens
//! (`supertokens-node`, `recipe/session/index.ts`, `createNewSessionWithoutRequestResponse`).

use url::form_urlencoded;

use super::{json::Object, reply::Refusal};

/// Answers with the request's query. The checks come in the core's order (`supertokens-core`,
/// `webserver/api/core/GetUserByIdAPI.java`).
pub(super) fn by_id(
    query: Option<&str>,
    app_specific: Result<(), Refusal>,
) -> Result<Object, Refusal> {
    // A servlet's parameter may be empty, and may lack even the equals sign.
    let has_user_id = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .any(|(name, _)| name == "userId");
    if !has_user_id {
        return Err(Refusal::bad_request(
            "Field name 'userId' is missing in GET request",
        ));
    }
    app_specific?;
    Ok(Object::new().with("status", "UNKNOWN_USER_ID_ERROR"))
}
