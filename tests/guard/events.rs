//! What the log says of a refusal.

use std::{
    cell::RefCell,
    io::{self, Write},
    sync::Once,
};

use st_m2m_tests::jwt::{claims, header};

use crate::service::{Service, sign};

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Collects what is logged on this thread, which is the test's own.
///
/// The subscriber is the process's. One for a thread alone misses events: whether an event is wanted is remembered for the
/// process, and tests on other threads want none.
struct Log;

impl Log {
    fn start() {
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| {
            tracing_subscriber::fmt()
                .with_writer(|| Self)
                .with_ansi(false)
                .with_max_level(tracing::Level::TRACE)
                .init();
        });
        LOG.take();
    }

    fn text() -> String {
        String::from_utf8(LOG.take()).expect("text")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn one_event_names_the_reason_and_the_handler_and_no_token() {
    let service = Service::start().await;
    let mut expired = claims();
    expired["iat"] = 1.into();
    expired["exp"] = 2.into();
    let token = service.token(&expired);

    Log::start();
    assert_eq!(service.call("/two", &token).await.status, 401);
    assert_eq!(
        service.call("/two", &service.token(&claims())).await.status,
        200
    );

    let text = Log::text();
    let refusals: Vec<_> = text
        .lines()
        .filter(|line| line.contains("request refused"))
        .collect();
    assert_eq!(refusals.len(), 1, "{text}");
    for part in [
        " INFO st_m2m",
        "reason=\"expired\"",
        "handler=\"open_to_two\"",
        "service.rs",
        "guard::service",
    ] {
        assert!(refusals[0].contains(part), "{part}: {text}");
    }
    for segment in token.split('.') {
        assert!(!text.contains(segment), "{text}");
    }
}

/// The most likely mistake: two services that do not agree on `api_domain`.
#[tokio::test]
async fn what_was_found_and_what_to_do_is_logged() {
    let service = Service::start().await;
    let mut elsewhere = claims();
    elsewhere["iss"] = "http://localhost:3001".into();
    let mut unknown = header();
    unknown["kid"] = "s-of-another-core".into();
    let mut shipping = claims();
    shipping["sub"] = "shipping".into();

    Log::start();
    for (token, status) in [
        (service.token(&elsewhere), 401),
        (sign(&service.core, &unknown, &claims()), 401),
        (service.token(&shipping), 403),
    ] {
        assert_eq!(service.call("/two", &token).await.status, status);
    }
    assert_eq!(service.get("/extractor", &[]).await.status, 401);

    let text = Log::text();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.contains("request refused"))
        .collect();
    assert_eq!(lines.len(), 4, "{text}");
    for (line, parts) in lines.iter().zip([
        [
            "set the same `api_domain` in both services",
            "found=\"http://localhost:3001\"",
        ],
        [
            "do both services use one core",
            "found=\"s-of-another-core\"",
        ],
        ["not in `from`", "found=\"shipping\""],
        ["no bearer token was sent", "reason=\"no_credentials\""],
    ]) {
        for part in parts {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    assert!(
        !lines[3].contains("handler"),
        "there is no attribute: {}",
        lines[3]
    );
}
