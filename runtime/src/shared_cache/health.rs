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
pub(super) struct Link {
    state: Mutex<State>,
    /// Whether the first attempt to reach the store has ended, one way or the other.
    tried: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    live: Option<Live>,
    strikes: u32,
    closed_until: Option<Instant>,
}

const SHORTEST_BREAK: Duration = Duration::from_millis(250);
const LONGEST_BREAK: Duration = Duration::from_secs(8);

impl Link {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), tried: watch::Sender::new(false) }
    }

    /// The store; `None` if it cannot be used.
    pub(super) fn live(&self) -> Option<Live> {
        self.state().live.clone()
    }

    /// Ends with the first attempt to reach the store.
    pub(super) async fn tried(&self) {
        if !*self.tried.borrow() {
            // The sender is here, so there is no other end.
            let _ = self.tried.subscribe().wait_for(|tried| *tried).await;
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
        self.tried.send_replace(true);
        if news {
            gauge!(SHARED_CACHES_CONNECTED; increment 1);
        }
        news
    }

    /// The store is lost, or has yet to be understood anew.
    pub(super) fn down(&self) {
        Self::close(&mut self.state());
        self.tried.send_replace(true);
    }

    /// The store has failed to answer a question in time or at all. Returns whether this is news.
    pub(super) fn strike(&self) -> bool {
        let mut state = self.state();
        if state.live.is_none() {
            // The others who were waiting with the first one say nothing new.
            return false;
        }
        let pause = SHORTEST_BREAK.saturating_mul(1 << state.strikes.min(8)).min(LONGEST_BREAK);
        state.strikes = state.strikes.saturating_add(1);
        state.closed_until = Instant::now().checked_add(pause);
        Self::close(&mut state)
    }

    /// The store has answered a question in time.
    pub(super) fn answered(&self) {
        self.state().strikes = 0;
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

impl Drop for Link {
    fn drop(&mut self) {
        self.down();
    }
}
