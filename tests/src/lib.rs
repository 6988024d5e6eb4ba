//! What several areas of tests share.

pub mod recording;
pub mod transport;

/// The programs in the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
