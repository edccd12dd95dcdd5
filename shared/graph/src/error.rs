//! Graph's errors, classified in one place: status and code first, the text only where Graph
//! offers nothing else. Each documented body is a fixture of the tests.
//!
//! Catalogue: <https://learn.microsoft.com/en-us/graph/errors>.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use sync_core::disposition::Disposition;
use sync_core::ids::TenantId;
use transport::{CredentialError, Method, Response, TransportError, retry_after};

/// What Entra or the way to it answered instead of success.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// The UPN belongs to an object already, maybe to our own whose answer was lost.
    #[error("the UPN is taken in Entra ({route})")]
    UpnTaken {
        /// The route.
        route: &'static str,
    },
    /// The object does not exist, or is not replicated yet.
    #[error("no such object ({route})")]
    NotFound {
        /// The route.
        route: &'static str,
    },
    /// The app may not do this, or not to this person.
    #[error("not permitted ({route})")]
    Denied {
        /// The route.
        route: &'static str,
    },
    /// The stored link of a delta listing is dead: the listing starts over.
    #[error("the delta link is dead ({route})")]
    Resync {
        /// The route.
        route: &'static str,
    },
    /// Entra refuses the change for good.
    #[error("refused: {refusal} ({route}, {status} {code})")]
    Refused {
        /// The route.
        route: &'static str,
        /// Why.
        refusal: Refusal,
        /// The status.
        status: u16,
        /// Graph's code.
        code: String,
    },
    /// Too many requests; nothing is sent before `wait` is over.
    #[error("throttled ({route})")]
    Throttled {
        /// The route.
        route: &'static str,
        /// The wait that was named.
        wait: Option<Duration>,
        /// It was a write: a 429 has been seen for writes that were performed.
        write: bool,
    },
    /// A passing fault of Entra.
    #[error("a passing fault ({route}, {status} {code})")]
    Passing {
        /// The route.
        route: &'static str,
        /// The status.
        status: u16,
        /// Graph's code.
        code: String,
        /// The wait that was named.
        wait: Option<Duration>,
        /// The outcome of a write is unknown.
        unanswered: bool,
    },
    /// Getting a token took all the time there was: nothing was sent.
    #[error("no time is left ({route})")]
    OutOfTime {
        /// The route.
        route: &'static str,
    },
    /// The token is refused even when it is fresh.
    #[error("the token is refused ({route})")]
    TokenRefused {
        /// The route.
        route: &'static str,
    },
    /// The token service refuses the credential.
    #[error("the credential is refused: {error} {codes:?}")]
    CredentialsRefused {
        /// The OAuth error.
        error: String,
        /// The AADSTS codes.
        codes: Vec<u64>,
    },
    /// The credential could not be read.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The tenant is not the configured one (S4).
    #[error("the tenant is {found:?}, not the configured one")]
    WrongTenant {
        /// What Entra answered.
        found: Option<TenantId>,
    },
    /// A deletion that this client has no call for: nothing was sent.
    #[error("a deletion that is none of ours ({route})")]
    ForbiddenDeletion {
        /// The route.
        route: &'static str,
    },
    /// An answer of a shape nobody documented.
    #[error("an unexpected answer: {what} ({route})")]
    Shape {
        /// The route.
        route: &'static str,
        /// What was unexpected.
        what: &'static str,
        /// The outcome of a write is unknown.
        unanswered: bool,
    },
    /// No answer at all.
    #[error("Entra cannot be asked")]
    Transport {
        /// What happened.
        #[source]
        source: TransportError,
        /// The request was a write.
        write: bool,
    },
}

