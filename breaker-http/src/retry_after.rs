//! How long a server asks its callers to wait.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};

/// In milliseconds: what `OpenAI` and Azure send. Both also send `Retry-After`, rounded to seconds.
const MILLISECONDS: [HeaderName; 2] =
    [HeaderName::from_static("retry-after-ms"), HeaderName::from_static("x-ms-retry-after-ms")];

/// Returns the wait that a `Retry-After` header asks for, in either of its forms: seconds (`120`)
/// or a date (`Wed, 21 Oct 2026 07:28:00 GMT`, and the two obsolete forms). The more exact
/// `retry-after-ms` and `x-ms-retry-after-ms`, in milliseconds, come first. A number may have a
/// fraction, which some services send.
///
/// A date is compared with the response's own `Date`, so it does not matter if one of the two
/// clocks is wrong. Without a `Date`, it is compared with the system clock. Returns `None` if there
/// is no header, if the wait is already over (`0`, a past date), and if the value is in none of
/// these forms. If there are several headers of one name, the first one counts.
///
/// The wait is what the server says, however long. A circuit that it trips stays open for at most
/// [`Policy::max_trip`](breaker_core::Policy::max_trip), one hour by default.
///
/// ```
/// use std::time::Duration;
/// use breaker_box::http::retry_after;
/// use http::HeaderMap;
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(retry_after(&headers), None);
/// headers.insert("Retry-After", "120".parse()?);
/// assert_eq!(retry_after(&headers), Some(Duration::from_secs(120)));
///
/// headers.insert("Date", "Wed, 21 Oct 2026 07:27:30 GMT".parse()?);
/// headers.insert("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT".parse()?);
/// assert_eq!(retry_after(&headers), Some(Duration::from_secs(30)));
///
/// headers.insert("Retry-After-Ms", "1500".parse()?);
/// assert_eq!(retry_after(&headers), Some(Duration::from_millis(1_500)));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let exact = MILLISECONDS.iter().find_map(|name| number(text(headers, name)?, 1_000.0));
    exact.or_else(|| {
        let text = text(headers, &RETRY_AFTER)?;
        number(text, 1.0).or_else(|| until(text, headers))
    })
}

/// A wait as a number; `None` for none at all, and for anything but digits and a decimal point.
fn number(text: &str, units_per_second: f64) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let seconds = text.parse::<f64>().ok()? / units_per_second;
    // More digits than fit are a long wait, not an error.
    let wait = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    (!wait.is_zero()).then_some(wait)
}

/// A wait until a date; `None` if that has passed, and for anything but a date.
fn until(text: &str, headers: &HeaderMap) -> Option<Duration> {
    let until = httpdate::parse_http_date(text).ok()?;
    let now = self::text(headers, &DATE).and_then(|date| httpdate::parse_http_date(date).ok());
    let wait = until.duration_since(now.unwrap_or_else(SystemTime::now)).ok()?;
    (!wait.is_zero()).then_some(wait)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}
