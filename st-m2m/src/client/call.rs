//! One call: its arguments are encoded, it is sent with the token, its answer is decoded.

use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde::{Serialize, ser::Error as _};

use super::{
    Endpoint, Error, ErrorResponse, Failure,
    decode::Decode,
    encode::{self, EncodeError},
    handle::Client,
};
use crate::transport::{self as transport, Limits, Request, Response, exchange};

/// Size of an answer's body, in bytes.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// A path or query argument.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a path or query parameter",
    label = "not `serde::Serialize`",
    note = "derive `serde::Serialize` for it; it must be one value, for a query also an `Option` or a list of values"
)]
pub trait Parameter: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> Parameter for T {}

/// A `#[body]` argument.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a JSON body",
    label = "not `serde::Serialize`",
    note = "derive `serde::Serialize` for it"
)]
pub trait JsonBody: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> JsonBody for T {}

/// The error of an endpoint.
#[diagnostic::on_unimplemented(
    message = "error type `{Self}` cannot be built from `st_m2m::client::Error`",
    label = "implement `From<st_m2m::client::Error>` for it"
)]
pub trait EndpointError: From<Error> {}

#[diagnostic::do_not_recommend]
impl<E: From<Error>> EndpointError for E {}

/// What an endpoint returns: a `Result`, under whatever name.
#[diagnostic::on_unimplemented(
    message = "endpoints return `Result<T, E>`, found `{Self}`",
    label = "write `Result<T, st_m2m::client::Error>`"
)]
pub trait Outcome {
    /// What the answer is decoded into.
    type Ok;
    /// The error, which implements `From<st_m2m::client::Error>`.
    type Err;

    /// The other way round.
    fn from_result(result: Result<Self::Ok, Self::Err>) -> Self;
}

impl<T, E> Outcome for Result<T, E> {
    type Ok = T;
    type Err = E;

    fn from_result(result: Self) -> Self {
        result
    }
}

/// One call of an endpoint, being put together. The first argument that cannot be encoded decides: nothing is sent.
#[derive(Debug)]
#[must_use]
pub struct Call<'c> {
    client: &'c Client,
    endpoint: &'static Endpoint,
    arguments: Result<Arguments, Error>,
}

#[derive(Debug, Default)]
struct Arguments {
    /// Placeholder names and encoded segments.
    segments: Vec<(&'static str, String)>,
    query: String,
    body: Option<Bytes>,
}

impl<'c> Call<'c> {
    /// A call without arguments.
    pub fn new(client: &'c Client, endpoint: &'static Endpoint) -> Self {
        Self {
            client,
            endpoint,
            arguments: Ok(Arguments::default()),
        }
    }

    /// The value of the placeholder `{name}`.
    pub fn path<T: Parameter + ?Sized>(self, name: &'static str, value: &T) -> Self {
        self.argument(name, |arguments| {
            arguments.segments.push((name, encode::segment(value)?));
            Ok(())
        })
    }

    /// A query parameter.
    pub fn query<T: Parameter + ?Sized>(self, key: &'static str, value: &T) -> Self {
        self.argument(key, |arguments| {
            encode::query(key, value, &mut arguments.query)
        })
    }

    /// The body, as JSON.
    pub fn body<T: JsonBody + ?Sized>(self, value: &T) -> Self {
        self.argument("body", |arguments| {
            let body = serde_json::to_vec(value).map_err(EncodeError::custom)?;
            arguments.body = Some(body.into());
            Ok(())
        })
    }

    fn argument(
        mut self,
        name: &str,
        encode: impl FnOnce(&mut Arguments) -> Result<(), EncodeError>,
    ) -> Self {
        if let Ok(arguments) = &mut self.arguments
            && let Err(problem) = encode(arguments)
        {
            let message = format!("argument `{name}`: {problem}");
            self.arguments = Err(Error::InvalidRequest(Failure::of(self.endpoint, message)));
        }
        self
    }

    /// Sends the call and decodes the answer.
    ///
    /// The future is boxed for the sake of errors: an `async fn` repeats its bounds at the `.await`, and each
    /// mistake in a return type would be reported twice.
    pub fn send<D, R>(self) -> Pin<Box<dyn Future<Output = R> + Send + 'c>>
    where
        R: Outcome,
        R::Err: EndpointError,
        D: Decode<R::Ok>,
    {
        Box::pin(async move {
            let endpoint = self.endpoint;
            let result = match self.exchange().await {
                Ok(response) if D::accepts(response.status()) => D::decode(&response)
                    .map_err(|problem| Error::Decode(Failure::of(endpoint, problem))),
                Ok(response) => Err(Error::Status(Box::new(ErrorResponse::new(
                    endpoint, response,
                )))),
                Err(error) => Err(error),
            };
            R::from_result(result.map_err(R::Err::from))
        })
    }

    async fn exchange(self) -> Result<Response, Error> {
        let Self {
            client,
            endpoint,
            arguments,
        } = self;
        let arguments = arguments?;
        let m2m = client.m2m(endpoint)?;
        let base_url = client.base_url(&m2m, endpoint)?;
        let uri = arguments.uri(base_url.as_prefix(), endpoint.path());
        let authorization = m2m
            .token()
            .map_err(|error| Error::Token(Failure::of(endpoint, error.to_string())))?
            .authorization();
        let request = arguments
            .request(endpoint.method(), &uri, authorization)
            .map_err(|error| {
                let message = format!("the URL is not valid: {error}");
                Error::InvalidRequest(Failure::of(endpoint, message))
            })?;
        let limits = Limits {
            total: m2m.request_timeout(),
            response_bytes: ANSWER_BYTES,
        };
        exchange(m2m.transport(), request, limits)
            .await
            .map_err(|error| {
                let message = error.to_string();
                let variant = match error {
                    transport::Error::Connect(_) => Error::Connect,
                    transport::Error::Timeout(_) => Error::Timeout,
                    transport::Error::TooLarge(_) | transport::Error::Broken(_) => Error::Transport,
                };
                variant(Failure::of(endpoint, message))
            })
    }
}

impl Arguments {
    /// The template's segments with the placeholders replaced, and the query.
    fn uri(&self, prefix: &str, template: &str) -> String {
        let mut uri = prefix.to_owned();
        for segment in template.split('/').skip(1) {
            uri.push('/');
            let placeholder = segment
                .strip_prefix('{')
                .and_then(|it| it.strip_suffix('}'));
            let value = placeholder
                .and_then(|name| self.segments.iter().find(|(known, _)| *known == name))
                .map_or(segment, |(_, value)| value.as_str());
            uri.push_str(value);
        }
        if !self.query.is_empty() {
            uri.push('?');
            uri.push_str(&self.query);
        }
        uri
    }

    fn request(
        self,
        method: &str,
        uri: &str,
        authorization: HeaderValue,
    ) -> Result<Request, http::Error> {
        let mut request = http::Request::builder()
            .method(Method::from_bytes(method.as_bytes())?)
            .uri(uri)
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, HeaderValue::from_static("application/json"));
        if self.body.is_some() {
            request = request.header(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        request.body(self.body.unwrap_or_default())
    }
}
