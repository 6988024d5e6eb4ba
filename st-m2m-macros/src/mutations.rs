//! Whatever the tokens are, a macro answers with tokens and never panics.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use crate::client::m2m_client;
use crate::diag::tests::messages;
use crate::guard::{m2m_protected, session_or_m2m};

/// Each stream that differs from `tokens` by one token: left out, doubled, or replaced.
fn mutations(tokens: &TokenStream, replacements: &[TokenTree]) -> Vec<TokenStream> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut mutations = Vec::new();
    for (at, tree) in trees.iter().enumerate() {
        let with = |middle: &[TokenTree]| {
            let (before, after) = (&trees[..at], &trees[at + 1..]);
            [before, middle, after]
                .concat()
                .into_iter()
                .collect::<TokenStream>()
        };
        mutations.push(with(&[]));
        mutations.push(with(&[tree.clone(), tree.clone()]));
        mutations.extend(
            replacements
                .iter()
                .map(|other| with(std::slice::from_ref(other))),
        );
        if let TokenTree::Group(group) = tree {
            for inner in mutations_of(group, replacements) {
                mutations.push(with(&[inner]));
            }
            // What a macro captured arrives in invisible delimiters.
            mutations.push(with(&[Group::new(Delimiter::None, group.stream()).into()]));
        }
    }
    mutations
}

/// The group around each mutation of what is in it.
fn mutations_of(group: &Group, replacements: &[TokenTree]) -> Vec<TokenTree> {
    let inner = mutations(&group.stream(), replacements).into_iter();
    inner
        .map(|tokens| Group::new(group.delimiter(), tokens).into())
        .collect()
}

/// Tokens of every kind.
fn replacements() -> Vec<TokenTree> {
    quote!(caller 'a , = # : ; & .. fn impl async crate self _ "" "a b" 5 b"x" () [] {} [a, "b"] r#type)
        .into_iter()
        .collect()
}

/// Feeds every mutation of `args` and of `item` to a macro.
fn survives(
    macro_: fn(TokenStream, TokenStream) -> TokenStream,
    args: &TokenStream,
    item: &TokenStream,
) {
    assert_eq!(
        messages(macro_(args.clone(), item.clone())),
        [""; 0],
        "unchanged, it is fine"
    );
    for args in mutations(args, &replacements()) {
        let _: TokenStream = macro_(args, item.clone());
    }
    for item in mutations(item, &replacements()) {
        let _: TokenStream = macro_(args.clone(), item);
    }
}

#[test]
fn guards_survive() {
    survives(
        m2m_protected,
        &quote!(from = ["orders", "checkout"], crate = ::renamed::m2m),
        &quote! {
            #[cfg_attr(test, cfg(unix))]
            pub(crate) async fn charge<'a, T>(#[cfg(unix)] #[caller] Caller { service, .. }: Caller, b: &'a T) -> R
            where
                T: Send,
            {
                #![allow(dead_code)]
                b
            }
        },
    );
}

#[test]
fn guards_for_users_survive() {
    survives(
        session_or_m2m,
        &quote!(
            from = "billing",
            user(
                check_database,
                anti_csrf = off,
                tenant = "t1",
                claims(A, b::B)
            ),
            crate = ::renamed::m2m
        ),
        &quote! {
            #[tracing::instrument(skip(b))]
            pub async fn like<'a, T, const N: usize>(a: A, #[cfg(unix)] #[caller] who: Principal, mut b: &'a T, C(c): C) -> R
            where
                T: Send,
            {
                #![allow(dead_code)]
                b?
            }
        },
    );
}

#[test]
fn clients_survive() {
    survives(
        m2m_client,
        &quote!(
            service = "billing",
            base_url = "https://billing.internal",
            crate = ::renamed
        ),
        &quote! {
            #[cfg(unix)]
            pub trait Billing: Send + 'static {
                #[post("/charges/{id}")]
                async fn charge(&self, id: u64, #[query("tag")] tags: &[Tag], #[body] charge: &Charge) -> Result<Option<R>, E>;
                #[request("PURGE", "/")]
                async fn purge<'a>(&'a self) -> Result<(), E>;
                fn other() {}
            }
        },
    );
}

#[test]
fn nothing_survives() {
    assert_eq!(messages(m2m_protected(quote!(), quote!())).len(), 1);
    assert_eq!(messages(session_or_m2m(quote!(), quote!())).len(), 1);
    assert_eq!(messages(m2m_client(quote!(), quote!())).len(), 2);
}
