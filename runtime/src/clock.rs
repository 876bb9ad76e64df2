//! Where the time comes from.

use std::fmt::Debug;
use std::time::{Instant, SystemTime};

/// The time, as [`ResourceServer`](crate::ResourceServer) sees it; replaceable in tests.
///
/// ```
/// use std::time::{Duration, Instant, SystemTime};
///
/// /// Always one hour behind.
/// #[derive(Debug)]
/// struct Late;
///
/// impl requires_auth::Clock for Late {
///     fn now(&self) -> SystemTime {
///         SystemTime::now() - Duration::from_secs(3600)
///     }
///     fn instant(&self) -> Instant {
///         Instant::now()
///     }
/// }
/// ```
pub trait Clock: Debug + Send + Sync + 'static {
    /// The wall clock, against which `exp` and `nbf` are checked.
    fn now(&self) -> SystemTime;

    /// The monotonic clock, on which lifetimes and pauses run: it never jumps.
    fn instant(&self) -> Instant;
}

/// The clock of the operating system: the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }
}
