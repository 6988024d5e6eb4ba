//! The trait as it was typed.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Generics, Signature, Token, TraitItem, TypeParamBound, Visibility, token};

use crate::body::Body;
use crate::item;

/// A trait.
pub(super) struct Trait {
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) unsafety: Option<Token![unsafe]>,
    pub(super) auto: Option<Token![auto]>,
    pub(super) keyword: Token![trait],
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    pub(super) supertraits: Punctuated<TypeParamBound, Token![+]>,
    pub(super) items: Vec<Member>,
}

/// An item of a trait.
pub(super) enum Member {
    /// A function, with a default body or without.
    Method(Box<Method>),
    /// A type, a constant or a macro call.
    Other(Box<TraitItem>),
}

/// A function of a trait.
pub(super) struct Method {
    pub(super) attrs: Vec<Attribute>,
    /// Only ever an error.
    pub(super) vis: Visibility,
    pub(super) sig: Signature,
    /// The default, unless there is none.
    pub(super) body: Option<Body>,
}

impl Parse for Trait {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let unsafety = input.parse()?;
        let auto = input.parse()?;
        let keyword = input.parse()?;
        let ident = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let supertraits = supertraits(input)?;
        generics.where_clause = input.parse()?;
        let content;
        let _: token::Brace = syn::braced!(content in input);
        // They mean the same outside the braces.
        attrs.extend(content.call(Attribute::parse_inner)?.into_iter().map(outer));
        let mut items = Vec::new();
        while !content.is_empty() {
            items.push(content.parse()?);
        }
        Ok(Self {
            attrs,
            vis,
            unsafety,
            auto,
            keyword,
            ident,
            generics,
            supertraits,
            items,
        })
    }
}

/// The bounds after `:`, if there are any.
fn supertraits(input: ParseStream<'_>) -> syn::Result<Punctuated<TypeParamBound, Token![+]>> {
    let mut bounds = Punctuated::new();
    if input.parse::<Option<Token![:]>>()?.is_some() {
        while !input.peek(Token![where]) && !input.peek(token::Brace) {
            bounds.push_value(input.parse()?);
            if !input.peek(Token![+]) {
                break;
            }
            bounds.push_punct(input.parse()?);
        }
    }
    Ok(bounds)
}

/// `#![a]` as `#[a]`.
fn outer(attr: Attribute) -> Attribute {
    Attribute {
        style: syn::AttrStyle::Outer,
        ..attr
    }
}

impl Parse for Member {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        ahead.call(Attribute::parse_outer)?;
        ahead.parse::<Visibility>()?;
        if item::is_function(&ahead) {
            input.parse().map(|method| Self::Method(Box::new(method)))
        } else {
            Ok(Self::Other(Box::new(input.parse()?)))
        }
    }
}

impl Parse for Method {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        let semicolon: Option<Token![;]> = input.parse()?;
        let body = if semicolon.is_some() {
            None
        } else {
            Some(input.parse()?)
        };
        Ok(Self {
            attrs,
            vis,
            sig,
            body,
        })
    }
}

impl ToTokens for Method {
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
            Some(body) => body.to_tokens(tokens),
            None => <Token![;]>::default().to_tokens(tokens),
        }
    }
}
