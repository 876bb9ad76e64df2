//! Which fault applies to which request.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fault::Fault;
use crate::testing::endpoint::Endpoint;

#[derive(Default)]
pub(crate) struct FaultSchedule(Mutex<Faults>);

#[derive(Default)]
struct Faults {
    /// In their order, each with the number of requests to which it is still to apply.
    counted: Vec<(usize, Fault)>,
    /// They apply after the counted ones, until they are cleared. Those for some tokens are first; of
    /// the others there is one per endpoint.
    permanent: Vec<Fault>,
}

impl FaultSchedule {
    pub(crate) fn set_permanent(&self, fault: Fault) {
        let permanent = &mut self.faults().permanent;
        if fault.is_for_some_tokens() {
            permanent.insert(0, fault);
        } else {
            permanent
                .retain(|other| other.is_for_some_tokens() || other.endpoint != fault.endpoint);
            permanent.push(fault);
        }
    }

    pub(crate) fn add_counted(&self, times: usize, fault: Fault) {
        if times > 0 {
            self.faults().counted.push((times, fault));
        }
    }

    pub(crate) fn clear(&self) {
        *self.faults() = Faults::default();
    }

    /// Returns the fault for a request, and counts it. The request may have a parameter `token`.
    pub(crate) fn next(&self, endpoint: Endpoint, token: Option<&str>) -> Option<Fault> {
        let mut faults = self.faults();
        let next = faults.counted.iter_mut().find(|(_, fault)| fault.applies_to(endpoint, token));
        if let Some((left, fault)) = next {
            *left -= 1;
            let fault = fault.clone();
            faults.counted.retain(|(left, _)| *left > 0);
            return Some(fault);
        }
        faults.permanent.iter().find(|fault| fault.applies_to(endpoint, token)).cloned()
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::faults::fault::Action;

    fn status(fault: &Fault) -> Option<u16> {
        match &fault.action {
            Action::Respond { status, .. } => Some(status.as_u16()),
            _ => None,
        }
    }

    #[test]
    fn counted_faults_apply_in_order_and_before_the_permanent_one() {
        let schedule = FaultSchedule::default();
        schedule.set_permanent(Fault::status(500));
        schedule.add_counted(2, Fault::status(502));
        schedule.add_counted(1, Fault::status(503));
        schedule.add_counted(0, Fault::status(504));
        schedule.add_counted(1, Fault::status(505).at(Endpoint::Token));
        let statuses: Vec<Option<u16>> = (0..5)
            .map(|_| status(&schedule.next(Endpoint::Introspection, None).unwrap()))
            .collect();
        assert_eq!(statuses, [502, 502, 503, 500, 500].map(Some));
        assert!(schedule.next(Endpoint::Metadata, None).is_none());
        schedule.clear();
        assert!(schedule.next(Endpoint::Introspection, None).is_none());
        assert!(schedule.next(Endpoint::Token, None).is_none());
    }

    #[test]
    fn a_fault_for_some_tokens_applies_to_no_others() {
        let schedule = FaultSchedule::default();
        schedule.set_permanent(Fault::status(500));
        schedule.set_permanent(Fault::status(501).for_tokens(|token| token.starts_with('a')));
        schedule.set_permanent(Fault::status(502).for_tokens(|token| token.starts_with('b')));
        schedule.set_permanent(Fault::status(505));
        schedule.add_counted(1, Fault::status(503).for_tokens(|token| token.ends_with('b')));
        for (token, expected) in [
            (Some("a"), 501),
            (Some("ab"), 503),
            (Some("ab"), 501),
            (Some("b"), 502),
            (Some("c"), 505),
            (None, 505),
        ] {
            let fault = schedule.next(Endpoint::Introspection, token).unwrap();
            assert_eq!(status(&fault), Some(expected), "{token:?}");
        }
    }
}
