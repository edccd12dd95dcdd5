//! The mirror of what is remembered of one person, but how the syncs went.

use serde::{Deserialize, Serialize};
use sync_core::audit::AuditEvent;
use sync_core::ids::Upn;
use sync_core::record::{
    Binding, Decided, Expect, Expecting, Intent, Owed, Unanswered, Upkeep, UserRecord,
};

use super::audit::AuditItem;
use super::binding::BindingItem;
use super::{Malformed, maybe_timestamp, millis, timestamp};

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct PersonItem {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    owed: Option<OwedItem>,
    #[serde(default)]
    revoke_pending: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expecting: Option<ExpectingItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_since: Option<i64>,
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

impl From<&UserRecord> for PersonItem {
    fn from(record: &UserRecord) -> Self {
        let UserRecord {
            binding,
            intent,
            renaming,
            unanswered,
            decided,
            owed,
            revoke_pending,
            expecting,
            locked_since,
            upkeep: _,
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
            owed: owed.as_ref().map(OwedItem::from),
            revoke_pending: *revoke_pending,
            expecting: expecting.map(|Expecting { expect, since }| ExpectingItem {
                expect: ExpectItem::from(expect),
                since: millis(since),
            }),
            locked_since: locked_since.map(millis),
        }
    }
}

impl PersonItem {
    /// The record, with what is remembered of its syncs.
    pub(super) fn with(self, upkeep: Upkeep) -> Result<UserRecord, Malformed> {
        let PersonItem {
            binding,
            intent,
            renaming,
            unanswered,
            decided,
            owed,
            revoke_pending,
            expecting,
            locked_since,
        } = self;
        Ok(UserRecord {
            binding: binding.map(Binding::try_from).transpose()?,
            intent: intent.map(Intent::try_from).transpose()?,
            renaming: renaming.iter().map(|upn| Upn::parse(upn)).collect::<Result<_, _>>()?,
            unanswered: unanswered.map(Unanswered::try_from).transpose()?,
            decided: decided.map(Decided::try_from).transpose()?,
            owed: owed.map(Owed::try_from).transpose()?,
            revoke_pending,
            expecting: expecting.map(Expecting::try_from).transpose()?,
            locked_since: maybe_timestamp(locked_since)?,
            upkeep,
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
