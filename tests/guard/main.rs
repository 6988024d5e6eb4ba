//! Who is let in by a guard, and how everybody else is answered.

mod answers;
mod events;
mod order;
mod service;
mod tokens;
