//! The arguments of a guard.

use proc_macro2::TokenStream;
use syn::LitStr;

use super::Door;
use super::policy::Policy;
use super::user::{self, UserPolicy};
use crate::attr::{self, Argument, Slot};
use crate::diag::Diagnostics;
use crate::krate::Krate;

/// What the arguments say.
pub(super) struct Args {
    /// The demands on services.
    pub(super) policy: Policy,
    /// The demands on users. The default, where none are let in.
    pub(super) users: UserPolicy,
    pub(super) krate: Krate,
}

impl Door {
    /// Every key there is.
    const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Services => &["from", "crate"],
            Self::UsersAndServices => &["from", "user", "crate"],
        }
    }
}

/// Reads the arguments. What is wrong is reported and counts as absent.
pub(super) fn read(door: Door, tokens: TokenStream, diag: &mut Diagnostics) -> Args {
    let (mut from, mut users, mut krate) = (Slot::new(), Slot::new(), Slot::new());
    for argument in Argument::parse_all(tokens, "from", diag) {
        if argument.key == "from" {
            let names = names(&argument, diag);
            from.set(argument.key, names, diag);
        } else if argument.key == "crate" {
            let path = Krate::from_argument(&argument, diag);
            krate.set(argument.key, path, diag);
        } else if argument.key == "user" && door == Door::Services {
            diag.on(
                &argument.key,
                "`#[m2m_protected]` lets no users in; remove `user` or write `#[session_or_m2m(user(...))]`",
            );
        } else if argument.key == "user" {
            let policy = argument
                .list("user(check_database)", diag)
                .map(|tokens| user::read(tokens, diag));
            users.set(argument.key, policy, diag);
        } else if door == Door::UsersAndServices
            && user::KEYS.iter().any(|known| argument.key == known)
        {
            diag.on(
                &argument.key,
                format!(
                    "`{}` is about users; write it inside `user(...)`",
                    argument.key
                ),
            );
        } else {
            attr::unknown("argument", &argument.key, door.keys(), diag);
        }
    }
    let policy = from
        .into_value()
        .and_then(|names| Policy::from_services(names, diag));
    Args {
        policy: policy.unwrap_or_default(),
        users: users.into_value().unwrap_or_default(),
        krate: krate.into_value().unwrap_or(Krate::DEFAULT),
    }
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
