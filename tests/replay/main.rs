//! What was recorded with real peers, played again with ours in their place.

mod core_client;
mod dev_core;
mod normal;
mod second_folder;
mod tokens;

use st_m2m_tests::recording::{self, Recording};

/// The project's own recordings, which must be there and are held to more, and those of the folder that the
/// environment names, if any.
fn own_and_further() -> (Vec<Recording>, Vec<Recording>) {
    recording::load().into_iter().partition(Recording::is_own)
}
