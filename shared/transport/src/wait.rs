//! How long a vendor asks us to wait, and the dates of HTTP.

use std::time::Duration;

use jiff::Timestamp;

use crate::HeaderMap;

/// `Retry-After` as seconds or as a date; `None` when absent or unreadable.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = http_date(text)?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// The date of an HTTP header (RFC 9110, 5.6.7).
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_in_every_form() {
        let now: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
        let wait = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", value.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(wait("17"), Some(Duration::from_secs(17)));
        assert_eq!(wait("0"), Some(Duration::ZERO));
        assert_eq!(wait("Fri, 01 May 2026 10:02:00 GMT"), Some(Duration::from_secs(120)));
        assert_eq!(wait("Fri, 01 May 2026 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("86400"), Some(Duration::from_secs(86_400)));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-5"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
