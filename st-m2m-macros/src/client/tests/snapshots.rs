//! What a client expands to.

use expect_test::{Expect, expect};
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::client::m2m_client;

/// What `#[m2m_client(args)] item` expands to, formatted.
fn expands(args: TokenStream, item: TokenStream, expected: &Expect) {
    let file = syn::parse2(m2m_client(args, item)).expect("an expansion is items");
    expected.assert_eq(&prettyplease::unparse(&file));
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
