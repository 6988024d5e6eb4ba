//! Keys and remembered tokens over time: rotation, removal, outages, floods, starts. Time is tokio's, and paused.

mod cold_start;
mod flood;
mod issuer;
mod metrics;
mod outage;
mod remembered;
mod revocation;
mod rotation;
mod runtimes;
mod sources;
