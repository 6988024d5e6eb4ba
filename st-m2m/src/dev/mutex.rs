//! A mutex without poisoning.

use std::sync::{MutexGuard, PoisonError};

/// As std's, but a panic in another thread does not poison it. So nothing may panic while the data is half-written.
#[derive(Debug, Default)]
pub(super) struct Mutex<T>(std::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(super) fn new(data: T) -> Self {
        Self(std::sync::Mutex::new(data))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
