//! What was recorded with real peers, played again with ours in their place.

// Each part says how much it replayed.
#![allow(clippy::print_stdout)]

mod core_client;
mod dev_core;
mod normal;
mod tokens;
