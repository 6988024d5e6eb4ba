//! What the log says of a refusal.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use st_m2m_tests::jwt::claims;
use tracing_subscriber::fmt::MakeWriter;

use crate::service::Service;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("not poisoned")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn one_event_names_the_reason_and_the_handler_and_no_token() {
    let service = Service::start().await;
    let mut expired = claims();
    expired["iat"] = 1.into();
    expired["exp"] = 2.into();
    let token = service.token(&expired);

    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    assert_eq!(service.call("/two", &token).await.status, 401);
    assert_eq!(
        service.call("/two", &service.token(&claims())).await.status,
        200
    );
    drop(guard);

    let text = log.text();
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
