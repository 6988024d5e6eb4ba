//! The attribute that gives a parameter its place.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, LitStr, Meta};

use super::model::Place;
use crate::attr;
use crate::diag::Diagnostics;

/// The attributes that give a parameter its place.
pub(super) const BINDINGS: &[&str] = &["path", "query", "body"];

/// A binding attribute with the name in it.
pub(super) enum Binding {
    /// `#[path]`, `#[path("name")]`
    Path(Option<LitStr>),
    /// `#[query]`, `#[query("name")]`
    Query(Option<LitStr>),
    /// `#[body]`
    Body,
}

impl Binding {
    /// The place, under the name in the attribute or else that of the parameter, and where that
    /// name is written.
    pub(super) fn named(self, ident: &Ident) -> (Place, TokenStream) {
        let name = |literal: Option<LitStr>| match literal {
            Some(literal) => (literal.value(), literal.into_token_stream()),
            None => (ident.unraw().to_string(), ident.to_token_stream()),
        };
        match self {
            Self::Path(literal) => {
                let (name, tokens) = name(literal);
                (Place::Path(name), tokens)
            }
            Self::Query(literal) => {
                let (name, tokens) = name(literal);
                (Place::Query(name), tokens)
            }
            Self::Body => (Place::Body, ident.to_token_stream()),
        }
    }

    /// Reads `#[path]`, `#[path("name")]`, `#[query]`, `#[query("name")]` or `#[body]`.
    pub(super) fn read(attr: &Attribute, diag: &mut Diagnostics) -> Option<Self> {
        let kind = attr::name(attr)?;
        let list = match &attr.meta {
            Meta::List(list) => list.tokens.clone(),
            Meta::Path(_) => TokenStream::new(),
            Meta::NameValue(pair) => {
                let help = if kind == "body" {
                    "write `#[body]`".to_owned()
                } else {
                    format!("write `#[{kind}(\"...\")]`")
                };
                diag.on(
                    &pair.value,
                    format!("unexpected value for `#[{kind}]`; {help}"),
                );
                return None;
            }
        };
        let before = diag.count();
        let mut name: Option<LitStr> = None;
        for element in attr::elements(list, diag) {
            let help = if kind == "body" {
                "remove it, `#[body]` takes no arguments".to_owned()
            } else {
                format!("`#[{kind}]` takes only a name, as in `#[{kind}(\"name\")]`")
            };
            match syn::parse2::<LitStr>(element.clone()) {
                Ok(literal) if kind != "body" && name.is_none() && !literal.value().is_empty() => {
                    name = Some(literal);
                }
                Ok(literal) if kind != "body" && name.is_none() => {
                    diag.on(
                        literal,
                        format!(
                            "a name on the wire cannot be empty; write `#[{kind}]` to use the parameter's"
                        ),
                    );
                }
                _ => {
                    // Of `name = "x"` the key is what is wrong.
                    let wrong = element.into_iter().next();
                    let shown = wrong.as_ref().map(ToString::to_string).unwrap_or_default();
                    diag.on(wrong, format!("unknown argument `{shown}`; {help}"));
                }
            }
        }
        (diag.count() == before).then(|| match kind.to_string().as_str() {
            "path" => Self::Path(name),
            "query" => Self::Query(name),
            _ => Self::Body,
        })
    }
}
