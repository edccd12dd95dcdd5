//! The settings of the functions (design 4.1), read once at start.
//!
//! This is the one file that may read the environment. The AWS SDK's own variables are its own.

use std::fmt;

use transport::CustomEndpoints;
use url::Url;

const TABLE: &str = "SYNC_TABLE";
const EVENTS: &str = "EVENTS_QUEUE_URL";
const BULK: &str = "BULK_QUEUE_URL";
const PARKED: &str = "PARKED_QUEUE_URL";
const CUSTOM: &str = "ALLOW_CUSTOM_ENDPOINTS";

/// Where the table and the queues are, and who may be talked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `SYNC_TABLE`.
    pub table: String,
    /// `EVENTS_QUEUE_URL`.
    pub events_queue_url: String,
    /// `BULK_QUEUE_URL`.
    pub bulk_queue_url: String,
    /// `PARKED_QUEUE_URL`.
    pub parked_queue_url: String,
    /// `ALLOW_CUSTOM_ENDPOINTS`.
    pub custom_endpoints: CustomEndpoints,
}

/// Everything that is wrong with the settings, so that one look repairs all of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// Each names its variable.
    pub problems: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings are not usable: {}", self.problems.join("; "))
    }
}

/// As a function that cannot start shows it: the runtime prints errors by `Debug`.
impl fmt::Debug for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::parse(variable)
    }

    /// Reads the variables that `get` knows. One that is empty counts as not set.
    pub fn parse(get: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut problems = Vec::new();
        let mut required = |name: &str, check: fn(&str) -> Option<&'static str>| {
            let value = get(name).filter(|value| !value.is_empty());
            let Some(value) = value else {
                problems.push(format!("{name} is not set"));
                return String::new();
            };
            if let Some(why) = check(&value) {
                problems.push(format!("{name} {why}"));
            }
            value
        };
        let table = required(TABLE, |_| None);
        let events_queue_url = required(EVENTS, not_an_url);
        let bulk_queue_url = required(BULK, not_an_url);
        let parked_queue_url = required(PARKED, not_an_url);
        let custom_endpoints = match get(CUSTOM).as_deref() {
            Some("1") => CustomEndpoints::Allowed,
            None | Some("" | "0") => CustomEndpoints::Refused,
            Some(_) => {
                problems.push(format!("{CUSTOM} is neither 1 nor 0"));
                CustomEndpoints::Refused
            }
        };
        if !problems.is_empty() {
            return Err(SettingsError { problems });
        }
        Ok(Self { table, events_queue_url, bulk_queue_url, parked_queue_url, custom_endpoints })
    }
}

fn not_an_url(text: &str) -> Option<&'static str> {
    let web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    (!web).then_some("is not a URL")
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// One JSON object a line, for CloudWatch.
    Json,
    /// For people.
    Human,
}

/// What telemetry needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
    /// `RUST_LOG`, if set.
    pub(crate) filter: Option<String>,
}

impl LogSettings {
    pub(crate) fn from_env() -> Self {
        Self::parse(variable)
    }

    fn parse(get: impl Fn(&str) -> Option<String>) -> Self {
        let on_lambda = get("AWS_LAMBDA_FUNCTION_NAME").is_some();
        let wants_json = get("AWS_LAMBDA_LOG_FORMAT").is_some_and(|f| f == "JSON");
        Self {
            format: if on_lambda || wants_json { LogFormat::Json } else { LogFormat::Human },
            filter: get("RUST_LOG").filter(|filter| !filter.is_empty()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 4] = [
        (TABLE, "sync"),
        (EVENTS, "https://sqs.eu-central-1.amazonaws.com/000000000000/events"),
        (BULK, "https://sqs.eu-central-1.amazonaws.com/000000000000/bulk"),
        (PARKED, "http://127.0.0.1:4566/000000000000/parked"),
    ];

    fn parse(changes: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let find = |list: &[(&str, &str)], name: &str| {
            list.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::parse(|name| find(changes, name).or_else(|| find(&GOOD, name)))
    }

    #[test]
    fn good_settings() {
        let settings = parse(&[]).unwrap();
        assert_eq!(settings.table, "sync");
        assert_eq!(settings.parked_queue_url, "http://127.0.0.1:4566/000000000000/parked");
        assert_eq!(settings.custom_endpoints, CustomEndpoints::Refused);
        let local = parse(&[(CUSTOM, "1")]).unwrap();
        assert_eq!(local.custom_endpoints, CustomEndpoints::Allowed);
        let refused = parse(&[(CUSTOM, "0")]).unwrap();
        assert_eq!(refused.custom_endpoints, CustomEndpoints::Refused);
    }

    #[test]
    fn every_problem_is_listed_with_its_variable() {
        let problems = |changes: &[(&str, &str)]| parse(changes).unwrap_err().problems;
        assert_eq!(
            problems(&[(TABLE, ""), (EVENTS, ""), (BULK, "bulk"), (PARKED, ""), (CUSTOM, "yes")]),
            [
                "SYNC_TABLE is not set",
                "EVENTS_QUEUE_URL is not set",
                "BULK_QUEUE_URL is not a URL",
                "PARKED_QUEUE_URL is not set",
                "ALLOW_CUSTOM_ENDPOINTS is neither 1 nor 0",
            ]
        );
        assert_eq!(
            parse(&[(BULK, "arn:aws:sqs:eu-central-1:000000000000:bulk")]).unwrap_err().to_string(),
            "the settings are not usable: BULK_QUEUE_URL is not a URL"
        );
    }

    #[test]
    fn logs_are_json_on_lambda_alone() {
        let format = |set: &'static [(&str, &str)]| {
            let get =
                |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, v)| v.to_string());
            LogSettings::parse(get).format
        };
        assert_eq!(format(&[]), LogFormat::Human);
        assert_eq!(format(&[("AWS_LAMBDA_FUNCTION_NAME", "ingest")]), LogFormat::Json);
        assert_eq!(format(&[("AWS_LAMBDA_LOG_FORMAT", "JSON")]), LogFormat::Json);
        assert_eq!(format(&[("AWS_LAMBDA_LOG_FORMAT", "Text")]), LogFormat::Human);
    }
}
