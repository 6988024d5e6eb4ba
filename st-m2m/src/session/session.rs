//! A verified session.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::HeaderMap;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{
    Sessions,
    request::Transfer,
    response::{Change, Renewed},
    token::{Facts, Version},
};
use crate::{
    error::{ClaimsError, SessionError},
    supertokens::{CoreClient, wire},
};

/// A user's frontend session that satisfied every rule. Only this crate makes one. Cheap to clone; clones are one session.
///
/// It is what a `#[caller]` argument of `#[session_or_m2m]` holds for users, and with axum an extractor of its own: a
/// handler that takes a `Session` is open to users alone, without an attribute. Such a handler's answer cannot carry a
/// new access token, so none is asked of the core for it: see [`Session::is_fresh_from_refresh`].
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    sessions: Arc<Sessions>,
    version: Version,
    transfer: Transfer,
    facts: Facts,
    state: Mutex<State>,
    /// Changes of the payload, one after the other: each starts from what the one before left.
    merging: tokio::sync::Mutex<()>,
}

/// What may change while the request is being answered.
struct State {
    token: Zeroizing<String>,
    /// JSON text.
    payload: String,
    change: Option<Change>,
}

/// What a session begins with.
pub(super) struct Start {
    pub(super) version: Version,
    pub(super) transfer: Transfer,
    pub(super) facts: Facts,
    pub(super) token: String,
    pub(super) payload: String,
    pub(super) change: Option<Change>,
}

impl Session {
    pub(super) fn new(sessions: Arc<Sessions>, start: Start) -> Self {
        let Start {
            version,
            transfer,
            facts,
            token,
            payload,
            change,
        } = start;
        Self(Arc::new(Inner {
            sessions,
            version,
            transfer,
            facts,
            state: Mutex::new(State {
                token: Zeroizing::new(token),
                payload,
                change,
            }),
            merging: tokio::sync::Mutex::default(),
        }))
    }

