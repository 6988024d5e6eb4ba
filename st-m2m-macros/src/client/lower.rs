//! From the trait as it was typed to the model.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, FnArg, LitStr, PatType, ReturnType, Signature, TraitItem, Type};

use super::args::Args;
use super::binding::{BINDINGS, Binding};
use super::check;
use super::model::{Client, Decoder, Endpoint, Head, Item, Parameter, Place};
use super::route::{Route, VERBS};
use super::syntax::{Member, Method, Trait};
use crate::attr;
use crate::cfg::Conditions;
use crate::diag::Diagnostics;

/// The attributes that the language itself allows on parameters.
const BUILT_IN: &[&str] = &[
    "cfg", "cfg_attr", "allow", "expect", "warn", "deny", "forbid",
];

/// A parameter with its place, before the rules that look at several of them.
pub(super) struct Bound {
    pub(super) parameter: Parameter,
    /// What an error about the name on the wire points at.
    pub(super) name: TokenStream,
    /// The attribute that chose the place; without one it was chosen by rule.
    pub(super) attr: Option<Attribute>,
}

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
                    "only endpoint methods are allowed here",
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
        diag.on(&ident, format!("`{ident}` declares no endpoints"));
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

/// One method: an endpoint, or not.
fn method(mut method: Method, client: &Ident, diag: &mut Diagnostics) -> Item {
    let before = diag.count();
    let verbs: Vec<Attribute> = method
        .attrs
        .extract_if(.., |attr| is_one_of(attr, VERBS))
        .collect();
    let Some((verb, others)) = verbs.split_first() else {
        return not_an_endpoint(method, diag);
    };
    let route = Route::read(verb, diag);
    for other in others {
        diag.on(other, "an endpoint has one HTTP method");
        diag.on(verb, "first method here");
    }
    check::signature(&method, client, diag);
    let bound = bind(&mut method.sig, route.as_ref(), diag);
    let output = output(&method.sig, diag);
    if let Some(body) = &method.body {
        diag.at(
            body.braces.span.join(),
            "an endpoint cannot have a default body",
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
                decoder: decoder(&route, &output),
                verb: route.verb,
                path: route.path,
                parameters: bound.into_iter().map(|bound| bound.parameter).collect(),
                output,
            }))
        }
        _ => Item::Broken(Box::new(method)),
    }
}

/// A method without an endpoint attribute is fine if it has a body.
fn not_an_endpoint(mut method: Method, diag: &mut Diagnostics) -> Item {
    if method.body.is_some() {
        return Item::Untouched(method.into_token_stream());
    }
    let misspelled = method
        .attrs
        .iter()
        .position(|attr| misspelled(attr, VERBS).is_some());
    if let Some(position) = misspelled {
        let attr = method.attrs.remove(position);
        let near = self::misspelled(&attr, VERBS).unwrap_or_default();
        diag.on(
            attr.path(),
            format!(
                "unknown endpoint attribute `{}`; did you mean `{near}`?",
                attr.path().to_token_stream()
            ),
        );
    } else {
        let name = &method.sig.ident;
        diag.on(name, format!("`{name}` has no endpoint attribute; add `#[get(\"/...\")]`, `#[post(\"/...\")]`, ... or a default body"));
    }
    // Its parameters may have attributes of ours, which must not reach the compiler.
    for input in &mut method.sig.inputs {
        if let FnArg::Typed(parameter) = input {
            parameter.attrs.retain(|attr| !is_one_of(attr, BINDINGS));
        }
    }
    Item::Broken(Box::new(method))
}

/// Gives every parameter its place and takes our attributes off. `None` if one has none.
fn bind(sig: &mut Signature, route: Option<&Route>, diag: &mut Diagnostics) -> Option<Vec<Bound>> {
    let mut all = Some(Vec::new());
    for input in &mut sig.inputs {
        let FnArg::Typed(parameter) = input else {
            continue;
        };
        match (bind_one(parameter, route, diag), &mut all) {
            (Some(bound), Some(all)) => all.push(bound),
            _ => all = None,
        }
    }
    all
}

