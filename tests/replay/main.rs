//! What was recorded with real peers, played again with ours in their place.

mod dev_core;
mod normal;
