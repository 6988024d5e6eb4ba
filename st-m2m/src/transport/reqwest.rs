//! The default transport, and the only file that names `reqwest`.

use std::time::Duration;

use bytes::Bytes;

use super::{Error, Request, Response, ResponseFuture, Transport};
use crate::observe;

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
