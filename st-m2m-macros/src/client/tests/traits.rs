//! The attribute and the trait under it.

use proc_macro2::TokenStream;
use quote::quote;

use super::bad;
use crate::client::m2m_client;
use crate::diag::tests::messages;

/// Checks the errors of `#[m2m_client(args)]` on a good trait.
#[track_caller]
fn bad_args(args: TokenStream, expected: &[&str]) {
    let expansion = m2m_client(
        args,
        quote!(
            trait T {
                #[get("/")]
                async fn f(&self) -> R;
            }
        ),
    );
    assert!(
        expansion.to_string().contains("impl T for TClient"),
        "the client stays usable"
    );
    assert_eq!(messages(expansion), expected);
}

/// Checks the errors of `#[m2m_client(service = "a")] item`.
#[track_caller]
fn bad_item(item: TokenStream, expected: &[&str]) {
    assert_eq!(messages(m2m_client(quote!(service = "a"), item)), expected);
}

#[test]
fn keys() {
    let unknown = "unknown argument `base_ulr`; expected one of `service`, `base_url`, `crate`; did you mean `base_url`?";
    bad_args(quote!(service = "a", base_ulr = "https://a"), &[unknown]);
    let timeout = "unknown argument `timeout`; expected one of `service`, `base_url`, `crate`";
    bad_args(quote!(service = "a", timeout = "2s"), &[timeout]);
    bad_args(quote!(), &["missing `service = \"...\"`"]);
    let misspelled = "unknown argument `srvice`; expected one of `service`, `base_url`, `crate`; did you mean `service`?";
    bad_args(quote!(srvice = "a"), &[misspelled]);
    bad_args(
        quote!(service = "a", service = "b"),
        &["duplicate `service`; keep one", "first given here"],
    );
    bad_args(
        quote!(service),
        &[r#"`service` needs a value; expected a service name such as `"billing"`"#],
    );
    bad_args(
        quote!(service = 5),
        &[r#"expected a service name such as `"billing"`"#],
    );
    bad_args(
        quote!(service("a")),
        &["expected `=` and a value: write `service = ...`"],
    );
    bad_args(
        quote!(service = "Billing"),
        &[r#"service names use lowercase letters, digits and `-`; write `"billing"`"#],
    );
    bad_args(
        quote!(service = "Order_service"),
        &[r#"service names use lowercase letters, digits and `-`; write `"order-service"`"#],
    );
    bad_args(
        quote!(service = "größe"),
        &[r#"service names use lowercase letters, digits and `-`; write one such as `"billing"`"#],
    );
    bad_args(
        quote!(service = ""),
        &[r#"a service name cannot be empty; write one such as `"billing"`"#],
    );
    let url = r#"`base_url` must be an absolute http(s) URL with no query, fragment or credentials; write one such as `"https://billing.internal"`"#;
    bad_args(quote!(service = "a", base_url = "billing.internal"), &[url]);
    bad_args(
        quote!(service = "a", base_url = 5),
        &[r#"expected a URL such as `"https://billing.internal"`"#],
    );
    let relative = "crate path must start with `::` or `crate::`; write `::m2m` for a dependency or `crate::m2m` for a path of this crate";
    bad_args(quote!(service = "a", crate = m2m), &[relative]);
}

#[test]
fn only_traits() {
    let found = |what| {
        format!(
            "`#[m2m_client]` expects a trait, found {what}; put it on a trait, above other attributes such as `#[automock]`"
        )
    };
    bad_item(
        quote!(
            struct S;
        ),
        &[&found("a struct")],
    );
    bad_item(quote!(impl T {}), &[&found("an `impl` block")]);
    bad_item(
        quote!(
            async fn f() {}
        ),
        &[&found("a function")],
    );
}

#[test]
fn traits_stand_alone() {
    let endpoint = quote!(
        #[get("/")]
        async fn f(&self) -> R;
    );
    bad_item(
        quote!(trait T<A> { #endpoint }),
        &["`#[m2m_client]` traits cannot be generic; remove `<...>` and write concrete types"],
    );
    bad_item(
        quote!(trait T where Self: Sized { #endpoint }),
        &["`#[m2m_client]` traits cannot be generic; remove the `where` clause"],
    );
    bad_item(
        quote!(unsafe trait T { #endpoint }),
        &["`#[m2m_client]` traits cannot be `unsafe`; remove `unsafe`"],
    );
    bad_item(
        quote!(auto trait T { #endpoint }),
        &["`#[m2m_client]` traits cannot be `auto`; remove `auto`"],
    );
    bad_item(
        quote!(trait T: Clone + Send + Sync + 'static { #endpoint }),
        &["`T` must stand alone; remove this bound and compose clients instead of inheriting"],
    );
    bad_item(
        quote!(trait T: ?Sized { #endpoint }),
        &["`T` must stand alone; remove this bound and compose clients instead of inheriting"],
    );
    bad_item(
        quote!(
            trait T {}
        ),
        &[
            "`T` declares no endpoints; add a method with `#[get(\"/...\")]`, `#[post(\"/...\")]`, ...",
        ],
    );
    bad_item(
        quote!(
            trait T {
                fn f() {}
            }
        ),
        &[
            "`T` declares no endpoints; add a method with `#[get(\"/...\")]`, `#[post(\"/...\")]`, ...",
        ],
    );
}

#[test]
fn markers_are_added_once() {
    let head = |bounds: TokenStream| {
        let shown = m2m_client(
            quote!(service = "a"),
            quote!(trait T: #bounds { #[get("/")] async fn f(&self) -> R; }),
        )
        .to_string();
        shown.split_once('{').expect("a trait").0.to_owned()
    };
    assert_eq!(
        head(quote!()),
        "trait T : :: core :: marker :: Send + :: core :: marker :: Sync "
    );
    assert_eq!(
        head(quote!(Send)),
        "trait T : Send + :: core :: marker :: Sync "
    );
    assert_eq!(
        head(quote!(std::marker::Sync + 'static)),
        "trait T : std :: marker :: Sync + 'static + :: core :: marker :: Send "
    );
}

#[test]
fn other_items() {
    let expected = "only endpoint methods are allowed here; move `A` out of the trait";
    bad(
        quote!(
            type A;
        ),
        &[expected],
    );
    bad(
        quote!(
            const A: u8;
        ),
        &[expected],
    );
    bad(
        quote!(a! {}),
        &["only endpoint methods are allowed here; write the methods themselves"],
    );
}

#[test]
fn errors_of_all_endpoints_at_once() {
    bad(
        quote! {
            #[get("/a")] fn a(&self) -> R;
            #[get("b")] async fn b(&self) -> R;
            #[get("/c")] async fn c(&self);
        },
        &[
            "endpoint methods must be `async`; write `async fn`",
            "paths start with `/`; write `\"/b\"`",
            "endpoints return `Result<T, E>`; write `-> Result<(), E>` to ignore the response body",
        ],
    );
}

#[test]
fn what_is_no_trait_is_kept() {
    let expansion = m2m_client(quote!(service = "a"), quote!(trait T { async fn }));
    assert!(expansion.to_string().ends_with("trait T { async fn }"));
    assert_eq!(messages(expansion).len(), 1);
}
