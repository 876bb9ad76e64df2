//! The clocks that stand still between two ticks of the kernel's timer, 1 to 10 ms. Reading one is
//! reading memory, where the precise ones ask the processor and wait for all that it has begun.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use rustix::time::{ClockId, Timespec, clock_gettime};

/// The wall clock at the last tick.
pub(super) fn now() -> Option<SystemTime> {
    let passed = since(Timespec::default(), ClockId::RealtimeCoarse)?;
    SystemTime::UNIX_EPOCH.checked_add(passed)
}

/// The monotonic clock at the last tick.
pub(super) fn instant() -> Option<Instant> {
    /// One moment, on the clock itself and as an `Instant`, which does not show what it reads.
    static BEGUN: LazyLock<(Timespec, Instant)> =
        LazyLock::new(|| (clock_gettime(ClockId::Monotonic), Instant::now()));
    let (begun, instant) = *BEGUN;
    // Nothing until the first tick.
    let passed = since(begun, ClockId::MonotonicCoarse).unwrap_or_default();
    instant.checked_add(passed)
}

/// What had passed at the last tick, if that came later.
fn since(begun: Timespec, clock: ClockId) -> Option<Duration> {
    Duration::try_from(clock_gettime(clock).checked_sub(begun)?).ok()
}

#[cfg(test)]
mod tests {
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
            let (before, tick, after) = (Instant::now(), instant().unwrap(), Instant::now());
            assert!(before < tick + COARSENESS && tick <= after + APART);
        }
        assert!(instant().unwrap() > begun);
    }
}
