//! `#[session_or_m2m]`.

use expect_test::{Expect, expect};
use proc_macro2::TokenStream;
use quote::quote;

use super::mentions_default;
use crate::diag::tests::messages;
use crate::guard::session_or_m2m;

/// What `#[session_or_m2m(args)] item` expands to, formatted.
fn expands(args: TokenStream, item: TokenStream, expected: &Expect) {
    let file = syn::parse2(session_or_m2m(args, item)).expect("an expansion is items");
    expected.assert_eq(&prettyplease::unparse(&file));
}

/// Checks the errors of `#[session_or_m2m(args)]` on a good handler.
#[track_caller]
fn bad_args(args: TokenStream, expected: &[&str]) {
    let expansion = session_or_m2m(
        args,
        quote!(
            async fn f(#[caller] who: Principal) {}
        ),
    );
    assert!(
        expansion
            .to_string()
            .contains("PrincipalGuard < __Policy_f >"),
        "the handler stays guarded"
    );
    assert_eq!(messages(expansion), expected);
}

/// The same of `#[session_or_m2m(user(args))]`.
#[track_caller]
fn bad_users(args: &TokenStream, expected: &[&str]) {
    bad_args(quote!(user(#args)), expected);
}

/// Checks the errors of a bare `#[session_or_m2m]` on `item`.
#[track_caller]
fn bad_item(item: TokenStream, expected: &[&str]) {
    let expansion = session_or_m2m(TokenStream::new(), item);
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
            impl ::st_m2m::__private::PrincipalPolicy for __Policy_ping {
                const SERVICE: ::st_m2m::__private::Rules = ::st_m2m::__private::Rules::new();
                const USER: ::st_m2m::__private::UserRules = ::st_m2m::__private::UserRules::new();
                const HANDLER: ::st_m2m::__private::Handler = ::st_m2m::__private::Handler::new(
                    ::core::module_path!(),
                    "ping",
                    ::core::file!(),
                    ::core::line!(),
                );
            }
            async fn ping(
                __m2m: ::st_m2m::PrincipalGuard<__Policy_ping>,
            ) -> ::st_m2m::__private::Reply<()> {
                #[allow(clippy::unused_async, clippy::too_many_arguments)]
                async fn ping() {}
                ::st_m2m::__private::reply(__m2m, ping().await)
            }
        "##]],
    );
}

#[test]
fn full() {
    expands(
        quote!(
            from = ["orders", "checkout"],
            user(
                check_database,
                anti_csrf = off,
                tenant = "t1",
                claims(EMAIL_VERIFIED, claims::ADMIN)
            ),
            crate = ::renamed::m2m,
        ),
        quote! {
            /// Likes.
            #[cfg(feature = "like")]
            #[expect(clippy::too_many_lines)]
            #[tracing::instrument(skip(db), err)]
            #[axum::debug_handler]
            pub(crate) async fn r#type<'a, T, const N: usize>(
                State(db): State<Db>,
                #[cfg(feature = "who")] #[caller] who: Principal,
                #[expect(unused)] #[cookie("a")] mut body: Json<&'a [T; N]>,
                r#fn: R,
                _: (),
            ) -> Result<impl IntoResponse, Error>
            where
                T: Deserialize,
            {
                #![expect(dead_code)]
                Ok(db?)
            }
        },
        &expect![[r##"
            #[cfg(feature = "like")]
            #[doc(hidden)]
            pub(crate) struct __Policy_type;
            #[cfg(feature = "like")]
            #[automatically_derived]
            impl ::renamed::m2m::__private::PrincipalPolicy for __Policy_type {
                const SERVICE: ::renamed::m2m::__private::Rules = ::renamed::m2m::__private::Rules::new()
                    .from(&["orders", "checkout"]);
                const USER: ::renamed::m2m::__private::UserRules = {
                    const __CLAIMS: &[&dyn ::renamed::m2m::ClaimValidator] = &[
                        &EMAIL_VERIFIED,
                        &claims::ADMIN,
                    ];
                    ::renamed::m2m::__private::UserRules::new()
                        .anti_csrf(false)
                        .check_database(true)
                        .tenant("t1")
                        .claims(__CLAIMS)
                };
                const HANDLER: ::renamed::m2m::__private::Handler = ::renamed::m2m::__private::Handler::new(
                    ::core::module_path!(),
                    "type",
                    ::core::file!(),
                    ::core::line!(),
                );
            }
            /// Likes.
            #[cfg(feature = "like")]
            #[expect(clippy::too_many_lines)]
            #[axum::debug_handler]
            pub(crate) async fn r#type<'a, T, const N: usize>(
                __m2m: ::renamed::m2m::PrincipalGuard<__Policy_type>,
                __1: State<Db>,
                #[cookie("a")]
                body: Json<&'a [T; N]>,
                r#fn: R,
                __4: (),
            ) -> ::renamed::m2m::__private::Reply<Result<impl IntoResponse, Error>>
            where
                T: Deserialize,
            {
                #[tracing::instrument(skip(db), err)]
                #[allow(clippy::unused_async, clippy::too_many_arguments)]
                async fn r#type<'a, T, const N: usize>(
                    State(db): State<Db>,
                    #[cfg(feature = "who")]
                    who: Principal,
                    #[expect(unused)]
                    mut body: Json<&'a [T; N]>,
                    r#fn: R,
                    _: (),
                ) -> Result<impl IntoResponse, Error>
                where
                    T: Deserialize,
                {
                    #![expect(dead_code)]
                    Ok(db?)
                }
                #[cfg(feature = "who")]
                let __caller = ::renamed::m2m::__private::principal::<Principal, _>(&__m2m);
                ::renamed::m2m::__private::reply(
                    __m2m,
                    r#type::<T, N>(__1, #[cfg(feature = "who")] __caller, body, r#fn, __4).await,
                )
            }
        "##]],
    );
}

/// The answer is `()`, and every name may be the function's own, or ours.
#[test]
fn names() {
    expands(
        quote!(user(claims(A), check_database = off, anti_csrf = on)),
        quote!(
            async fn order(
                order: Order,
                __m2m: A,
                #[caller] Principal::User(s): Principal,
                #[cfg(unix)] ref x @ 1..: u8,
            ) {
                x
            }
        ),
        &expect![[r##"
            #[doc(hidden)]
            struct __Policy_order;
            #[automatically_derived]
            impl ::st_m2m::__private::PrincipalPolicy for __Policy_order {
                const SERVICE: ::st_m2m::__private::Rules = ::st_m2m::__private::Rules::new();
                const USER: ::st_m2m::__private::UserRules = {
                    const __CLAIMS: &[&dyn ::st_m2m::ClaimValidator] = &[&A];
                    ::st_m2m::__private::UserRules::new()
                        .anti_csrf(true)
                        .check_database(false)
                        .claims(__CLAIMS)
                };
                const HANDLER: ::st_m2m::__private::Handler = ::st_m2m::__private::Handler::new(
                    ::core::module_path!(),
                    "order",
                    ::core::file!(),
                    ::core::line!(),
                );
            }
            async fn order(
                __m2m: ::st_m2m::PrincipalGuard<__Policy_order>,
                __1: Order,
                __2: A,
                #[cfg(unix)]
                x: u8,
            ) -> ::st_m2m::__private::Reply<()> {
                #[allow(clippy::unused_async, clippy::too_many_arguments)]
                async fn order(
                    order: Order,
                    __m2m: A,
                    Principal::User(s): Principal,
                    #[cfg(unix)]
                    ref x @ 1..: u8,
                ) {
                    x
                }
                let __caller = ::st_m2m::__private::principal::<Principal, _>(&__m2m);
                ::st_m2m::__private::reply(__m2m, order(__1, __2, __caller, #[cfg(unix)] x).await)
            }
        "##]],
    );
}

#[test]
fn a_half_typed_body_is_kept() {
    let expansion = session_or_m2m(
        quote!(),
        quote!(async fn f(#[caller] who: Principal) { who. let x = }),
    );
    assert!(expansion.to_string().contains("{ who . let x = }"));
    assert_eq!(messages(expansion), [""; 0]);
}

/// Clippy sees eight where the user wrote seven, and must not count the user's twice where there are more.
#[test]
fn the_eighth_argument_is_ours() {
    let counted = "# [allow (clippy :: too_many_arguments)]";
    let seven = quote!(
        async fn f(a: A, b: A, c: A, d: A, e: A, f: A, g: A) {}
    );
    assert!(
        session_or_m2m(quote!(), seven)
            .to_string()
            .contains(counted)
    );
    let eight = quote!(
        async fn f(a: A, b: A, c: A, d: A, e: A, f: A, g: A, h: A) {}
    );
    assert!(
        !session_or_m2m(quote!(), eight)
            .to_string()
            .contains(counted)
    );
}

#[test]
fn another_crate_path_replaces_the_default() {
    let item = quote!(
        async fn f(#[caller] who: Principal, a: A) -> R {}
    );
    let users = quote!(user(claims(A), tenant = "a"));
    assert!(mentions_default(session_or_m2m(
        users.clone(),
        item.clone()
    )));
    assert!(!mentions_default(session_or_m2m(
        quote!(from = "a", #users, crate = ::renamed),
        item
    )));
}

#[test]
fn keys() {
    bad_args(
        quote!(form = "a"),
        &["unknown argument `form`; expected one of `from`, `user`, `crate`; did you mean `from`?"],
    );
    bad_args(
        quote!(users(check_database)),
        &[
            "unknown argument `users`; expected one of `from`, `user`, `crate`; did you mean `user`?",
        ],
    );
    bad_args(
        quote!(user(check_database), user(tenant = "a")),
        &["duplicate `user`; keep one", "first given here"],
    );
    bad_args(
        quote!("a"),
        &[r#"expected an argument of the form `key = value`; write `from = "a"`"#],
    );
    for key in ["anti_csrf", "check_database", "tenant", "claims"] {
        let tokens: TokenStream = key.parse().expect("a word");
        let message = format!("`{key}` is about users; write it inside `user(...)`");
        bad_args(quote!(#tokens = 5), &[&message]);
        bad_args(quote!(#tokens(a)), &[&message]);
    }
    bad_args(
        quote!(from = []),
        &["`from = []` lets nobody in; name the services or drop the key to let any service in"],
    );
}

#[test]
fn values_of_user() {
    bad_args(
        quote!(user),
        &["`user` needs a list; write `user(check_database)`"],
    );
    bad_args(
        quote!(user()),
        &["`user()` says nothing; write `user(check_database)` or drop the key"],
    );
    bad_args(
        quote!(user = "a"),
        &["`user` takes a list in parentheses; write `user(check_database)`"],
    );
}

#[test]
fn keys_of_users() {
    bad_users(
        &quote!(check_databse),
        &[
            "unknown argument `check_databse`; expected one of `anti_csrf`, `check_database`, `tenant`, `claims`; did you mean `check_database`?",
        ],
    );
    bad_users(
        &quote!(check_database, check_database = off),
        &["duplicate `check_database`; keep one", "first given here"],
    );
    bad_users(
        &quote!("t1"),
        &[r#"expected an argument of the form `key = value`; write `tenant = "t1"`"#],
    );
    bad_users(
        &quote!(from = "a"),
        &["`from` is not about users; write it outside `user(...)`"],
    );
    bad_users(
        &quote!(crate = ::a),
        &["`crate` is not about users; write it outside `user(...)`"],
    );
}

#[test]
fn values_of_switches() {
    bad_users(
        &quote!(anti_csrf),
        &["`anti_csrf` needs a value; expected `on` or `off`"],
    );
    bad_users(
        &quote!(anti_csrf = false),
        &["expected `on` or `off`; write `off`"],
    );
    bad_users(
        &quote!(check_database = true),
        &["expected `on` or `off`; write `on`"],
    );
    bad_users(
        &quote!(check_database = always),
        &["expected `on` or `off`"],
    );
    bad_users(
        &quote!(check_database(on)),
        &["expected `=` and a value: write `check_database = ...`"],
    );
}

#[test]
fn values_of_tenant() {
    bad_users(
        &quote!(tenant),
        &[r#"`tenant` needs a value; expected a tenant such as `"public"`"#],
    );
    bad_users(
        &quote!(tenant = ["a", "b"]),
        &[r#"expected a tenant such as `"public"`"#],
    );
    bad_users(
        &quote!(tenant = ""),
        &[r#"a tenant cannot be empty; write one such as `"public"`"#],
    );
    bad_users(
        &quote!(tenant = "a\n"),
        &["a tenant has no whitespace or control characters, found '\\n'; remove it"],
    );
}

#[test]
fn values_of_claims() {
    bad_users(
        &quote!(claims()),
        &["`claims()` says nothing; write `claims(EMAIL_VERIFIED)` or drop the key"],
    );
    bad_users(
        &quote!(claims = A),
        &["`claims` takes a list in parentheses; write `claims(EMAIL_VERIFIED)`"],
    );
    bad_users(
        &quote!(claims("email", A, 5 + 5)),
        &["expected the path of a claim validator such as `EMAIL_VERIFIED`"; 2],
    );
    bad_users(
        &quote!(claims(A, b::A, b::A)),
        &["duplicate claim validator `b::A`; keep one"],
    );
    bad_users(
        &quote!(claims(A,, B)),
        &["expected an argument before this comma; remove the comma"],
    );
}

/// In the order of the source, and each once.
#[test]
fn all_errors_at_once() {
    let expansion = session_or_m2m(
        quote!(
            form = "a",
            tenant = "b",
            user(tenant = 5, claims(), x),
            crate = b
        ),
        quote!(
            #[m2m_protected]
            unsafe fn f(#[caller(x)] a: A, #[caller] b: B, ...) {}
        ),
    );
    assert_eq!(messages(expansion).len(), 13);
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
            struct S;
        ),
        &[
            "`#[session_or_m2m]` guards an `async fn` handler, found a struct; put it on the handler",
        ],
    );
    bad_item(
        quote!(impl A { async fn f(&self) {} }),
        &["methods of an `impl` cannot be guarded; put `#[session_or_m2m]` on free functions"],
    );
    bad_item(
        quote!(
            async fn f(&self, #[caller] a: A) {}
        ),
        &["methods of an `impl` cannot be guarded; make `f` a free function"],
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
            async fn f(#[caller(a)] a: A) {}
        ),
        &["`#[caller]` takes no arguments; write `#[caller]`"],
    );
}

#[test]
fn one_guard_is_enough() {
    bad_item(
        quote!(
            #[m2m_protected(from = "a")]
            async fn f(#[caller] who: Caller) {}
        ),
        &[
            "`#[m2m_protected]` lets in services, `#[session_or_m2m]` users and services; keep one of the two",
        ],
    );
    bad_item(
        quote!(
            #[st_m2m::session_or_m2m]
            async fn f() {}
        ),
        &["`#[session_or_m2m]` guards this handler already; keep one"],
    );
}
