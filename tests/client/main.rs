//! What generated clients send, and what they make of answers.

mod answers;
mod base_url;
mod requests;
mod service;
