//! What several areas of tests share.

pub mod recording;
pub mod transport;
