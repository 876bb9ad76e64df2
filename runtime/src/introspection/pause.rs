//! A pause in asking, because the authorization server said when to come back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{Clock, Unavailable};

/// Holds exchanges back until the time that a 429 or 503 named has come.
#[derive(Debug)]
pub(super) struct Pause {
    until: Mutex<Option<Instant>>,
    clock: Arc<dyn Clock>,
}

impl Pause {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { until: Mutex::new(None), clock }
    }

    /// An error with the rest of the pause, if there is one.
    pub(super) fn check(&self) -> Result<(), Unavailable> {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(end) = *until else { return Ok(()) };
        let rest = end.saturating_duration_since(self.clock.instant());
        if rest == Duration::ZERO {
            *until = None;
            return Ok(());
        }
        Err(Unavailable::new("the authorization server asked not to be asked for a while")
            .with_retry_after(rest))
    }

    /// Starts a pause if the server asked for one.
    pub(super) fn observe(&self, unavailable: &Unavailable) {
        let Some(delay) = unavailable.retry_after() else {
            return;
        };
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(self.clock.instant().checked_add(delay));
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[derive(Debug)]
    struct Hand(Mutex<Instant>);

    impl Clock for Arc<Hand> {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }
        fn instant(&self) -> Instant {
            *self.0.lock().unwrap()
        }
    }

    #[test]
    fn nobody_asks_before_the_server_wants_to_be_asked() {
        // R-C7
        let hand = Arc::new(Hand(Mutex::new(Instant::now())));
        let pause = Pause::new(Arc::new(Arc::clone(&hand)));
        let seconds = Duration::from_secs;
        pause.observe(&Unavailable::new("down"));
        assert!(pause.check().is_ok(), "no pause was asked for");

        pause.observe(&Unavailable::new("down").with_retry_after(seconds(10)));
        pause.observe(&Unavailable::new("down").with_retry_after(seconds(2)));
        *hand.0.lock().unwrap() += seconds(3);
        assert_eq!(pause.check().unwrap_err().retry_after(), Some(seconds(7)));
        *hand.0.lock().unwrap() += seconds(7);
        assert!(pause.check().is_ok());
    }
}
