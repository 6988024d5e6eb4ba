//! The signatures of endpoints.

use proc_macro2::TokenStream;
use quote::quote;

use super::{bad, good};
use crate::client::m2m_client;

#[test]
fn signatures() {
    bad(
        quote!(#[get("/")] async fn f(&self) -> R { half. }),
        &["an endpoint cannot have a default body; end the signature with `;`, or remove `#[get]`"],
    );
    bad(
        quote!(
            #[get("/")]
            fn f(&self) -> R;
        ),
        &["endpoint methods must be `async`; write `async fn`"],
    );
    for receiver in [
        quote!(),
        quote!(self),
        quote!(&mut self),
        quote!(self: &Self),
        quote!(mut self),
    ] {
        bad(
            quote!(#[get("/")] async fn f(#receiver) -> R;),
            &["endpoint methods take `&self`"],
        );
    }
    bad(
        quote!(
            #[get("/")]
            async fn f<T>(&self) -> R;
        ),
        &["endpoint methods cannot be generic; write the concrete type instead of `T`"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f<const N: u8>(&self) -> R;
        ),
        &["endpoint methods cannot be generic; write the value instead of `N`"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, a: Option<impl A>) -> R;
        ),
        &["endpoint methods cannot be generic; write the concrete type"],
    );
    bad(
        quote!(
            #[get("/")]
            const async fn f(&self) -> R;
        ),
        &["endpoint methods must not be `const`; remove `const`"],
    );
    bad(
        quote!(
            #[get("/")]
            async unsafe fn f(&self) -> R;
        ),
        &["endpoint methods must not be `unsafe`; remove `unsafe`"],
    );
    bad(
        quote!(
            #[get("/")]
            async extern "C" fn f(&self) -> R;
        ),
        &[r#"endpoint methods must not be `extern`; remove `extern "C"`"#],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, ...) -> R;
        ),
        &["endpoint methods must not be variadic; remove `...`"],
    );
    bad(
        quote!(
            #[get("/")]
            pub async fn f(&self) -> R;
        ),
        &["methods of a trait have no visibility of their own; remove `pub`"],
    );
    bad(
        quote!(
            #[get("/")]
            pub(crate) async fn f(&self) -> R;
        ),
        &["methods of a trait have no visibility of their own; remove `pub(...)`"],
    );
}

#[test]
fn names_and_types() {
    for (pattern, name) in [
        (quote!(_), "name"),
        (quote!((a, b)), "name"),
        (quote!(mut a), "a"),
        (quote!(ref a), "a"),
    ] {
        let message = format!(
            "parameters must be plain names: the name is used on the wire; write `{name}: A`"
        );
        bad(
            quote!(#[get("/")] async fn f(&self, #pattern: A) -> R;),
            &[&message],
        );
    }
    bad(
        quote!(
            #[get("/")]
            async fn f(&self);
        ),
        &["endpoints return `Result<T, E>`; write `-> Result<(), E>` to ignore the response body"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn new(&self) -> R;
        ),
        &["`new` conflicts with a generated `OrdersClient::new`; rename the method"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn builder(&self) -> R;
        ),
        &["`builder` conflicts with a generated `OrdersClient::builder`; rename the method"],
    );
}

#[test]
fn head_has_no_body() {
    good(quote!(
        #[head("/")]
        async fn f(&self) -> Result<(), E>;
    ));
    good(quote!(
        #[head("/")]
        async fn f(&self) -> Reply;
    ));
    bad(
        quote!(
            #[head("/")]
            async fn f(&self) -> Result<u8, E>;
        ),
        &["a HEAD response has no body; return `Result<(), E>`"],
    );
}

#[test]
fn decoders_follow_what_is_written() {
    let decoder = |output: TokenStream| {
        let shown = m2m_client(
            quote!(service = "a"),
            quote!(trait T { #[get("/")] async fn f(&self) -> #output; }),
        )
        .to_string();
        let (_, rest) = shown
            .split_once(". send :: < :: st_m2m :: __private :: ")
            .expect("a call");
        rest.split_once(' ').expect("a decoder").0.to_owned()
    };
    assert_eq!(decoder(quote!(Result<(), E>)), "Unit");
    assert_eq!(decoder(quote!(Result<Option<u8>, E>)), "OptionalJson");
    assert_eq!(
        decoder(quote!(my::Reply<std::option::Option<u8>>)),
        "OptionalJson"
    );
    assert_eq!(decoder(quote!(Result<Vec<Option<u8>>, E>)), "Json");
    assert_eq!(decoder(quote!(Result<MyOption<u8>, E>)), "Json");
    assert_eq!(decoder(quote!(Result<String, E>)), "Json");
    assert_eq!(decoder(quote!(Reply)), "Json");
}
