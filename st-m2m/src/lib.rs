//! st-m2m
pub mod clock;
pub mod http;
mod supertokens;
