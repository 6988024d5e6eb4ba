//! Frontend sessions: handlers that are open to users, or to users and services.

mod resolution;
mod service;
