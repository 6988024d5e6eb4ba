//! Asks the core about sessions.
//!
//! What the core answers was recorded: `session_verify_…`, `session_regenerate_…`, `session_remove_…`, `session_get_…`,
//! `session_data_put_…`. That a session has ended, or must be refreshed, comes with status 200.

use bytes::Bytes;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    CoreClient, CoreHost,
    client::{garbage, read},
    wire,
};
use crate::error::CoreError;

const RECIPE_ID: &str = "session";

/// A session to verify.
pub(crate) struct VerifySession<'a> {
    pub(crate) access_token: &'a str,
    /// The anti-csrf token that must be in it.
    pub(crate) anti_csrf_token: Option<&'a str>,
    /// Whether sessions have anti-csrf tokens.
    pub(crate) has_anti_csrf_tokens: bool,
    pub(crate) check_database: bool,
}

/// What the core says of a session.
pub(crate) enum SessionVerdict {
    Good(CoreSession),
    Ended(String),
    RefreshDemanded(String),
}

/// A session as the core knows it.
pub(crate) struct CoreSession {
    pub(crate) handle: String,
    pub(crate) user_id: String,
    pub(crate) recipe_user_id: Option<String>,
    pub(crate) tenant_id: Option<String>,
    /// What the application put into the access token.
    pub(crate) payload: Value,
    /// In place of the one that was shown.
    pub(crate) access_token: Option<String>,
}

/// What became of a session whose payload was changed.
pub(crate) struct Regenerated {
    /// `None` when it expired meanwhile: the change comes with the refresh.
    pub(crate) access_token: Option<String>,
    pub(crate) payload: Value,
}

impl CoreClient {
    /// `POST /recipe/session/verify`. An access token that was made by a refresh is promoted by it, and comes back as
    /// another (CDI up to 5.5).
    pub(crate) async fn verify_session(
        &self,
        session: VerifySession<'_>,
    ) -> Result<SessionVerdict, CoreError> {
        let path = wire::SESSION_VERIFY_PATH;
        let request = wire::SessionVerifyRequest {
            access_token: session.access_token,
            anti_csrf_token: session.anti_csrf_token,
            do_anti_csrf_check: session.anti_csrf_token.is_some(),
            enable_anti_csrf: session.has_anti_csrf_tokens,
            check_database: session.check_database,
        };
        let (host, answer): (_, wire::SessionResponse) =
            self.sent(Method::POST, path, &request).await?;
        let message = answer.message.unwrap_or_default();
        match (answer.status.as_str(), answer.session) {
            ("OK", Some(session)) => Ok(SessionVerdict::Good(CoreSession {
                handle: session.handle,
                user_id: session.user_id,
                recipe_user_id: session.recipe_user_id,
                tenant_id: session.tenant_id,
                payload: session.payload,
                access_token: answer.access_token.map(|it| it.token),
            })),
            ("OK", None) => Err(garbage(&host, path, "status OK without a session")),
            ("UNAUTHORISED", _) => Ok(SessionVerdict::Ended(message)),
            ("TRY_REFRESH_TOKEN", _) => Ok(SessionVerdict::RefreshDemanded(message)),
            _ => Err(self.unknown(path, &answer.status)),
        }
    }

    /// `POST /recipe/session/regenerate`: another payload; `None` when the session has ended.
    pub(crate) async fn regenerate_session(
        &self,
        access_token: &str,
        payload: &Map<String, Value>,
    ) -> Result<Option<Regenerated>, CoreError> {
        let path = wire::SESSION_REGENERATE_PATH;
        let request = wire::SessionRegenerateRequest {
            access_token,
            payload,
        };
        let (host, answer): (_, wire::SessionResponse) =
            self.sent(Method::POST, path, &request).await?;
        match (answer.status.as_str(), answer.session) {
            ("OK", Some(session)) => Ok(Some(Regenerated {
                access_token: answer.access_token.map(|it| it.token),
                payload: session.payload,
            })),
            ("OK", None) => Err(garbage(&host, path, "status OK without a session")),
            ("UNAUTHORISED", _) => Ok(None),
            _ => Err(self.unknown(path, &answer.status)),
        }
    }

    /// `GET /recipe/session`: a session's data in the database; `None` when it has ended.
    pub(crate) async fn session_data(&self, handle: &str) -> Result<Option<Value>, CoreError> {
        let path = format!(
            "{}?sessionHandle={}",
            wire::SESSION_PATH,
            utf8_percent_encode(handle, NON_ALPHANUMERIC)
        );
        let (host, answer) = self.versioned(Method::GET, &path, RECIPE_ID, None).await?;
        let answer: wire::SessionInformationResponse = read(&host, &path, &answer)?;
        match answer.status.as_str() {
            "OK" => Ok(Some(answer.data)),
            "UNAUTHORISED" => Ok(None),
            _ => Err(self.unknown(&path, &answer.status)),
        }
    }

    /// `PUT /recipe/session/data`; false when the session has ended.
    pub(crate) async fn set_session_data(
        &self,
        handle: &str,
        data: &Value,
    ) -> Result<bool, CoreError> {
        let path = wire::SESSION_DATA_PATH;
        let request = wire::SessionDataRequest { handle, data };
        let (_, answer): (_, wire::StatusResponse) = self.sent(Method::PUT, path, &request).await?;
        match answer.status.as_str() {
            "OK" => Ok(true),
            "UNAUTHORISED" => Ok(false),
            _ => Err(self.unknown(path, &answer.status)),
        }
    }

    /// `POST /recipe/session/remove`. A session that has ended before is no error.
    pub(crate) async fn remove_session(&self, handle: &str) -> Result<(), CoreError> {
        let path = wire::SESSION_REMOVE_PATH;
        let request = wire::SessionRemoveRequest { handles: [handle] };
        let (_, answer): (_, wire::StatusResponse) =
            self.sent(Method::POST, path, &request).await?;
        match answer.status.as_str() {
            "OK" => Ok(()),
            _ => Err(self.unknown(path, &answer.status)),
        }
    }

    async fn sent<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<(CoreHost, T), CoreError> {
        // Strings, booleans and JSON values always serialise.
        let body = Bytes::from(serde_json::to_vec(body).unwrap_or_default());
        let (host, answer) = self.versioned(method, path, RECIPE_ID, Some(body)).await?;
        let answer = read(&host, path, &answer)?;
        Ok((host, answer))
    }

    fn unknown(&self, path: &str, status: &str) -> CoreError {
        CoreError::UnknownStatus {
            path: path.to_owned(),
            status: self.shown(status),
        }
    }
}
