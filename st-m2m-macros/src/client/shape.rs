//! What a type or a pattern is by the way it is written, which is all that a macro can see.

use proc_macro2::{TokenStream, TokenTree};
use syn::{GenericArgument, Ident, Pat, PathArguments, Type};

/// The name of a parameter, if it is nothing but a name.
pub(super) fn plain_name(pat: &Pat) -> Option<&Ident> {
    match pat {
        Pat::Ident(name)
            if name.by_ref.is_none() && name.mutability.is_none() && name.subpat.is_none() =>
        {
            Some(&name.ident)
        }
        _ => None,
    }
}

/// Whether the keyword `impl` is somewhere in a type.
pub(super) fn mentions_impl(ty: TokenStream) -> bool {
    ty.into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => mentions_impl(group.stream()),
        _ => false,
    })
}

/// What stands first in the angle brackets of the return type: the `T` of `Result<T, E>`, if it is
/// written there.
pub(super) fn ok_type(output: &Type) -> Option<&Type> {
    match output {
        Type::Paren(inner) => ok_type(&inner.elem),
        Type::Group(inner) => ok_type(&inner.elem),
        Type::Path(path) => match &path.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(list) => {
                list.args.iter().find_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(ty),
                    _ => None,
                })
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether this is `()`.
pub(super) fn is_unit(ty: &Type) -> bool {
    match ty {
        Type::Paren(inner) => is_unit(&inner.elem),
        Type::Group(inner) => is_unit(&inner.elem),
        ty => matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty()),
    }
}

/// Whether this is a generic type of one of these names, with any path before it.
pub(super) fn is_called(ty: &Type, names: &[&str]) -> bool {
    match ty {
        Type::Paren(inner) => is_called(&inner.elem, names),
        Type::Group(inner) => is_called(&inner.elem, names),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            matches!(last.arguments, PathArguments::AngleBracketed(_))
                && names.iter().any(|name| last.ident == name)
        }),
        _ => false,
    }
}
