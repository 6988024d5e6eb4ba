//! The one door to the network: core client, key fetches and generated clients all send through a
//! [`Transport`].
//!
//! A transport sends one request and reads the whole answer, within a size limit and without following
//! redirects. Time limits are set around it, on tokio's clock, so that they hold for every transport and so that
//! simulations under `tokio::time::pause` work.

use std::{error::Error as StdError, fmt, future::Future, pin::Pin, time::Duration};

use bytes::Bytes;

use crate::observe;

/// A request with its whole body.
pub type Request = http::Request<Bytes>;
/// An answer with its whole body.
pub type Response = http::Response<Bytes>;
/// What [`Transport::send`] returns.
pub type ResponseFuture<'a> = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send + 'a>>;

/// Sends one HTTP request.
///
/// The default is a `reqwest` client. Tests and simulations put an in-memory one in its place with
/// [`ConfigBuilder::transport`](crate::ConfigBuilder::transport).
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request`, whose URI is absolute, and reads the answer.
    ///
    /// An implementation must not follow redirects, must not send the request twice, and must stop reading
    /// with [`Error::TooLarge`] once the body exceeds `max_response_bytes` bytes.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; an answer of any status is not one.
    fn send(&self, request: Request, max_response_bytes: usize) -> ResponseFuture<'_>;
}

/// Why no answer was had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection: the request was not sent.
    #[error("cannot connect: {}", chain(.0.as_ref()))]
    Connect(#[source] Box<dyn StdError + Send + Sync>),
    /// No whole answer within the time limit. The request may have been sent.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The answer's body exceeds the limit, in bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Any other failure. The request may have been sent.
    #[error("the exchange broke off: {}", chain(.0.as_ref()))]
    Broken(#[source] Box<dyn StdError + Send + Sync>),
}

/// An error and its sources on one line: the outer text of an HTTP library's error seldom names the cause.
fn chain(error: &(dyn StdError + Send + Sync)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// Bounds of one exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// From the first byte sent to the last byte read.
    pub(crate) total: Duration,
    /// Size of the answer's body, in bytes.
    pub(crate) response_bytes: usize,
}

/// Sends `request` through `transport` within `limits`.
pub(crate) async fn exchange(
    transport: &dyn Transport,
    request: Request,
    limits: Limits,
) -> Result<Response, Error> {
    let answer = transport.send(request, limits.response_bytes);
    let response = match tokio::time::timeout(limits.total, answer).await {
        Ok(answer) => answer?,
        Err(_) => return Err(Error::Timeout(limits.total)),
    };
    if response.body().len() > limits.response_bytes {
        return Err(Error::TooLarge(limits.response_bytes));
    }
    Ok(response)
}

/// The `reqwest` transport.
#[derive(Clone, Debug)]
pub(crate) struct ReqwestTransport(reqwest::Client);

impl ReqwestTransport {
    /// Builds the client. It follows no redirects, retries nothing and reads no proxy from the environment:
    /// a proxy would see tokens and api keys that are sent over plain http to loopback.
    ///
    /// On a machine without CA certificates, as small container images are, it still serves plain http, and trusts
    /// nobody over https.
    pub(crate) fn new(connect_timeout: Duration) -> Result<Self, Error> {
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .connect_timeout(connect_timeout)
        };
        builder()
            .build()
            .or_else(|error| {
                let client = builder().tls_certs_only([]).build();
                if client.is_ok() {
                    observe::no_certificates(&error);
                }
                client
            })
            .map(Self)
            .map_err(|error| Error::Broken(error.without_url().into()))
    }
}

impl Transport for ReqwestTransport {
    fn send(&self, request: Request, max_response_bytes: usize) -> ResponseFuture<'_> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(classify)?;
            let mut response = self.0.execute(request).await.map_err(classify)?;
            let announced = response.content_length().unwrap_or(0);
            if announced > max_response_bytes as u64 {
                return Err(Error::TooLarge(max_response_bytes));
            }
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(classify)? {
                if body.len() + chunk.len() > max_response_bytes {
                    return Err(Error::TooLarge(max_response_bytes));
                }
                body.extend_from_slice(&chunk);
            }
            let mut answer = Response::new(Bytes::from(body));
            *answer.status_mut() = response.status();
            *answer.version_mut() = response.version();
            *answer.headers_mut() = std::mem::take(response.headers_mut());
            Ok(answer)
        })
    }
}

/// Drops the URL, whose query may be private, and keeps what the caller can act on.
fn classify(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() {
        Error::Connect(error.into())
    } else {
        Error::Broken(error.into())
    }
}

/// The base URL of another service: absolute, and no more than scheme, host, port and path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl(url::Url);

impl BaseUrl {
    /// Reads and checks `text`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        url::Url::parse(text.trim())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .filter(|url| url.query().is_none() && url.fragment().is_none())
            .map(Self)
            .ok_or("must be an absolute http(s) URL with no query, fragment or credentials")
    }

    pub(crate) fn as_url(&self) -> &url::Url {
        &self.0
    }

    /// The URL without a slash at its end, ready to have a path appended. RFC 3986's join is not wanted: it would
    /// drop the last segment of the base.
    #[cfg(feature = "client")]
    pub(crate) fn as_prefix(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}
