//! A clock that tests move.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use requires_auth::Clock;

/// Both hands follow the machine's, and can be moved on top of that.
#[derive(Debug, Clone, Default)]
pub struct Hands(Arc<Mutex<Moved>>);

#[derive(Debug, Default)]
struct Moved {
    forward: Duration,
    back: Duration,
    monotonic: Duration,
}

impl Hands {
    /// Lets time pass, on both hands.
    pub fn pass(&self, time: Duration) {
        let mut moved = self.0.lock().unwrap();
        moved.forward += time;
        moved.monotonic += time;
    }

    pub fn jump_forward(&self, time: Duration) {
        self.0.lock().unwrap().forward += time;
    }

    pub fn jump_back(&self, time: Duration) {
        self.0.lock().unwrap().back += time;
    }
}

impl Clock for Hands {
    fn now(&self) -> SystemTime {
        let moved = self.0.lock().unwrap();
        SystemTime::now() + moved.forward - moved.back
    }

    fn instant(&self) -> Instant {
        Instant::now() + self.0.lock().unwrap().monotonic
    }
}
