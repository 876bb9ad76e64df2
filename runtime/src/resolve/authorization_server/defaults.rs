//! The defaults of the settings, for those that several files use.

use std::time::Duration;

pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
pub(crate) const MAX_RESPONSE_LENGTH: usize = 64 * 1024;
