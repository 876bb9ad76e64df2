//! The rejections that were made for one request and may become its result.

use std::sync::{Mutex, PoisonError};

use ::rmcp::ErrorData;

use super::rejection_error::error_data;
use crate::Rejection;

/// Leads from an error that a function returns back to the rejection that it was converted from.
///
/// An error of JSON-RPC cannot carry a rejection, and a function can make rejections that it never
/// returns. So each is kept here, and the result of the function selects one.
#[derive(Debug, Default)]
pub(super) struct RejectionCandidates(Mutex<Vec<Rejection>>);

/// A caller's arguments can decide how many rejections a function makes, so only the latest are kept.
const MAX_CANDIDATES: usize = 64;

impl RejectionCandidates {
    pub(super) fn add(&self, rejection: &Rejection) {
        let mut candidates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The same answer again replaces the earlier one.
        candidates.retain(|candidate| !has_same_response(candidate, rejection));
        if candidates.len() >= MAX_CANDIDATES {
            candidates.remove(0);
        }
        candidates.push(rejection.clone());
    }

    /// The rejection that becomes this error by conversion.
    pub(super) fn find(&self, error: &ErrorData) -> Option<Rejection> {
        let candidates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        candidates.iter().rev().find(|candidate| error_data(candidate) == *error).cloned()
    }
}

fn has_same_response(one: &Rejection, other: &Rejection) -> bool {
    one.status() == other.status()
        && one.challenge() == other.challenge()
        && one.retry_after() == other.retry_after()
        && one.body() == other.body()
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use super::*;
    use crate::testing::Caller;

    #[test]
    fn an_error_selects_the_rejection_that_it_was_converted_from() {
        // R-I3
        let auth = Caller::new("alice", "").auth_info();
        let reject = |number: usize| auth.require(&format!("s{number}")).unwrap_err();
        let candidates = RejectionCandidates::default();
        assert!(candidates.find(&reject(0).into()).is_none(), "it was not made for this request");
        for number in 0..=MAX_CANDIDATES {
            candidates.add(&reject(number));
            candidates.add(&reject(number));
        }
        let found = |number| candidates.find(&reject(number).into());
        assert_eq!(found(1).unwrap().scope(), Some("s1"));
        assert_eq!(found(MAX_CANDIDATES).unwrap().scope(), Some("s64"));
        assert!(found(0).is_none(), "only the latest are kept");
        assert!(candidates.find(&ErrorData::internal_error("own", None)).is_none());
    }

    #[test]
    fn rejections_that_differ_in_their_body_alone_are_all_kept() {
        // R-I3
        #[derive(Debug, serde::Deserialize)]
        struct Payment;
        impl crate::AuthorizationDetail for Payment {
            const TYPE: &'static str = "payment";
        }

        let auth = Caller::new("alice", "").auth_info();
        let candidates = RejectionCandidates::default();
        let (denied, detail) =
            (auth.access_denied(), auth.require_authorization_details::<Payment>().unwrap_err());
        assert_eq!((denied.status(), denied.challenge()), (detail.status(), detail.challenge()));
        for rejection in [&denied, &detail] {
            candidates.add(rejection);
        }
        for rejection in [denied, detail] {
            let found = candidates.find(&rejection.clone().into()).unwrap();
            assert_eq!(found.body(), rejection.body());
        }
    }
}
