//! `#[m2m_client]`: a trait becomes a client.

mod args;
mod binding;
mod bound;
mod check;
mod emit;
mod lower;
mod model;
mod route;
mod shape;
mod syntax;
mod template;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

use crate::diag::Diagnostics;
use crate::item::{self, Kind};

/// Expands `#[m2m_client(args)] item`.
pub(crate) fn m2m_client(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diagnostics::new();
    let args = args::Args::read(args, &mut diag);
    let item = match item::kind(item.clone()) {
        (Kind::Trait, _) => match syn::parse2(item.clone()) {
            Ok(syntax) => emit::client(&lower::client(args, syntax, &mut diag)),
            Err(error) => {
                diag.parser(error);
                item
            }
        },
        (kind, keyword) => {
            let message = format!(
                "`#[m2m_client]` expects a trait, found {}; put it on a trait, above other attributes such as `#[automock]`",
                kind.article()
            );
            diag.at(keyword, message);
            item
        }
    };
    let errors = diag.into_tokens();
    quote::quote!(#errors #item)
}
