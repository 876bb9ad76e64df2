//! The `Retry-After` header (RFC 9110 §10.2.3).

#[cfg(any(test, requires_auth_fuzz))]
pub(crate) mod fuzz;

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// Better Auth sends this in place of `Retry-After`, in seconds.
const X_RETRY_AFTER: &str = "x-retry-after";

/// Returns the delay that the header names, in seconds or as a date; `None` without the header, or if it is
/// malformed. `X-Retry-After` is read where there is no `Retry-After`.
pub(crate) fn read(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER).or_else(|| headers.get(X_RETRY_AFTER))?;
    let text = value.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn seconds_and_dates_are_read() {
        // R-C7
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let delay = |text: &'static str| {
            read(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]), now)
        };
        assert_eq!(delay("7"), Some(Duration::from_secs(7)));
        assert_eq!(delay("Sun, 06 Nov 1994 08:49:47 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(delay("Sun, 06 Nov 1994 08:49:27 GMT"), Some(Duration::ZERO));
        assert_eq!(delay("99999999999999999999999"), Some(Duration::from_secs(u64::MAX)));
        for text in ["", "soon", "-1", "1.5", "+7"] {
            assert_eq!(delay(text), None, "{text:?}");
        }
        assert_eq!(read(&HeaderMap::new(), now), None);

        let [own, other] = ["3", "9"].map(HeaderValue::from_static);
        let other = (http::HeaderName::from_static(X_RETRY_AFTER), other);
        let mut headers = HeaderMap::from_iter([other]);
        assert_eq!(read(&headers, now), Some(Duration::from_secs(9)), "Better Auth");
        headers.insert(RETRY_AFTER, own);
        assert_eq!(
            read(&headers, now),
            Some(Duration::from_secs(3)),
            "`Retry-After` takes precedence"
        );
    }
}
