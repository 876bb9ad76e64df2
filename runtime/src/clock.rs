//! Where the time comes from.

#[cfg(target_os = "linux")]
mod coarse;
#[cfg(any(test, feature = "testing"))]
#[cfg_attr(
    not(feature = "testing"),
    allow(dead_code, unreachable_pub, reason = "unit tests use part of it, `testing` exports it")
)]
mod manual;

use std::fmt::Debug;
use std::time::{Duration, Instant, SystemTime};

#[cfg(any(test, feature = "testing"))]
#[cfg_attr(
    not(feature = "testing"),
    allow(unreachable_pub, unused_imports, reason = "unit tests use it, `testing` exports it")
)]
pub use manual::ManualClock;

/// How far the coarse times of a [`Clock`] may be from the precise ones.
pub(crate) const COARSENESS: Duration = Duration::from_secs(1);

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

    /// The monotonic clock, on which lifetimes and pauses run: it never jumps. It should go on while the
    /// machine is suspended, else remembered claims are used for longer than their lifetime after that.
    fn instant(&self) -> Instant;

    /// The wall clock, at most a second off, where that takes less time to read: [`now`](Self::now) by
    /// default. Every request looks at it; where a second matters, the precise time decides.
    fn coarse_now(&self) -> SystemTime {
        self.now()
    }

    /// The monotonic clock, at most a second off, in the same way.
    fn coarse_instant(&self) -> Instant {
        self.instant()
    }
}

/// The clock of the operating system: the default. On Linux, its coarse times are those of the last
/// tick of the kernel's timer, and its monotonic clock counts the time for which the machine was suspended
/// (`CLOCK_BOOTTIME`), which that of the standard library does not.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    #[cfg(target_os = "linux")]
    fn instant(&self) -> Instant {
        coarse::instant().unwrap_or_else(Instant::now)
    }

    #[cfg(not(target_os = "linux"))]
    fn instant(&self) -> Instant {
        Instant::now()
    }

    #[cfg(target_os = "linux")]
    fn coarse_now(&self) -> SystemTime {
        coarse::now().unwrap_or_else(SystemTime::now)
    }

    #[cfg(target_os = "linux")]
    fn coarse_instant(&self) -> Instant {
        coarse::coarse_instant().unwrap_or_else(Instant::now)
    }
}
