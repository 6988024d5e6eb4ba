//! What stands in the braces of a function.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, token};

/// A function body that stays as it was typed: inside it anything may be half-written, and the rest
/// still has to work.
pub(crate) struct Body {
    /// The braces.
    pub(crate) braces: token::Brace,
    /// `#![...]` at the start, which has to stay there.
    inner: Vec<Attribute>,
    /// All that follows.
    tokens: TokenStream,
}

impl Body {
    /// The body with a statement before its own.
    pub(crate) fn starting_with(self, statement: &TokenStream) -> Self {
        let tokens = &self.tokens;
        Self {
            tokens: quote!(#statement #tokens),
            ..self
        }
    }
}

impl Parse for Body {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let content;
        let braces = syn::braced!(content in input);
        Ok(Self {
            braces,
            inner: content.call(Attribute::parse_inner)?,
            tokens: content.parse()?,
        })
    }
}

impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.braces.surround(tokens, |tokens| {
            for attr in &self.inner {
                attr.to_tokens(tokens);
            }
            self.tokens.to_tokens(tokens);
        });
    }
}
