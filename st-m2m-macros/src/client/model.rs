//! A client that can be generated.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Attribute, LitStr, Receiver, Signature, Token, Type, TypeParamBound, Visibility};

use crate::cfg::Conditions;
use crate::krate::Krate;

/// Everything about one `#[m2m_client]`.
pub(super) struct Client {
    pub(super) krate: Krate,
    /// The service that answers.
    pub(super) service: LitStr,
    /// Where it answers unless configuration says otherwise.
    pub(super) base_url: Option<LitStr>,
    pub(super) head: Head,
    pub(super) items: Vec<Item>,
    /// Whether `impl Trait for Client` can be written. If not, the user has been told why.
    pub(super) implementable: bool,
}

/// The trait, up to its braces.
pub(super) struct Head {
    pub(super) attrs: Vec<Attribute>,
    pub(super) conditions: Conditions,
    pub(super) vis: Visibility,
    /// `unsafe`, `auto`: only in a trait that is not implementable.
    pub(super) qualifiers: TokenStream,
    pub(super) keyword: Token![trait],
    pub(super) ident: Ident,
    /// Only in a trait that is not implementable.
    pub(super) generics: syn::Generics,
    pub(super) supertraits: Vec<TypeParamBound>,
    pub(super) send: bool,
    pub(super) sync: bool,
}

/// What stands in the trait.
pub(super) enum Item {
    /// A request to make.
    Endpoint(Box<Endpoint>),
    /// A method that is no endpoint, or what has been reported: passed through.
    Untouched(TokenStream),
    /// A method with an error. It is kept, so that calls of it cause no further errors.
    Broken(Box<Broken>),
}

/// One endpoint. Every placeholder of the path has its parameter, and every parameter its place.
pub(super) struct Endpoint {
    /// Without the endpoint attribute.
    pub(super) attrs: Vec<Attribute>,
    pub(super) conditions: Conditions,
    /// Without binding attributes; its parameters are plain names.
    pub(super) sig: Signature,
    pub(super) receiver: Receiver,
    /// The HTTP method.
    pub(super) verb: String,
    pub(super) path: LitStr,
    pub(super) parameters: Vec<Parameter>,
    pub(super) output: Type,
    /// Where the `T` of `Result<T, E>` stands, for errors about reading it.
    pub(super) ok_span: Span,
    pub(super) decoder: Decoder,
}

/// A method with an error, without what the compiler would report again.
pub(super) struct Broken {
    /// Without endpoint attributes.
    pub(super) attrs: Vec<Attribute>,
    pub(super) conditions: Conditions,
    /// Without binding attributes and forbidden qualifiers; a pattern that is no plain name is `_`.
    pub(super) sig: Signature,
}

/// A parameter and where it goes.
pub(super) struct Parameter {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) place: Place,
}

/// A part of the request.
pub(super) enum Place {
    /// The placeholder of this name.
    Path(String),
    /// The query key of this name.
    Query(String),
    /// The JSON body.
    Body,
}

/// How the body of a response is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoder {
    /// As JSON.
    Json,
    /// As JSON, and 404 is `None`.
    OptionalJson,
    /// Not at all.
    Unit,
}
