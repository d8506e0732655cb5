//! How long a server asks its callers to wait.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};

/// Returns the wait that a `Retry-After` header asks for, in either of its forms: seconds (`120`)
/// or a date (`Wed, 21 Oct 2026 07:28:00 GMT`, and the two obsolete forms).
///
/// A date is compared with the response's own `Date`, so it does not matter if one of the two
/// clocks is wrong. Without a `Date`, it is compared with the system clock. Returns `None` if there
/// is no header, if the wait is already over (`0`, a past date), and if the value is in neither
/// form. If there are several headers, the first one counts.
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
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let wait = match text(headers, &RETRY_AFTER)? {
        "" => return None,
        // More digits than fit are a long wait, not an error.
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Duration::from_secs(digits.parse().unwrap_or(u64::MAX))
        }
        date => {
            let until = httpdate::parse_http_date(date).ok()?;
            let now = text(headers, &DATE).and_then(|date| httpdate::parse_http_date(date).ok());
            until.duration_since(now.unwrap_or_else(SystemTime::now)).ok()?
        }
    };
    (!wait.is_zero()).then_some(wait)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}
