//! The places of parameters.

use quote::quote;

use super::{bad, good};
use crate::client::m2m_client;

#[test]
fn places_follow_names_and_verbs() {
    for verb in ["get", "head", "delete", "options"] {
        let verb = proc_macro2::Ident::new(verb, proc_macro2::Span::call_site());
        good(quote!(#[#verb("/{id}")] async fn f(&self, id: u64, r#type: u64) -> Result<(), E>;));
    }
    let expansion = m2m_client(
        quote!(service = "a"),
        quote!(
            trait T {
                #[get("/{id}")]
                async fn f(&self, id: u64, r#type: u64) -> R;
            }
        ),
    );
    let shown = expansion.to_string();
    assert!(
        shown.contains(r#". path :: < u64 > ("id" , & id) . query :: < u64 > ("type" , & r#type)"#),
        "{shown}"
    );
}

#[test]
fn bindings() {
    bad(
        quote!(
            #[post("/")]
            async fn f(
                &self,
                #[query]
                #[body]
                a: A,
            ) -> R;
        ),
        &[
            "a parameter has one binding; keep `#[query]` or `#[body]`",
            "first binding here",
        ],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f(
                &self,
                #[query]
                #[query]
                a: A,
            ) -> R;
        ),
        &[
            "a parameter has one binding; keep one",
            "first binding here",
        ],
    );
    let ambiguous =
        "cannot tell whether `order` is the body or a query parameter; add `#[body]` or `#[query]`";
    for verb in [
        quote!(post("/")),
        quote!(put("/")),
        quote!(patch("/")),
        quote!(request("A", "/")),
    ] {
        bad(
            quote!(#[#verb] async fn f(&self, order: A) -> R;),
            &[ambiguous],
        );
    }
    bad(
        quote!(
            #[post("/")]
            async fn f(&self, #[body] a: A, #[body] b: A) -> R;
        ),
        &[
            "an endpoint has one body; put `a` and `b` into one struct",
            "first body here",
        ],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, #[body] a: A) -> R;
        ),
        &["GET requests have no body; make `a` a `#[query]` parameter or use `#[post]`"],
    );
    bad(
        quote!(
            #[head("/")]
            async fn f(&self, #[body] a: A) -> Reply;
        ),
        &["HEAD requests have no body; make `a` a `#[query]` parameter or use `#[post]`"],
    );
    good(quote!(
        #[delete("/")]
        async fn f(&self, #[body] a: A) -> R;
    ));
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, tag: A, #[query("tag")] b: A) -> R;
        ),
        &[
            "query key `tag` is used twice; rename one with `#[query(\"...\")]`",
            "first used here",
        ],
    );
}

#[test]
fn binding_arguments() {
    let takes = |argument, kind| {
        format!(
            "unknown argument `{argument}`; `#[{kind}]` takes only a name, as in `#[{kind}(\"name\")]`"
        )
    };
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, #[query(csv)] a: A) -> R;
        ),
        &[&takes("csv", "query")],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, #[query(nmae = "a")] a: A) -> R;
        ),
        &[&takes("nmae", "query")],
    );
    bad(
        quote!(
            #[get("/{a}")]
            async fn f(&self, #[path(display)] a: A) -> R;
        ),
        &[&takes("display", "path")],
    );
    bad(
        quote!(
            #[post("/")]
            async fn f(&self, #[body(text)] a: A) -> R;
        ),
        &["unknown argument `text`; remove it, `#[body]` takes no arguments"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, #[query = "b"] a: A) -> R;
        ),
        &["unexpected value for `#[query]`; write `#[query(\"...\")]`"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, #[query("")] a: A) -> R;
        ),
        &["a name on the wire cannot be empty; write `#[query]` to use the parameter's"],
    );
}

#[test]
fn parameter_attributes() {
    let header = "unknown parameter attribute `header`; expected one of `path`, `query`, `body`";
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, #[header("A")] a: A) -> R;
        ),
        &[header],
    );
    let misspelled = "unknown parameter attribute `bdoy`; expected one of `path`, `query`, `body`; did you mean `body`?";
    bad(
        quote!(
            #[post("/")]
            async fn f(&self, #[bdoy] a: A) -> R;
        ),
        &[misspelled],
    );
    let conditional =
        "a parameter of an endpoint cannot be conditional; put the `#[cfg]` on the method";
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, #[cfg(unix)] a: A) -> R;
        ),
        &[conditional],
    );
    good(quote!(
        #[get("/")]
        async fn f(&self, #[allow(unused)] a: A) -> R;
    ));
}
