//! The rules that look at more than one attribute: one function each.

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{
    FnArg, GenericParam, Ident, ReceiverKind, Safety, Signature, Token, TraitBound, Type,
    TypeParamBound, Visibility,
};

use super::bound::Bound;
use super::model::Place;
use super::route::Route;
use super::shape::{is_called, is_unit, ok_type};
use super::syntax::{Method, Trait};
use crate::attr;
use crate::diag::Diagnostics;

/// The inherent functions of a generated client.
const GENERATED: &[&str] = &["new", "builder"];

/// The trait stands alone: a generated client can implement nothing but endpoints.
pub(super) fn head(syntax: &Trait, diag: &mut Diagnostics) {
    if let Some(token) = &syntax.unsafety {
        diag.on(
            token,
            "`#[m2m_client]` traits cannot be `unsafe`; remove `unsafe`",
        );
    }
    if let Some(token) = &syntax.auto {
        diag.on(
            token,
            "`#[m2m_client]` traits cannot be `auto`; remove `auto`",
        );
    }
    if !syntax.generics.params.is_empty() {
        diag.on(
            &syntax.generics,
            "`#[m2m_client]` traits cannot be generic; remove `<...>` and write concrete types",
        );
    }
    for bound in &syntax.supertraits {
        if !is_marker(bound) {
            diag.on(
                bound,
                format!(
                    "`{}` must stand alone; remove this bound and compose clients instead of inheriting",
                    syntax.ident
                ),
            );
        }
    }
    if let Some(clause) = &syntax.generics.where_clause {
        diag.on(
            clause,
            "`#[m2m_client]` traits cannot be generic; remove the `where` clause",
        );
    }
}

/// `Send`, `Sync` and `'static` hold for every client anyway.
fn is_marker(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Lifetime(lifetime) => lifetime.ident == "static",
        bound => is_trait(bound, "Send") || is_trait(bound, "Sync"),
    }
}

/// Whether the bounds have the marker trait of this name.
pub(super) fn is_bound(bounds: &Punctuated<TypeParamBound, Token![+]>, name: &str) -> bool {
    bounds.iter().any(|bound| is_trait(bound, name))
}

/// Whether a bound is the trait of this name, with any path before it.
fn is_trait(bound: &TypeParamBound, name: &str) -> bool {
    let TypeParamBound::Trait(TraitBound {
        lifetimes: None,
        maybe: None,
        path,
        ..
    }) = bound
    else {
        return false;
    };
    path.segments
        .last()
        .is_some_and(|last| last.ident == name && last.arguments.is_none())
}

/// An endpoint is `async fn name(&self, ...)`, without generics and qualifiers.
pub(super) fn signature(method: &Method, client: &Ident, diag: &mut Diagnostics) {
    let Signature {
        constness,
        asyncness,
        safety,
        abi,
        fn_token,
        ident,
        generics,
        paren_token,
        inputs,
        variadic,
        output: _,
    } = &method.sig;
    if !matches!(method.vis, Visibility::Inherited) {
        let shown = match &method.vis {
            Visibility::Restricted(_) => "pub(...)",
            _ => "pub",
        };
        diag.on(
            &method.vis,
            format!("methods of a trait have no visibility of their own; remove `{shown}`"),
        );
    }
    if let Some(token) = constness {
        diag.on(
            token,
            "endpoint methods must not be `const`; remove `const`",
        );
    }
    if let Safety::Unsafe(token) = safety {
        diag.on(
            token,
            "endpoint methods must not be `unsafe`; remove `unsafe`",
        );
    }
    if let Some(abi) = abi {
        diag.on(
            abi,
            format!(
                "endpoint methods must not be `extern`; remove `{}`",
                abi.to_token_stream()
            ),
        );
    }
    if asyncness.is_none() {
        diag.on(
            fn_token,
            "endpoint methods must be `async`; write `async fn`",
        );
    }
    if GENERATED.iter().any(|generated| ident == generated) {
        diag.on(
            ident,
            format!(
                "`{ident}` conflicts with a generated `{client}Client::{ident}`; rename the method"
            ),
        );
    }
    for parameter in &generics.params {
        let help = match parameter {
            GenericParam::Lifetime(_) => continue,
            GenericParam::Type(ty) => format!("write the concrete type instead of `{}`", ty.ident),
            GenericParam::Const(value) => format!("write the value instead of `{}`", value.ident),
        };
        diag.on(
            parameter,
            format!("endpoint methods cannot be generic; {help}"),
        );
    }
    match inputs.first() {
        Some(FnArg::Receiver(receiver)) => {
            if !matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) {
                diag.on(receiver, "endpoint methods take `&self`");
            }
        }
        _ => diag.at(paren_token.span.open(), "endpoint methods take `&self`"),
    }
    if let Some(variadic) = variadic {
        diag.on(
            variadic.dots,
            "endpoint methods must not be variadic; remove `...`",
        );
    }
}

