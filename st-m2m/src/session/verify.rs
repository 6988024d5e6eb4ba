//! Is a session good?
//!
//! Source: `supertokens-node`, `recipe/session/sessionFunctions.ts` (`getSession`) and `recipeImplementation.ts`. Where the
//! SDK answers 401 because it has no keys, this answers 503: a browser that refreshes does not help an issuer that is down.

use std::{fmt, sync::Arc};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    AntiCsrf, Session, SessionAnswer, SessionRules, UserRules, claims,
    request::{self, AntiCsrfDue, Presented},
    response::{self, Change, Renewed},
    session::Start,
    token::{self, Facts, SessionToken, Version},
};
use crate::{
    clock::Clock,
    error::{CoreError, SessionError},
    supertokens::{CoreClient, CoreSession, SessionVerdict, SigningKey, VerifySession, wire},
    verify::{Reason, Refusal, TokenKind, Verifier},
};

/// The sessions of one service's users.
pub(crate) struct Sessions {
    rules: SessionRules,
    core: Option<Arc<CoreClient>>,
    clock: Arc<dyn Clock>,
}

/// A request that may carry a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionRequest<'r> {
    pub(crate) method: &'r Method,
    pub(crate) headers: &'r HeaderMap,
    /// Whether what its `Authorization` header holds is known to be no session.
    pub(crate) has_foreign_bearer: bool,
}

/// Whether the answer can carry a new access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    CanCarry,
    CannotCarry,
}

/// A session that is not good enough, and the answer where it is another than for service tokens.
#[derive(Debug)]
pub(crate) struct SessionRefusal {
    pub(crate) refusal: Refusal,
    pub(crate) answer: Option<Box<SessionAnswer>>,
}

/// A session's state that the next rules look at.
struct Known {
    version: Version,
    facts: Facts,
    token: String,
    payload: String,
    change: Option<Change>,
}

impl Sessions {
    pub(crate) fn new(
        rules: SessionRules,
        core: Option<Arc<CoreClient>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { rules, core, clock }
    }

    pub(super) fn rules(&self) -> &SessionRules {
        &self.rules
    }

    pub(super) fn core(&self) -> Option<&CoreClient> {
        self.core.as_deref()
    }

    pub(super) fn unix_millis(&self) -> u64 {
        self.clock.unix_millis()
    }

    /// Finds a request's session and holds it to every rule; `None` when it has none. A session that fails is never
    /// none.
    pub(crate) async fn resolve(
        self: &Arc<Self>,
        request: SessionRequest<'_>,
        demands: &UserRules,
        verifier: &Verifier,
        reply: Reply,
    ) -> Result<Option<Session>, SessionRefusal> {
        let found = request::find(request.headers, &self.rules, request.has_foreign_bearer);
        let presented = match found {
            Ok(Some(presented)) => presented,
            Ok(None) => return Ok(None),
            Err(reason) => return Err(self.refuse(reason.into())),
        };
        let known = self
            .verify(&presented, request, demands, verifier, reply)
            .await
            .map_err(|refusal| self.refuse(refusal))?;
        self.check_demands(&known, demands, &presented)?;
        let Known {
            version,
            facts,
            token,
            payload,
            change,
        } = known;
        Ok(Some(Session::new(
            Arc::clone(self),
            Start {
                version,
                transfer: presented.transfer,
                facts,
                token,
                payload,
                change,
            },
        )))
    }

    async fn verify(
        &self,
        presented: &Presented<'_>,
        request: SessionRequest<'_>,
        demands: &UserRules,
        verifier: &Verifier,
        reply: Reply,
    ) -> Result<Known, Refusal> {
        let due = request::anti_csrf(
            request.headers,
            request.method,
            presented.transfer,
            self.rules.anti_csrf,
            demands.anti_csrf,
        )?;
        let token = token::read(&presented.token, self.rules.allow_unversioned)?;
        self.check_key(token.key_id.as_deref())?;
        token.check_dates(self.unix_millis())?;
        if let AntiCsrfDue::Token(sent) = due {
            check_anti_csrf(sent, token.facts.anti_csrf_token.as_deref())?;
        }
        verifier
            .check_signature(
                token.signing_input,
                &token.signature,
                token.key_id.as_deref(),
            )
            .await
            .map_err(|reason| of_session(reason, token.key_id.as_deref()))?;
        // Time has passed.
        token.check_dates(self.unix_millis())?;
        let check_database = demands.check_database.unwrap_or(self.rules.check_database);
        let promote = token.facts.is_fresh_from_refresh && self.core.is_some();
        match reply {
            Reply::CanCarry if check_database || promote => {
                // Boxed, as below, since it makes the future of every request larger.
                Box::pin(self.ask_core(token, presented, request, due, check_database)).await
            }
            Reply::CannotCarry if check_database => {
                // What tells whether it has ended, and changes nothing.
                let core = self.core().ok_or(Reason::CoreUnavailable)?;
                match Box::pin(core.session_data(&token.facts.handle)).await {
                    Ok(Some(_)) => Ok(as_it_is(token, presented)),
                    Ok(None) => Err(Reason::SessionEnded.into()),
                    Err(error) => Err(unavailable(&error)),
                }
            }
            _ => Ok(as_it_is(token, presented)),
        }
    }

