//! Service-to-service authentication with [SuperTokens](https://supertokens.com).
//!
//! Call [`init`] once, put [`#[m2m_protected]`](macro@m2m_protected) on a handler and it answers only to your other
//! services; put [`#[m2m_client]`](macro@m2m_client) on a trait and it is a typed HTTP client that authenticates
//! itself.
//!
#![cfg_attr(all(feature = "axum", feature = "client", feature = "dev-core"), doc = "```")]
#![cfg_attr(
    not(all(feature = "axum", feature = "client", feature = "dev-core")),
    doc = "```ignore"
)]
//! use axum::{Extension, Json, Router, routing::post};
//! use serde::{Deserialize, Serialize};
//! use st_m2m::{Caller, Config, M2m, client, dev::DevCore, m2m_client, m2m_protected};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Charge { amount: u64 }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Receipt { amount: u64, called_by: Option<String> }
//!
//! // The service that is called.
//! #[m2m_protected(from = ["orders"])]
//! async fn charge(#[caller] caller: Caller, Json(charge): Json<Charge>) -> Json<Receipt> {
//!     Json(Receipt { amount: charge.amount, called_by: caller.service().map(str::to_owned) })
//! }
//!
//! // The same service, as its callers see it.
//! #[m2m_client(service = "billing")]
//! trait Billing {
//!     #[post("/charges")]
//!     async fn charge(&self, #[body] charge: &Charge) -> Result<Receipt, client::Error>;
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let core = DevCore::start().await?; // in production: the address of SuperTokens Core
//! let config = || Config::builder().connection_uri(core.connection_uri()).api_domain(core.api_domain());
//!
//! let billing = M2m::start(config().service("billing").build()?).await?;
//! let app = Router::new().route("/charges", post(charge)).layer(Extension(billing));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let url = format!("http://{}", listener.local_addr()?);
//! tokio::spawn(async move { axum::serve(listener, app).await });
//!
//! // Most programs have one service and call `st_m2m::init(config).await?` and `BillingClient::new()`.
//! let orders = M2m::start(config().service("orders").url("billing", url).build()?).await?;
//! let receipt = BillingClient::builder().m2m(&orders).build().charge(&Charge { amount: 5 }).await?;
//! assert_eq!(receipt.called_by.as_deref(), Some("orders"));
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! 1. At start, a service asks SuperTokens Core for a JWT with `source: "microservice"` and its own name as `sub`
//!    (SuperTokens' "legacy" microservice flow), and checks what it got.
//! 2. It sends that token as `Authorization: Bearer …` with every call of a generated client.
//! 3. The receiver verifies it with the issuer's public keys, holds it to the whole rules of a service's token, and
//!    only then runs the handler's other extractors. Sessions, `OAuth2` tokens and every other JWT that the same keys
//!    sign are refused, whatever they claim.
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `axum` | yes | `#[m2m_protected]` on axum 0.8 handlers |
//! | `client` | yes | `#[m2m_client]` |
//! | `dev-core` | no | [`dev::DevCore`], an embedded core for development and tests |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod clock;
mod config;
#[cfg(feature = "dev-core")]
pub mod dev;
pub mod error;
mod guard;
pub mod http;
pub mod jwks;
mod m2m;
mod observe;
mod secret;
mod supertokens;
mod token;
mod verify;
mod web;

#[cfg(feature = "client")]
pub mod client;

#[doc(hidden)]
pub mod __private;

pub use st_m2m_macros::m2m_protected;

#[cfg(feature = "client")]
pub use st_m2m_macros::m2m_client;

pub use self::{
    config::{AcceptKeys, Config, ConfigBuilder, JwksSource, SigningKey},
    error::{ConfigError, Error},
    guard::{Caller, Guard, Reason, Rejection, TokenKind},
    m2m::{M2m, init},
    token::{JwtOptions, ServiceToken},
};
