//! Guards as axum extractors.

use axum::{
    body::Body,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::request::Parts;

use crate::guard::{Caller, Guard, Policy, Rejection};

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