/// Why Entra refuses a change for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The domain of the UPN is not verified.
    DomainNotVerified,
    /// A value is invalid.
    InvalidValue,
    /// A value that only one object may have belongs to another one: an address, an anchor.
    ValueTaken,
    /// The password does not comply.
    Password,
    /// The object is mastered elsewhere.
    MasteredElsewhere,
    /// A member to add is one already: a success for a single one.
    MemberExists,
    /// The tenant's quota of objects is used up.
    Quota,
    /// Anything else.
    Other,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::DomainNotVerified => "the domain is not verified",
            Self::InvalidValue => "a value is invalid",
            Self::ValueTaken => "a value belongs to another object",
            Self::Password => "the password does not comply",
            Self::MasteredElsewhere => "the object is mastered elsewhere",
            Self::MemberExists => "a member is there already",
            Self::Quota => "the tenant's object quota is used up",
            Self::Other => "the request was not accepted",
        })
    }
}

impl GraphError {
    pub(crate) fn shape(route: &'static str, what: &'static str) -> Self {
        Self::Shape { route, what, unanswered: false }
    }

    pub(crate) fn unanswered_shape(route: &'static str, what: &'static str) -> Self {
        Self::Shape { route, what, unanswered: true }
    }

    pub(crate) fn transport(source: TransportError, write: bool) -> Self {
        Self::Transport { source, write }
    }

    /// What the error means for the work that met it.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Throttled { wait: Some(wait), .. } | Self::Passing { wait: Some(wait), .. } => {
                Disposition::RetryAfter(*wait)
            }
            // A 404 on a write means lag or a deletion: the next read decides.
            Self::NotFound { .. }
            | Self::UpnTaken { .. }
            | Self::Resync { .. }
            | Self::Throttled { .. }
            | Self::Passing { .. }
            | Self::OutOfTime { .. }
            | Self::Shape { .. }
            | Self::Transport { .. } => Disposition::Retry,
            Self::Credential(error) if error.passing => Disposition::Retry,
            Self::Denied { .. }
            | Self::Refused { .. }
            | Self::TokenRefused { .. }
            | Self::CredentialsRefused { .. }
            | Self::Credential(_)
            | Self::ForbiddenDeletion { .. }
            | Self::WrongTenant { .. } => Disposition::Fail,
        }
    }

    /// Whether the error concerns credentials or the tenant, not one person (S3).
    pub fn stops_directory(&self) -> bool {
        match self {
            Self::TokenRefused { .. }
            | Self::CredentialsRefused { .. }
            | Self::WrongTenant { .. } => true,
            Self::Credential(error) => !error.passing,
            _ => false,
        }
    }

    /// Whether a write may have taken effect, or still may.
    pub fn is_unanswered(&self) -> bool {
        match self {
            Self::Throttled { write, .. } => *write,
            Self::Passing { unanswered, .. } | Self::Shape { unanswered, .. } => *unanswered,
            Self::Transport { source, write } => *write && source.is_unanswered(),
            _ => false,
        }
    }

    /// Whether the object does not exist, as far as the asked replica knows.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether the object, or one that the request refers to, does not exist as far as is known.
    pub fn is_missing_object(&self) -> bool {
        // The one passing fault with this status: see `classify`.
        self.is_not_found() || matches!(self, Self::Passing { status: 400, .. })
    }

    /// Whether the app may not do this to this person.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }

    /// A stable name for grouping.
    pub fn class(&self) -> &'static str {
        match self {
            Self::UpnTaken { .. } => "upn_taken",
            Self::NotFound { .. } => "not_found",
            Self::Denied { .. } => "denied",
            Self::Resync { .. } => "resync",
            Self::Refused { .. } => "refused",
            Self::Throttled { .. } => "throttled",
            Self::Passing { .. } => "passing",
            Self::OutOfTime { .. } => "out_of_time",
            Self::TokenRefused { .. } => "token_refused",
            Self::CredentialsRefused { .. } => "credentials_refused",
            Self::Credential(_) => "credential",
            Self::WrongTenant { .. } => "wrong_tenant",
            Self::ForbiddenDeletion { .. } => "forbidden_deletion",
            Self::Shape { .. } => "shape",
            Self::Transport { .. } => "transport",
        }
    }
}

