//! The defaults of the settings.

use std::time::Duration;

pub(super) use crate::resolve::authorization_server::defaults::MAX_RESPONSE_LENGTH;

pub(super) const MAX_IN_FLIGHT: usize = 256;
pub(super) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
