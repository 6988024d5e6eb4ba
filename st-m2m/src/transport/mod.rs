//! The one door to the network: core client, key fetches and generated clients all send through a
//! [`Transport`].
//!
//! A transport sends one request and reads the whole answer, within a size limit and without following
//! redirects. Time limits are set around it, on tokio's clock, so that they hold for every transport and so that
//! simulations under `tokio::time::pause` work.

#[cfg(feature = "client")]
mod base_url;
mod plain_http;
mod reqwest;

use std::{error::Error as StdError, fmt, future::Future, pin::Pin, time::Duration};

use bytes::Bytes;

#[cfg(feature = "client")]
pub(crate) use self::base_url::BaseUrl;
pub(crate) use self::{plain_http::PlainHttp, reqwest::ReqwestTransport};

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
///
/// The message holds the whole chain of causes, so there is no `source`; the cause itself is in the variant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection: the request was not sent.
    #[error("cannot connect: {}", chain(.0.as_ref()))]
    Connect(Box<dyn StdError + Send + Sync>),
    /// No whole answer within the time limit. The request may have been sent.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The answer's body exceeds the limit, in bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Any other failure. The request may have been sent.
    #[error("the exchange broke off: {}", chain(.0.as_ref()))]
    Broken(Box<dyn StdError + Send + Sync>),
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
