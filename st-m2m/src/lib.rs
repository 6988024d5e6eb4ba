//! Service-to-service authentication with SuperTokens.
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

pub use self::{
    config::{AcceptKeys, Config, ConfigBuilder, JwksSource, SigningKey},
    error::{ConfigError, Error},
    guard::{Caller, Guard, Reason, Rejection, TokenKind},
    m2m::{M2m, init},
    token::{JwtOptions, ServiceToken},
};
