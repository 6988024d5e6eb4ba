//! The client as a whole: tokens in, tokens out.
#![allow(
    clippy::needless_pass_by_value,
    reason = "`quote!(..)` reads better in a call than `&quote!(..)`"
)]

use expect_test::{Expect, expect};
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::m2m_client;
use crate::diag::tests::messages;

/// What `#[m2m_client(args)] item` expands to, formatted.
fn expands(args: TokenStream, item: TokenStream, expected: &Expect) {
    let file = syn::parse2(m2m_client(args, item)).expect("an expansion is items");
    expected.assert_eq(&prettyplease::unparse(&file));
}

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

/// Checks the errors of a trait with one good endpoint and these `members`.
#[track_caller]
fn bad(members: TokenStream, expected: &[&str]) {
    let expansion = m2m_client(
        quote!(service = "a"),
        quote!(pub trait Orders { #[get("/good")] async fn good(&self) -> R; #members }),
    );
    let shown = expansion.to_string();
    for ours in [
        "get", "head", "post", "put", "patch", "delete", "options", "request", "path", "query",
        "body",
    ] {
        assert!(!shown.contains(&format!("# [{ours}")), "#[{ours}] is left");
    }
    assert!(
        shown.contains("pub struct OrdersClient"),
        "the client stays"
    );
    assert!(shown.contains("\"/good\""), "good endpoints stay");
    assert_eq!(messages(expansion), expected);
}

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

/// Checks that one more endpoint is fine.
#[track_caller]
fn good(member: TokenStream) {
    bad(member, &[]);
}

#[test]
fn minimal() {
    expands(
        quote!(service = "billing"),
        quote! {
            trait Billing {
                #[get("/charges/{id}")]
                async fn find(&self, id: u64) -> Result<Option<Receipt>, Error>;
            }
        },
        &expect![[r#"
            trait Billing: ::core::marker::Send + ::core::marker::Sync {
                fn find(
                    &self,
                    id: u64,
                ) -> impl ::core::future::Future<
                    Output = Result<Option<Receipt>, Error>,
                > + ::core::marker::Send;
            }
            /// Calls the service `billing`: the generated implementation of [`Billing`].
            ///
            /// Cloning it is cheap.
            ///
            /// * [`find`](Billing::find): `GET /charges/{id}`
            #[derive(::core::clone::Clone)]
            struct BillingClient {
                __client: ::st_m2m::__private::Client,
            }
            #[automatically_derived]
            impl BillingClient {
                /// A client of `billing` that uses the process-global `M2m` at each call.
                #[must_use]
                pub fn new() -> Self {
                    ::st_m2m::__private::new_client::<Self>()
                }
                /// Settings for a client of `billing`: another `M2m`, another base URL.
                #[must_use]
                pub fn builder() -> ::st_m2m::client::ClientBuilder<Self> {
                    ::st_m2m::__private::client_builder::<Self>()
                }
                /// What a `BillingClient` can call, in the order of [`Billing`].
                pub const ENDPOINTS: &'static [::st_m2m::client::Endpoint] = &[
                    ::st_m2m::__private::endpoint(
                        "billing",
                        "Billing",
                        "find",
                        "GET",
                        "/charges/{id}",
                    ),
                ];
            }
            #[automatically_derived]
            impl ::core::default::Default for BillingClient {
                fn default() -> Self {
                    Self::new()
                }
            }
            #[automatically_derived]
            impl ::core::fmt::Debug for BillingClient {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    __f.debug_struct("BillingClient").finish_non_exhaustive()
                }
            }
            #[automatically_derived]
            impl ::st_m2m::__private::GeneratedClient for BillingClient {
                const SERVICE: ::st_m2m::__private::Service = ::st_m2m::__private::Service::new(
                    "billing",
                    ::core::option::Option::None,
                );
                fn from_client(__client: ::st_m2m::__private::Client) -> Self {
                    Self { __client }
                }
            }
            #[automatically_derived]
            impl Billing for BillingClient {
                async fn find(&self, id: u64) -> Result<Option<Receipt>, Error> {
                    ::st_m2m::__private::Call::new(
                            &self.__client,
                            const {
                                &::st_m2m::__private::endpoint(
                                    "billing",
                                    "Billing",
                                    "find",
                                    "GET",
                                    "/charges/{id}",
                                )
                            },
                        )
                        .path::<u64>("id", &id)
                        .send::<::st_m2m::__private::OptionalJson, Result<Option<Receipt>, Error>>()
                        .await
                }
            }
        "#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a whole expansion")]
fn full() {
    expands(
        quote!(
            service = "billing",
            base_url = "https://billing.internal/v1",
            crate = ::renamed::m2m
        ),
        quote! {
            /// Takes money.
            #[cfg(feature = "billing")]
            #[automock]
            pub(crate) trait r#Billing: Send + 'static {
                /// Charges.
                #[cfg(feature = "charge")]
                #[allow(clippy::too_many_arguments)]
                #[post("/charges/{order-id}")]
                async fn charge<'a>(
                    &'a self,
                    #[path("order-id")] order: &'a str,
                    #[query("tag")] tags: &[Tag],
                    #[body] charge: &Charge,
                ) -> Result<Receipt, Error>
                where
                    Self: 'a;

                #[delete("/charges/{type}")]
                async fn r#type(&self, r#type: u8, force: Option<bool>) -> Result<(), Error>;

                #[request("PURGE", "/charges")]
                async fn purge(&self) -> Reply;

                /// Not an endpoint.
                async fn both(&self) { half. typed }
            }
        },
        &expect![[r#"
            /// Takes money.
            #[cfg(feature = "billing")]
            #[automock]
            pub(crate) trait r#Billing: Send + 'static + ::core::marker::Sync {
                /// Charges.
                #[cfg(feature = "charge")]
                #[allow(clippy::too_many_arguments)]
                fn charge<'a>(
                    &'a self,
                    order: &'a str,
                    tags: &[Tag],
                    charge: &Charge,
                ) -> impl ::core::future::Future<
                    Output = Result<Receipt, Error>,
                > + ::core::marker::Send
                where
                    Self: 'a;
                fn r#type(
                    &self,
                    r#type: u8,
                    force: Option<bool>,
                ) -> impl ::core::future::Future<Output = Result<(), Error>> + ::core::marker::Send;
                fn purge(
                    &self,
                ) -> impl ::core::future::Future<Output = Reply> + ::core::marker::Send;
                /// Not an endpoint.
                async fn both(&self) {
                    half.typed
                }
            }
            #[cfg(feature = "billing")]
            /// Calls the service `billing`: the generated implementation of [`Billing`].
            ///
            /// Cloning it is cheap.
            ///
            /// * `charge`: `POST /charges/{order-id}`
            /// * [`type`](Billing::type): `DELETE /charges/{type}`
            /// * [`purge`](Billing::purge): `PURGE /charges`
            #[derive(::core::clone::Clone)]
            pub(crate) struct BillingClient {
                __client: ::renamed::m2m::__private::Client,
            }
            #[cfg(feature = "billing")]
            #[automatically_derived]
            impl BillingClient {
                /// A client of `billing` that uses the process-global `M2m` at each call.
                #[must_use]
                pub fn new() -> Self {
                    ::renamed::m2m::__private::new_client::<Self>()
                }
                /// Settings for a client of `billing`: another `M2m`, another base URL.
                #[must_use]
                pub fn builder() -> ::renamed::m2m::client::ClientBuilder<Self> {
                    ::renamed::m2m::__private::client_builder::<Self>()
                }
                /// What a `BillingClient` can call, in the order of [`Billing`].
                pub const ENDPOINTS: &'static [::renamed::m2m::client::Endpoint] = &[
                    #[cfg(feature = "charge")]
                    ::renamed::m2m::__private::endpoint(
                        "billing",
                        "Billing",
                        "charge",
                        "POST",
                        "/charges/{order-id}",
                    ),
                    ::renamed::m2m::__private::endpoint(
                        "billing",
                        "Billing",
                        "type",
                        "DELETE",
                        "/charges/{type}",
                    ),
                    ::renamed::m2m::__private::endpoint(
                        "billing",
                        "Billing",
                        "purge",
                        "PURGE",
                        "/charges",
                    ),
                ];
            }
            #[cfg(feature = "billing")]
            #[automatically_derived]
            impl ::core::default::Default for BillingClient {
                fn default() -> Self {
                    Self::new()
                }
            }
            #[cfg(feature = "billing")]
            #[automatically_derived]
            impl ::core::fmt::Debug for BillingClient {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    __f.debug_struct("BillingClient").finish_non_exhaustive()
                }
            }
            #[cfg(feature = "billing")]
            #[automatically_derived]
            impl ::renamed::m2m::__private::GeneratedClient for BillingClient {
                const SERVICE: ::renamed::m2m::__private::Service = ::renamed::m2m::__private::Service::new(
                    "billing",
                    ::core::option::Option::Some("https://billing.internal/v1"),
                );
                fn from_client(__client: ::renamed::m2m::__private::Client) -> Self {
                    Self { __client }
                }
            }
            #[cfg(feature = "billing")]
            #[automatically_derived]
            impl r#Billing for BillingClient {
                #[cfg(feature = "charge")]
                async fn charge<'a>(
                    &'a self,
                    order: &'a str,
                    tags: &[Tag],
                    charge: &Charge,
                ) -> Result<Receipt, Error>
                where
                    Self: 'a,
                {
                    ::renamed::m2m::__private::Call::new(
                            &self.__client,
                            const {
                                &::renamed::m2m::__private::endpoint(
                                    "billing",
                                    "Billing",
                                    "charge",
                                    "POST",
                                    "/charges/{order-id}",
                                )
                            },
                        )
                        .path::<&'a str>("order-id", &order)
                        .query::<&[Tag]>("tag", &tags)
                        .body::<&Charge>(&charge)
                        .send::<::renamed::m2m::__private::Json, Result<Receipt, Error>>()
                        .await
                }
                async fn r#type(&self, r#type: u8, force: Option<bool>) -> Result<(), Error> {
                    ::renamed::m2m::__private::Call::new(
                            &self.__client,
                            const {
                                &::renamed::m2m::__private::endpoint(
                                    "billing",
                                    "Billing",
                                    "type",
                                    "DELETE",
                                    "/charges/{type}",
                                )
                            },
                        )
                        .path::<u8>("type", &r#type)
                        .query::<Option<bool>>("force", &force)
                        .send::<::renamed::m2m::__private::Unit, Result<(), Error>>()
                        .await
                }
                async fn purge(&self) -> Reply {
                    ::renamed::m2m::__private::Call::new(
                            &self.__client,
                            const {
                                &::renamed::m2m::__private::endpoint(
                                    "billing",
                                    "Billing",
                                    "purge",
                                    "PURGE",
                                    "/charges",
                                )
                            },
                        )
                        .send::<::renamed::m2m::__private::Json, Reply>()
                        .await
                }
            }
        "#]],
    );
}

