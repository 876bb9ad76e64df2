//! Whether the store can be used: a circuit breaker with the connection.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::connection::Connection;
use super::keys::Generation;
use crate::telemetry::gauge;

/// A store that can be used.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) connection: Connection,
    pub(super) generation: Generation,
}

/// Holds the connection while the store works. After a failure the store is not used for a pause, which
/// doubles with each failure until a lookup succeeds: so a slow store delays few requests.
pub(super) struct Health {
    state: Mutex<State>,
    /// Whether the first attempt to reach the store has ended, successfully or not.
    attempted: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    live: Option<Live>,
    /// The number of failures since the last success.
    failures: u32,
    paused_until: Option<Instant>,
}

const MIN_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(8);

impl Health {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), attempted: watch::Sender::new(false) }
    }

    /// The store; `None` if it cannot be used.
    pub(super) fn live(&self) -> Option<Live> {
        self.state().live.clone()
    }

    /// Completes when the first attempt to reach the store has ended.
    pub(super) async fn attempted(&self) {
        if !*self.attempted.borrow() {
            // The sender is part of `self`, so the channel stays open.
            let _ = self.attempted.subscribe().wait_for(|attempted| *attempted).await;
        }
    }

    /// Records that the store has answered the listener. Returns whether it could not be used before, and
    /// can from now on.
    pub(super) fn set_up(&self, live: Live) -> bool {
        let mut state = self.state();
        let paused = state.paused_until.is_some_and(|until| Instant::now() < until);
        let changed = !paused && state.live.is_none();
        if !paused {
            state.live = Some(live);
        }
        drop(state);
        self.attempted.send_replace(true);
        if changed {
            gauge!(SHARED_CACHES_CONNECTED; increment 1);
        }
        changed
    }

    /// Records that the connection is lost, or that the generation has changed.
    pub(super) fn set_down(&self) {
        Self::close(&mut self.state());
        self.attempted.send_replace(true);
    }

    /// Records that a command has failed or timed out, and begins a pause. Returns whether the store could
    /// be used before.
    pub(super) fn record_failure(&self) -> bool {
        let mut state = self.state();
        if state.live.is_none() {
            // A command that was sent at the same time has failed before: it counts once.
            return false;
        }
        let pause = MIN_PAUSE.saturating_mul(1 << state.failures.min(8)).min(MAX_PAUSE);
        state.failures = state.failures.saturating_add(1);
        state.paused_until = Instant::now().checked_add(pause);
        Self::close(&mut state)
    }

    /// Records that a lookup has succeeded in time.
    pub(super) fn record_success(&self) {
        self.state().failures = 0;
    }

    fn close(state: &mut State) -> bool {
        let changed = state.live.take().is_some();
        if changed {
            gauge!(SHARED_CACHES_CONNECTED; decrement 1);
        }
        changed
    }

    /// The lock is never held across an `await`.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        self.set_down();
    }
}
