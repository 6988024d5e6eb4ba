//! Where the generated code finds the runtime crate.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Path;
use syn::parse::{ParseStream, Parser};

use crate::attr::Argument;
use crate::diag::Diagnostics;

/// The path of the crate `st-m2m`, as `crate = ::path` gives it.
#[derive(Clone)]
pub(crate) struct Krate(Option<Path>);

impl Krate {
    /// `::st_m2m`.
    pub(crate) const DEFAULT: Self = Self(None);

    /// Reads the value of `crate`.
    pub(crate) fn from_argument(argument: &Argument, diag: &mut Diagnostics) -> Option<Self> {
        let expected = "an absolute path such as `::st_m2m` or `crate::reexported`";
        let tokens = argument.tokens(expected, diag)?;
        let whole = |input: ParseStream<'_>| input.call(Path::parse_mod_style);
        let Ok(path) = whole.parse2(tokens.clone()) else {
            diag.on(tokens, format!("expected {expected}"));
            return None;
        };
        // The generated code may end up in a nested module, where a relative path means something
        // else. `$crate` is what `crate` becomes inside `macro_rules!`.
        let root = path
            .segments
            .first()
            .map(|segment| segment.ident.to_string());
        if path.leading_colon.is_some() || matches!(root.as_deref(), Some("crate" | "$crate")) {
            Some(Self(Some(path)))
        } else {
            let written = path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect::<Vec<_>>()
                .join("::");
            let help = match root.as_deref() {
                Some("self" | "super") => "; write the whole path from `crate::`".to_owned(),
                _ => format!(
                    "; write `::{written}` for a dependency or `crate::{written}` for a path of this crate"
                ),
            };
            diag.on(
                path,
                format!("crate path must start with `::` or `crate::`{help}"),
            );
            None
        }
    }

    /// The path as if it stood at `span`, for errors that are to point there.
    pub(crate) fn located_at(&self, span: Span) -> TokenStream {
        let relocated = self.to_token_stream().into_iter().map(|mut tree| {
            tree.set_span(tree.span().located_at(span));
            tree
        });
        relocated.collect()
    }
}

impl ToTokens for Krate {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.0 {
            Some(path) => path.to_tokens(tokens),
            None => tokens.extend(quote_spanned!(Span::mixed_site()=> ::st_m2m)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::tests::messages;
    use quote::quote;

    fn krate(value: &TokenStream) -> Result<String, Vec<String>> {
        let mut diag = Diagnostics::new();
        let arguments = Argument::parse_all(quote!(crate = #value), "crate", &mut diag);
        let krate = Krate::from_argument(&arguments[0], &mut diag);
        let errors = messages(diag.into_tokens());
        krate
            .map(|krate| krate.to_token_stream().to_string())
            .ok_or(errors)
    }

    #[test]
    fn absolute_paths() {
        assert_eq!(krate(&quote!(::m2m)).as_deref(), Ok(":: m2m"));
        assert_eq!(
            krate(&quote!(crate::a::m2m)).as_deref(),
            Ok("crate :: a :: m2m")
        );
        assert_eq!(krate(&quote!(crate)).as_deref(), Ok("crate"));
    }

    #[test]
    fn relative_paths() {
        let expected = "crate path must start with `::` or `crate::`; write `::a::b` for a dependency or `crate::a::b` for a path of this crate";
        assert_eq!(krate(&quote!(a::b)), Err(vec![expected.to_owned()]));
        assert_eq!(
            krate(&quote!(super::b)),
            Err(vec![
                "crate path must start with `::` or `crate::`; write the whole path from `crate::`"
                    .to_owned()
            ])
        );
    }

    #[test]
    fn not_a_path() {
        let expected = "expected an absolute path such as `::st_m2m` or `crate::reexported`";
        assert_eq!(krate(&quote!("a")), Err(vec![expected.to_owned()]));
        assert_eq!(krate(&quote!(::a<u8>)), Err(vec![expected.to_owned()]));
        assert_eq!(
            krate(&quote!()),
            Err(vec![format!("`crate` needs a value; {expected}")])
        );
    }
}
