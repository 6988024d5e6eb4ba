//! The arguments of a guard.

use proc_macro2::TokenStream;
use syn::LitStr;

use super::policy::Policy;
use crate::attr::{self, Argument, Slot};
use crate::diag::Diagnostics;
use crate::krate::Krate;

/// Every key there is.
const KEYS: &[&str] = &["from", "crate"];

/// Reads `from` and `crate`. What is wrong is reported and counts as absent.
pub(super) fn read(tokens: TokenStream, diag: &mut Diagnostics) -> (Policy, Krate) {
    let (mut from, mut krate) = (Slot::new(), Slot::new());
    for argument in Argument::list(tokens, "from", diag) {
        if argument.key == "from" {
            let names = names(&argument, diag);
            from.set(argument.key, names, diag);
        } else if argument.key == "crate" {
            let path = Krate::from_argument(&argument, diag);
            krate.set(argument.key, path, diag);
        } else {
            attr::unknown("argument", &argument.key, KEYS, diag);
        }
    }
    let policy = from
        .into_value()
        .and_then(|names| Policy::from_services(names, diag));
    (
        policy.unwrap_or_default(),
        krate.into_value().unwrap_or(Krate::DEFAULT),
    )
}

/// `"orders"` or `["orders", "checkout"]`.
fn names(argument: &Argument, diag: &mut Diagnostics) -> Option<Vec<LitStr>> {
    let expected = r#"a service name such as `"orders"` or a list `["orders", "checkout"]`"#;
    let tokens = argument.tokens(expected, diag)?;
    let Some(list) = attr::bracketed(tokens.clone()) else {
        return attr::parse(tokens, expected, diag).map(|name| vec![name]);
    };
    if list.is_empty() {
        diag.on(
            tokens,
            "`from = []` lets nobody in; name the services or drop the key to let any service in",
        );
        return None;
    }
    let names = attr::elements(list, diag).into_iter();
    Some(
        names
            .filter_map(|name| attr::parse(name, r#"a service name such as `"orders"`"#, diag))
            .collect(),
    )
}