#[derive(Debug, Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    error: ErrorDetail,
}

#[derive(Debug, Default, Deserialize)]
struct ErrorDetail {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Debug, Default, Deserialize)]
struct Detail {
    #[serde(default)]
    code: String,
    #[serde(default)]
    target: String,
}

/// Passes a success on and classifies everything else.
pub(crate) fn check(
    route: &'static str,
    method: &Method,
    answer: Response,
    now: Timestamp,
) -> Result<Response, GraphError> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    let wait = retry_after(&answer.headers, now);
    Err(classify(route, *method != Method::GET, answer.status, wait, &answer.body))
}

/// The one place that decides what an error of Graph means.
fn classify(
    route: &'static str,
    write: bool,
    status: u16,
    wait: Option<Duration>,
    body: &[u8],
) -> GraphError {
    let error = serde_json::from_slice::<ErrorBody>(body).unwrap_or_default().error;
    let code: String = error.code.chars().take(60).collect();
    let passing = |unanswered| GraphError::Passing {
        route,
        status,
        code: code.clone(),
        wait,
        unanswered: write && unanswered,
    };
    match status {
        // Which status it comes with is not documented.
        400..=499 if code.eq_ignore_ascii_case("Directory_QuotaExceeded") => {
            refused(route, status, code, Refusal::Quota)
        }
        400 if upn_taken(&error) => GraphError::UpnTaken { route },
        400 if says(&error, "one of the objects being referenced don't exist") => passing(false),
        400 => refused(route, status, code, refusal(&error)),
        401 => GraphError::TokenRefused { route },
        403 if !code.is_empty() => GraphError::Denied { route },
        404 if code.eq_ignore_ascii_case("Request_ResourceNotFound") => {
            GraphError::NotFound { route }
        }
        // Any other 403 or 404, like a redirect, comes from something on the way: no proof.
        300..=399 | 403 | 404 => passing(false),
        409 | 412 | 423 | 424 => passing(false),
        // Its codes are `syncStateNotFound` and `resyncRequired`; both mean the same.
        410 => GraphError::Resync { route },
        429 => GraphError::Throttled { route, wait, write },
        408 | 500.. => passing(true),
        _ => refused(route, status, code, Refusal::Other),
    }
}

fn refused(route: &'static str, status: u16, code: String, refusal: Refusal) -> GraphError {
    GraphError::Refused { route, refusal, status, code }
}

/// Graph's text, compared without case: only for conditions that share one code.
fn says(error: &ErrorDetail, text: &str) -> bool {
    error.message.to_lowercase().contains(&text.to_lowercase())
}

fn upn_taken(error: &ErrorDetail) -> bool {
    let detail = error.details.iter().any(|detail| {
        detail.code == "ObjectConflict" && detail.target.eq_ignore_ascii_case("userPrincipalName")
    });
    detail
        || (error.details.is_empty()
            && says(error, "same value for property userPrincipalName already exists"))
}

fn refusal(error: &ErrorDetail) -> Refusal {
    let detailed = |code: &str| error.details.iter().any(|detail| detail.code == code);
    if says(error, "verified domain names in your organization") {
        Refusal::DomainNotVerified
    } else if says(error, "password complexity requirements") {
        Refusal::Password
    } else if says(error, "on-premises mastered directory sync objects")
        || says(error, "originated within an external service")
    {
        Refusal::MasteredElsewhere
    } else if says(error, "added object references already exist") {
        Refusal::MemberExists
    } else if detailed("ObjectConflict") || says(error, "same value for property proxyAddresses") {
        Refusal::ValueTaken
    } else if detailed("InvalidValue")
        || ["is invalid", "invalid value specified", "a value is required"]
            .iter()
            .any(|text| says(error, text))
    {
        Refusal::InvalidValue
    } else {
        Refusal::Other
    }
}

#[cfg(test)]
mod tests;
