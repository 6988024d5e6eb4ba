//! From the trait as it was typed to the model.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, LitStr, Pat, PatWild, ReturnType, Safety, Signature, Token, TraitItem, Type,
};

use super::args::Args;
use super::binding::BINDINGS;
use super::bound::bind;
use super::model::{Broken, Client, Decoder, Endpoint, Head, Item};
use super::route::{Route, VERBS};
use super::syntax::{Member, Method, Trait};
use super::{check, shape};
use crate::attr;
use crate::cfg::Conditions;
use crate::diag::Diagnostics;

/// Turns the trait into the model. What is wrong is reported, and kept as broken.
pub(super) fn client(args: Args, syntax: Trait, diag: &mut Diagnostics) -> Client {
    let before = diag.count();
    check::head(&syntax, diag);
    let mut implementable = diag.count() == before;
    let Trait {
        attrs,
        vis,
        unsafety,
        auto,
        keyword,
        ident,
        generics,
        supertraits,
        items,
    } = syntax;
    let mut lowered = Vec::new();
    for member in items {
        lowered.push(match member {
            Member::Method(method) => self::method(*method, &ident, diag),
            Member::Other(item) => {
                implementable = false;
                diag.on(
                    item_keyword(&item),
                    format!(
                        "only endpoint methods are allowed here; {}",
                        instead_of(&item)
                    ),
                );
                Item::Untouched(item.into_token_stream())
            }
        });
    }
    if implementable
        && lowered
            .iter()
            .all(|item| matches!(item, Item::Untouched(_)))
    {
        diag.on(&ident, format!("`{ident}` declares no endpoints; add a method with `#[get(\"/...\")]`, `#[post(\"/...\")]`, ..."));
    }
    let head = Head {
        conditions: Conditions::of(&attrs),
        attrs,
        vis,
        qualifiers: quote!(#unsafety #auto),
        keyword,
        send: check::is_bound(&supertraits, "Send"),
        sync: check::is_bound(&supertraits, "Sync"),
        supertraits: supertraits.into_iter().collect(),
        generics,
        ident,
    };
    // After an error the name only has to be well-formed.
    let service = args
        .service
        .unwrap_or_else(|| LitStr::new("unknown", Span::mixed_site()));
    Client {
        krate: args.krate,
        service,
        base_url: args.base_url,
        head,
        items: lowered,
        implementable,
    }
}

/// The token that says what an item is.
fn item_keyword(item: &TraitItem) -> TokenStream {
    match item {
        TraitItem::Const(item) => item.const_token.to_token_stream(),
        TraitItem::Type(item) => item.type_token.to_token_stream(),
        TraitItem::Macro(item) => item.mac.path.to_token_stream(),
        item => item.to_token_stream(),
    }
}

/// What to do with an item that is no method.
fn instead_of(item: &TraitItem) -> String {
    match item {
        TraitItem::Const(item) => format!("move `{}` out of the trait", item.ident),
        TraitItem::Type(item) => format!("move `{}` out of the trait", item.ident),
        TraitItem::Macro(_) => "write the methods themselves".to_owned(),
        _ => "move it out of the trait".to_owned(),
    }
}

/// One method: an endpoint, or not.
fn method(mut method: Method, client: &Ident, diag: &mut Diagnostics) -> Item {
    let before = diag.count();
    let verbs: Vec<Attribute> = method
        .attrs
        .extract_if(.., |attr| attr::is_one_of(attr, VERBS))
        .collect();
    let Some((verb, others)) = verbs.split_first() else {
        return not_an_endpoint(method, diag);
    };
    let route = Route::read(verb, diag);
    for other in others {
        let name = other.path().to_token_stream();
        diag.on(
            other,
            format!("an endpoint has one HTTP method; move `#[{name}]` to a method of its own"),
        );
        diag.on(verb, "first method here");
    }
    check::signature(&method, client, diag);
    let bound = bind(&mut method.sig, route.as_ref(), diag);
    let output = output(&method.sig, diag);
    if let Some(body) = &method.body {
        diag.at(
            body.braces.span.join(),
            format!(
                "an endpoint cannot have a default body; end the signature with `;`, or remove `#[{}]`",
                verb.path().to_token_stream()
            ),
        );
    }
    if let (Some(route), Some(output)) = (&route, &output) {
        check::response(route, output, diag);
    }
    if let (Some(route), Some(bound)) = (&route, &bound) {
        check::parameters(route, bound, diag);
    }
    let receiver = match method.sig.inputs.first() {
        Some(FnArg::Receiver(receiver)) => Some(receiver.clone()),
        _ => None,
    };
    match (route, bound, output, receiver) {
        (Some(route), Some(bound), Some(output), Some(receiver)) if diag.count() == before => {
            Item::Endpoint(Box::new(Endpoint {
                conditions: Conditions::of(&method.attrs),
                attrs: method.attrs,
                sig: method.sig,
                receiver,
                ok_span: shape::ok_type(&output).unwrap_or(&output).span(),
                decoder: decoder(&route, &output),
                verb: route.verb,
                path: route.path,
                parameters: bound.into_iter().map(|bound| bound.parameter).collect(),
                output,
            }))
        }
        _ => broken(method),
    }
}

/// A method without an endpoint attribute is fine if it has a body.
fn not_an_endpoint(mut method: Method, diag: &mut Diagnostics) -> Item {
    if method.body.is_some() {
        return Item::Untouched(method.into_token_stream());
    }
    let misspelled = method.attrs.iter().enumerate().find_map(|(at, attr)| {
        let name = attr::name(attr)?.to_string();
        Some((at, attr::nearest(&name, VERBS.iter().copied())?))
    });
    if let Some((at, near)) = misspelled {
        let attr = method.attrs.remove(at);
        let name = attr.path();
        diag.on(
            name,
            format!(
                "unknown endpoint attribute `{}`; did you mean `{near}`?",
                name.to_token_stream()
            ),
        );
    } else {
        let name = &method.sig.ident;
        diag.on(name, format!("`{name}` has no endpoint attribute; add `#[get(\"/...\")]`, `#[post(\"/...\")]`, ... or a default body"));
    }
    broken(method)
}

/// A method that has been reported, without what the compiler would report again.
fn broken(method: Method) -> Item {
    let mut sig = Signature {
        constness: None,
        safety: Safety::Default,
        abi: None,
        variadic: None,
        ..method.sig
    };
    for input in &mut sig.inputs {
        if let FnArg::Typed(parameter) = input {
            parameter
                .attrs
                .retain(|attr| !attr::is_one_of(attr, BINDINGS));
            if shape::plain_name(&parameter.pat).is_none() {
                *parameter.pat = Pat::Wild(PatWild {
                    attrs: Vec::new(),
                    underscore_token: Token![_](Span::mixed_site()),
                });
            }
        }
    }
    Item::Broken(Box::new(Broken {
        conditions: Conditions::of(&method.attrs),
        attrs: method.attrs,
        sig,
    }))
}

/// The return type, which has to be written.
fn output(sig: &Signature, diag: &mut Diagnostics) -> Option<Type> {
    match &sig.output {
        ReturnType::Type(_, ty) => Some((**ty).clone()),
        ReturnType::Default => {
            diag.on(
                &sig.ident,
                "endpoints return `Result<T, E>`; write `-> Result<(), E>` to ignore the response body",
            );
            None
        }
    }
}

/// How to read the response. An alias such as `Reply` shows nothing and means JSON.
fn decoder(route: &Route, output: &Type) -> Decoder {
    match shape::ok_type(output) {
        // A HEAD response has no body, whatever its headers say.
        _ if route.verb == "HEAD" => Decoder::Unit,
        Some(ok) if shape::is_unit(ok) => Decoder::Unit,
        Some(ok) if shape::is_called(ok, &["Option"]) => Decoder::OptionalJson,
        _ => Decoder::Json,
    }
}
