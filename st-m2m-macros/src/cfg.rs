//! The conditions under which an item is compiled.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Attribute, Meta};

use crate::attr;
use crate::diag::Diagnostics;

/// The `#[cfg]`s of an item, to repeat on whatever is generated for it.
#[derive(Default)]
pub(crate) struct Conditions(Vec<TokenStream>);

impl Conditions {
    /// Those among `attrs`. Of a `#[cfg_attr(a, x, cfg(b))]` only `#[cfg_attr(a, cfg(b))]` is kept:
    /// `x` is meant for the item alone.
    pub(crate) fn of(attrs: &[Attribute]) -> Self {
        let metas = attrs.iter().filter_map(|attr| condition(&attr.meta));
        Self(
            metas
                .map(|meta| quote_spanned!(Span::mixed_site()=> #[#meta]))
                .collect(),
        )
    }

    /// Whether the item is always compiled.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl ToTokens for Conditions {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.0.iter().cloned());
    }
}

/// `meta` reduced to the `cfg`s in it.
fn condition(meta: &Meta) -> Option<TokenStream> {
    if meta.path().is_ident("cfg") {
        return Some(meta.to_token_stream());
    }
    let Meta::List(list) = meta else { return None };
    if !list.path.is_ident("cfg_attr") {
        return None;
    }
    // Mistakes in a `cfg_attr` are reported by the compiler, on the item itself.
    let mut ignored = Diagnostics::new();
    let mut elements = attr::elements(list.tokens.clone(), &mut ignored).into_iter();
    drop(ignored.into_tokens());
    let predicate = elements.next()?;
    let kept: Vec<_> = elements
        .filter_map(|element| condition(&syn::parse2(element).ok()?))
        .collect();
    let path = &list.path;
    (!kept.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> #path(#predicate, #(#kept),*)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;
    use syn::parse_quote;

    fn kept(attrs: &[Attribute]) -> String {
        Conditions::of(attrs).to_token_stream().to_string()
    }

    #[test]
    fn only_conditions_are_kept() {
        let attrs: Vec<Attribute> = vec![
            parse_quote!(#[doc = "x"]),
            parse_quote!(#[cfg(unix)]),
            parse_quote!(#[cfg_attr(test, allow(dead_code))]),
            parse_quote!(#[cfg_attr(test, debug_handler, cfg(windows), cfg_attr(unix, cfg(a), b))]),
        ];
        let expected = quote! {
            #[cfg(unix)]
            #[cfg_attr(test, cfg(windows), cfg_attr(unix, cfg(a)))]
        };
        assert_eq!(kept(&attrs), expected.to_string());
        assert!(Conditions::of(&attrs[..1]).is_empty());
    }

    #[test]
    fn nonsense_is_left_to_the_compiler() {
        assert_eq!(
            kept(&[
                parse_quote!(#[cfg_attr]),
                parse_quote!(#[cfg_attr()]),
                parse_quote!(#[cfg_attr(,,)])
            ]),
            ""
        );
    }
}
