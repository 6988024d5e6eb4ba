//! The rules of an `OAuth2` client's own token, from the grant `client_credentials`, that are its kind's alone.
//!
//! The tokens of a client and those that a user had issued to a client are of one kind to SuperTokens: both have `stt` 1
//! and a `client_id`. The grant `client_credentials` has no user, so the client itself is the subject (`supertokens-core`,
//! `oauth/OAuthToken.java`; RFC 9068 §2.2).

use super::{Reason, Refusal, claims::Claims};

pub(super) fn check(claims: &Claims<'_>) -> Result<(), Refusal> {
    let client_id = claims
        .client_id()
        .filter(|client_id| !client_id.is_empty())
        .ok_or(Reason::ClientIdMissing)?;
    match claims.subject() {
        Ok(Some(subject)) if subject == client_id => Ok(()),
        _ => Err(Refusal::found(Reason::OAuth2TokenOfAUser, &client_id)),
    }
}
