//! Computation that takes a fraction of a second.

use tokio::runtime::Handle;

use super::Error;

/// Does `work` without holding up the runtime, if there is one.
pub(super) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match Handle::try_current() {
        Ok(runtime) => runtime
            .spawn_blocking(work)
            .await
            .unwrap_or(Err(Error::Crypto)),
        Err(_) => work(),
    }
}
