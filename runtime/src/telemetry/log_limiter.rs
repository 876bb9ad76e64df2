//! A limit on the log events that callers can cause.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The number of events of one kind that are written at their own level in a [`WINDOW`].
pub(crate) const BURST: u32 = 5;

/// The duration of a window, which begins with the first event of a kind.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);

/// The number of kinds that have a count of their own. Kinds come from the program's code, never from a
/// request, and there are fewer; any others share one count.
const MAX_KINDS: usize = 64;

const FURTHER_KINDS: &str = "further kinds";

/// Writes the first events of each kind, counts the others, and writes their number.
///
/// Each kind has its own count, so that an event that a caller repeats does not suppress events of other
/// kinds. The number of suppressed events is written with the first event of any kind after the window has
/// ended, and when the limiter is dropped.
pub(crate) struct LogLimiter(Mutex<Vec<Window>>);

/// The current window of one kind.
struct Window {
    kind: &'static str,
    began: Instant,
    written: u32,
    suppressed: u64,
}

/// How an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// At its own level.
    Write,
    /// At its own level, as the last one of its kind in this window.
    WriteLast,
    /// At the level DEBUG.
    Suppress,
}

/// The number of events of one kind that were not written at their own level.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    kind: &'static str,
    suppressed: u64,
}

impl LogLimiter {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Counts an event of this kind, and writes the numbers of windows that have ended.
    pub(crate) fn verdict(&self, kind: &'static str, now: Instant) -> Verdict {
        let (verdict, summaries) = self.count(kind, now);
        summaries.iter().for_each(Summary::write);
        verdict
    }

    fn count(&self, kind: &'static str, now: Instant) -> (Verdict, Vec<Summary>) {
        let mut windows = self.windows();
        // Usually stays empty, and so allocates nothing.
        let mut summaries = Vec::new();
        for window in windows.iter_mut().filter(|window| window.has_ended(now)) {
            summaries.extend(window.take_summary());
        }
        let window = match windows.iter().position(|window| window.kind == kind) {
            Some(index) => index,
            None if windows.len() < MAX_KINDS - 1 => push(&mut windows, kind, now),
            None => match windows.iter().position(|window| window.kind == FURTHER_KINDS) {
                Some(index) => index,
                None => push(&mut windows, FURTHER_KINDS, now),
            },
        };
        let verdict = windows.get_mut(window).map_or(Verdict::Suppress, |window| window.count(now));
        (verdict, summaries)
    }

    /// Never held while an event is written: the subscriber may cause an event itself.
    fn windows(&self) -> MutexGuard<'_, Vec<Window>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push(windows: &mut Vec<Window>, kind: &'static str, now: Instant) -> usize {
    windows.push(Window { kind, began: now, written: 0, suppressed: 0 });
    windows.len() - 1
}

impl Window {
    fn has_ended(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= WINDOW
    }

    fn count(&mut self, now: Instant) -> Verdict {
        if self.has_ended(now) {
            self.began = now;
            self.written = 0;
        }
        if self.written == BURST {
            self.suppressed = self.suppressed.saturating_add(1);
            return Verdict::Suppress;
        }
        self.written += 1;
        if self.written == BURST { Verdict::WriteLast } else { Verdict::Write }
    }

    fn take_summary(&mut self) -> Option<Summary> {
        let suppressed = std::mem::take(&mut self.suppressed);
        (suppressed > 0).then_some(Summary { kind: self.kind, suppressed })
    }
}

impl Summary {
    fn write(&self) {
        let Self { kind, suppressed } = self;
        tracing::warn!(target: "requires_auth", kind, suppressed, "further log lines suppressed");
    }
}

impl Drop for LogLimiter {
    fn drop(&mut self) {
        let windows = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for window in windows {
            if let Some(summary) = window.take_summary() {
                summary.write();
            }
        }
    }
}

impl Verdict {
    /// Returns a note for the last event of a window, so that the suppression does not look like the end of
    /// the problem.
    pub(crate) fn limited(self) -> Option<&'static str> {
        (self == Self::WriteLast).then_some("further lines of this kind are at DEBUG for 60 s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(kind: &'static str, suppressed: u64) -> Summary {
        Summary { kind, suppressed }
    }

    #[test]
    fn the_first_events_of_a_window_are_written_and_the_others_are_counted() {
        // R-B9
        let limiter = LogLimiter::new();
        let start = Instant::now();
        let count = |kind, at| limiter.count(kind, start + at);
        for _ in 1..BURST {
            assert_eq!(count("a", Duration::ZERO), (Verdict::Write, vec![]));
        }
        assert_eq!(count("a", Duration::ZERO), (Verdict::WriteLast, vec![]));
        for _ in 0..1000 {
            assert_eq!(count("a", WINDOW / 2), (Verdict::Suppress, vec![]));
        }
        assert_eq!(count("b", WINDOW / 2), (Verdict::Write, vec![]), "each kind has its own count");
        // An event of another kind writes the number as well.
        assert_eq!(count("b", WINDOW), (Verdict::Write, vec![summary("a", 1000)]));
        assert_eq!(count("a", WINDOW), (Verdict::Write, vec![]));
        assert_eq!(count("a", Duration::ZERO), (Verdict::Write, vec![]), "the clock goes back");
    }

    #[test]
    fn the_number_of_kinds_is_bounded() {
        // R-B9
        let limiter = LogLimiter::new();
        let now = Instant::now();
        let kinds: Vec<&'static str> =
            (0..1000).map(|number| &*Box::leak(number.to_string().into_boxed_str())).collect();
        for kind in kinds {
            limiter.count(kind, now);
        }
        assert_eq!(limiter.windows().len(), MAX_KINDS);
        assert_eq!(
            limiter.count("0", now).0,
            Verdict::Write,
            "the first kinds keep their own count"
        );
        assert_eq!(limiter.count("new", now).0, Verdict::Suppress);
    }
}
