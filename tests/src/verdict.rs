//! What a guard says of a token.

use axum::extract::FromRequestParts as _;
use http::{Request, header::AUTHORIZATION};
use st_m2m::{Caller, M2m, Reason};

/// The caller whom `token` proves to `m2m`, or why there is none. The token comes as it does in production, in the
/// header of a request.
///
/// # Errors
///
/// The reason for which the guard refuses.
///
/// # Panics
///
/// When `token` cannot stand in a header.
pub async fn caller(m2m: &M2m, token: &str) -> Result<Caller, Reason> {
    let (mut parts, ()) = Request::get("/")
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .extension(m2m.clone())
        .body(())
        .expect("a request")
        .into_parts();
    let caller = Caller::from_request_parts(&mut parts, &()).await;
    caller.map_err(|rejection| rejection.reason())
}

/// Whether [`caller`] finds one.
///
/// # Errors
///
/// As [`caller`].
///
/// # Panics
///
/// As [`caller`].
pub async fn verdict(m2m: &M2m, token: &str) -> Result<(), Reason> {
    caller(m2m, token).await.map(drop)
}
