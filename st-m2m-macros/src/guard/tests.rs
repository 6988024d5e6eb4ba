//! The guards as a whole: tokens in, tokens out. Here `#[m2m_protected]`.
#![expect(clippy::needless_raw_string_hashes, reason = "written by expect-test")]

mod session;

use expect_test::{Expect, expect};
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::m2m_protected;
use crate::diag::tests::messages;

/// What `#[m2m_protected(args)] item` expands to, formatted.
fn expands(args: TokenStream, item: TokenStream, expected: &Expect) {
    let file = syn::parse2(m2m_protected(args, item)).expect("an expansion is items");
    expected.assert_eq(&prettyplease::unparse(&file));
}

/// Checks the errors of `#[m2m_protected(args)]` on a good handler.
#[track_caller]
fn bad_args(args: TokenStream, expected: &[&str]) {
    let expansion = m2m_protected(
        args,
        quote!(
            async fn f(#[caller] who: Caller) {}
        ),
    );
    assert!(
        expansion.to_string().contains("Guard < __Policy_f >"),
        "the handler stays guarded"
    );
    assert_eq!(messages(expansion), expected);
}

/// Whether `st_m2m` stands anywhere in `tokens`.
fn mentions_default(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == "st_m2m",
        TokenTree::Group(group) => mentions_default(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Checks the errors of a bare `#[m2m_protected]` on `item`.
#[track_caller]
fn bad_item(item: TokenStream, expected: &[&str]) {
    let expansion = m2m_protected(TokenStream::new(), item);
    assert!(
        !expansion.to_string().contains("# [caller"),
        "no attribute of ours is left"
    );
    assert_eq!(messages(expansion), expected);
}

#[test]
fn minimal() {
    expands(
        quote!(),
        quote!(
            async fn ping() {}
        ),
        &expect![[r##"
            #[doc(hidden)]
            struct __Policy_ping;
            #[automatically_derived]
            impl ::st_m2m::__private::Policy for __Policy_ping {
                const RULES: ::st_m2m::__private::Rules = ::st_m2m::__private::Rules::new();
                const HANDLER: ::st_m2m::__private::Handler = ::st_m2m::__private::Handler::new(
                    ::core::module_path!(),
                    "ping",
                    ::core::file!(),
                    ::core::line!(),
                );
            }
            async fn ping(__m2m: ::st_m2m::Guard<__Policy_ping>) {}
        "##]],
    );
}

#[test]
fn full() {
    expands(
        quote!(from = ["orders", "checkout"], crate = ::renamed::m2m),
        quote! {
            /// Charges.
            #[cfg(feature = "charge")]
            #[cfg_attr(debug_assertions, axum::debug_handler, cfg(unix))]
            pub(crate) async fn r#type<'a, T>(
                State(db): State<Db>,
                #[cfg(feature = "who")] #[caller] Caller { service, .. }: Caller,
                #[allow(unused)] mut body: Json<&'a T>,
            ) -> Result<impl IntoResponse, Error>
            where
                T: Deserialize,
            {
                #![expect(dead_code)]
                Ok(service)
            }
        },
        &expect![[r##"
            #[cfg(feature = "charge")]
            #[cfg_attr(debug_assertions, cfg(unix))]
            #[doc(hidden)]
            pub(crate) struct __Policy_type;
            #[cfg(feature = "charge")]
            #[cfg_attr(debug_assertions, cfg(unix))]
            #[automatically_derived]
            impl ::renamed::m2m::__private::Policy for __Policy_type {
                const RULES: ::renamed::m2m::__private::Rules = ::renamed::m2m::__private::Rules::new()
                    .from(&["orders", "checkout"]);
                const HANDLER: ::renamed::m2m::__private::Handler = ::renamed::m2m::__private::Handler::new(
                    ::core::module_path!(),
                    "type",
                    ::core::file!(),
                    ::core::line!(),
                );
            }
            /// Charges.
            #[cfg(feature = "charge")]
            #[cfg_attr(debug_assertions, axum::debug_handler, cfg(unix))]
            pub(crate) async fn r#type<'a, T>(
                __m2m: ::renamed::m2m::Guard<__Policy_type>,
                State(db): State<Db>,
                #[allow(unused)]
                mut body: Json<&'a T>,
            ) -> Result<impl IntoResponse, Error>
            where
                T: Deserialize,
            {
                #![expect(dead_code)]
                #[cfg(feature = "who")]
                let Caller { service, .. } = ::renamed::m2m::__private::caller::<Caller, _>(__m2m);
                Ok(service)
            }
        "##]],
    );
}

#[test]
fn a_half_typed_body_is_kept() {
    let expansion = m2m_protected(
        quote!(),
        quote!(async fn f(#[caller] who: Caller) { who. let x = }),
    );
    assert!(expansion.to_string().ends_with("who . let x = }"));
    assert_eq!(messages(expansion), [""; 0]);
}

#[test]
fn the_eighth_argument_is_ours() {
    let seven = quote!(
        async fn f(a: A, b: A, c: A, d: A, e: A, f: A, g: A) {}
    );
    let expansion = m2m_protected(quote!(), seven).to_string();
    assert!(expansion.contains("clippy :: too_many_arguments"));
    let swapped = quote!(
        async fn f(a: A, b: A, c: A, d: A, e: A, f: A, #[caller] g: A) {}
    );
    assert!(
        !m2m_protected(quote!(), swapped)
            .to_string()
            .contains("clippy")
    );
}

#[test]
fn another_crate_path_replaces_the_default() {
    let item = quote!(
        async fn f(#[caller] who: Caller) {}
    );
    assert!(mentions_default(m2m_protected(
        quote!(from = "a"),
        item.clone()
    )));
    assert!(!mentions_default(m2m_protected(
        quote!(from = "a", crate = ::renamed),
        item
    )));
}

#[test]
fn keys() {
    let unknown = "unknown argument `form`; expected `from` or `crate`; did you mean `from`?";
    bad_args(quote!(form = "a"), &[unknown]);
    bad_args(
        quote!(timeout = "2s"),
        &["unknown argument `timeout`; expected `from` or `crate`"],
    );
    bad_args(
        quote!(from = "a", from = "b"),
        &["duplicate `from`; keep one", "first given here"],
    );
    bad_args(
        quote!("a"),
        &[r#"expected an argument of the form `key = value`; write `from = "a"`"#],
    );
    bad_args(
        quote!(from("a")),
        &["expected `=` and a value: write `from = ...`"],
    );
    bad_args(
        quote!(from = "a",, crate = ::b),
        &["expected an argument before this comma; remove the comma"],
    );
}

#[test]
fn values_of_from() {
    let expected = r#"a service name such as `"orders"` or a list `["orders", "checkout"]`"#;
    bad_args(
        quote!(from),
        &[&format!("`from` needs a value; expected {expected}")],
    );
    bad_args(
        quote!(from =),
        &[&format!("`from` needs a value; expected {expected}")],
    );
    bad_args(quote!(from = 5), &[&format!("expected {expected}")]);
    bad_args(quote!(from = orders), &[&format!("expected {expected}")]);
    bad_args(
        quote!(from = ("a", "b")),
        &[&format!("expected {expected}")],
    );
    bad_args(
        quote!(from = ["a", 5, b]),
        &[r#"expected a service name such as `"orders"`"#; 2],
    );
    bad_args(
        quote!(from = []),
        &["`from = []` lets nobody in; name the services or drop the key to let any service in"],
    );
    bad_args(
        quote!(from = ""),
        &[r#"a service name cannot be empty; write one such as `"orders"`"#],
    );
    bad_args(
        quote!(from = "a b"),
        &["a service name has no whitespace or control characters, found ' '; remove it"],
    );
    bad_args(
        quote!(from = "a\u{7}"),
        &["a service name has no whitespace or control characters, found '\\u{7}'; remove it"],
    );
    bad_args(
        quote!(from = ["a", "b", "a"]),
        &["duplicate service `a`; keep one"],
    );
}

#[test]
fn users_are_not_let_in() {
    let expected = "`#[m2m_protected]` lets no users in; remove `user` or write `#[session_or_m2m(user(...))]`";
    bad_args(quote!(user(check_database)), &[expected]);
    bad_args(quote!(user), &[expected]);
    bad_args(
        quote!(tenant = "t1"),
        &["unknown argument `tenant`; expected `from` or `crate`"],
    );
}

#[test]
fn one_guard_is_enough() {
    bad_item(
        quote!(
            #[st_m2m::session_or_m2m(user(check_database))]
            async fn f(#[caller] who: Caller) {}
        ),
        &[
            "`#[m2m_protected]` lets in services, `#[session_or_m2m]` users and services; keep one of the two",
        ],
    );
    bad_item(
        quote!(
            #[m2m_protected]
            async fn f() {}
        ),
        &["`#[m2m_protected]` guards this handler already; keep one"],
    );
}

#[test]
fn values_of_crate() {
    let relative = "crate path must start with `::` or `crate::`; write `::m2m` for a dependency or `crate::m2m` for a path of this crate";
    bad_args(quote!(crate = m2m), &[relative]);
    bad_args(
        quote!(crate = "m2m"),
        &["expected an absolute path such as `::st_m2m` or `crate::reexported`"],
    );
}

#[test]
fn all_errors_at_once() {
    let expansion = m2m_protected(
        quote!(form = "a", crate = b),
        quote!(
            unsafe fn f(#[caller(x)] a: A, #[caller] b: B) {}
        ),
    );
    assert_eq!(messages(expansion).len(), 7);
}

#[test]
fn only_functions() {
    let found = |what| {
        format!(
            "`#[m2m_protected]` guards an `async fn` handler, found {what}; put it on the handler"
        )
    };
    bad_item(
        quote!(
            struct S;
        ),
        &[&found("a struct")],
    );
    bad_item(
        quote!(
            trait T {}
        ),
        &[&found("a trait")],
    );
    bad_item(
        quote!(
            mod m {}
        ),
        &[&found("a module")],
    );
    bad_item(quote!(), &[&found("something else")]);
    let methods =
        "methods of an `impl` cannot be guarded; put `#[m2m_protected]` on free functions";
    bad_item(quote!(impl A { async fn f(&self) {} }), &[methods]);
}

#[test]
fn only_async_functions() {
    bad_item(
        quote!(
            fn f() {}
        ),
        &["handlers are async; write `async fn`"],
    );
    bad_item(
        quote!(
            async unsafe fn f() {}
        ),
        &["handlers cannot be `unsafe`; remove `unsafe`"],
    );
    bad_item(
        quote!(
            const async fn f() {}
        ),
        &["handlers cannot be `const`; remove `const`"],
    );
    bad_item(
        quote!(
            async extern "C" fn f() {}
        ),
        &[r#"handlers cannot be `extern`; remove `extern "C"`"#],
    );
    bad_item(
        quote!(
            async fn f(a: A, ...) {}
        ),
        &["handlers cannot be variadic; remove `...`"],
    );
    bad_item(
        quote!(
            async fn f();
        ),
        &["a guarded handler needs a body; write `{ ... }` instead of `;`"],
    );
}

#[test]
fn receivers() {
    let expected = "methods of an `impl` cannot be guarded; make `charge` a free function";
    bad_item(
        quote!(
            async fn charge(&self) {}
        ),
        &[expected],
    );
    bad_item(
        quote!(
            async fn charge(#[caller] self: Box<Self>, #[caller] a: A) {}
        ),
        &[expected],
    );
}

#[test]
fn callers() {
    bad_item(
        quote!(
            async fn f(#[caller] a: A, #[caller] b: B) {}
        ),
        &[
            "only one parameter can be `#[caller]`; keep one",
            "first `#[caller]` here",
        ],
    );
    bad_item(
        quote!(
            async fn f(
                #[caller]
                #[caller]
                a: A,
            ) {
            }
        ),
        &[
            "only one parameter can be `#[caller]`; keep one",
            "first `#[caller]` here",
        ],
    );
    bad_item(
        quote!(
            async fn f(#[caller(a)] a: A) {}
        ),
        &["`#[caller]` takes no arguments; write `#[caller]`"],
    );
    bad_item(
        quote!(
            async fn f(#[caller()] a: A) {}
        ),
        &["`#[caller]` takes no arguments; write `#[caller]`"],
    );
    bad_item(
        quote!(
            async fn f(#[caller = 5] a: A) {}
        ),
        &["`#[caller]` takes no arguments; write `#[caller]`"],
    );
}