    /// By default only dynamic keys sign sessions, and only static ones what services mint.
    fn check_key(&self, key_id: Option<&str>) -> Result<(), Refusal> {
        let Some(key_id) = key_id else {
            return Ok(());
        };
        let is_dynamic = self.rules.signing_key == SigningKey::Dynamic;
        if wire::is_dynamic(key_id) == is_dynamic {
            Ok(())
        } else {
            Err(Refusal::found(Reason::SessionKeyNotAccepted, key_id))
        }
    }

    /// Has the core verify the session, and promote it if it was made by a refresh.
    async fn ask_core(
        &self,
        token: SessionToken<'_>,
        presented: &Presented<'_>,
        request: SessionRequest<'_>,
        due: AntiCsrfDue<'_>,
        check_database: bool,
    ) -> Result<Known, Refusal> {
        let core = self.core().ok_or(Reason::CoreUnavailable)?;
        let anti_csrf_token = match due {
            AntiCsrfDue::Token(sent) => sent,
            AntiCsrfDue::Nothing => None,
        };
        let verdict = core
            .verify_session(VerifySession {
                access_token: &presented.token,
                anti_csrf_token,
                has_anti_csrf_tokens: self.rules.anti_csrf == AntiCsrf::ViaToken,
                check_database,
            })
            .await
            .map_err(|error| unavailable(&error))?;
        match verdict {
            SessionVerdict::Good(session) => {
                let sent = request::anti_csrf_header(request.headers);
                self.confirmed(token, presented, session, sent)
            }
            SessionVerdict::Ended(message) => Err(Refusal::found(Reason::SessionEnded, &message)),
            SessionVerdict::RefreshDemanded(message) => {
                Err(Refusal::found(Reason::SessionRefreshDemanded, &message))
            }
        }
    }

    fn confirmed(
        &self,
        token: SessionToken<'_>,
        presented: &Presented<'_>,
        session: CoreSession,
        sent_anti_csrf: Option<&str>,
    ) -> Result<Known, Refusal> {
        if session.handle != token.facts.handle {
            return Err(Refusal::found(Reason::CoreUnavailable, "another session"));
        }
        let mut known = as_it_is(token, presented);
        if let Some(new) = session.access_token {
            let renewed = self
                .read_renewed(&new, &known.facts)
                .map_err(|error| Refusal::found(Reason::CoreUnavailable, &error.to_string()))?;
            known.version = renewed.version;
            known.facts = renewed.facts.clone();
            known.payload = renewed.payload;
            // The SDK repeats whatever the request sent.
            let own = known.facts.anti_csrf_token.as_deref();
            let anti_csrf = own.filter(|own| Some(*own) == sent_anti_csrf);
            known.change = Renewed::new(
                &new,
                &session.user_id,
                known.facts.expires_at_millis,
                &known.payload,
                anti_csrf,
            )
            .map(Change::Renewed);
            known.token = new;
        } else if known.version == Version::V2 {
            known.payload = session.payload.to_string();
        }
        known.facts.user_id = session.user_id;
        if let Some(recipe_user_id) = session.recipe_user_id {
            known.facts.recipe_user_id = recipe_user_id;
        }
        if let Some(tenant_id) = session.tenant_id {
            known.facts.tenant_id = tenant_id;
        }
        Ok(known)
    }

