//! Everything that `#[m2m_protected]` accepts, on axum handlers.
#![deny(warnings, missing_docs, unreachable_pub, missing_debug_implementations)]

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use st_m2m::{Caller, m2m_protected};

/// Any service.
#[m2m_protected]
pub async fn anyone() {}

#[m2m_protected(from = "orders")]
async fn one(#[caller] _who: Caller) {}

#[m2m_protected(from = ["orders", "checkout"], crate = ::st_m2m)]
async fn several(
    State(limit): State<u64>,
    #[caller] mut who: Caller,
    Path(id): Path<u64>,
    Json(body): Json<u64>,
) -> Result<impl IntoResponse, String> {
    #![allow(unused_assignments, unused_variables)]
    if id > limit {
        return Err(id.to_string());
    }
    who = who.clone();
    Ok(Json(body))
}

#[m2m_protected]
#[axum::debug_handler]
async fn checked(#[caller] _: Caller, Path(_): Path<u64>) -> &'static str {
    ""
}

#[m2m_protected]
async fn generic<S>(State(state): State<S>) -> String
where
    S: ToString + Send + 'static,
{
    state.to_string()
}

#[m2m_protected]
async fn conditional(
    #[cfg(unix)]
    #[caller]
    _who: Caller,
    #[cfg(not(unix))] _id: Path<u64>,
) {
}

#[m2m_protected]
#[cfg(any())]
async fn absent() -> Missing {}

#[m2m_protected]
async fn r#type() {}

#[m2m_protected]
async fn größe() {}

fn main() {
    #[m2m_protected]
    async fn nested() {}

    let _: Router = Router::new()
        .route("/anyone", get(anyone))
        .route("/one", get(one))
        .route("/several/{id}", get(several))
        .route("/checked/{id}", get(checked))
        .route("/generic", get(generic::<u64>))
        .route("/conditional", get(conditional))
        .route("/type", get(r#type))
        .route("/size", get(größe))
        .route("/nested", get(nested))
        .with_state(5_u64);
}
