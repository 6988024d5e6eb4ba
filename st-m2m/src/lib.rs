//! st-m2m
pub mod clock;
#[cfg(feature = "dev-core")]
pub mod dev;
pub mod http;
mod supertokens;