    /// Reads a new access token of a session, straight from the core.
    pub(super) fn read_renewed<'t>(
        &self,
        token: &'t str,
        of: &Facts,
    ) -> Result<SessionToken<'t>, SessionError> {
        match token::read(token, self.rules.allow_unversioned) {
            Ok(read) if read.facts.handle == of.handle => Ok(read),
            _ => Err(SessionError::Core(CoreError::Garbage {
                host: "the core".to_owned(),
                path: wire::SESSION_VERIFY_PATH.to_owned(),
                problem: "an access token that is none of this session".to_owned(),
            })),
        }
    }

    /// What is demanded of a session that is good.
    fn check_demands(
        &self,
        known: &Known,
        demands: &UserRules,
        presented: &Presented<'_>,
    ) -> Result<(), SessionRefusal> {
        let forbidden = |refusal: Refusal, status: StatusCode, body: Bytes| {
            let mut headers = HeaderMap::new();
            // The SDK loses a new access token here.
            if let Some(change) = &known.change {
                let cookies = &self.rules.cookies;
                change.write(
                    &mut headers,
                    presented.transfer,
                    cookies,
                    self.unix_millis(),
                );
            }
            SessionRefusal {
                refusal: refusal.of(TokenKind::Session),
                answer: Some(Box::new(SessionAnswer {
                    status,
                    body,
                    headers,
                })),
            }
        };
        if demands
            .tenant
            .is_some_and(|tenant| tenant != known.facts.tenant_id)
        {
            return Err(forbidden(
                Refusal::found(Reason::SessionTenantNotAllowed, &known.facts.tenant_id),
                StatusCode::FORBIDDEN,
                Bytes::from_static(br#"{"message":"forbidden"}"#),
            ));
        }
        let everywhere = self.rules.claims.iter().map(|it| &**it);
        let here = demands.claims.iter().copied();
        let mut validators = everywhere.chain(here).peekable();
        if validators.peek().is_none() {
            return Ok(());
        }
        // In version 2 it may be null.
        let invalid = match serde_json::from_str::<Option<Map<String, Value>>>(&known.payload) {
            Ok(payload) => {
                let payload = payload.unwrap_or_default();
                claims::validate(validators, &payload, self.unix_millis())
            }
            Err(_) => claims::unreadable(validators),
        };
        if invalid.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = invalid.iter().map(|it| it.id).collect();
        let refusal = Refusal::found(Reason::SessionClaimInvalid, &ids.join(", "));
        let body = serde_json::to_vec(&InvalidClaims {
            message: "invalid claim",
            errors: &invalid,
        });
        Err(forbidden(
            refusal,
            self.rules.invalid_claim_status,
            body.unwrap_or_default().into(),
        ))
    }

    /// The refusal, with the SDK's answer to it.
    fn refuse(&self, refusal: Refusal) -> SessionRefusal {
        let refusal = refusal.of(TokenKind::Session);
        let (body, clear): (&'static [u8], _) = match refusal.reason {
            Reason::SessionEnded => (UNAUTHORISED, true),
            Reason::SeveralAuthorizationHeaders
            | Reason::KeyUnconfirmed
            | Reason::KeysUnavailable
            | Reason::CoreUnavailable => {
                return SessionRefusal {
                    refusal,
                    answer: None,
                };
            }
            _ => (br#"{"message":"try refresh token"}"#, false),
        };
        let mut headers = HeaderMap::new();
        if clear {
            response::clear_everywhere(&mut headers, &self.rules.cookies);
        }
        SessionRefusal {
            refusal,
            answer: Some(Box::new(SessionAnswer {
                status: self.rules.expired_status,
                body: Bytes::from_static(body),
                headers,
            })),
        }
    }

    /// The answer to a request without any credentials, where it may be a browser's.
    pub(crate) fn no_credentials(&self) -> Box<SessionAnswer> {
        Box::new(SessionAnswer {
            status: self.rules.expired_status,
            body: Bytes::from_static(UNAUTHORISED),
            headers: HeaderMap::new(),
        })
    }
}

const UNAUTHORISED: &[u8] = br#"{"message":"unauthorised"}"#;

#[derive(Serialize)]
struct InvalidClaims<'e, E> {
    message: &'static str,
    #[serde(rename = "claimValidationErrors")]
    errors: &'e [E],
}

fn as_it_is(token: SessionToken<'_>, presented: &Presented<'_>) -> Known {
    Known {
        version: token.version,
        facts: token.facts,
        token: presented.token.clone().into_owned(),
        payload: token.payload,
        change: None,
    }
}

/// The token in the session and the one in the request, which other sites cannot know.
fn check_anti_csrf(sent: Option<&str>, own: Option<&str>) -> Result<(), Reason> {
    match (sent, own) {
        (Some(sent), Some(own))
            if verify_slices_are_equal(sent.as_bytes(), own.as_bytes()).is_ok() =>
        {
            Ok(())
        }
        _ => Err(Reason::SessionAntiCsrf),
    }
}

/// Why a signature is not good, said of a session.
fn of_session(reason: Reason, key_id: Option<&str>) -> Refusal {
    let reason = match reason {
        Reason::BadSignature => return Reason::SessionBadSignature.into(),
        Reason::UnknownKey => Reason::SessionUnknownKey,
        other => other,
    };
    match key_id {
        Some(key_id) => Refusal::found(reason, key_id),
        None => reason.into(),
    }
}

fn unavailable(error: &CoreError) -> Refusal {
    Refusal::found(Reason::CoreUnavailable, &error.to_string())
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
