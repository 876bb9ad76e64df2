//! A task that ends with its owner.

use std::sync::{Mutex, PoisonError};

use tokio::task::{AbortHandle, JoinHandle};
use tracing::Instrument;

/// The task of the attempt that runs, if one does. It continues when the caller that started it disconnects:
/// else a caller who cancels each of their requests could prevent every attempt. Dropping this ends it.
#[derive(Default)]
pub(in crate::resolve) struct BackgroundTask(Mutex<Option<AbortHandle>>);

impl BackgroundTask {
    /// Starts a task. The one before it has ended: the owner runs one attempt at a time.
    pub(in crate::resolve) fn spawn<T: Send + 'static>(
        &self,
        attempt: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        let task = tokio::spawn(attempt.in_current_span());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
        task
    }
}

impl Drop for BackgroundTask {
    fn drop(&mut self) {
        if let Some(task) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}
