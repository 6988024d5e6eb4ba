//! Contenders in the benches: each does one job with what is on offer, ours and the peers'.

mod issuer;
pub mod verify;

pub use issuer::Issuer;
