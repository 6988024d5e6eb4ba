//! The answer to a request that is refused.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::{
    session::SessionAnswer,
    verify::{RETRY_AFTER, Reason},
};

/// A refused request, and how it is answered.
///
/// | situation | status | body | header |
/// |---|---|---|---|
/// | no credentials | 401 | `{"message":"unauthorised"}` | `WWW-Authenticate: Bearer` |
/// | a token that is not good | 401 | `{"message":"unauthorised"}` | `WWW-Authenticate: Bearer error="invalid_token"` |
/// | a session that must be refreshed: expired, badly signed, or without what shows that no other site forged the request | 401 | `{"message":"try refresh token"}` | `WWW-Authenticate` |
/// | a session that has ended | 401 | `{"message":"unauthorised"}` | those that make a browser forget it |
/// | a session of which a claim is not as it must be | 403 | `{"message":"invalid claim","claimValidationErrors":[…]}` | |
/// | a good token or session, not allowed here | 403 | `{"message":"forbidden"}` | |
/// | keys cannot be had, or not yet for this token, or the core must be asked about a session and cannot, or no `M2m` | 503 | `{"message":"authentication unavailable"}` | `Retry-After` |
///
/// The statuses of sessions are those of [`session_expired_status`](crate::ConfigBuilder::session_expired_status) and
/// [`session_invalid_claim_status`](crate::ConfigBuilder::session_invalid_claim_status).
///
/// The answer tells no more than this; [`Rejection::reason`] is for logs and metrics. The headers follow RFC 6750
/// §3.
#[derive(Clone, Debug)]
pub struct Rejection {
    reason: Reason,
    /// The answer, where the reason alone does not tell it.
    answer: Option<Box<SessionAnswer>>,
}

impl Rejection {
    pub(super) fn new(reason: Reason) -> Self {
        Self {
            reason,
            answer: None,
        }
    }

    /// The same, answered like this where it is said.
    pub(super) fn answered(self, answer: Option<Box<SessionAnswer>>) -> Self {
        Self { answer, ..self }
    }

    /// Why the request is refused.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The status of the answer: 401, 403 or 503, or what the configuration says of sessions.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        if let Some(answer) = &self.answer {
            return answer.status;
        }
        match self.reason {
            Reason::CallerNotAllowed | Reason::AudienceNotAccepted => StatusCode::FORBIDDEN,
            Reason::KeyUnconfirmed
            | Reason::KeysUnavailable
            | Reason::CoreUnavailable
            | Reason::NotInitialized => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// The whole answer.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        let body: &'static str = match self.status() {
            StatusCode::FORBIDDEN => r#"{"message":"forbidden"}"#,
            StatusCode::SERVICE_UNAVAILABLE => r#"{"message":"authentication unavailable"}"#,
            _ => r#"{"message":"unauthorised"}"#,
        };
        let mut response = Response::new(Bytes::from_static(body.as_bytes()));
        *response.status_mut() = self.status();
        if let Some(answer) = &self.answer {
            *response.body_mut() = answer.body.clone();
            response.headers_mut().clone_from(&answer.headers);
        }
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        match self.status() {
            StatusCode::UNAUTHORIZED => {
                headers.insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static(match self.reason {
                        // RFC 6750 §3.1: no error code where no bearer token was sent.
                        Reason::NoCredentials | Reason::NoSession => "Bearer",
                        _ => r#"Bearer error="invalid_token""#,
                    }),
                );
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(
                    header::RETRY_AFTER,
                    HeaderValue::from(RETRY_AFTER.as_secs()),
                );
            }
            _ => {}
        }
        response
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request refused: {}", self.reason)
    }
}

impl std::error::Error for Rejection {}
