//! The clock of the unit tests.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use crate::Clock;

/// A clock that only [`advance`](Self::advance) moves.
#[derive(Debug, Clone)]
pub(super) struct ManualClock(Arc<Mutex<Instant>>);

impl ManualClock {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(super) fn advance(&self, millis: u64) {
        *self.0.lock().unwrap() += Duration::from_millis(millis);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn instant(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}
