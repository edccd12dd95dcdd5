//! JumpCloud's errors, classified in one place.

use std::time::Duration;

use jiff::Timestamp;
use sync_core::disposition::Disposition;
use sync_core::ids::OrganizationId;
use transport::{CredentialError, Response, TransportError, retry_after};

/// How long to leave JumpCloud alone when it names no time: it publishes no limits.
const UNNAMED_WAIT: Duration = Duration::from_secs(30);

/// What JumpCloud or the way to it answered instead of success.
#[derive(Debug, thiserror::Error)]
pub enum JumpCloudError {
    /// The object does not exist, in JumpCloud's own words.
    #[error("no such object ({route})")]
    NotFound {
        /// The route.
        route: &'static str,
    },
    /// 403: missing rights, or a burst that was taken for abuse; both end by waiting or by people.
    #[error("not permitted ({route})")]
    Denied {
        /// The route.
        route: &'static str,
        /// The wait that was named.
        wait: Option<Duration>,
    },
    /// Too many requests.
    #[error("throttled ({route})")]
    Throttled {
        /// The route.
        route: &'static str,
        /// The wait that was named.
        wait: Option<Duration>,
    },
    /// A passing fault, or an answer of something on the way.
    #[error("a passing fault ({route}, {status})")]
    Passing {
        /// The route.
        route: &'static str,
        /// The status.
        status: u16,
        /// The wait that was named.
        wait: Option<Duration>,
    },
    /// JumpCloud does not understand the request.
    #[error("refused ({route}, {status})")]
    Refused {
        /// The route.
        route: &'static str,
        /// The status.
        status: u16,
    },
    /// The key or the service account is refused.
    #[error("the credential is refused ({route})")]
    CredentialsRefused {
        /// The route.
        route: &'static str,
    },
    /// The credential could not be read.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The organization is not the configured one (S4).
    #[error("the configured organization {wanted} is not among those the credential sees")]
    WrongOrganization {
        /// The configured one.
        wanted: OrganizationId,
    },
    /// An answer of a shape nobody documented.
    #[error("an unexpected answer: {what} ({route})")]
    Shape {
        /// The route.
        route: &'static str,
        /// What was unexpected.
        what: &'static str,
    },
    /// No answer at all.
    #[error("JumpCloud cannot be asked")]
    Transport(#[from] TransportError),
}

impl JumpCloudError {
    pub(crate) fn shape(route: &'static str, what: &'static str) -> Self {
        Self::Shape { route, what }
    }

    /// What the error means for the work that met it.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Throttled { wait, .. } | Self::Denied { wait, .. } => {
                Disposition::RetryAfter(wait.unwrap_or(UNNAMED_WAIT))
            }
            Self::Passing { wait: Some(wait), .. } => Disposition::RetryAfter(*wait),
            Self::NotFound { .. }
            | Self::Passing { .. }
            | Self::Shape { .. }
            | Self::Transport(_) => Disposition::Retry,
            Self::Credential(error) if error.passing => Disposition::Retry,
            Self::Refused { .. }
            | Self::CredentialsRefused { .. }
            | Self::Credential(_)
            | Self::WrongOrganization { .. } => Disposition::Fail,
        }
    }

    /// Whether the error concerns credentials or the organization, not one person (S3).
    pub fn stops_directory(&self) -> bool {
        match self {
            Self::CredentialsRefused { .. } | Self::WrongOrganization { .. } => true,
            Self::Credential(error) => !error.passing,
            _ => false,
        }
    }

    /// Whether the object does not exist, in JumpCloud's own words.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// A stable name for grouping.
    pub fn class(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::Denied { .. } => "denied",
            Self::Throttled { .. } => "throttled",
            Self::Passing { .. } => "passing",
            Self::Refused { .. } => "refused",
            Self::CredentialsRefused { .. } => "credentials_refused",
            Self::Credential(_) => "credential",
            Self::WrongOrganization { .. } => "wrong_organization",
            Self::Shape { .. } => "shape",
            Self::Transport(_) => "transport",
        }
    }
}

/// Passes a success on and classifies everything else.
pub(crate) fn check(
    route: &'static str,
    answer: Response,
    now: Timestamp,
) -> Result<Response, JumpCloudError> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    let wait = retry_after(&answer.headers, now);
    Err(classify(route, answer.status, wait, &answer.body))
}

/// The one place that decides what an error of JumpCloud means.
fn classify(
    route: &'static str,
    status: u16,
    wait: Option<Duration>,
    body: &[u8],
) -> JumpCloudError {
    match status {
        401 => JumpCloudError::CredentialsRefused { route },
        403 => JumpCloudError::Denied { route, wait },
        404 if is_jumpclouds(body) => JumpCloudError::NotFound { route },
        // A 404 without JumpCloud's words comes from something on the way, and proves nothing.
        404 => JumpCloudError::Passing { route, status, wait },
        429 => JumpCloudError::Throttled { route, wait },
        408 | 409 | 423 | 500.. => JumpCloudError::Passing { route, status, wait },
        300..=399 => JumpCloudError::Passing { route, status, wait },
        _ => JumpCloudError::Refused { route, status },
    }
}

/// Whether a body is JumpCloud's error JSON: v1 has `message` or `error`, v2 `message` and `status`.
fn is_jumpclouds(body: &[u8]) -> bool {
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(serde_json::Value::Object(object)) => {
            ["message", "error"].iter().any(|key| object.get(*key).is_some_and(|v| v.is_string()))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, wait: Option<u64>, body: &str) -> String {
        let error = classify("r", status, wait.map(Duration::from_secs), body.as_bytes());
        format!("{} {:?}", error.class(), error.disposition())
    }

    #[test]
    fn the_documented_errors() {
        assert_eq!(class(401, None, r#"{"message":"Unauthorized"}"#), "credentials_refused Fail");
        assert_eq!(class(403, None, ""), "denied RetryAfter(30s)");
        assert_eq!(class(404, None, r#"{"message":"Not Found"}"#), "not_found Retry");
        let v2 = r#"{"code":404,"status":"NOT_FOUND","message":"user not found","details":[]}"#;
        assert_eq!(class(404, None, v2), "not_found Retry");
        assert_eq!(class(404, None, "<html>no such host</html>"), "passing Retry");
        assert_eq!(class(404, None, "\"nothing\""), "passing Retry");
        assert_eq!(class(429, Some(12), ""), "throttled RetryAfter(12s)");
        assert_eq!(class(429, None, ""), "throttled RetryAfter(30s)");
        assert_eq!(class(503, Some(4), "<html>"), "passing RetryAfter(4s)");
        assert_eq!(class(502, None, "<html>"), "passing Retry");
        assert_eq!(class(302, None, ""), "passing Retry");
        let bad = r#"{"message":"Bad Request: request parameter \"limit\" exceeds maximum value of 100"}"#;
        assert_eq!(class(400, None, bad), "refused Fail");
    }
}
