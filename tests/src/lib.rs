//! What several areas of tests share.

pub mod jwt;
pub mod recording;
pub mod report;
pub mod still;
pub mod transport;
pub mod verdict;

/// The programs in the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
