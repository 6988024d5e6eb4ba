//! `#[m2m_protected]`: only other services may call this handler.

mod args;
mod emit;
mod handler;
mod policy;
mod syntax;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::diag::Diagnostics;
use crate::item::{self, Kind};

/// Expands `#[m2m_protected(args)] item`.
pub(crate) fn m2m_protected(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diagnostics::new();
    let (policy, krate) = args::read(args, &mut diag);
    let item = match item::kind(item.clone()) {
        (Kind::Function, _) => match syn::parse2(item.clone()) {
            Ok(function) => match handler::Handler::new(function, &mut diag) {
                // Wrong arguments leave a guarded handler, so that routes and callers still
                // type-check.
                Ok(handler) => emit::guarded(handler, &policy, &krate),
                // Without `#[caller]`; the error beside it keeps it from being built.
                Err(function) => function.into_token_stream(),
            },
            Err(error) => {
                diag.parser(error);
                item
            }
        },
        (Kind::Impl, keyword) => {
            diag.at(
                keyword,
                "methods of an `impl` cannot be guarded; put `#[m2m_protected]` on free functions",
            );
            item
        }
        (kind, keyword) => {
            diag.at(
                keyword,
                format!(
                    "`#[m2m_protected]` guards an `async fn` handler, found {}; put it on the handler",
                    kind.article()
                ),
            );
            item
        }
    };
    let errors = diag.into_tokens();
    quote::quote!(#errors #item)
}
