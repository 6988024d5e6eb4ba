//! What is logged, by thread.
//!
//! There is one subscriber for the whole binary, set before anything is logged: one that a test sets for its own thread
//! misses events which other threads record for the first time at that moment.

use std::{cell::RefCell, io, sync::Once};

thread_local! {
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Sink;

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Before anything is logged.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_writer(|| Sink)
            .with_ansi(false)
            .with_max_level(tracing::Level::DEBUG)
            .init();
    });
}

/// What this thread logged since it asked last.
pub(crate) fn take() -> String {
    let logged = LOGGED.with_borrow_mut(std::mem::take);
    String::from_utf8(logged).expect("text")
}
