//! The attribute that makes a method an endpoint.

use proc_macro2::TokenStream;
use syn::{Attribute, LitStr, Meta};

use super::template::Template;
use crate::attr;
use crate::diag::Diagnostics;

/// The attributes that make a method an endpoint.
pub(super) const VERBS: &[&str] = &[
    "get", "head", "post", "put", "patch", "delete", "options", "request",
];

/// Where an endpoint is.
pub(super) struct Route {
    /// The HTTP method.
    pub(super) verb: String,
    pub(super) path: LitStr,
    pub(super) template: Template,
}

impl Route {
    /// Reads `#[get("/path")]` or `#[request("METHOD", "/path")]`.
    pub(super) fn read(attr: &Attribute, diag: &mut Diagnostics) -> Option<Self> {
        let name = attr::name(attr)?.to_string();
        let custom = name == "request";
        let example = if custom {
            r#"#[request("PURGE", "/orders/{id}")]"#.to_owned()
        } else {
            format!(r#"#[{name}("/orders/{{id}}")]"#)
        };
        let list = match &attr.meta {
            Meta::List(list) => list.tokens.clone(),
            Meta::Path(_) => TokenStream::new(),
            Meta::NameValue(pair) => {
                diag.on(
                    &pair.value,
                    format!("the path stands in parentheses: `{example}`"),
                );
                return None;
            }
        };
        let mut elements = attr::elements(list, diag).into_iter();
        let verb = if custom {
            elements.next().map(|verb| custom_verb(verb, diag))
        } else {
            Some(Some(name.to_uppercase()))
        };
        let (Some(verb), Some(path)) = (verb, elements.next()) else {
            diag.on(
                attr.path(),
                format!(
                    "`#[{name}]` needs a {}, as in `{example}`",
                    if custom { "method and a path" } else { "path" }
                ),
            );
            return None;
        };
        let path = attr::parse::<LitStr>(path, r#"a path such as `"/orders/{id}"`"#, diag);
        for extra in elements {
            let takes = if custom {
                "only a method and a path"
            } else {
                "only a path"
            };
            diag.on(
                &extra,
                format!("unknown argument `{extra}`; remove it, `#[{name}]` takes {takes}"),
            );
        }
        let path = path?;
        match Template::parse(&path.value()) {
            Ok(template) => Some(Self {
                verb: verb?,
                path,
                template,
            }),
            Err(problems) => {
                for problem in problems {
                    diag.on(&path, problem.to_string());
                }
                None
            }
        }
    }
}

/// Reads the method of `#[request]`.
fn custom_verb(tokens: TokenStream, diag: &mut Diagnostics) -> Option<String> {
    let literal: LitStr = attr::parse(tokens, r#"an HTTP method such as `"PURGE"`"#, diag)?;
    let verb = literal.value();
    let lower = verb.to_ascii_lowercase();
    // The characters of a token, RFC 9110 section 5.6.2.
    let good = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if verb.is_empty() || !verb.chars().all(good) {
        diag.on(
            literal,
            format!("{verb:?} is not an HTTP method; expected one such as `\"PURGE\"`"),
        );
    } else if lower != "request" && VERBS.contains(&lower.as_str()) {
        diag.on(
            literal,
            format!(
                "write `#[{lower}(\"/...\")]` for {}",
                verb.to_ascii_uppercase()
            ),
        );
    } else if lower == "connect" || lower == "trace" {
        diag.on(
            literal,
            format!(
                "{} is no method of an endpoint; use another such as `#[get(\"/...\")]`",
                verb.to_ascii_uppercase()
            ),
        );
    } else {
        return Some(verb);
    }
    None
}
