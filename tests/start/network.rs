//! The default transport, on real sockets.

use std::time::Duration;

use st_m2m::{Config, Error, M2m, dev::DevCore, error::CoreError, transport::Error as HttpError};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// A server that answers every connection's first bytes with `answer`, then hangs up; without an answer it waits.
async fn server(answer: Option<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _read = socket.read(&mut request).await;
                match answer {
                    Some(answer) => {
                        let _written = socket.write_all(&answer).await;
                    }
                    None => std::future::pending().await,
                }
            });
        }
    });
    format!("http://{address}")
}

/// Why a service does not start, given more time than it needs.
async fn failure(connection_uri: &str) -> Error {
    failure_within(Duration::from_secs(10), connection_uri).await
}

async fn failure_within(limit: Duration, connection_uri: &str) -> Error {
    let config = Config::builder()
        .connection_uri(connection_uri)
        .api_domain("http://127.0.0.1")
        .allow_http(["*.invalid"])
        .connect_timeout(limit)
        .request_timeout(limit)
        .build()
        .expect("a configuration");
    M2m::start(config).await.expect_err("no start")
}

fn http_error(error: &Error) -> &HttpError {
    match error {
        Error::Core(CoreError::Unreachable(failures)) => &failures[0].error,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = failure(&format!("http://{address}")).await;
    assert!(
        matches!(http_error(&error), HttpError::Connect(_)),
        "{error}"
    );
}

#[tokio::test]
async fn a_host_without_an_address() {
    // With a label longer than DNS allows (RFC 1035 §2.3.4), the resolver need not ask anybody.
    let error = failure(&format!("http://{}.invalid", "a".repeat(64))).await;
    assert!(
        matches!(http_error(&error), HttpError::Connect(_)),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_never_answers() {
    let error = failure_within(Duration::from_millis(500), &server(None).await).await;
    assert!(
        matches!(http_error(&error), HttpError::Timeout(_)),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_hangs_up_in_the_middle() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"versions\"".to_vec();
    let error = failure(&server(Some(half)).await).await;
    assert!(
        matches!(http_error(&error), HttpError::Broken(_)),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_speaks_something_else() {
    let error = failure(&server(Some(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())).await).await;
    assert!(
        matches!(http_error(&error), HttpError::Broken(_)),
        "{error}"
    );
}

#[tokio::test]
async fn answers_over_the_limit_announced_and_not() {
    let announced = b"HTTP/1.1 200 OK\r\ncontent-length: 1048577\r\n\r\n".to_vec();
    let error = failure(&server(Some(announced)).await).await;
    assert!(
        matches!(http_error(&error), HttpError::TooLarge(_)),
        "{error}"
    );

    let mut endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..20 {
        endless.extend_from_slice(b"10000\r\n");
        endless.resize(endless.len() + 0x10000, b'x');
        endless.extend_from_slice(b"\r\n");
    }
    let error = failure(&server(Some(endless)).await).await;
    assert!(
        matches!(http_error(&error), HttpError::TooLarge(_)),
        "{error}"
    );
}

#[tokio::test]
async fn a_redirect_to_a_core_is_not_followed() {
    let core = DevCore::start().await.expect("a core");
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {}/apiversion\r\ncontent-length: 0\r\n\r\n",
        core.connection_uri()
    );
    let error = failure(&server(Some(answer.into_bytes())).await).await;
    assert!(
        matches!(error, Error::Core(CoreError::Redirect { status: 307, .. })),
        "{error}"
    );
}

/// The embedded core on its socket, with an api key, beside a host that is down.
#[tokio::test]
async fn a_core_on_a_socket() {
    let key = "a-very-secret-api-key-0001";
    let core = DevCore::builder()
        .api_key(key)
        .start()
        .await
        .expect("a core");
    let config = |api_key: &str| {
        Config::builder()
            .connection_uri(format!("http://127.0.0.1:1;{}", core.connection_uri()))
            .api_domain(core.api_domain())
            .api_key(api_key)
            .service("orders")
            .build()
            .expect("a configuration")
    };
    let m2m = M2m::start(config(&format!(" {key}\n")))
        .await
        .expect("started");
    assert_eq!(m2m.key_set().await.expect("keys").iter().len(), 2);
    let error = M2m::start(config("another-key-that-is-wrong"))
        .await
        .expect_err("no start");
    assert!(
        matches!(error, Error::Core(CoreError::ApiKeyRefused { .. })),
        "{error}"
    );
}
