//! The service that is called. One route, open to one service.

use axum::{Extension, Json, Router, routing::post};
use serde::{Deserialize, Serialize};
use st_m2m::{Caller, M2m, m2m_protected};

/// What is to be charged.
#[derive(Debug, Deserialize, Serialize)]
pub struct Charge {
    /// Cents.
    pub amount: u64,
}

/// What was charged, and for whom.
#[derive(Debug, Deserialize, Serialize)]
pub struct Receipt {
    /// Cents.
    pub amount: u64,
    /// The service that asked for it.
    pub called_by: Option<String>,
}

#[m2m_protected(from = ["orders"])]
async fn charge(#[caller] caller: Caller, Json(charge): Json<Charge>) -> Json<Receipt> {
    Json(Receipt {
        amount: charge.amount,
        called_by: caller.service().map(str::to_owned),
    })
}

/// The service. Its guards verify with `m2m`, which an extension hands them.
pub fn router(m2m: M2m) -> Router {
    Router::new()
        .route("/charges", post(charge))
        .layer(Extension(m2m))
}
