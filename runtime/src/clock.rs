//! The [`Clock`] from which everything reads the time, and its implementations.

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

/// The greatest difference between a coarse time of a [`Clock`] and the precise one.
pub(crate) const COARSENESS: Duration = Duration::from_secs(1);

/// The source of the time for a [`ResourceServer`](crate::ResourceServer), its resolver and its cache.
///
/// Default: [`SystemClock`](crate::SystemClock). Tests use `testing::ManualClock`. A clock of your own has two methods:
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
    /// The wall clock. `exp`, `nbf` and other dates of a token are compared with it.
    fn now(&self) -> SystemTime;

    /// The monotonic clock, which never goes back. Lifetimes of cache entries and pauses are measured
    /// with it. It should include the time for which the machine is suspended; if it does not, cache
    /// entries live longer than their lifetime by that time.
    fn instant(&self) -> Instant;

    // Every request reads both clocks. On Linux, reading the time of the kernel's last timer interrupt
    // is faster than reading the precise time. The two methods are part of the trait so that
    // `SystemClock` can override them behind a `dyn Clock`; they are hidden because other clocks need not.

    /// The wall clock with an error of at most `COARSENESS`. The caller compares with
    /// [`now`](Self::now) where that error matters.
    #[doc(hidden)]
    fn coarse_now(&self) -> SystemTime {
        self.now()
    }

    /// The monotonic clock with an error of at most `COARSENESS`.
    #[doc(hidden)]
    fn coarse_instant(&self) -> Instant {
        self.instant()
    }
}

/// The clock of the operating system: the default.
///
/// On Linux, its monotonic clock is `CLOCK_BOOTTIME`, which includes the time for which the machine is
/// suspended. That of the standard library, which is used elsewhere, stops meanwhile.
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
