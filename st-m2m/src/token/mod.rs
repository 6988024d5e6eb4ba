//! This service's own token: what may be minted, minting, and the token in hand.

mod claims;
mod mint;
mod service_token;

pub(crate) use self::{
    claims::{own_claims, requested_claims},
    mint::{OwnToken, create_jwt, mint_at_start, validity_seconds},
};
pub use self::{mint::JwtOptions, service_token::ServiceToken};
