//! The tokens of a client.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{ReturnType, Signature};

use super::model::{Broken, Client, Decoder, Endpoint, Head, Item, Parameter, Place};

/// The trait, the client and what connects them.
pub(super) fn client(client: &Client) -> TokenStream {
    let declaration = declaration(client);
    let name = format_ident!(
        "{}Client",
        client.head.ident.unraw(),
        span = Span::mixed_site()
    );
    let structure = structure(client, &name);
    let implementation = client.implementable.then(|| implementation(client, &name));
    quote!(#declaration #structure #implementation)
}

/// ```text
/// Input:   trait Billing { #[get("/{id}")] async fn find(&self, #[path] id: u64) -> R; }
/// Output:  trait Billing: Send + Sync {
///              fn find(&self, id: u64) -> impl Future<Output = R> + Send;
///          }
/// ```
///
/// An `async fn` in a trait says nothing about `Send`, and then no generic code could spawn the
/// call. Implementors still write `async fn`.
fn declaration(client: &Client) -> TokenStream {
    let Head {
        attrs,
        vis,
        qualifiers,
        keyword,
        ident,
        generics,
        supertraits,
        send,
        sync,
        ..
    } = &client.head;
    let span = Span::mixed_site();
    let mut bounds: Vec<TokenStream> = supertraits.iter().map(ToTokens::to_token_stream).collect();
    if !send {
        bounds.push(quote_spanned!(span=> ::core::marker::Send));
    }
    if !sync {
        bounds.push(quote_spanned!(span=> ::core::marker::Sync));
    }
    let items = client.items.iter().map(|item| match item {
        Item::Endpoint(endpoint) => {
            let (attrs, sig) = (&endpoint.attrs, promise(&endpoint.sig));
            quote!(#(#attrs)* #sig;)
        }
        Item::Untouched(tokens) => tokens.clone(),
        Item::Broken(method) => {
            let (attrs, sig) = (&method.attrs, promise(&method.sig));
            quote!(#(#attrs)* #sig;)
        }
    });
    let where_clause = &generics.where_clause;
    quote_spanned!(span=> #(#attrs)* #vis #qualifiers #keyword #ident #generics: #(#bounds)+* #where_clause { #(#items)* })
}

/// `async fn f(..) -> R` as `fn f(..) -> impl Future<Output = R> + Send`.
fn promise(sig: &Signature) -> TokenStream {
    let Signature {
        safety,
        fn_token,
        ident,
        generics,
        paren_token,
        inputs,
        output,
        ..
    } = sig;
    if sig.asyncness.is_none() {
        return sig.to_token_stream();
    }
    let span = Span::mixed_site();
    let output = match output {
        ReturnType::Default => quote_spanned!(span=> ()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    let where_clause = &generics.where_clause;
    let mut tokens = quote!(#safety #fn_token #ident #generics);
    paren_token.surround(&mut tokens, |tokens| inputs.to_tokens(tokens));
    let future = quote_spanned!(span=> -> impl ::core::future::Future<Output = #output> + ::core::marker::Send);
    quote!(#tokens #future #where_clause)
}

/// The client itself, with everything that does not depend on single endpoints.
fn structure(client: &Client, name: &Ident) -> TokenStream {
    let Client {
        krate,
        service,
        base_url,
        head,
        ..
    } = client;
    let Head {
        vis, conditions, ..
    } = head;
    let span = Span::mixed_site();
    let shown = name.to_string();
    let docs = Docs::of(client, &shown);
    let Docs {
        structure: structure_doc,
        new: new_doc,
        builder: builder_doc,
        endpoints: endpoints_doc,
    } = &docs;
    let endpoints = client.items.iter().filter_map(|item| match item {
        Item::Endpoint(endpoint) => {
            let conditions = &endpoint.conditions;
            let entry = entry(endpoint, client);
            Some(quote_spanned!(span=> #conditions #entry))
        }
        Item::Untouched(_) | Item::Broken(_) => None,
    });
    let base_url = base_url.as_ref().map_or_else(
        || quote_spanned!(span=> ::core::option::Option::None),
        |url| quote_spanned!(span=> ::core::option::Option::Some(#url)),
    );
    quote_spanned! {span=>
        #conditions
        #(#[doc = #structure_doc])*
        #[derive(::core::clone::Clone)]
        #vis struct #name {
            __client: #krate::__private::Client,
        }

        #conditions
        #[automatically_derived]
        impl #name {
            #[doc = #new_doc]
            #[must_use]
            pub fn new() -> Self {
                #krate::__private::new_client::<Self>()
            }

            #[doc = #builder_doc]
            #[must_use]
            pub fn builder() -> #krate::client::ClientBuilder<Self> {
                #krate::__private::client_builder::<Self>()
            }

            #[doc = #endpoints_doc]
            pub const ENDPOINTS: &'static [#krate::client::Endpoint] = &[#(#endpoints),*];
        }

        #conditions
        #[automatically_derived]
        impl ::core::default::Default for #name {
            fn default() -> Self {
                Self::new()
            }
        }

        #conditions
        #[automatically_derived]
        impl ::core::fmt::Debug for #name {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                __f.debug_struct(#shown).finish_non_exhaustive()
            }
        }

        #conditions
        #[automatically_derived]
        impl #krate::__private::GeneratedClient for #name {
            const SERVICE: #krate::__private::Service = #krate::__private::Service::new(#service, #base_url);

            fn from_client(__client: #krate::__private::Client) -> Self {
                Self { __client }
            }
        }
    }
}

/// The endpoint as a value: what metrics, traces and layers know it by.
fn entry(endpoint: &Endpoint, client: &Client) -> TokenStream {
    let Client {
        krate,
        service,
        head,
        ..
    } = client;
    let Endpoint {
        sig, verb, path, ..
    } = endpoint;
    let trait_name = head.ident.unraw().to_string();
    let name = sig.ident.unraw().to_string();
    quote_spanned!(Span::mixed_site()=> #krate::__private::endpoint(#service, #trait_name, #name, #verb, #path))
}

/// `impl Billing for BillingClient`
fn implementation(client: &Client, name: &Ident) -> TokenStream {
    let Head {
        attrs,
        ident,
        conditions,
        ..
    } = &client.head;
    let span = Span::mixed_site();
    // Errors about the whole `impl` belong to the attribute, not to the name of the trait.
    let mut ident = ident.clone();
    ident.set_span(span);
    // Whoever deprecates a trait warns its users, not its own generated client.
    let deprecated = attrs
        .iter()
        .any(|attr| attr.path().is_ident("deprecated"))
        .then(|| quote_spanned!(span=> #[allow(deprecated)]));
    let methods = client.items.iter().filter_map(|item| match item {
        Item::Endpoint(endpoint) => Some(call(endpoint, client)),
        Item::Broken(method) => Some(stub(method)),
        Item::Untouched(_) => None,
    });
    quote_spanned! {span=>
        #conditions
        #deprecated
        #[automatically_derived]
        impl #ident for #name { #(#methods)* }
    }
}

/// ```text
/// Input:   async fn find(&self, #[path] id: u64) -> Result<Receipt, Error>;
/// Output:  async fn find(&self, id: u64) -> Result<Receipt, Error> {
///              Call::new(&self.__client, const { &endpoint(..) })
///                  .path::<u64>("id", &id)
///                  .send::<Json, Result<Receipt, Error>>()
///                  .await
///          }
/// ```
///
/// The types stand in the calls so that a type that cannot be sent or decoded is marked itself.
fn call(endpoint: &Endpoint, client: &Client) -> TokenStream {
    let krate = &client.krate;
    let Endpoint {
        conditions,
        sig,
        receiver,
        parameters,
        output,
        ok_span,
        decoder,
        ..
    } = endpoint;
    let span = Span::mixed_site();
    let receiver = receiver.self_token;
    let entry = entry(endpoint, client);
    let at_ok = ok_span.resolved_at(span);
    let at_ok_krate = krate.located_at(at_ok);
    let decoder = match decoder {
        Decoder::Json => quote_spanned!(at_ok=> #at_ok_krate::__private::Json),
        Decoder::OptionalJson => quote_spanned!(at_ok=> #at_ok_krate::__private::OptionalJson),
        Decoder::Unit => quote_spanned!(at_ok=> #at_ok_krate::__private::Unit),
    };
    let parameters = parameters
        .iter()
        .map(|Parameter { ident, ty, place }| match place {
            Place::Path(name) => quote_spanned!(span=> .path::<#ty>(#name, &#ident)),
            Place::Query(name) => quote_spanned!(span=> .query::<#ty>(#name, &#ident)),
            Place::Body => quote_spanned!(span=> .body::<#ty>(&#ident)),
        });
    let at_output = output.span().resolved_at(span);
    let send = quote_spanned!(at_output=> .send::<#decoder, #output>().await);
    quote_spanned! {span=>
        #conditions
        #sig {
            #krate::__private::Call::new(&#receiver.__client, const { &#entry })
                #(#parameters)*
                #send
        }
    }
}

/// A method that has been reported, so that the trait is implemented nevertheless. Its future holds
/// none of the arguments, which may not be `Send`.
fn stub(method: &Broken) -> TokenStream {
    let Broken {
        conditions, sig, ..
    } = method;
    let span = Span::mixed_site();
    let unimplemented = quote_spanned!(span=> ::core::unimplemented!());
    let body = match &sig.asyncness {
        Some(_) => quote_spanned!(span=> async { #unimplemented }),
        None => unimplemented,
    };
    let sig = promise(sig);
    quote_spanned! {span=>
        #conditions
        #[allow(unused)]
        #sig { #body }
    }
}

/// The documentation of what is generated.
struct Docs {
    structure: Vec<String>,
    new: String,
    builder: String,
    endpoints: String,
}

impl Docs {
    /// Names the trait and the service and links the methods.
    fn of(client: &Client, name: &str) -> Self {
        let ident = client.head.ident.unraw();
        let service = client.service.value();
        let mut structure = vec![
            format!(" Calls the service `{service}`: the generated implementation of [`{ident}`]."),
            String::new(),
            " Cloning it is cheap.".to_owned(),
        ];
        let endpoints = client.items.iter().filter_map(|item| match item {
            Item::Endpoint(endpoint) => Some(&**endpoint),
            Item::Untouched(_) | Item::Broken(_) => None,
        });
        for (at, endpoint) in endpoints.enumerate() {
            if at == 0 {
                structure.push(String::new());
            }
            let Endpoint {
                sig,
                verb,
                path,
                conditions,
                ..
            } = endpoint;
            let method = sig.ident.unraw();
            // A link to a method that is configured out would be broken.
            let method = if conditions.is_empty() {
                format!("[`{method}`]({ident}::{method})")
            } else {
                format!("`{method}`")
            };
            structure.push(format!(" * {method}: `{verb} {}`", path.value()));
        }
        Self {
            structure,
            new: format!(
                " A client of `{service}` that uses the process-global `M2m` at each call."
            ),
            builder: format!(
                " Settings for a client of `{service}`: another `M2m`, another base URL."
            ),
            endpoints: format!(" What a `{name}` can call, in the order of [`{ident}`]."),
        }
    }
}
