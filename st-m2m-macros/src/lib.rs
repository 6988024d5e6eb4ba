//! The attribute macros of `st-m2m`. Use them through that crate, which documents them.
//!
//! Each macro is a function from tokens to tokens; the entry points below only adapt the types. A
//! macro runs in three stages: syntax, which may be wrong, becomes a model, which cannot be, and
//! only the model becomes tokens. Every error is reported at once, and what the user wrote is always
//! emitted again, so that a mistake in an attribute causes no second error elsewhere.

mod attr;
mod body;
mod cfg;
mod client;
mod diag;
mod guard;
mod item;
mod krate;
#[cfg(test)]
mod mutations;

use proc_macro::TokenStream;

#[expect(
    missing_docs,
    reason = "documented where `st-m2m` re-exports it, so that its examples can use that crate"
)]
#[proc_macro_attribute]
pub fn m2m_protected(args: TokenStream, item: TokenStream) -> TokenStream {
    guard::m2m_protected(args.into(), item.into()).into()
}

#[expect(
    missing_docs,
    reason = "documented where `st-m2m` re-exports it, so that its examples can use that crate"
)]
#[proc_macro_attribute]
pub fn session_or_m2m(args: TokenStream, item: TokenStream) -> TokenStream {
    guard::session_or_m2m(args.into(), item.into()).into()
}

#[expect(
    missing_docs,
    reason = "documented where `st-m2m` re-exports it, so that its examples can use that crate"
)]
#[proc_macro_attribute]
pub fn m2m_client(args: TokenStream, item: TokenStream) -> TokenStream {
    client::m2m_client(args.into(), item.into()).into()
}
