//! Where an endpoint is: its attribute, its method and its path.

use quote::quote;

use super::{bad, good};

/// Checks the errors of a path with the parameter `id`.
#[track_caller]
fn bad_path(path: &str, expected: &[&str]) {
    bad(
        quote!(
            #[get(#path)]
            async fn f(&self, id: u64) -> R;
        ),
        expected,
    );
}

#[test]
fn endpoint_attributes() {
    let missing = "`f` has no endpoint attribute; add `#[get(\"/...\")]`, `#[post(\"/...\")]`, ... or a default body";
    bad(
        quote!(
            async fn f(&self, #[body] a: A) -> R;
        ),
        &[missing],
    );
    bad(
        quote!(
            #[psot("/")]
            async fn f(&self) -> R;
        ),
        &["unknown endpoint attribute `psot`; did you mean `post`?"],
    );
    bad(
        quote!(
            #[get("/a")]
            #[post("/a")]
            async fn f(&self) -> R;
        ),
        &[
            "an endpoint has one HTTP method; move `#[post]` to a method of its own",
            "first method here",
        ],
    );
    bad(
        quote!(
            #[get]
            async fn f(&self) -> R;
        ),
        &[r#"`#[get]` needs a path, as in `#[get("/orders/{id}")]`"#],
    );
    bad(
        quote!(
            #[get()]
            async fn f(&self) -> R;
        ),
        &[r#"`#[get]` needs a path, as in `#[get("/orders/{id}")]`"#],
    );
    bad(
        quote!(
            #[get = "/"]
            async fn f(&self) -> R;
        ),
        &[r#"the path stands in parentheses: `#[get("/orders/{id}")]`"#],
    );
    bad(
        quote!(
            #[get(PATH)]
            async fn f(&self) -> R;
        ),
        &[r#"expected a path such as `"/orders/{id}"`"#],
    );
    bad(
        quote!(
            #[get("/", idempotent)]
            async fn f(&self) -> R;
        ),
        &["unknown argument `idempotent`; remove it, `#[get]` takes only a path"],
    );
}

#[test]
fn custom_methods() {
    good(quote!(
        #[request("PURGE", "/")]
        async fn f(&self, #[body] a: A) -> R;
    ));
    let needs =
        r#"`#[request]` needs a method and a path, as in `#[request("PURGE", "/orders/{id}")]`"#;
    bad(
        quote!(
            #[request("PURGE")]
            async fn f(&self) -> R;
        ),
        &[needs],
    );
    bad(
        quote!(
            #[request(PURGE, "/")]
            async fn f(&self) -> R;
        ),
        &[r#"expected an HTTP method such as `"PURGE"`"#],
    );
    bad(
        quote!(
            #[request("A B", "/")]
            async fn f(&self) -> R;
        ),
        &[r#""A B" is not an HTTP method; expected one such as `"PURGE"`"#],
    );
    bad(
        quote!(
            #[request("get", "/")]
            async fn f(&self) -> R;
        ),
        &[r#"write `#[get("/...")]` for GET"#],
    );
    bad(
        quote!(
            #[request("TRACE", "/")]
            async fn f(&self) -> R;
        ),
        &["TRACE is no method of an endpoint; use another such as `#[get(\"/...\")]`"],
    );
    bad(
        quote!(
            #[request("A", "/", 5)]
            async fn f(&self) -> R;
        ),
        &["unknown argument `5`; remove it, `#[request]` takes only a method and a path"],
    );
}

#[test]
fn paths() {
    bad_path(
        "orders/{id}",
        &["paths start with `/`; write `\"/orders/{id}\"`"],
    );
    let absolute = "paths are relative to `base_url`, an absolute URL would send the service token elsewhere; write `\"/{id}\"`";
    bad_path("https://a/{id}", &[absolute]);
    bad_path("/a/{id", &["unclosed `{` at byte 3; write `{id}`"]);
    bad_path("/{id}/{id}", &["`{id}` appears twice; rename one"]);
    bad_path(
        "/../{}",
        &[
            "path contains a dot segment `..`, which would leave the path; write the path without it",
            "empty placeholder `{}`; name a parameter in it, as in `{id}`",
        ],
    );
}

#[test]
fn placeholders_and_parameters() {
    bad(
        quote!(
            #[get("/{id}")]
            async fn f(&self) -> R;
        ),
        &["no parameter for `{id}`; name a parameter `id` or mark one with `#[path(\"id\")]`"],
    );
    bad(
        quote!(
            #[get("/{id}")]
            async fn f(&self, order_id: u8) -> R;
        ),
        &["no parameter for `{id}`; did you mean `{order_id}`?"],
    );
    bad(
        quote!(
            #[get("/{order}")]
            async fn f(&self, oder: u8) -> R;
        ),
        &["no parameter for `{order}`; did you mean `{oder}`?"],
    );
    bad(
        quote!(
            #[get("/orders")]
            async fn f(&self, #[path] order_id: u8) -> R;
        ),
        &[
            "`order_id` is not in the path `/orders`; add `/{order_id}` to it or make the parameter a `#[query]`",
        ],
    );
    bad(
        quote!(
            #[get("/{id}")]
            async fn f(&self, #[path("ID")] id: u8) -> R;
        ),
        &["`ID` is not in the path `/{id}`; add `/{ID}` to it or make the parameter a `#[query]`"],
    );
    bad(
        quote!(
            #[get("/{id}")]
            async fn f(&self, id: u8, #[path("id")] other: u8) -> R;
        ),
        &[
            "`{id}` is filled twice; keep `id` or `other`",
            "first filled here",
        ],
    );
    bad(
        quote!(
            #[get("/{order_id}")]
            async fn f(&self, #[path] order_ids: u8) -> R;
        ),
        &["`order_ids` is not in the path `/{order_id}`; did you mean `{order_id}`?"],
    );
    for (ty, help) in [
        (quote!(Option<u8>), "write `id: u8`"),
        (quote!(&Vec<u8>), "write `id: u8`"),
        (quote!(&[u8]), "write `id: u8`"),
        (quote!([u8; 2]), "write `id: u8`"),
        (quote!(()), "take the value itself"),
        (quote!((u8, u8)), "take the value itself"),
    ] {
        bad(
            quote!(#[get("/{id}")] async fn f(&self, id: #ty) -> R;),
            &[&format!(
                "a path segment is always present and single; {help}"
            )],
        );
    }
}
