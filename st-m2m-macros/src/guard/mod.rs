//! `#[m2m_protected]`: only other services may call this handler; and `#[session_or_m2m]`: users may as well.

mod args;
mod emit;
mod handler;
mod policy;
mod reply;
mod syntax;
#[cfg(test)]
mod tests;
mod user;

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::diag::Diagnostics;
use crate::item::{self, Kind};

/// The attribute that guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// `#[m2m_protected]`
    Services,
    /// `#[session_or_m2m]`
    UsersAndServices,
}

impl Door {
    const ALL: [Self; 2] = [Self::Services, Self::UsersAndServices];

    /// The name of the attribute.
    const fn name(self) -> &'static str {
        match self {
            Self::Services => "m2m_protected",
            Self::UsersAndServices => "session_or_m2m",
        }
    }
}

/// Expands `#[m2m_protected(args)] item`.
pub(crate) fn m2m_protected(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(Door::Services, args, item)
}

/// Expands `#[session_or_m2m(args)] item`.
pub(crate) fn session_or_m2m(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(Door::UsersAndServices, args, item)
}

fn expand(door: Door, args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diagnostics::new();
    let args = args::read(door, args, &mut diag);
    let name = door.name();
    let item = match item::kind(item.clone()) {
        (Kind::Function, _) => match syn::parse2(item.clone()) {
            Ok(function) => match handler::Handler::new(door, function, &mut diag) {
                // Wrong arguments leave a guarded handler, so that routes and callers still
                // type-check.
                Ok(handler) => match door {
                    Door::Services => emit::guarded(handler, &args),
                    Door::UsersAndServices => reply::guarded(handler, &args),
                },
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
                format!(
                    "methods of an `impl` cannot be guarded; put `#[{name}]` on free functions"
                ),
            );
            item
        }
        (kind, keyword) => {
            diag.at(
                keyword,
                format!(
                    "`#[{name}]` guards an `async fn` handler, found {}; put it on the handler",
                    kind.article()
                ),
            );
            item
        }
    };
    let errors = diag.into_tokens();
    quote::quote!(#errors #item)
}
