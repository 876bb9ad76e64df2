//! The clocks that stand still between two ticks of the kernel's timer, 1 to 10 ms. Reading one is
//! reading memory, where the precise ones ask the processor and wait for all that it has begun.
//!
//! The monotonic clock stops while the machine is suspended, and so does its coarse variant; the boot
//! clock does not, and has no coarse one. So the boot clock is read when the coarse clock has ticked since
//! it was last read, at most a thousand times a second, and what it showed then stands until the next
//! tick. The first tick after a suspension is the first to show it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rustix::time::{ClockId, Timespec, clock_gettime};

/// The wall clock at the last tick.
pub(super) fn now() -> Option<SystemTime> {
    let passed = since(Timespec::default(), clock_gettime(ClockId::RealtimeCoarse))?;
    SystemTime::UNIX_EPOCH.checked_add(passed)
}

/// The boot clock, as an `Instant`.
pub(super) fn instant() -> Option<Instant> {
    CLOCK.precise(clock_gettime)
}

/// The boot clock at the last tick.
pub(super) fn coarse_instant() -> Option<Instant> {
    CLOCK.coarse(clock_gettime)
}

static CLOCK: LazyLock<BootClock> = LazyLock::new(|| BootClock::new(Instant::now(), clock_gettime));

/// The boot clock by `Instant`s, which cannot be read from it.
struct BootClock {
    /// One moment, on the clock itself and as an `Instant`.
    begun: Timespec,
    instant: Instant,
    /// The tick at which the boot clock was last read, and how many nanoseconds had passed by then.
    tick: AtomicU64,
    passed: AtomicU64,
}

impl BootClock {
    fn new(instant: Instant, read: impl Fn(ClockId) -> Timespec) -> Self {
        let begun = read(ClockId::Boottime);
        Self { begun, instant, tick: AtomicU64::new(u64::MAX), passed: AtomicU64::new(0) }
    }

    fn precise(&self, read: impl Fn(ClockId) -> Timespec) -> Option<Instant> {
        let passed = since(self.begun, read(ClockId::Boottime))?;
        self.instant.checked_add(passed)
    }

    #[inline]
    fn coarse(&self, read: impl Fn(ClockId) -> Timespec) -> Option<Instant> {
        let tick = nanoseconds(read(ClockId::MonotonicCoarse))?;
        // What belongs to this tick, or to a later one that another thread has seen.
        if self.tick.load(Ordering::Acquire) == tick {
            let passed = Duration::from_nanos(self.passed.load(Ordering::Relaxed));
            return self.instant.checked_add(passed);
        }
        self.at_tick(tick, read)
    }

    #[cold]
    fn at_tick(&self, tick: u64, read: impl Fn(ClockId) -> Timespec) -> Option<Instant> {
        let passed = since(self.begun, read(ClockId::Boottime))?;
        let nanoseconds = u64::try_from(passed.as_nanos()).ok()?;
        // Never back: of two threads, the one with the earlier time may come last.
        self.passed.fetch_max(nanoseconds, Ordering::Relaxed);
        self.tick.store(tick, Ordering::Release);
        self.instant.checked_add(passed)
    }
}

fn nanoseconds(time: Timespec) -> Option<u64> {
    let seconds = u64::try_from(time.tv_sec).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(u64::try_from(time.tv_nsec).ok()?)
}

/// What has passed between two moments of a clock.
fn since(begun: Timespec, now: Timespec) -> Option<Duration> {
    Duration::try_from(now.checked_sub(begun)?).ok()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::clock::COARSENESS;

    /// More than there was between the two readings of the moment that is begun with.
    const APART: Duration = Duration::from_millis(10);

    #[test]
    fn a_tick_is_less_than_a_second_ago() {
        // R-D5, R-E3
        let begun = Instant::now();
        // For several ticks.
        while begun.elapsed() < Duration::from_millis(50) {
            let (before, tick, after) = (SystemTime::now(), now().unwrap(), SystemTime::now());
            assert!(before - COARSENESS < tick && tick <= after);
            let precise = || instant().unwrap();
            let (before, tick, after) = (precise(), coarse_instant().unwrap(), precise());
            assert!(before < tick + COARSENESS && tick <= after + APART);
        }
        assert!(coarse_instant().unwrap() > begun);
    }

    #[test]
    fn time_passes_while_the_machine_is_suspended() {
        // R-E3
        let (boot, monotonic, read) = (Cell::new(1000), Cell::new(1000), Cell::new(0));
        let clock = |id| {
            let millis = if id == ClockId::Boottime {
                read.set(read.get() + 1);
                boot.get()
            } else {
                monotonic.get()
            };
            Timespec { tv_sec: millis / 1000, tv_nsec: millis % 1000 * 1_000_000 }
        };
        let pass = |awake: i64, suspended: i64| {
            monotonic.set(monotonic.get() + awake);
            boot.set(boot.get() + awake + suspended);
        };
        let begun = Instant::now();
        let times = BootClock::new(begun, clock);
        let after = |millis: u64| Some(begun + Duration::from_millis(millis));
        assert_eq!((times.precise(clock), times.coarse(clock)), (after(0), after(0)));
        pass(4, 0);
        assert_eq!((times.precise(clock), times.coarse(clock)), (after(4), after(4)));
        pass(4, 3_600_000);
        assert_eq!(times.coarse(clock), after(3_600_008), "at the first tick after it");
        assert_eq!(times.precise(clock), after(3_600_008));
        let before = read.get();
        for _ in 0..1000 {
            assert_eq!(times.coarse(clock), after(3_600_008));
        }
        assert_eq!(read.get(), before, "the boot clock is read once in a tick");
    }

    #[test]
    fn of_two_threads_that_read_the_boot_clock_the_later_time_counts() {
        // R-E3: the one that read it first is the last to write it.
        let at = |millis: i64| {
            move |_| Timespec { tv_sec: millis / 1000, tv_nsec: millis % 1000 * 1_000_000 }
        };
        let begun = Instant::now();
        let times = BootClock::new(begun, at(1000));
        let tick = nanoseconds(at(1008)(ClockId::MonotonicCoarse)).unwrap();
        times.at_tick(tick, at(1009)).unwrap();
        times.at_tick(tick, at(1008)).unwrap();
        assert_eq!(times.coarse(at(1008)), Some(begun + Duration::from_millis(9)));
    }
}
