//! The service that calls. It knows billing by a trait.

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use st_m2m::{client, m2m_client};

use crate::billing::{Charge, Receipt};

/// The billing service.
#[m2m_client(service = "billing")]
pub trait Billing {
    /// Charges an amount.
    #[post("/charges")]
    async fn charge(&self, #[body] charge: &Charge) -> Result<Receipt, client::Error>;
}

async fn check_out(
    State(billing): State<BillingClient>,
) -> Result<Json<Receipt>, (StatusCode, String)> {
    match billing.charge(&Charge { amount: 1999 }).await {
        Ok(receipt) => Ok(Json(receipt)),
        Err(error) => Err((StatusCode::BAD_GATEWAY, error.to_string())),
    }
}

/// The service, open to everybody.
pub fn router(billing: BillingClient) -> Router {
    Router::new()
        .route("/checkout", post(check_out))
        .with_state(billing)
}
