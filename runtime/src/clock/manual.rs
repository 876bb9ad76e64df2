//! A clock that tests set.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::Clock;

/// A clock that stands still until a test changes it, so that expiry is tested without sleeping.
///
/// A [`Clock`] has two times, and so has this one. [`advance`](Self::advance) lets time pass: it moves
/// both by the same duration. [`set`](Self::set) changes the wall clock alone, as an administrator or
/// NTP does; the monotonic clock, on which lifetimes run, does not follow.
///
/// A clone shares its times with the original: give clones to the
/// [resource server](crate::ResourceServerBuilder::clock), to the cache, to the introspection client
/// and to the [authorization server](crate::testing::AuthorizationServerBuilder::clock), and keep one.
/// Timeouts, such as that of an introspection request, run on tokio's timer and ignore this clock.
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
/// let token = AccessToken::parse(&authorization_server.mint().issue())?;
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
        Self(Arc::new(Mutex::new(Times { wall: time, monotonic: Instant::now() })))
    }

    /// Moves the wall clock and the monotonic clock forward.
    ///
    /// # Panics
    /// If the operating system has no representation for the new time.
    #[track_caller]
    pub fn advance(&self, duration: Duration) {
        let mut times = self.times();
        let (wall, monotonic) = (times.wall + duration, times.monotonic + duration);
        *times = Times { wall, monotonic };
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

    fn times(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
