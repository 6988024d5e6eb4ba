//! One file per framework.

#[cfg(feature = "axum")]
mod axum;
