//! A network that a test makes up.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use st_m2m::transport::{Error, Request, Response, ResponseFuture, Transport};

/// What answers a request.
type Answer = dyn Fn(&Request) -> Reply + Send + Sync;

/// What becomes of a request.
#[derive(Debug)]
pub enum Reply {
    /// It is answered.
    Answer(Response),
    /// It fails.
    Fail(Error),
    /// It is never answered.
    Hang,
    /// It is passed on.
    By(Arc<dyn Transport>),
}

/// A transport whose answers a function makes up. It remembers every request.
#[derive(Clone)]
pub struct Scripted {
    answer: Arc<Answer>,
    sent: Arc<Mutex<Vec<Request>>>,
}

impl Scripted {
    /// Answers with `answer`.
    pub fn new(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            answer: Arc::new(answer),
            sent: Arc::default(),
        }
    }

    /// Answers every request with this status and body.
    #[must_use]
    pub fn answering(status: u16, body: &'static str) -> Self {
        Self::new(move |_| Reply::text(status, body))
    }

    /// The requests so far.
    #[must_use]
    pub fn sent(&self) -> Vec<Request> {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// This, as [`ConfigBuilder::transport`](st_m2m::ConfigBuilder::transport) takes it.
    #[must_use]
    pub fn shared(&self) -> Arc<dyn Transport> {
        Arc::new(self.clone())
    }
}

impl Reply {
    /// An answer with this status and body.
    ///
    /// # Panics
    ///
    /// When `status` is no status.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        let mut response = Response::new(body.into().into());
        *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
        Self::Answer(response)
    }

    /// No connection.
    #[must_use]
    pub fn refused() -> Self {
        Self::Fail(Error::Connect("connection refused".into()))
    }
}

impl Transport for Scripted {
    fn send(&self, request: Request, max_response_bytes: usize) -> ResponseFuture<'_> {
        let reply = (self.answer)(&request);
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request.clone());
        Box::pin(async move {
            match reply {
                Reply::Answer(response) => Ok(response),
                Reply::Fail(error) => Err(error),
                Reply::Hang => std::future::pending().await,
                Reply::By(transport) => transport.send(request, max_response_bytes).await,
            }
        })
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}
