//! Who is let in by a guard, and how everybody else is answered.

mod answers;
mod canonical;
mod events;
mod hostile;
mod kinds;
mod oauth2_clients;
mod order;
mod service;
mod signer;
mod tokens;
