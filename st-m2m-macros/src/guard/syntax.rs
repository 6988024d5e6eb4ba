//! The function as it was typed.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Signature, Token, Visibility};

use crate::body::Body;

/// A function.
pub(super) struct Function {
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) sig: Signature,
    pub(super) body: FunctionBody,
}

/// What stands after a signature.
pub(super) enum FunctionBody {
    /// `{ ... }`
    Block(Body),
    /// `;`, in a trait or an `extern` block.
    Absent(Token![;]),
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            sig: input.parse()?,
            body: if input.peek(Token![;]) {
                FunctionBody::Absent(input.parse()?)
            } else {
                FunctionBody::Block(input.parse()?)
            },
        })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attrs,
            vis,
            sig,
            body,
        } = self;
        for attr in attrs {
            attr.to_tokens(tokens);
        }
        vis.to_tokens(tokens);
        sig.to_tokens(tokens);
        match body {
            FunctionBody::Block(body) => body.to_tokens(tokens),
            FunctionBody::Absent(semicolon) => semicolon.to_tokens(tokens),
        }
    }
}
