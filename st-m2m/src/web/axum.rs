//! Guards as axum extractors.

use axum::{
    body::Body,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::request::Parts;

use crate::{
    error::SessionError,
    guard::{
        Caller, Guard, GuardedRequest, Policy, Principal, PrincipalGuard, PrincipalPolicy,
        Rejection, Reply,
    },
    session::{self, Session},
};

/// For every state: the `M2m` comes from the request's extensions or is the global one.
impl<S: Send + Sync, P: Policy> FromRequestParts<S> for Guard<P> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        Self::authorize(&parts.headers, &parts.extensions).await
    }
}

/// A verified service as an argument, for handlers without an attribute. Put it first: what stands before it runs
/// before the check.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        Self::authorize(&parts.headers, &parts.extensions).await
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.to_response().map(Body::from)
    }
}

fn guarded(parts: &Parts) -> GuardedRequest<'_> {
    GuardedRequest {
        method: &parts.method,
        headers: &parts.headers,
        extensions: &parts.extensions,
    }
}

/// As [`Guard`] is.
impl<S: Send + Sync, P: PrincipalPolicy> FromRequestParts<S> for PrincipalGuard<P> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        Self::authorize(guarded(parts)).await
    }
}

/// A user or a service as an argument, for handlers without an attribute. Put it first, as [`Caller`]. The answer cannot
/// carry a new access token, so none is asked of the core.
impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        Self::authorize(guarded(parts)).await
    }
}

/// A user as an argument, for handlers without an attribute. Put it first, as [`Caller`]. The answer cannot carry a new
/// access token, so none is asked of the core.
impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        Self::authorize(guarded(parts)).await
    }
}

impl<R: IntoResponse> IntoResponse for Reply<R> {
    fn into_response(self) -> Response {
        let (answer, session) = self.into_parts();
        let mut response = answer.into_response();
        if let Some(session) = session {
            session.write(response.headers_mut());
        }
        response
    }
}

/// 401 where the session has ended, 503 without the core, 500 for claims or data that are not as they must be.
impl IntoResponse for SessionError {
    fn into_response(self) -> Response {
        session::answer_to(&self).map(Body::from)
    }
}
