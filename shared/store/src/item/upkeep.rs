//! The mirror of how a subject's syncs went.

use serde::{Deserialize, Serialize};
use sync_core::finding::{Finding, FindingCode};
use sync_core::record::{Failure, Upkeep};

use super::{MAX_FINDINGS, Malformed, cut, maybe_timestamp, millis, timestamp};

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct UpkeepItem {
    /// Asked by the condition of an acquire (R5), hence never renamed within a version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) covered: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureItem>,
    #[serde(default)]
    retries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_wait: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    synced_at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct FailureItem {
    class: String,
    message: String,
    attempts: u32,
    since: i64,
    next: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct FindingItem {
    code: String,
    message: String,
}

impl From<&Upkeep> for UpkeepItem {
    fn from(upkeep: &Upkeep) -> Self {
        let Upkeep { covered, failure, retries, vendor_wait, findings, synced_at } = upkeep;
        Self {
            covered: covered.map(millis),
            failure: failure.as_ref().map(FailureItem::from),
            retries: *retries,
            vendor_wait: vendor_wait.map(millis),
            findings: findings.iter().take(MAX_FINDINGS).map(FindingItem::from).collect(),
            synced_at: synced_at.map(millis),
        }
    }
}

impl TryFrom<UpkeepItem> for Upkeep {
    type Error = Malformed;

    fn try_from(item: UpkeepItem) -> Result<Self, Malformed> {
        let UpkeepItem { covered, failure, retries, vendor_wait, findings, synced_at } = item;
        Ok(Self {
            covered: maybe_timestamp(covered)?,
            failure: failure.map(Failure::try_from).transpose()?,
            retries,
            vendor_wait: maybe_timestamp(vendor_wait)?,
            findings: findings.into_iter().map(Finding::try_from).collect::<Result<_, _>>()?,
            synced_at: maybe_timestamp(synced_at)?,
        })
    }
}

impl From<&Failure> for FailureItem {
    fn from(failure: &Failure) -> Self {
        let Failure { class, message, attempts, since, next } = failure;
        Self {
            class: class.clone(),
            message: cut(message),
            attempts: *attempts,
            since: millis(*since),
            next: millis(*next),
        }
    }
}

impl TryFrom<FailureItem> for Failure {
    type Error = Malformed;

    fn try_from(item: FailureItem) -> Result<Self, Malformed> {
        let FailureItem { class, message, attempts, since, next } = item;
        Ok(Self { class, message, attempts, since: timestamp(since)?, next: timestamp(next)? })
    }
}

impl From<&Finding> for FindingItem {
    fn from(finding: &Finding) -> Self {
        let Finding { code, message } = finding;
        Self { code: code.as_str().to_owned(), message: cut(message) }
    }
}

impl TryFrom<FindingItem> for Finding {
    type Error = Malformed;

    fn try_from(item: FindingItem) -> Result<Self, Malformed> {
        let FindingItem { code, message } = item;
        let code = FindingCode::parse(&code).ok_or_else(|| Malformed::unknown("finding"))?;
        Ok(Self { code, message })
    }
}