/// All rules about places, in the order of the parameters, then those about the path.
pub(super) fn parameters(route: &Route, bound: &[Bound], diag: &mut Diagnostics) {
    for (position, parameter) in bound.iter().enumerate() {
        let earlier = &bound[..position];
        match &parameter.parameter.place {
            Place::Path(name) => {
                path_has_placeholder(route, parameter, name, diag);
                path_is_single(parameter, diag);
                placeholder_is_filled_once(parameter, name, earlier, diag);
            }
            Place::Query(name) => query_key_is_unique(parameter, name, earlier, diag),
            Place::Body => {
                method_has_body(route, parameter, diag);
                body_is_unique(parameter, earlier, diag);
            }
        }
    }
    placeholders_are_filled(route, bound, diag);
}

/// `#[path]` needs a placeholder of its name.
fn path_has_placeholder(route: &Route, bound: &Bound, name: &String, diag: &mut Diagnostics) {
    if !route.template.placeholders().contains(name) {
        let help = match meant(name, route.template.placeholders()) {
            Some(near) => format!("did you mean `{{{near}}}`?"),
            None => format!("add `/{{{name}}}` to it or make the parameter a `#[query]`"),
        };
        diag.on(
            &bound.name,
            format!(
                "`{name}` is not in the path `{}`; {help}",
                route.path.value()
            ),
        );
    }
}

/// A path value is one value: `None` or a list would leave the segment empty or ambiguous. An alias
/// of such a type is found when it is sent.
fn path_is_single(bound: &Bound, diag: &mut Diagnostics) {
    let mut ty = &bound.parameter.ty;
    while let Type::Reference(_) | Type::Paren(_) | Type::Group(_) = ty {
        ty = match ty {
            Type::Reference(inner) => &inner.elem,
            Type::Paren(inner) => &inner.elem,
            Type::Group(inner) => &inner.elem,
            _ => break,
        };
    }
    let value = match ty {
        Type::Slice(list) => Some(&*list.elem),
        Type::Array(list) => Some(&*list.elem),
        Type::Tuple(_) => None,
        ty if is_called(ty, &["Option", "Vec"]) => ok_type(ty),
        _ => return,
    };
    let help = match value {
        Some(value) => format!(
            "write `{}: {}`",
            bound.parameter.ident,
            value.to_token_stream()
        ),
        None => "take the value itself".to_owned(),
    };
    diag.on(
        &bound.parameter.ty,
        format!("a path segment is always present and single; {help}"),
    );
}

/// Two values for one placeholder: one would be lost.
fn placeholder_is_filled_once(
    bound: &Bound,
    name: &String,
    earlier: &[Bound],
    diag: &mut Diagnostics,
) {
    let first = earlier
        .iter()
        .find(|earlier| matches!(&earlier.parameter.place, Place::Path(other) if other == name));
    if let Some(first) = first {
        diag.on(
            &bound.name,
            format!(
                "`{{{name}}}` is filled twice; keep `{}` or `{}`",
                first.parameter.ident, bound.parameter.ident
            ),
        );
        diag.on(&first.name, "first filled here");
    }
}

