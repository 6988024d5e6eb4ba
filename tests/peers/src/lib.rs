//! Contenders in the benches: each does one job with what is on offer, ours and the peers'.

pub mod cache;
mod issuer;
pub mod ready;
pub mod service;
pub mod turns;
pub mod verify;

pub use issuer::{API_DOMAIN, Issuer};
