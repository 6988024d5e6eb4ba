//! Frontend sessions: handlers that are open to users, or to users and services.

mod anti_csrf;
mod confusion;
mod resolution;
mod service;
mod tokens;