/// The same query key from two parameters is a list that nobody wrote as one.
fn query_key_is_unique(bound: &Bound, name: &String, earlier: &[Bound], diag: &mut Diagnostics) {
    let first = earlier
        .iter()
        .find(|earlier| matches!(&earlier.parameter.place, Place::Query(other) if other == name));
    if let Some(first) = first {
        diag.on(
            &bound.name,
            format!("query key `{name}` is used twice; rename one with `#[query(\"...\")]`"),
        );
        diag.on(&first.name, "first used here");
    }
}

/// A body of a GET or HEAD request has no meaning (RFC 9110 section 9.3.1), and some servers refuse
/// it.
fn method_has_body(route: &Route, bound: &Bound, diag: &mut Diagnostics) {
    if matches!(route.verb.as_str(), "GET" | "HEAD") {
        diag.on(
            &bound.attr,
            format!(
                "{} requests have no body; make `{}` a `#[query]` parameter or use `#[post]`",
                route.verb, bound.parameter.ident
            ),
        );
    }
}

/// A request has one body.
fn body_is_unique(bound: &Bound, earlier: &[Bound], diag: &mut Diagnostics) {
    if let Some(first) = earlier
        .iter()
        .find(|earlier| matches!(earlier.parameter.place, Place::Body))
    {
        diag.on(
            &bound.attr,
            format!(
                "an endpoint has one body; put `{}` and `{}` into one struct",
                first.parameter.ident, bound.parameter.ident
            ),
        );
        diag.on(&first.attr, "first body here");
    }
}

/// Every placeholder needs a parameter. A `#[path]` that is in no path is a placeholder's parameter
/// under a wrong name, and one error for that is enough.
fn placeholders_are_filled(route: &Route, bound: &[Bound], diag: &mut Diagnostics) {
    let placeholders = route.template.placeholders();
    let filled: Vec<&String> = bound
        .iter()
        .filter_map(|bound| match &bound.parameter.place {
            Place::Path(name) => Some(name),
            Place::Query(_) | Place::Body => None,
        })
        .collect();
    let misnamed = filled
        .iter()
        .filter(|name| !placeholders.contains(name))
        .count();
    let unfilled: Vec<&String> = placeholders
        .iter()
        .filter(|name| !filled.contains(name))
        .collect();
    if unfilled.len() <= misnamed {
        return;
    }
    let names: Vec<String> = bound
        .iter()
        .map(|bound| bound.parameter.ident.to_string())
        .collect();
    for name in unfilled {
        let help = match meant(name, &names) {
            Some(near) if near != name => format!("; did you mean `{{{near}}}`?"),
            _ => format!("; name a parameter `{name}` or mark one with `#[path(\"{name}\")]`"),
        };
        diag.on(&route.path, format!("no parameter for `{{{name}}}`{help}"));
    }
}

/// The parameter that a placeholder was meant to be: one of nearly the same name, or `order_id` for
/// `id`.
fn meant<'a>(placeholder: &str, names: &'a [String]) -> Option<&'a str> {
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short)
            .is_some_and(|rest| rest.ends_with('_'))
    };
    attr::nearest(placeholder, names.iter().map(String::as_str)).or_else(|| {
        names
            .iter()
            .map(String::as_str)
            .find(|name| ends(name, placeholder) || ends(placeholder, name))
    })
}

/// The response of HEAD has no body to decode.
pub(super) fn response(route: &Route, output: &Type, diag: &mut Diagnostics) {
    if route.verb == "HEAD"
        && let Some(ok) = ok_type(output)
        && !is_unit(ok)
    {
        diag.on(ok, "a HEAD response has no body; return `Result<(), E>`");
    }
}
