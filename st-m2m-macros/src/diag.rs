//! The errors found so far.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Collects errors in the order in which they are reported.
///
/// Errors that nobody emits would let wrong code compile, so dropping them unread is a bug of the
/// macro and panics where debug assertions are on.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    errors: Vec<syn::Error>,
    taken: bool,
}

impl Diagnostics {
    /// Nothing wrong yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Reports `message` on `tokens`, from the first to the last of them.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl Into<String>) {
        self.errors
            .push(syn::Error::new_spanned(tokens, message.into()));
    }

    /// Reports `message` at `span`.
    pub(crate) fn at(&mut self, span: Span, message: impl Into<String>) {
        self.errors.push(syn::Error::new(span, message.into()));
    }

    /// Reports what the parser had to say.
    pub(crate) fn parser(&mut self, error: syn::Error) {
        self.errors.extend(error);
    }

    /// How many errors there are: a part is sound if the number is the same before and after it.
    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    /// One `compile_error!` for each error.
    pub(crate) fn into_tokens(mut self) -> TokenStream {
        self.taken = true;
        self.errors
            .iter()
            .map(syn::Error::to_compile_error)
            .collect()
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        if cfg!(debug_assertions) && !self.taken && !std::thread::panicking() {
            assert!(
                self.errors.is_empty(),
                "errors were reported and not emitted: {:?}",
                self.errors
            );
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proc_macro2::TokenTree;

    /// The messages of all `compile_error!`s in `tokens`, in order.
    pub(crate) fn messages(tokens: TokenStream) -> Vec<String> {
        let mut messages = Vec::new();
        let mut after_compile_error = false;
        for tree in tokens {
            match tree {
                TokenTree::Ident(ident) => after_compile_error = ident == "compile_error",
                TokenTree::Group(group) if after_compile_error => {
                    let message: syn::LitStr =
                        syn::parse2(group.stream()).expect("compile_error! holds one string");
                    messages.push(message.value());
                    after_compile_error = false;
                }
                TokenTree::Group(group) => messages.extend(self::messages(group.stream())),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
        messages
    }

    #[test]
    fn errors_keep_their_order() {
        let mut diag = Diagnostics::new();
        diag.at(Span::call_site(), "one");
        diag.on(quote::quote!(a b), "two");
        assert_eq!(diag.count(), 2);
        assert_eq!(messages(diag.into_tokens()), ["one", "two"]);
    }

    #[test]
    #[should_panic(expected = "not emitted")]
    #[cfg(debug_assertions)]
    fn forgotten_errors_panic() {
        Diagnostics::new().at(Span::call_site(), "forgotten");
    }
}
