//! Whether the store can be used now.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::connection::Connection;
use super::keys::Generation;
use crate::telemetry::gauge;

/// A store in use.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) connection: Connection,
    pub(super) generation: Generation,
}

/// Hands out the connection while it is good. A store that fails is left alone for a moment, and for
/// longer each time, until it has answered a question: so a slow one slows nobody down for long.
pub(super) struct Health {
    state: Mutex<State>,
    /// Whether the first attempt to reach the store has ended, one way or the other.
    attempted: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    live: Option<Live>,
    failures: u32,
    closed_until: Option<Instant>,
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

    /// Ends with the first attempt to reach the store.
    pub(super) async fn attempted(&self) {
        if !*self.attempted.borrow() {
            // The sender is here, so there is no other end.
            let _ = self.attempted.subscribe().wait_for(|attempted| *attempted).await;
        }
    }

    /// The store has answered the one who watches it. Returns whether this is news.
    pub(super) fn up(&self, live: Live) -> bool {
        let mut state = self.state();
        let closed = state.closed_until.is_some_and(|until| Instant::now() < until);
        let news = !closed && state.live.is_none();
        if !closed {
            state.live = Some(live);
        }
        drop(state);
        self.attempted.send_replace(true);
        if news {
            gauge!(SHARED_CACHES_CONNECTED; increment 1);
        }
        news
    }

    /// The store is lost, or has yet to be understood anew.
    pub(super) fn down(&self) {
        Self::close(&mut self.state());
        self.attempted.send_replace(true);
    }

    /// The store has failed to answer a question in time or at all. Returns whether this is news.
    pub(super) fn record_failure(&self) -> bool {
        let mut state = self.state();
        if state.live.is_none() {
            // The others who were waiting with the first one say nothing new.
            return false;
        }
        let pause = MIN_PAUSE.saturating_mul(1 << state.failures.min(8)).min(MAX_PAUSE);
        state.failures = state.failures.saturating_add(1);
        state.closed_until = Instant::now().checked_add(pause);
        Self::close(&mut state)
    }

    /// The store has answered a question in time.
    pub(super) fn record_success(&self) {
        self.state().failures = 0;
    }

    fn close(state: &mut State) -> bool {
        let news = state.live.take().is_some();
        if news {
            gauge!(SHARED_CACHES_CONNECTED; decrement 1);
        }
        news
    }

    /// Never held across an `await`.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        self.down();
    }
}
