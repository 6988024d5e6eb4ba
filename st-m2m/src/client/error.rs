//! Why a call to another service failed.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::Endpoint;
use crate::transport::Response;

/// Why a call to another service failed.
///
/// The variants follow one question: was the request sent? Neither `Display` nor `Debug` shows a token, a query
/// string or a body.
///
/// A method of a client trait may return any error type that implements `From<Error>`.
#[non_exhaustive]
pub enum Error {
    /// The request cannot be built: a path value that is empty or a dot segment, a struct where one value belongs,
    /// no base URL, plain http to a host that is not allowed. Nothing was sent.
    InvalidRequest(Failure),
    /// This service has no usable token. Nothing was sent.
    Token(Failure),
    /// No connection. Nothing was sent.
    Connect(Failure),
    /// No whole answer within the time limit. The request may have been sent.
    Timeout(Failure),
    /// The exchange broke off, or the answer is larger than 8 MiB. The request may have been sent.
    Transport(Failure),
    /// An answer with a status other than 2xx.
    Status(Box<ErrorResponse>),
    /// An answer with a 2xx status and a body of another shape.
    Decode(Failure),
}

/// What went wrong, and with which endpoint.
///
/// The message holds the whole chain of causes, so there is no `source`.
pub struct Failure(Box<Inner>);

struct Inner {
    endpoint: Option<&'static Endpoint>,
    message: String,
}

impl Failure {
    /// A failure for fakes of a client trait: `Error::Timeout(Failure::new("no answer"))`.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            endpoint: None,
            message: message.into(),
        }))
    }

    pub(super) fn of(endpoint: &'static Endpoint, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            endpoint: Some(endpoint),
            message: message.into(),
        }))
    }
}

/// An answer with a status other than 2xx.
#[derive(Clone)]
pub struct ErrorResponse {
    endpoint: Option<&'static Endpoint>,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl ErrorResponse {
    pub(super) fn new(endpoint: &'static Endpoint, response: Response) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            endpoint: Some(endpoint),
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body, at most 8 MiB.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

impl Error {
    /// An answer with this status and body, for fakes of a client trait.
    #[must_use]
    pub fn from_status(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::Status(Box::new(ErrorResponse {
            endpoint: None,
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        }))
    }

    /// The endpoint that was called; `None` for an error that a fake made.
    #[must_use]
    pub fn endpoint(&self) -> Option<&'static Endpoint> {
        match self {
            Self::Status(response) => response.endpoint,
            _ => self.failure().and_then(|failure| failure.0.endpoint),
        }
    }

    /// The status of an answer other than 2xx.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status(response) => Some(response.status),
            _ => None,
        }
    }

    /// The body of an answer other than 2xx, read as JSON.
    ///
    /// `None` when there was no such answer.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> Option<Result<T, serde_json::Error>> {
        match self {
            Self::Status(response) => Some(serde_json::from_slice(&response.body)),
            _ => None,
        }
    }

    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::InvalidRequest(failure)
            | Self::Token(failure)
            | Self::Connect(failure)
            | Self::Timeout(failure)
            | Self::Transport(failure)
            | Self::Decode(failure) => Some(failure),
            Self::Status(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(endpoint) = self.endpoint() {
            write!(f, "{endpoint}: ")?;
        }
        match self {
            Self::InvalidRequest(failure) | Self::Connect(failure) => {
                write!(f, "not sent: {failure}")
            }
            Self::Token(failure) => write!(f, "not sent, for want of a token: {failure}"),
            Self::Timeout(failure) | Self::Transport(failure) => write!(f, "{failure}"),
            Self::Status(response) => write!(f, "answered with status {}", response.status),
            Self::Decode(failure) => write!(f, "the answer cannot be read: {failure}"),
        }
    }
}

/// The message, which is what a `main` that returns a `Result` prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("endpoint", &self.0.endpoint.map(ToString::to_string))
            .field("message", &self.0.message)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorResponse")
            .field("endpoint", &self.endpoint.map(ToString::to_string))
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