    /// The user's id. Of linked accounts it is the primary user's.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.0.facts.user_id
    }

    /// The id of the account that the user signed in with.
    #[must_use]
    pub fn recipe_user_id(&self) -> &str {
        &self.0.facts.recipe_user_id
    }

    /// The tenant that the user signed in to; `public` where there are no others.
    #[must_use]
    pub fn tenant_id(&self) -> &str {
        &self.0.facts.tenant_id
    }

    /// The id of the session itself, the same for all its access tokens.
    #[must_use]
    pub fn handle(&self) -> &str {
        &self.0.facts.handle
    }

    /// When the access token was made, in seconds since the Unix epoch.
    #[must_use]
    pub fn issued_at(&self) -> u64 {
        self.0.facts.issued_at
    }

    /// When the access token expires, in seconds since the Unix epoch. The session itself lives on if it is refreshed.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.0.facts.expires_at_millis / 1000
    }

    /// The access token's payload, read into `T`: what the application put into it, beside the session's own claims.
    ///
    /// # Errors
    ///
    /// serde's, when the payload does not have the shape of `T`.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.state().payload)
    }

    /// Whether the access token was made by a refresh of which the core has not heard that the browser got it. The
    /// session is good all the same; should the refresh token have been stolen, the core notices it later.
    ///
    /// It is told to the core by `#[session_or_m2m]`, where there is a `connection_uri`; so this is for services without
    /// one and for handlers without the attribute.
    #[must_use]
    pub fn is_fresh_from_refresh(&self) -> bool {
        self.0.facts.is_fresh_from_refresh
    }

    /// Ends the session. With `#[session_or_m2m]`, the answer makes the browser forget it.
    ///
    /// Its access token stays good until it expires, in services that do not ask the core each time
    /// ([`session_check_database`](crate::ConfigBuilder::session_check_database)).
    ///
    /// # Errors
    ///
    /// [`SessionError::Core`], [`SessionError::NoCore`]. That the session has ended before is none.
    pub async fn revoke(&self) -> Result<(), SessionError> {
        self.core()?.remove_session(self.handle()).await?;
        self.state().change = Some(Change::Ended);
        Ok(())
    }

    /// What the application keeps of this session in the core's database, read into `T`. It is never sent to the browser.
    ///
    /// # Errors
    ///
    /// [`SessionError::Ended`], [`SessionError::Core`], [`SessionError::NoCore`], and [`SessionError::Data`] when the data
    /// does not have the shape of `T`.
    pub async fn data<T: DeserializeOwned>(&self) -> Result<T, SessionError> {
        let data = self.core()?.session_data(self.handle()).await?;
        let data = data.ok_or_else(|| self.ended())?;
        Ok(serde_json::from_value(data)?)
    }

    /// Replaces what [`Session::data`] gives, with anything that serialises to a JSON object.
    ///
    /// # Errors
    ///
    /// [`SessionError::Ended`], [`SessionError::Core`], [`SessionError::NoCore`], and [`SessionError::Claims`] for what is no
    /// object.
    pub async fn set_data<T: Serialize>(&self, data: &T) -> Result<(), SessionError> {
        let data = Value::Object(object(data)?);
        if self.core()?.set_session_data(self.handle(), &data).await? {
            Ok(())
        } else {
            Err(self.ended())
        }
    }

    /// Adds to the access token's payload what `update` has, anything that serialises to a JSON object; a member that is
    /// null is removed. With `#[session_or_m2m]`, the browser gets the new token with the answer; else with its next
    /// refresh.
    ///
    /// # Errors
    ///
    /// [`SessionError::Claims`] for what is no object and for the session's own claims, [`SessionError::Ended`],
    /// [`SessionError::Core`], [`SessionError::NoCore`].
    pub async fn merge_into_access_token_payload<T: Serialize>(
        &self,
        update: &T,
    ) -> Result<(), SessionError> {
        let update = object(update)?;
        if let Some(name) = update.keys().find(|it| is_own(it)) {
            return Err(SessionError::Claims(ClaimsError::Reserved {
                name: name.clone(),
                instead: "it is the session's own",
            }));
        }
        let core = self.core()?;
        let _one_at_a_time = self.0.merging.lock().await;
        let (token, mut payload) = {
            let state = self.state();
            (state.token.clone(), members(&state.payload)?)
        };
        payload.retain(|name, _| !is_own(name));
        for (name, value) in update {
            if value.is_null() {
                payload.remove(&name);
            } else {
                payload.insert(name, value);
            }
        }
        let Some(regenerated) = core.regenerate_session(&token, &payload).await? else {
            return Err(self.ended());
        };
        match regenerated.access_token {
            Some(token) => self.renew(token)?,
            None => self.add_to_payload(regenerated.payload)?,
        }
        Ok(())
    }

    /// Takes the new access token that the core made.
    fn renew(&self, token: String) -> Result<(), SessionError> {
        let read = self.0.sessions.read_renewed(&token, &self.0.facts)?;
        let renewed = Renewed::new(
            &token,
            self.user_id(),
            read.facts.expires_at_millis,
            &read.payload,
            None,
        );
        let payload = read.payload;
        let mut state = self.state();
        // Nothing takes back that a session has ended.
        if !matches!(state.change, Some(Change::Ended)) {
            state.change = renewed.map(Change::Renewed);
        }
        state.payload = payload;
        state.token = Zeroizing::new(token);
        Ok(())
    }

    /// The access token expired while its payload was being changed: the browser gets the change with its refresh.
    fn add_to_payload(&self, changed: Value) -> Result<(), SessionError> {
        let mut state = self.state();
        let mut payload = members(&state.payload)?;
        payload.retain(|name, _| self.0.version > Version::V2 && is_own(name));
        if let Value::Object(changed) = changed {
            payload.extend(changed);
        }
        state.payload = Value::Object(payload).to_string();
        Ok(())
    }

    /// Adds to an answer what the browser must learn of its session.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let change = self.state().change.clone();
        if let Some(change) = change {
            let sessions = &self.0.sessions;
            let cookies = &sessions.rules().cookies;
            change.write(headers, self.0.transfer, cookies, sessions.unix_millis());
        }
    }

    /// The session has ended, and the browser is told so.
    fn ended(&self) -> SessionError {
        self.state().change = Some(Change::Ended);
        SessionError::Ended
    }

    fn core(&self) -> Result<&CoreClient, SessionError> {
        self.0.sessions.core().ok_or(SessionError::NoCore)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows who it is, and no token.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("user_id", &self.0.facts.user_id)
            .field("tenant_id", &self.0.facts.tenant_id)
            .field("handle", &self.0.facts.handle)
            .finish_non_exhaustive()
    }
}

/// Whether a claim is the session's own: the core refuses it among an application's
/// (`supertokens-node`, `recipe/session/constants.ts`: `protectedProps`).
fn is_own(name: &str) -> bool {
    wire::PROTECTED_CLAIMS.contains(&name)
}

/// The members of a payload. In version 2 it may be null.
fn members(payload: &str) -> Result<Map<String, Value>, SessionError> {
    let payload: Option<Map<String, Value>> = serde_json::from_str(payload)?;
    Ok(payload.unwrap_or_default())
}

fn object<T: Serialize>(value: &T) -> Result<Map<String, Value>, SessionError> {
    match serde_json::to_value(value)? {
        Value::Object(object) => Ok(object),
        _ => Err(SessionError::Claims(ClaimsError::NotAnObject(
            "got something else".to_owned(),
        ))),
    }
}
