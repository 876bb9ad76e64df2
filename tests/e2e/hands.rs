//! A clock whose monotonic hand the test moves.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use requires_auth::Clock;

#[derive(Debug, Clone)]
pub struct Hands(Arc<Mutex<Instant>>);

impl Hands {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub fn pass(&self, millis: u64) {
        *self.0.lock().unwrap() += Duration::from_millis(millis);
    }
}

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn instant(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}
