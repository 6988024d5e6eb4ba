//! The client as a whole: tokens in, tokens out.

mod parameters;
mod paths;
mod signatures;
mod snapshots;
mod traits;

use proc_macro2::TokenStream;
use quote::quote;

use super::m2m_client;
use crate::diag::tests::messages;

/// Checks the errors of a trait with one good endpoint and these `members`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "`quote!(..)` reads better in a call than `&quote!(..)`"
)]
#[track_caller]
fn bad(members: TokenStream, expected: &[&str]) {
    let expansion = m2m_client(
        quote!(service = "a"),
        quote!(pub trait Orders { #[get("/good")] async fn good(&self) -> R; #members }),
    );
    let shown = expansion.to_string();
    for ours in [
        "get", "head", "post", "put", "patch", "delete", "options", "request", "path", "query",
        "body",
    ] {
        assert!(!shown.contains(&format!("# [{ours}")), "#[{ours}] is left");
    }
    assert!(
        shown.contains("pub struct OrdersClient"),
        "the client stays"
    );
    assert!(shown.contains("\"/good\""), "good endpoints stay");
    assert_eq!(messages(expansion), expected);
}

/// Checks that one more endpoint is fine.
#[track_caller]
fn good(member: TokenStream) {
    bad(member, &[]);
}
