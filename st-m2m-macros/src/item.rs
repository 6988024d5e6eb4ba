//! What an attribute was put on.

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Abi, Attribute, Token, Visibility};

/// The kind of an item, by its keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any `fn`, with a body or without.
    Function,
    /// `trait`, even `unsafe` or `auto`.
    Trait,
    /// `impl`.
    Impl,
    /// Something else that has a name with an article, such as "a struct".
    Other(&'static str),
}

impl Kind {
    /// The kind with its article, for "found ...".
    pub(crate) fn article(self) -> &'static str {
        match self {
            Self::Function => "a function",
            Self::Trait => "a trait",
            Self::Impl => "an `impl` block",
            Self::Other(name) => name,
        }
    }
}

/// The kind of the item in `tokens` and where its keyword stands.
pub(crate) fn kind(tokens: TokenStream) -> (Kind, Span) {
    let keyword = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let found = find(input)?;
        input.parse::<TokenStream>()?;
        Ok(found)
    };
    keyword
        .parse2(tokens)
        .unwrap_or_else(|_| (Kind::Other("something else"), Span::call_site()))
}

/// Looks for the keyword behind attributes and visibility.
fn find(input: ParseStream<'_>) -> syn::Result<(Kind, Span)> {
    if is_function(input) {
        let ahead = input.fork();
        while !ahead.peek(Token![fn]) {
            ahead.parse::<proc_macro2::TokenTree>()?;
        }
        return Ok((Kind::Function, ahead.parse::<Token![fn]>()?.span));
    }
    let start = input.span();
    // `unsafe impl`, `unsafe auto trait`, `unsafe extern "C" { .. }`, `unsafe mod`
    input.parse::<Option<Token![unsafe]>>()?;
    if input.peek(Token![auto]) && input.peek2(Token![trait]) {
        input.parse::<Token![auto]>()?;
    }
    let Ok(word) = input.call(Ident::parse_any) else {
        return Ok((Kind::Other("something else"), start));
    };
    let kind = match word.to_string().as_str() {
        "trait" => Kind::Trait,
        "impl" => Kind::Impl,
        "struct" => Kind::Other("a struct"),
        "enum" => Kind::Other("an enum"),
        "union" if input.peek(syn::Ident) => Kind::Other("a union"),
        "mod" => Kind::Other("a module"),
        "const" => Kind::Other("a constant"),
        "static" => Kind::Other("a static"),
        "type" => Kind::Other("a type alias"),
        "use" => Kind::Other("a `use`"),
        "extern" if input.peek(Token![crate]) => Kind::Other("an `extern crate`"),
        "extern" => Kind::Other("an `extern` block"),
        _ if input.peek(Token![!]) || input.peek(Token![::]) => Kind::Other("a macro call"),
        _ => Kind::Other("something else"),
    };
    Ok((kind, word.span()))
}

/// Whether a function signature comes next.
pub(crate) fn is_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let qualifiers = || {
        ahead.parse::<Option<Token![const]>>()?;
        ahead.parse::<Option<Token![async]>>()?;
        ahead.parse::<Option<Token![unsafe]>>()?;
        ahead.parse::<Option<Abi>>()
    };
    qualifiers().is_ok() && ahead.peek(Token![fn])
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn article(tokens: TokenStream) -> &'static str {
        kind(tokens).0.article()
    }

    #[test]
    fn kinds() {
        assert_eq!(
            article(quote!(
                pub(crate) const unsafe extern "C" fn f() {}
            )),
            "a function"
        );
        assert_eq!(
            article(quote!(
                #[a]
                #[b(c)]
                async fn f();
            )),
            "a function"
        );
        assert_eq!(
            article(quote!(
                pub unsafe auto trait T {}
            )),
            "a trait"
        );
        assert_eq!(
            article(quote!(
                unsafe impl<T> A for B<T> {}
            )),
            "an `impl` block"
        );
        assert_eq!(
            article(quote!(
                pub struct S;
            )),
            "a struct"
        );
        assert_eq!(article(quote!(union U { a: u8 })), "a union");
        assert_eq!(
            article(quote!(
                enum E {}
            )),
            "an enum"
        );
        assert_eq!(
            article(quote!(
                mod m {}
            )),
            "a module"
        );
        assert_eq!(
            article(quote!(
                const C: u8 = 1;
            )),
            "a constant"
        );
        assert_eq!(
            article(quote!(
                static S: u8 = 1;
            )),
            "a static"
        );
        assert_eq!(
            article(quote!(
                type T = u8;
            )),
            "a type alias"
        );
        assert_eq!(
            article(quote!(
                use a::b;
            )),
            "a `use`"
        );
        assert_eq!(
            article(quote!(
                extern crate a;
            )),
            "an `extern crate`"
        );
        assert_eq!(
            article(quote!(
                unsafe extern "C" {
                    fn f();
                }
            )),
            "an `extern` block"
        );
        assert_eq!(article(quote!(a::b! {})), "a macro call");
        assert_eq!(article(quote!(5 + 5)), "something else");
        assert_eq!(article(quote!()), "something else");
        assert_eq!(article(quote!(#)), "something else");
    }
}
