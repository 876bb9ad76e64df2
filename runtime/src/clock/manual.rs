//! A clock that tests set.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

#[cfg(test)]
use super::COARSENESS;
use super::Clock;

/// A clock that a test moves, so that expiry is tested without sleeping. It stands still in between,
/// unless it was made by [`running`](Self::running).
///
/// A [`Clock`] has two times, and so has this one. [`advance`](Self::advance) moves both by the
/// same duration. [`set`](Self::set) changes the wall clock alone, as an administrator or NTP does; the
/// monotonic clock, with which lifetimes are measured, stays.
///
/// A clone shares its times with the original: pass clones to the
/// [resource server](crate::ResourceServerBuilder::clock), to the cache, to the introspection client
/// and to the [authorization server](crate::testing::AuthorizationServerBuilder::clock), and keep one.
/// Timeouts, such as that of an introspection request, use tokio's timer and not this clock.
///
/// An entry of the cache expires:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # #[cfg(feature = "introspection")] {
/// use std::time::Duration;
/// use requires_auth::testing::{AuthorizationServer, ManualClock};
/// use requires_auth::{AccessToken, Cached, Introspection, Resolver};
///
/// let clock = ManualClock::new();
/// let authorization_server = AuthorizationServer::start().await?;
/// let introspection =
///     Introspection::builder(authorization_server.introspection_url()).build()?;
/// let cache = Cached::builder(introspection)
///     .ttl(Duration::from_secs(60))
///     .clock(clock.clone())
///     .build()?;
/// let token = authorization_server.mint().issue().parse::<AccessToken>()?;
///
/// cache.resolve(&token).await?;
/// clock.advance(Duration::from_secs(59));
/// cache.resolve(&token).await?;
/// assert_eq!(authorization_server.introspections(), 1); // The second call is a hit.
///
/// clock.advance(Duration::from_secs(1));
/// cache.resolve(&token).await?;
/// assert_eq!(authorization_server.introspections(), 2); // The entry has expired.
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Times>>);

#[derive(Debug)]
struct Times {
    wall: SystemTime,
    monotonic: Instant,
    /// When a running clock showed these times.
    running_since: Option<Instant>,
    #[cfg(test)]
    coarse: CoarseError,
}

/// The error of the coarse times in unit tests, by [`COARSENESS`].
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CoarseError {
    Exact,
    Behind,
    Ahead,
}

impl ManualClock {
    /// A clock that shows the time of this call.
    #[must_use]
    pub fn new() -> Self {
        Self::at(SystemTime::now())
    }

    /// A clock that shows this time of the day.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use requires_auth::{Clock, testing::ManualClock};
    ///
    /// let year_2001 = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// assert_eq!(ManualClock::at(year_2001).now(), year_2001);
    /// ```
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        Self::starting(time, None)
    }

    /// A clock that shows the time of this call and then runs like the system's, for a test in which
    /// something else measures time by itself, such as a database.
    #[must_use]
    pub fn running() -> Self {
        Self::starting(SystemTime::now(), Some(Instant::now()))
    }

    fn starting(wall: SystemTime, running_since: Option<Instant>) -> Self {
        let monotonic = running_since.unwrap_or_else(Instant::now);
        Self(Arc::new(Mutex::new(Times {
            wall,
            monotonic,
            running_since,
            #[cfg(test)]
            coarse: CoarseError::Exact,
        })))
    }

    /// Clocks whose coarse times are exact, and with the greatest error in both directions.
    #[cfg(test)]
    pub(crate) fn with_each_coarse_error(time: SystemTime) -> [Self; 3] {
        [CoarseError::Exact, CoarseError::Behind, CoarseError::Ahead].map(|coarse| {
            let clock = Self::at(time);
            clock.times().coarse = coarse;
            clock
        })
    }

    /// Moves the wall clock and the monotonic clock forward.
    ///
    /// # Panics
    /// If the operating system has no representation for the new time.
    #[track_caller]
    pub fn advance(&self, duration: Duration) {
        self.times().advance(duration);
    }

    /// Sets the wall clock, forward or back, and leaves the monotonic clock as it is.
    ///
    /// ```
    /// use std::time::Duration;
    /// use requires_auth::{Clock, testing::ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// let (wall, monotonic) = (clock.now(), clock.instant());
    /// clock.set(wall - Duration::from_secs(3600));
    /// assert_eq!(clock.now(), wall - Duration::from_secs(3600));
    /// assert_eq!(clock.instant(), monotonic);
    /// ```
    pub fn set(&self, time: SystemTime) {
        self.times().wall = time;
    }

    /// The times of this moment.
    fn times(&self) -> MutexGuard<'_, Times> {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = times.running_since {
            let now = Instant::now();
            times.advance(now.saturating_duration_since(since));
            times.running_since = Some(now);
        }
        times
    }
}

impl Times {
    /// Both or, on a panic, none of them.
    #[track_caller]
    fn advance(&mut self, duration: Duration) {
        (self.wall, self.monotonic) = (self.wall + duration, self.monotonic + duration);
    }
}

/// The same as [`ManualClock::new`].
impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.times().wall
    }

    fn instant(&self) -> Instant {
        self.times().monotonic
    }

    #[cfg(test)]
    fn coarse_now(&self) -> SystemTime {
        let times = self.times();
        match times.coarse {
            CoarseError::Exact => times.wall,
            CoarseError::Behind => times.wall - COARSENESS,
            CoarseError::Ahead => times.wall + COARSENESS,
        }
    }

    #[cfg(test)]
    fn coarse_instant(&self) -> Instant {
        let times = self.times();
        match times.coarse {
            CoarseError::Exact => times.monotonic,
            CoarseError::Behind => times.monotonic.checked_sub(COARSENESS).unwrap(),
            CoarseError::Ahead => times.monotonic + COARSENESS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_clock_follows_the_system_from_where_it_was_set() {
        let clock = ManualClock::running();
        clock.set(SystemTime::UNIX_EPOCH);
        clock.advance(Duration::from_secs(60));
        let (wall, monotonic, system) = (clock.now(), clock.instant(), Instant::now());
        while system.elapsed() < Duration::from_millis(2) {
            std::thread::yield_now();
        }
        assert!(clock.instant() >= monotonic + Duration::from_millis(2));
        assert!(clock.now() >= wall + Duration::from_millis(2));
        assert!(clock.now() < SystemTime::UNIX_EPOCH + Duration::from_secs(120));
        assert!(clock.instant() >= Instant::now() + Duration::from_secs(59));
    }

    #[test]
    fn clones_share_their_times_and_only_advance_moves_the_monotonic_clock() {
        // R-E3
        const HOUR: Duration = Duration::from_secs(3600);
        let clock = ManualClock::at(SystemTime::UNIX_EPOCH + HOUR);
        let clone = clock.clone();
        let begin = clone.instant();
        clock.advance(HOUR);
        assert_eq!(
            (clone.now(), clone.instant()),
            (SystemTime::UNIX_EPOCH + 2 * HOUR, begin + HOUR)
        );
        clone.set(SystemTime::UNIX_EPOCH);
        assert_eq!((clock.now(), clock.instant()), (SystemTime::UNIX_EPOCH, begin + HOUR));
        clone.set(SystemTime::UNIX_EPOCH + 9 * HOUR);
        assert_eq!(
            (clock.now(), clock.instant()),
            (SystemTime::UNIX_EPOCH + 9 * HOUR, begin + HOUR)
        );
        assert_eq!((clock.coarse_now(), clock.coarse_instant()), (clock.now(), clock.instant()));
    }
}
