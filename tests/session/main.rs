//! Frontend sessions: handlers that are open to users, or to users and services.

mod answers;
mod anti_csrf;
mod attribute;
mod confusion;
mod core;
mod log;
mod replay;
mod resolution;
mod service;
mod tokens;
