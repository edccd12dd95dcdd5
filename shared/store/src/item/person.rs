//! The mirror of what is remembered of one person.

use serde::{Deserialize, Serialize};
use sync_core::audit::AuditEvent;
use sync_core::finding::{Finding, FindingCode};
use sync_core::ids::Upn;
use sync_core::record::{
    Binding, Decided, Expect, Expecting, Failure, Intent, Owed, Unanswered, UserRecord,
};

use super::audit::AuditItem;
use super::binding::BindingItem;
use super::{MAX_FINDINGS, Malformed, cut, maybe_timestamp, millis, timestamp};

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct RecordItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    binding: Option<BindingItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<IntentItem>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    renaming: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered: Option<UnansweredItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided: Option<DecidedItem>,
    /// Asked by the condition of an acquire (R5), hence never renamed within a version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) covered: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owed: Option<OwedItem>,
    #[serde(default)]
    revoke_pending: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expecting: Option<ExpectingItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_since: Option<i64>,
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
struct IntentItem {
    upn: String,
    since: i64,
    meant_enabled: bool,
    meant_disabled: bool,
    open_until: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct UnansweredItem {
    value: bool,
    sent_at: i64,
    may_land_until: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct DecidedItem {
    enabled: bool,
    read_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct OwedItem {
    bound: bool,
    freed: Vec<String>,
    audit: Vec<AuditItem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct ExpectingItem {
    expect: ExpectItem,
    since: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ExpectItem {
    Suspended,
    Deleted,
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

impl From<&UserRecord> for RecordItem {
    fn from(record: &UserRecord) -> Self {
        let UserRecord {
            binding,
            intent,
            renaming,
            unanswered,
            decided,
            covered,
            owed,
            revoke_pending,
            expecting,
            locked_since,
            failure,
            retries,
            vendor_wait,
            findings,
            synced_at,
        } = record;
        Self {
            binding: binding.as_ref().map(BindingItem::from),
            intent: intent.as_ref().map(IntentItem::from),
            renaming: renaming.iter().map(ToString::to_string).collect(),
            unanswered: unanswered.map(|Unanswered { value, sent_at, may_land_until }| {
                let (sent_at, may_land_until) = (millis(sent_at), millis(may_land_until));
                UnansweredItem { value, sent_at, may_land_until }
            }),
            decided: decided.map(|Decided { enabled, read_at }| DecidedItem {
                enabled,
                read_at: millis(read_at),
            }),
            covered: covered.map(millis),
            owed: owed.as_ref().map(OwedItem::from),
            revoke_pending: *revoke_pending,
            expecting: expecting.map(|Expecting { expect, since }| ExpectingItem {
                expect: ExpectItem::from(expect),
                since: millis(since),
            }),
            locked_since: locked_since.map(millis),
            failure: failure.as_ref().map(FailureItem::from),
            retries: *retries,
            vendor_wait: vendor_wait.map(millis),
            findings: findings.iter().take(MAX_FINDINGS).map(FindingItem::from).collect(),
            synced_at: synced_at.map(millis),
        }
    }
}

impl TryFrom<RecordItem> for UserRecord {
    type Error = Malformed;

    fn try_from(item: RecordItem) -> Result<Self, Malformed> {
        let RecordItem {
            binding,
            intent,
            renaming,
            unanswered,
            decided,
            covered,
            owed,
            revoke_pending,
            expecting,
            locked_since,
            failure,
            retries,
            vendor_wait,
            findings,
            synced_at,
        } = item;
        Ok(Self {
            binding: binding.map(Binding::try_from).transpose()?,
            intent: intent.map(Intent::try_from).transpose()?,
            renaming: renaming.iter().map(|upn| Upn::parse(upn)).collect::<Result<_, _>>()?,
            unanswered: unanswered.map(Unanswered::try_from).transpose()?,
            decided: decided.map(Decided::try_from).transpose()?,
            covered: maybe_timestamp(covered)?,
            owed: owed.map(Owed::try_from).transpose()?,
            revoke_pending,
            expecting: expecting.map(Expecting::try_from).transpose()?,
            locked_since: maybe_timestamp(locked_since)?,
            failure: failure.map(Failure::try_from).transpose()?,
            retries,
            vendor_wait: maybe_timestamp(vendor_wait)?,
            findings: findings.into_iter().map(Finding::try_from).collect::<Result<_, _>>()?,
            synced_at: maybe_timestamp(synced_at)?,
        })
    }
}

impl From<&Intent> for IntentItem {
    fn from(intent: &Intent) -> Self {
        let Intent { upn, since, meant_enabled, meant_disabled, open_until } = intent;
        Self {
            upn: upn.to_string(),
            since: millis(*since),
            meant_enabled: *meant_enabled,
            meant_disabled: *meant_disabled,
            open_until: millis(*open_until),
        }
    }
}

impl TryFrom<IntentItem> for Intent {
    type Error = Malformed;

    fn try_from(item: IntentItem) -> Result<Self, Malformed> {
        let IntentItem { upn, since, meant_enabled, meant_disabled, open_until } = item;
        Ok(Self {
            upn: Upn::parse(&upn)?,
            since: timestamp(since)?,
            meant_enabled,
            meant_disabled,
            open_until: timestamp(open_until)?,
        })
    }
}

impl TryFrom<UnansweredItem> for Unanswered {
    type Error = Malformed;

    fn try_from(item: UnansweredItem) -> Result<Self, Malformed> {
        let UnansweredItem { value, sent_at, may_land_until } = item;
        let may_land_until = timestamp(may_land_until)?;
        Ok(Self { value, sent_at: timestamp(sent_at)?, may_land_until })
    }
}

impl TryFrom<DecidedItem> for Decided {
    type Error = Malformed;

    fn try_from(item: DecidedItem) -> Result<Self, Malformed> {
        let DecidedItem { enabled, read_at } = item;
        Ok(Self { enabled, read_at: timestamp(read_at)? })
    }
}

impl From<&Owed> for OwedItem {
    fn from(owed: &Owed) -> Self {
        let Owed { bound, freed, audit } = owed;
        Self {
            bound: *bound,
            freed: freed.iter().map(ToString::to_string).collect(),
            audit: audit.iter().map(AuditItem::from).collect(),
        }
    }
}

impl TryFrom<OwedItem> for Owed {
    type Error = Malformed;

    fn try_from(item: OwedItem) -> Result<Self, Malformed> {
        let OwedItem { bound, freed, audit } = item;
        Ok(Self {
            bound,
            freed: freed.iter().map(|upn| Upn::parse(upn)).collect::<Result<_, _>>()?,
            audit: audit.into_iter().map(AuditEvent::try_from).collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<ExpectingItem> for Expecting {
    type Error = Malformed;

    fn try_from(item: ExpectingItem) -> Result<Self, Malformed> {
        let ExpectingItem { expect, since } = item;
        Ok(Self { expect: Expect::from(expect), since: timestamp(since)? })
    }
}

impl From<Expect> for ExpectItem {
    fn from(expect: Expect) -> Self {
        match expect {
            Expect::Suspended => Self::Suspended,
            Expect::Deleted => Self::Deleted,
        }
    }
}

impl From<ExpectItem> for Expect {
    fn from(item: ExpectItem) -> Self {
        match item {
            ExpectItem::Suspended => Self::Suspended,
            ExpectItem::Deleted => Self::Deleted,
        }
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

#[cfg(test)]
mod tests;
