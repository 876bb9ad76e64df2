//! The defaults of the settings, for those that several files use.

use std::time::Duration;

pub(in crate::resolve) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
pub(in crate::resolve) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
pub(in crate::resolve) const MAX_RESPONSE_LENGTH: usize = 64 * 1024;
