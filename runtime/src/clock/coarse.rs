//! Coarse clocks of Linux: they show the time of the kernel's last timer interrupt (a tick), 1 to 10 ms
//! ago. Reading one only reads memory; reading a precise clock also reads a counter of the processor,
//! which waits for the instructions before it.
//!
//! The monotonic clock stops while the machine is suspended, and so does its coarse variant. The boot
//! clock (`CLOCK_BOOTTIME`) does not stop, but has no coarse variant. [`BootClock`] makes one: it reads
//! the boot clock once per tick of the coarse monotonic clock, and returns that time until the next
//! tick. The first tick after a suspension therefore includes the suspension.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rustix::time::{ClockId, Timespec, clock_gettime};

/// The wall clock at the last tick.
pub(super) fn now() -> Option<SystemTime> {
    let elapsed = elapsed(Timespec::default(), clock_gettime(ClockId::RealtimeCoarse))?;
    SystemTime::UNIX_EPOCH.checked_add(elapsed)
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

/// Converts the boot clock to `Instant`s, which the standard library makes from the monotonic clock
/// alone: as the `Instant` of its creation plus the time since then on the boot clock.
struct BootClock {
    /// The creation, on the boot clock and as an `Instant`.
    start: Timespec,
    start_instant: Instant,
    /// The tick at which the boot clock was last read, and the nanoseconds since `start` at that time.
    tick: AtomicU64,
    elapsed: AtomicU64,
}

impl BootClock {
    fn new(start_instant: Instant, read: impl Fn(ClockId) -> Timespec) -> Self {
        let start = read(ClockId::Boottime);
        let (tick, elapsed) = (AtomicU64::new(u64::MAX), AtomicU64::new(0));
        Self { start, start_instant, tick, elapsed }
    }

    fn precise(&self, read: impl Fn(ClockId) -> Timespec) -> Option<Instant> {
        let elapsed = elapsed(self.start, read(ClockId::Boottime))?;
        self.start_instant.checked_add(elapsed)
    }

    #[inline]
    fn coarse(&self, read: impl Fn(ClockId) -> Timespec) -> Option<Instant> {
        let tick = nanoseconds(read(ClockId::MonotonicCoarse))?;
        // The time of this tick, or of a later one that another thread has stored in between.
        if self.tick.load(Ordering::Acquire) == tick {
            let elapsed = Duration::from_nanos(self.elapsed.load(Ordering::Relaxed));
            return self.start_instant.checked_add(elapsed);
        }
        self.update(tick, read)
    }

    /// Reads the boot clock and stores its time for this tick.
    #[cold]
    fn update(&self, tick: u64, read: impl Fn(ClockId) -> Timespec) -> Option<Instant> {
        let elapsed = elapsed(self.start, read(ClockId::Boottime))?;
        let nanoseconds = u64::try_from(elapsed.as_nanos()).ok()?;
        // The maximum, because of two threads the one that read the earlier time may store it last.
        self.elapsed.fetch_max(nanoseconds, Ordering::Relaxed);
        self.tick.store(tick, Ordering::Release);
        self.start_instant.checked_add(elapsed)
    }
}

fn nanoseconds(time: Timespec) -> Option<u64> {
    let seconds = u64::try_from(time.tv_sec).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(u64::try_from(time.tv_nsec).ok()?)
}

/// The duration between two times of a clock.
fn elapsed(start: Timespec, now: Timespec) -> Option<Duration> {
    Duration::try_from(now.checked_sub(start)?).ok()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::clock::COARSENESS;

    /// More than the time between the two readings of a clock's creation.
    const START_ERROR: Duration = Duration::from_millis(10);

    #[test]
    fn the_last_tick_is_less_than_a_second_ago() {
        // R-D5, R-E3
        let start = Instant::now();
        // This takes several ticks.
        while start.elapsed() < Duration::from_millis(50) {
            let (before, tick, after) = (SystemTime::now(), now().unwrap(), SystemTime::now());
            assert!(before - COARSENESS < tick && tick <= after);
            let precise = || instant().unwrap();
            let (before, tick, after) = (precise(), coarse_instant().unwrap(), precise());
            assert!(before < tick + COARSENESS && tick <= after + START_ERROR);
        }
        assert!(coarse_instant().unwrap() > start);
    }

    #[test]
    fn the_coarse_clock_includes_the_time_of_a_suspension() {
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
        let advance = |awake: i64, suspended: i64| {
            monotonic.set(monotonic.get() + awake);
            boot.set(boot.get() + awake + suspended);
        };
        let start = Instant::now();
        let boot_clock = BootClock::new(start, clock);
        let after = |millis: u64| Some(start + Duration::from_millis(millis));
        assert_eq!((boot_clock.precise(clock), boot_clock.coarse(clock)), (after(0), after(0)));
        advance(4, 0);
        assert_eq!((boot_clock.precise(clock), boot_clock.coarse(clock)), (after(4), after(4)));
        advance(4, 3_600_000);
        assert_eq!(
            boot_clock.coarse(clock),
            after(3_600_008),
            "the first tick after the suspension"
        );
        assert_eq!(boot_clock.precise(clock), after(3_600_008));
        let before = read.get();
        for _ in 0..1000 {
            assert_eq!(boot_clock.coarse(clock), after(3_600_008));
        }
        assert_eq!(read.get(), before, "the boot clock is read once per tick");
    }

    #[test]
    fn of_two_threads_that_read_the_boot_clock_the_later_time_is_kept() {
        // R-E3: the thread that reads it first stores its time last.
        let at = |millis: i64| {
            move |_| Timespec { tv_sec: millis / 1000, tv_nsec: millis % 1000 * 1_000_000 }
        };
        let start = Instant::now();
        let boot_clock = BootClock::new(start, at(1000));
        let tick = nanoseconds(at(1008)(ClockId::MonotonicCoarse)).unwrap();
        boot_clock.update(tick, at(1009)).unwrap();
        boot_clock.update(tick, at(1008)).unwrap();
        assert_eq!(boot_clock.coarse(at(1008)), Some(start + Duration::from_millis(9)));
    }
}
