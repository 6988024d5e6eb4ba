//! The function under a guard.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, FnArg, Meta, PatType, Safety, Signature, Token, Visibility};

use super::Door;
use super::syntax::{Function, FunctionBody};
use crate::attr;
use crate::body::Body;
use crate::diag::Diagnostics;

/// A function that can be guarded.
pub(super) struct Handler {
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    /// Without the `#[caller]` parameter.
    pub(super) sig: Signature,
    pub(super) caller: Option<CallerParameter>,
    pub(super) body: Body,
}

/// The `#[caller]` parameter, without that attribute.
pub(super) struct CallerParameter {
    /// How many parameters stood before it.
    pub(super) position: usize,
    pub(super) parameter: PatType,
}

impl Handler {
    /// Checks that `function` can be guarded; if not, reports why and gives it back without our
    /// attributes.
    pub(super) fn new(
        door: Door,
        function: Function,
        diag: &mut Diagnostics,
    ) -> Result<Self, Box<Function>> {
        let before = diag.count();
        let Function {
            mut attrs,
            vis,
            mut sig,
            body,
        } = function;
        take_guards(door, &mut attrs, diag);
        check_qualifiers(&sig, diag);
        let caller = take_callers(&mut sig, diag);
        if let Some(variadic) = &sig.variadic {
            diag.on(variadic.dots, "handlers cannot be variadic; remove `...`");
        }
        match body {
            FunctionBody::Block(body) if diag.count() == before => {
                let caller = caller.and_then(|position| {
                    let parameter = remove(&mut sig.inputs, position)?;
                    Some(CallerParameter {
                        position,
                        parameter,
                    })
                });
                Ok(Self {
                    attrs,
                    vis,
                    sig,
                    caller,
                    body,
                })
            }
            body => {
                if let FunctionBody::Absent(semicolon) = &body {
                    diag.on(
                        semicolon,
                        "a guarded handler needs a body; write `{ ... }` instead of `;`",
                    );
                }
                Err(Box::new(Function {
                    attrs,
                    vis,
                    sig,
                    body,
                }))
            }
        }
    }
}

/// Removes every further guard, so that no error follows from there being two.
fn take_guards(door: Door, attrs: &mut Vec<Attribute>, diag: &mut Diagnostics) {
    for other in Door::ALL {
        for attr in attrs.extract_if(.., |attr| is_guard(attr, other)) {
            let message = if other == door {
                format!("`#[{}]` guards this handler already; keep one", door.name())
            } else {
                "`#[m2m_protected]` lets in services, `#[session_or_m2m]` users and services; keep one of the two".to_owned()
            };
            diag.on(attr.path(), message);
        }
    }
}

/// Whether this is the attribute, by its own name.
fn is_guard(attr: &Attribute, door: Door) -> bool {
    let segment = attr.path().segments.last();
    segment.is_some_and(|segment| segment.ident == door.name())
}

/// A handler is `async` and nothing else.
fn check_qualifiers(sig: &Signature, diag: &mut Diagnostics) {
    if let Some(token) = &sig.constness {
        diag.on(token, "handlers cannot be `const`; remove `const`");
    }
    if let Safety::Unsafe(token) = &sig.safety {
        diag.on(token, "handlers cannot be `unsafe`; remove `unsafe`");
    }
    if let Some(abi) = &sig.abi {
        diag.on(
            abi,
            format!(
                "handlers cannot be `extern`; remove `{}`",
                abi.to_token_stream()
            ),
        );
    }
    if sig.asyncness.is_none() {
        diag.on(sig.fn_token, "handlers are async; write `async fn`");
    }
}

/// Removes every `#[caller]` from the parameters and says which parameter had the first.
fn take_callers(sig: &mut Signature, diag: &mut Diagnostics) -> Option<usize> {
    let mut first: Option<(usize, Attribute)> = None;
    for (position, input) in sig.inputs.iter_mut().enumerate() {
        let attrs = match input {
            FnArg::Receiver(receiver) => {
                let message = format!(
                    "methods of an `impl` cannot be guarded; make `{}` a free function",
                    sig.ident
                );
                diag.on(&*receiver, message);
                receiver.attrs.retain(|attr| !is_caller(attr));
                continue;
            }
            FnArg::Typed(parameter) => &mut parameter.attrs,
        };
        for attr in attrs.extract_if(.., |attr| is_caller(attr)) {
            if !matches!(attr.meta, Meta::Path(_)) {
                diag.on(
                    arguments(&attr.meta),
                    "`#[caller]` takes no arguments; write `#[caller]`",
                );
            }
            if let Some((_, first)) = &first {
                diag.on(&attr, "only one parameter can be `#[caller]`; keep one");
                diag.on(first, "first `#[caller]` here");
            } else {
                first = Some((position, attr));
            }
        }
    }
    first.map(|(position, _)| position)
}

/// Whether this is `#[caller]`, which only we understand.
fn is_caller(attr: &Attribute) -> bool {
    attr::name(attr).is_some_and(|name| name == "caller")
}

/// What stands after the name of an attribute.
fn arguments(meta: &Meta) -> TokenStream {
    match meta {
        Meta::Path(path) => path.to_token_stream(),
        Meta::List(list) if list.tokens.is_empty() => list.to_token_stream(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(pair) => pair.value.to_token_stream(),
    }
}

/// Takes one parameter out; the commas around it stay balanced.
fn remove(inputs: &mut Punctuated<FnArg, Token![,]>, position: usize) -> Option<PatType> {
    let mut removed = None;
    let kept =
        std::mem::take(inputs)
            .into_iter()
            .enumerate()
            .filter_map(|(at, input)| match input {
                FnArg::Typed(parameter) if at == position => {
                    removed = Some(parameter);
                    None
                }
                input => Some(input),
            });
    *inputs = kept.collect();
    removed
}
