//! The item of one audit event.

use serde::{Deserialize, Serialize};
use sync_core::audit::{AuditChange, AuditEvent, AuditKind};
use sync_core::ids::EntraObjectId;

use super::{Malformed, cut, millis, timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct AuditItem {
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    initiated_by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct ChangeItem {
    attribute: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

impl From<&AuditEvent> for AuditItem {
    fn from(event: &AuditEvent) -> Self {
        let AuditEvent { id, at, kind, subject, object, changes, reason, error, initiated_by } =
            event;
        Self {
            id: id.clone(),
            at: millis(*at),
            kind: kind.as_str().to_owned(),
            subject: subject.to_string(),
            object: object.as_ref().map(ToString::to_string),
            changes: changes.iter().map(ChangeItem::from).collect(),
            reason: reason.clone(),
            error: error.as_deref().map(cut),
            initiated_by: initiated_by.clone(),
        }
    }
}

impl TryFrom<AuditItem> for AuditEvent {
    type Error = Malformed;

    fn try_from(item: AuditItem) -> Result<Self, Malformed> {
        let AuditItem { id, at, kind, subject, object, changes, reason, error, initiated_by } =
            item;
        Ok(Self {
            id,
            at: timestamp(at)?,
            kind: AuditKind::parse(&kind).ok_or_else(|| Malformed::unknown("kind of event"))?,
            subject: subject.parse()?,
            object: object.as_deref().map(EntraObjectId::parse).transpose()?,
            changes: changes.into_iter().map(AuditChange::from).collect(),
            reason,
            error,
            initiated_by,
        })
    }
}

impl From<&AuditChange> for ChangeItem {
    fn from(change: &AuditChange) -> Self {
        let AuditChange { attribute, from, to } = change.clone();
        Self { attribute, from, to }
    }
}

impl From<ChangeItem> for AuditChange {
    fn from(item: ChangeItem) -> Self {
        let ChangeItem { attribute, from, to } = item;
        Self { attribute, from, to }
    }
}