/// Gives one parameter its place.
///
/// The place depends on names, the HTTP method and attributes alone, never on how a type is
/// spelled:
/// 1. an attribute decides;
/// 2. a name that is a placeholder goes into the path;
/// 3. GET, HEAD, DELETE and OPTIONS put the others into the query;
/// 4. with other methods the attribute is missing: here some libraries take the body, some the
///    query.
fn bind_one(
    parameter: &mut PatType,
    route: Option<&Route>,
    diag: &mut Diagnostics,
) -> Option<Bound> {
    let before = diag.count();
    let bindings: Vec<Attribute> = parameter
        .attrs
        .extract_if(.., |attr| is_one_of(attr, BINDINGS))
        .collect();
    parameter.attrs.retain(|attr| keep(attr, diag));
    for other in bindings.iter().skip(1) {
        diag.on(other, "a parameter has one binding");
        diag.on(&bindings[0], "first binding here");
    }
    let ident = check::plain_name(&parameter.pat);
    if ident.is_none() {
        diag.on(
            &parameter.pat,
            "parameters must be plain names: the name is used on the wire",
        );
    }
    if mentions_impl(parameter.ty.to_token_stream()) {
        diag.on(&parameter.ty, "endpoint methods cannot be generic");
    }
    let attr = bindings.into_iter().next();
    let given = attr.as_ref().map(|attr| Binding::read(attr, diag));
    let (ident, route) = (ident?.clone(), route?);
    if diag.count() != before {
        return None;
    }
    let own = ident.unraw().to_string();
    let has_name = own.clone();
    let (place, name) = match given {
        Some(given) => given?.named(&ident),
        None if route.template.placeholders().contains(&has_name) => {
            (Place::Path(own), ident.to_token_stream())
        }
        None if matches!(route.verb.as_str(), "GET" | "HEAD" | "DELETE" | "OPTIONS") => {
            (Place::Query(own), ident.to_token_stream())
        }
        None => {
            diag.on(&ident, format!("cannot tell whether `{ident}` is the body or a query parameter; add `#[body]` or `#[query]`"));
            return None;
        }
    };
    let ty = (*parameter.ty).clone();
    Some(Bound {
        parameter: Parameter { ident, ty, place },
        name,
        attr,
    })
}

/// Whether an attribute that is not ours may stay on a parameter.
fn keep(attr: &Attribute, diag: &mut Diagnostics) -> bool {
    let Some(name) = attr::name(attr) else {
        return true;
    };
    if name == "cfg" {
        diag.on(
            attr,
            "a parameter of an endpoint cannot be conditional; put the `#[cfg]` on the method",
        );
        return false;
    }
    if is_one_of(attr, BUILT_IN) {
        return true;
    }
    let suggestion = attr::suggestion(&name.to_string(), BINDINGS);
    let message = format!(
        "unknown parameter attribute `{name}`; expected {}{suggestion}",
        attr::alternatives(BINDINGS)
    );
    diag.on(name, message);
    false
}

/// The return type, which has to be written.
fn output(sig: &Signature, diag: &mut Diagnostics) -> Option<Type> {
    match &sig.output {
        ReturnType::Type(_, ty) => Some((**ty).clone()),
        ReturnType::Default => {
            diag.on(&sig.ident, "endpoints return `Result<T, E>`");
            None
        }
    }
}

/// How to read the response. An alias such as `Reply` shows nothing and means JSON.
fn decoder(route: &Route, output: &Type) -> Decoder {
    match check::ok_type(output) {
        // A HEAD response has no body, whatever its headers say.
        _ if route.verb == "HEAD" => Decoder::Unit,
        Some(ok) if check::is_unit(ok) => Decoder::Unit,
        Some(ok) if check::is_called(ok, &["Option"]) => Decoder::OptionalJson,
        _ => Decoder::Json,
    }
}

/// Whether the keyword `impl` is somewhere in a type.
fn mentions_impl(ty: TokenStream) -> bool {
    ty.into_iter().any(|tree| match tree {
        proc_macro2::TokenTree::Ident(ident) => ident == "impl",
        proc_macro2::TokenTree::Group(group) => mentions_impl(group.stream()),
        _ => false,
    })
}

/// Whether the name of an attribute is among `names`.
fn is_one_of(attr: &Attribute, names: &[&str]) -> bool {
    attr::name(attr).is_some_and(|name| names.iter().any(|known| name == known))
}

/// The one of `names` that was meant.
fn misspelled<'a>(attr: &Attribute, names: &[&'a str]) -> Option<&'a str> {
    attr::nearest(&attr::name(attr)?.to_string(), names.iter().copied())
}
