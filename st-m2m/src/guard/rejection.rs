//! The answer to a request that is refused.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::verify::{RETRY_AFTER, Reason};

/// A refused request, and how it is answered.
///
/// | situation | status | body | header |
/// |---|---|---|---|
/// | no credentials | 401 | `{"message":"unauthorised"}` | `WWW-Authenticate: Bearer` |
/// | a token that is not good | 401 | `{"message":"unauthorised"}` | `WWW-Authenticate: Bearer error="invalid_token"` |
/// | a good token, not allowed here | 403 | `{"message":"forbidden"}` | |
/// | keys cannot be had, or not yet for this token, or no `M2m` | 503 | `{"message":"authentication unavailable"}` | `Retry-After` |
///
/// The answer tells no more than this; [`Rejection::reason`] is for logs and metrics. The headers follow RFC 6750
/// §3.
#[derive(Clone, Debug)]
pub struct Rejection {
    reason: Reason,
}

impl Rejection {
    pub(super) fn new(reason: Reason) -> Self {
        Self { reason }
    }

    /// Why the request is refused.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The status of the answer: 401, 403 or 503.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.reason {
            Reason::CallerNotAllowed | Reason::AudienceNotAccepted => StatusCode::FORBIDDEN,
            Reason::KeyUnconfirmed | Reason::KeysUnavailable | Reason::NotInitialized => {
                StatusCode::SERVICE_UNAVAILABLE
            }
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
                        Reason::NoCredentials => "Bearer",
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
