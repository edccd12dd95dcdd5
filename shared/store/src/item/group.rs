//! The mirror of what is remembered of one group, but how the syncs went.

use serde::{Deserialize, Serialize};
use sync_core::audit::AuditEvent;
use sync_core::ids::{EntraGroupId, JumpCloudUserId};
use sync_core::record::{GroupBinding, GroupRecord, Nested, Origin, Upkeep};

use super::audit::AuditItem;
use super::binding::OriginItem;
use super::{Malformed, maybe_timestamp, millis, timestamp};

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct GroupItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    binding: Option<GroupBindingItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    let_go_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gone_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    listed_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tried_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default)]
    managed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    looked_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members_written_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    added_until: Option<String>,
    #[serde(default)]
    dynamic: bool,
    #[serde(default)]
    nested: NestedItem,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    owed: Vec<AuditItem>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct GroupBindingItem {
    object: String,
    name: String,
    origin: OriginItem,
    bound_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NestedItem {
    #[default]
    None,
    Static,
    Dynamic,
}

impl From<Nested> for NestedItem {
    fn from(nested: Nested) -> Self {
        match nested {
            Nested::None => Self::None,
            Nested::Static => Self::Static,
            Nested::Dynamic => Self::Dynamic,
        }
    }
}

impl From<NestedItem> for Nested {
    fn from(item: NestedItem) -> Self {
        match item {
            NestedItem::None => Self::None,
            NestedItem::Static => Self::Static,
            NestedItem::Dynamic => Self::Dynamic,
        }
    }
}

impl From<&GroupRecord> for GroupItem {
    fn from(record: &GroupRecord) -> Self {
        let GroupRecord {
            binding,
            let_go_at,
            gone_at,
            listed_at,
            tried_at,
            size,
            managed,
            looked_at,
            members_written_at,
            added_until,
            dynamic,
            nested,
            owed,
            upkeep: _,
        } = record;
        Self {
            binding: binding.as_ref().map(GroupBindingItem::from),
            let_go_at: let_go_at.map(millis),
            gone_at: gone_at.map(millis),
            listed_at: listed_at.map(millis),
            tried_at: tried_at.map(millis),
            size: *size,
            managed: *managed,
            looked_at: looked_at.map(millis),
            members_written_at: members_written_at.map(millis),
            added_until: added_until.as_ref().map(ToString::to_string),
            dynamic: *dynamic,
            nested: NestedItem::from(*nested),
            owed: owed.iter().map(AuditItem::from).collect(),
        }
    }
}

impl GroupItem {
    /// The record, with what is remembered of its syncs.
    pub(super) fn with(self, upkeep: Upkeep) -> Result<GroupRecord, Malformed> {
        let Self {
            binding,
            let_go_at,
            gone_at,
            listed_at,
            tried_at,
            size,
            managed,
            looked_at,
            members_written_at,
            added_until,
            dynamic,
            nested,
            owed,
        } = self;
        let added_until = added_until.as_deref().map(JumpCloudUserId::parse).transpose()?;
        Ok(GroupRecord {
            binding: binding.map(GroupBinding::try_from).transpose()?,
            let_go_at: maybe_timestamp(let_go_at)?,
            gone_at: maybe_timestamp(gone_at)?,
            listed_at: maybe_timestamp(listed_at)?,
            tried_at: maybe_timestamp(tried_at)?,
            size,
            managed,
            looked_at: maybe_timestamp(looked_at)?,
            members_written_at: maybe_timestamp(members_written_at)?,
            added_until,
            dynamic,
            nested: Nested::from(nested),
            owed: owed.into_iter().map(AuditEvent::try_from).collect::<Result<_, _>>()?,
            upkeep,
        })
    }
}

impl From<&GroupBinding> for GroupBindingItem {
    fn from(binding: &GroupBinding) -> Self {
        let GroupBinding { object, name, origin, bound_at, created_at, written_at } = binding;
        Self {
            object: object.to_string(),
            name: name.clone(),
            origin: OriginItem::from(*origin),
            bound_at: millis(*bound_at),
            created_at: created_at.map(millis),
            written_at: written_at.map(millis),
        }
    }
}

impl TryFrom<GroupBindingItem> for GroupBinding {
    type Error = Malformed;

    fn try_from(item: GroupBindingItem) -> Result<Self, Malformed> {
        let GroupBindingItem { object, name, origin, bound_at, created_at, written_at } = item;
        Ok(Self {
            object: EntraGroupId::parse(&object)?,
            name,
            origin: Origin::from(origin),
            bound_at: timestamp(bound_at)?,
            created_at: maybe_timestamp(created_at)?,
            written_at: maybe_timestamp(written_at)?,
        })
    }
}