#[test]
fn another_crate_path_replaces_the_default() {
    fn mentions_default(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Ident(ident) => ident == "st_m2m",
            TokenTree::Group(group) => mentions_default(group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }
    let item = quote!(
        trait T {
            #[post("/{id}")]
            async fn f(&self, id: u8, #[query] q: u8, #[body] b: u8) -> R;
        }
    );
    assert!(mentions_default(m2m_client(
        quote!(service = "a"),
        item.clone()
    )));
    assert!(!mentions_default(m2m_client(
        quote!(service = "a", crate = ::renamed),
        item
    )));
}

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
        &["duplicate `service`", "first given here"],
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
        &["service names use lowercase letters, digits and `-`"],
    );
    bad_args(quote!(service = ""), &["a service name cannot be empty"]);
    let url = "`base_url` must be an absolute http(s) URL with no query, fragment or credentials";
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
            "`#[m2m_client]` expects a trait, found {what}; if another attribute such as `#[automock]` is above it, move `#[m2m_client]` to the top"
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
        &["`#[m2m_client]` traits cannot be generic"],
    );
    bad_item(
        quote!(trait T where Self: Sized { #endpoint }),
        &["`#[m2m_client]` traits cannot be generic"],
    );
    bad_item(
        quote!(unsafe trait T { #endpoint }),
        &["`#[m2m_client]` traits cannot be `unsafe`"],
    );
    bad_item(
        quote!(auto trait T { #endpoint }),
        &["`#[m2m_client]` traits cannot be `auto`"],
    );
    bad_item(
        quote!(trait T: Clone + Send + Sync + 'static { #endpoint }),
        &["`T` must stand alone; compose clients instead of inheriting"],
    );
    bad_item(
        quote!(trait T: ?Sized { #endpoint }),
        &["`T` must stand alone; compose clients instead of inheriting"],
    );
    bad_item(
        quote!(
            trait T {}
        ),
        &["`T` declares no endpoints"],
    );
    bad_item(
        quote!(
            trait T {
                fn f() {}
            }
        ),
        &["`T` declares no endpoints"],
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
    let expected = "only endpoint methods are allowed here";
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
    bad(quote!(a! {}), &[expected]);
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
        &["an endpoint has one HTTP method", "first method here"],
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
        &["unknown argument `idempotent`; `#[get]` takes only a path"],
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
        &["TRACE is no method of an endpoint"],
    );
    bad(
        quote!(
            #[request("A", "/", 5)]
            async fn f(&self) -> R;
        ),
        &["unknown argument `5`; `#[request]` takes only a method and a path"],
    );
}

#[test]
fn signatures() {
    bad(
        quote!(#[get("/")] async fn f(&self) -> R { half. }),
        &["an endpoint cannot have a default body"],
    );
    bad(
        quote!(
            #[get("/")]
            fn f(&self) -> R;
        ),
        &["endpoint methods must be `async`"],
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
        &["endpoint methods cannot be generic"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f<const N: u8>(&self) -> R;
        ),
        &["endpoint methods cannot be generic"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, a: Option<impl A>) -> R;
        ),
        &["endpoint methods cannot be generic"],
    );
    bad(
        quote!(
            #[get("/")]
            const async fn f(&self) -> R;
        ),
        &["endpoint methods must not be `const`"],
    );
    bad(
        quote!(
            #[get("/")]
            async unsafe fn f(&self) -> R;
        ),
        &["endpoint methods must not be `unsafe`"],
    );
    bad(
        quote!(
            #[get("/")]
            async extern "C" fn f(&self) -> R;
        ),
        &["endpoint methods must not be `extern`"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, ...) -> R;
        ),
        &["endpoint methods must not be variadic"],
    );
    bad(
        quote!(
            #[get("/")]
            pub async fn f(&self) -> R;
        ),
        &["methods of a trait have no visibility of their own"],
    );
}

#[test]
fn names_and_types() {
    for pattern in [quote!(_), quote!((a, b)), quote!(mut a), quote!(ref a)] {
        bad(
            quote!(#[get("/")] async fn f(&self, #pattern: A) -> R;),
            &["parameters must be plain names: the name is used on the wire"],
        );
    }
    bad(
        quote!(
            #[get("/")]
            async fn f(&self);
        ),
        &["endpoints return `Result<T, E>`"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn new(&self) -> R;
        ),
        &["`new` conflicts with a generated `OrdersClient::new`"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn builder(&self) -> R;
        ),
        &["`builder` conflicts with a generated `OrdersClient::builder`"],
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
fn paths() {
    bad_path(
        "orders/{id}",
        &["paths start with `/`; write `\"/orders/{id}\"`"],
    );
    let absolute =
        "paths are relative to `base_url`; an absolute URL would send the service token elsewhere";
    bad_path("https://a/{id}", &[absolute]);
    bad_path("/a/{id", &["unclosed `{` at byte 3"]);
    bad_path("/{id}/{id}", &["`{id}` appears twice"]);
    bad_path(
        "/../{}",
        &[
            "path contains a dot segment `..`, which would leave the path",
            "empty placeholder `{}`; name a parameter in it",
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
        &["`order_id` is not in the path `/orders`"],
    );
    bad(
        quote!(
            #[get("/{id}")]
            async fn f(&self, #[path("ID")] id: u8) -> R;
        ),
        &["`ID` is not in the path `/{id}`"],
    );
    bad(
        quote!(
            #[get("/{id}")]
            async fn f(&self, id: u8, #[path("id")] other: u8) -> R;
        ),
        &["`{id}` is filled twice", "first filled here"],
    );
    for ty in [
        quote!(Option<u8>),
        quote!(&Vec<u8>),
        quote!(&[u8]),
        quote!([u8; 2]),
        quote!(()),
        quote!((u8, u8)),
    ] {
        bad(
            quote!(#[get("/{id}")] async fn f(&self, id: #ty) -> R;),
            &["a path segment is always present and single"],
        );
    }
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
        &["a parameter has one binding", "first binding here"],
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
        &["an endpoint has one body", "first body here"],
    );
    bad(
        quote!(
            #[get("/")]
            async fn f(&self, #[body] a: A) -> R;
        ),
        &["GET requests have no body"],
    );
    bad(
        quote!(
            #[head("/")]
            async fn f(&self, #[body] a: A) -> Reply;
        ),
        &["HEAD requests have no body"],
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
        &["query key `tag` is used twice", "first used here"],
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
        &["unknown argument `text`; `#[body]` takes no arguments"],
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
        &["a name on the wire cannot be empty"],
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

#[test]
fn errors_of_all_endpoints_at_once() {
    bad(
        quote! {
            #[get("/a")] fn a(&self) -> R;
            #[get("b")] async fn b(&self) -> R;
            #[get("/c")] async fn c(&self);
        },
        &[
            "endpoint methods must be `async`",
            "paths start with `/`; write `\"/b\"`",
            "endpoints return `Result<T, E>`",
        ],
    );
}

#[test]
fn what_is_no_trait_is_kept() {
    let expansion = m2m_client(quote!(service = "a"), quote!(trait T { async fn }));
    assert!(expansion.to_string().ends_with("trait T { async fn }"));
    assert_eq!(messages(expansion).len(), 1);
}
