//! The defaults of the settings, for those that several files use.

use std::time::Duration;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
pub(super) const MAX_RESPONSE_LENGTH: usize = 64 * 1024;
