//! What was recorded with real peers, played again with ours in their place.

mod core_client;
mod dev_core;
mod normal;
mod tokens;
