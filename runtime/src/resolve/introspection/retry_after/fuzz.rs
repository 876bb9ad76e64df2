//! The fuzz target of `Retry-After`. Each line of the input is one field: `X-Retry-After` if it begins with `X`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target that meets the unexpected fails"
)]

use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::X_RETRY_AFTER;

/// In seconds since 1970: in January 2027.
const NOW: u64 = 1_800_000_000;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

// R-C7
pub(crate) fn run(data: &[u8]) {
    let mut headers = HeaderMap::new();
    let (mut own, mut other) = (None, None);
    for line in data.split(|byte| *byte == b'\n').take(4) {
        let (name, first, text) = match line.strip_prefix(b"X") {
            Some(text) => (HeaderName::from_static(X_RETRY_AFTER), &mut other, text),
            None => (RETRY_AFTER, &mut own, line),
        };
        if let Ok(value) = HeaderValue::from_bytes(text) {
            headers.append(name, value);
            first.get_or_insert(text);
        }
    }
    let expected = own.or(other).and_then(|text| delay(str::from_utf8(text).ok()?));
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    assert_eq!(super::read(&headers, now), expected.map(Duration::from_secs), "{headers:?}");
}

/// By the grammar of RFC 9110 §10.2.3 and §5.6.7, in seconds.
fn delay(text: &str) -> Option<u64> {
    let text = text.trim_matches([' ', '\t']);
    if let Some(seconds) = number(text) {
        return Some(seconds);
    }
    date(text).map(|date| date.saturating_sub(NOW))
}

/// As many digits as there are.
fn number(text: &str) -> Option<u64> {
    let mut number: u64 = 0;
    for digit in text.chars() {
        let digit = u64::from(digit.to_digit(10)?);
        number = number.saturating_mul(10).saturating_add(digit);
    }
    (!text.is_empty()).then_some(number)
}

/// In seconds since 1970. The month must have the day, and the day of the week must be the right one.
fn date(text: &str) -> Option<u64> {
    let (day_name, rest) = text.split_once(' ')?;
    let is_short = |name: &str| DAYS.iter().any(|day| &day[..3] == name);
    let (year, month, day, time) = if let Some(name) = day_name.strip_suffix(',') {
        let rest = rest.strip_suffix(" GMT")?;
        let (date, time) = rest.rsplit_once(' ')?;
        if is_short(name) {
            let (day, date) = date.split_once(' ')?;
            let (month, year) = date.split_once(' ')?;
            (digits(year, 4)?, month, digits(day, 2)?, time)
        } else if DAYS.contains(&name) {
            let (day, date) = date.split_once('-')?;
            let (month, year) = date.split_once('-')?;
            let year = digits(year, 2)?;
            (if year < 70 { 2000 + year } else { 1900 + year }, month, digits(day, 2)?, time)
        } else {
            return None;
        }
    } else if is_short(day_name) {
        let (month, rest) = rest.split_at_checked(3)?;
        let (day, rest) = rest.strip_prefix(' ')?.split_at_checked(2)?;
        let day = day.strip_prefix(' ').map_or_else(|| digits(day, 2), |day| digits(day, 1))?;
        let (time, year) = rest.strip_prefix(' ')?.split_once(' ')?;
        (digits(year, 4)?, month, day, time)
    } else {
        return None;
    };
    let month = MONTHS.iter().position(|name| *name == month)?;
    let mut parts = time.split(':').map(|part| digits(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let is_time = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    if !is_time || year < 1970 || !(1..=length(year, month)).contains(&day) {
        return None;
    }
    let days = days_before(year, month) + day - 1;
    // The first of January 1970 was a Thursday.
    let expected = DAYS[usize::try_from((days + 3) % 7).ok()?];
    if !expected.starts_with(day_name.trim_end_matches(',')) {
        return None;
    }
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

fn digits(text: &str, length: usize) -> Option<u64> {
    number(text).filter(|_| text.len() == length)
}

fn length(year: u64, month: usize) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
}

/// The days between 1970 and this month, counted one month after the other.
fn days_before(year: u64, month: usize) -> u64 {
    let years: u64 =
        (1970..year).flat_map(|year| (0..12).map(move |month| length(year, month))).sum();
    years + (0..month).map(|month| length(year, month)).sum::<u64>()
}
