//! The defaults of the settings.

use std::time::Duration;

pub(crate) use crate::resolve::authorization_server::defaults::MAX_RESPONSE_LENGTH;

pub(crate) const MAX_IN_FLIGHT: usize = 256;
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
