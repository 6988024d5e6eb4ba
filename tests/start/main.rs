//! A service starts, or says why not.

mod core;
mod global;
mod keys;
mod minted;
mod network;
mod threads;
