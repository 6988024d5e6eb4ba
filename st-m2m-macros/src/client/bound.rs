//! A parameter that has its place.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, FnArg, Pat, PatType, Signature};

use super::binding::{BINDINGS, Binding};
use super::model::{Parameter, Place};
use super::route::Route;
use super::shape;
use crate::attr;
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

/// Gives every parameter its place and takes our attributes off. `None` if one has none.
pub(super) fn bind(
    sig: &mut Signature,
    route: Option<&Route>,
    diag: &mut Diagnostics,
) -> Option<Vec<Bound>> {
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
        .extract_if(.., |attr| attr::is_one_of(attr, BINDINGS))
        .collect();
    parameter.attrs.retain(|attr| keep(attr, diag));
    for other in bindings.iter().skip(1) {
        diag.on(
            other,
            format!(
                "a parameter has one binding; {}",
                keep_one(&bindings[0], other)
            ),
        );
        diag.on(&bindings[0], "first binding here");
    }
    let ident = shape::plain_name(&parameter.pat);
    if ident.is_none() {
        let name = match &*parameter.pat {
            Pat::Ident(name) => name.ident.to_string(),
            _ => "name".to_owned(),
        };
        let ty = parameter.ty.to_token_stream();
        diag.on(
            &parameter.pat,
            format!(
                "parameters must be plain names: the name is used on the wire; write `{name}: {ty}`"
            ),
        );
    }
    if shape::mentions_impl(parameter.ty.to_token_stream()) {
        diag.on(
            &parameter.ty,
            "endpoint methods cannot be generic; write the concrete type",
        );
    }
    let attr = bindings.into_iter().next();
    let given = attr.as_ref().map(|attr| Binding::read(attr, diag));
    let (ident, route) = (ident?.clone(), route?);
    if diag.count() != before {
        return None;
    }
    let own = ident.unraw().to_string();
    let (place, name) = match given {
        Some(given) => given?.named(&ident),
        None if route.template.placeholders().contains(&own) => {
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

/// What to do about two bindings.
fn keep_one(first: &Attribute, other: &Attribute) -> String {
    match (attr::name(first), attr::name(other)) {
        (Some(first), Some(other)) if first != other => {
            format!("keep `#[{first}]` or `#[{other}]`")
        }
        _ => "keep one".to_owned(),
    }
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
    let built_in = attr::is_one_of(attr, BUILT_IN);
    if !built_in {
        attr::unknown("parameter attribute", name, BINDINGS, diag);
    }
    built_in
}
