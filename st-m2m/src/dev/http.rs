//! The socket: HTTP/1.1 on loopback, closed to web pages, with limits on everything a peer controls.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::AbortHandle,
    time::{sleep, timeout},
};

use super::{
    TARGET,
    core::Core,
    reply::{self, Refusal},
    web_page,
};

/// Size of a request's body in bytes. The real core sets no limit.
pub(super) const MAX_REQUEST_BYTES: usize = 1024 * 1024;
/// Size of a request's head in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Connections at once; more of them wait.
const MAX_CONNECTIONS: usize = 512;
/// For a request's head, and for an idle connection, as the core's `Keep-Alive: timeout=60` says.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// For a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// For requests in flight when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);
/// After a connection could not be accepted, as when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A running server. Dropping it closes the listener at once and lets requests in flight finish.
#[derive(Debug)]
pub(super) struct Server {
    accepting: AbortHandle,
    /// Connections stop when this is dropped.
    _stop: watch::Sender<()>,
}

impl Server {
    /// Serves `core` on `listener` in the current tokio runtime.
    pub(super) fn start(listener: TcpListener, core: Arc<Core>) -> Self {
        let (stop, stopped) = watch::channel(());
        let accepting = tokio::spawn(accept(listener, core, stopped)).abort_handle();
        Self {
            accepting,
            _stop: stop,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, core: Arc<Core>, stopped: watch::Receiver<()>) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let connection = serve(stream, Arc::clone(&core), stopped.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::debug!(target: TARGET, %error, "connection not accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, core: Arc<Core>, mut stopped: watch::Receiver<()>) {
    let service = service_fn(move |request| {
        let core = Arc::clone(&core);
        async move { Ok::<_, Infallible>(answer(&core, request).await.map(Full::new)) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
    );
    let finished = first(connection.as_mut(), pin!(stopped.changed())).await;
    if finished.is_none() {
        connection.as_mut().graceful_shutdown();
        // Whether the peer took its answer in time is its own affair.
        let _ = timeout(STOP_TIMEOUT, connection).await;
    }
}

/// Runs `work` until it ends, or until `stop` does, which gives `None`.
async fn first<W: Future, S: Future>(
    mut work: Pin<&mut W>,
    mut stop: Pin<&mut S>,
) -> Option<W::Output> {
    poll_fn(|context| {
        if let Poll::Ready(output) = work.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        stop.as_mut().poll(context).map(|_| None)
    })
    .await
}

async fn answer(core: &Core, request: Request<Incoming>) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    if !core.is_public(parts.uri.path())
        && let Err(message) = web_page::check(&parts)
    {
        return reply::closing_text(StatusCode::FORBIDDEN, message);
    }
    // A body that announces its size is refused before it is sent.
    if body.size_hint().lower() > MAX_REQUEST_BYTES as u64 {
        return too_large().into();
    }
    let body = Limited::new(body, MAX_REQUEST_BYTES).collect();
    let body = match timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return too_large().into();
        }
        Ok(Err(_)) | Err(_) => return Refusal::bad_request("Request body incomplete").into(),
    };
    core.answer(Request::from_parts(parts, body)).await
}

/// The answer to a body beyond [`MAX_REQUEST_BYTES`].
pub(super) fn too_large() -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large")
}
