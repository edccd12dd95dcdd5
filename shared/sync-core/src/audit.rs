//! What is told about each change: Directory-Insights-shaped events (design section 11).

use std::fmt;

use jiff::Timestamp;

use crate::ids::{EntraObjectId, Subject};

/// What changed, or should have.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// A random id.
    pub id: String,
    /// When the change was answered.
    pub at: Timestamp,
    /// Its kind.
    pub kind: AuditKind,
    /// The person or group in JumpCloud.
    pub subject: Subject,
    /// The object in Entra, where there is one.
    pub object: Option<EntraObjectId>,
    /// Old and new values. They live in the table alone; log lines name attributes only.
    pub changes: Vec<AuditChange>,
    /// For a deactivation, which of P6's causes.
    pub reason: Option<String>,
    /// For a failure, its class and message.
    pub error: Option<String>,
    /// What caused the sync, for example `webhook user_suspended 65f…`.
    pub initiated_by: String,
}

/// One changed attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditChange {
    /// Graph's property.
    pub attribute: String,
    /// The old value, as shown to people.
    pub from: Option<String>,
    /// The new value.
    pub to: Option<String>,
}

/// The kinds of events. Their spelling is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditKind {
    /// An account was created.
    Create,
    /// An account was taken over.
    Adopt,
    /// Attributes or the UPN changed.
    Update,
    /// An account was enabled.
    Enable,
    /// An account was disabled.
    Deprovision,
    /// A deleted account was restored.
    Restore,
    /// A group was created.
    GroupCreate,
    /// A group was taken over.
    GroupAdopt,
    /// A group was renamed, or brought back from the deleted items.
    GroupUpdate,
    /// A group was deleted, because it was disconnected and that deletes.
    GroupDelete,
    /// Somebody was added to a group.
    MemberAdd,
    /// Somebody was removed from a group.
    MemberRemove,
}

impl AuditKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Create,
        Self::Adopt,
        Self::Update,
        Self::Enable,
        Self::Deprovision,
        Self::Restore,
        Self::GroupCreate,
        Self::GroupAdopt,
        Self::GroupUpdate,
        Self::GroupDelete,
        Self::MemberAdd,
        Self::MemberRemove,
    ];

    /// The event type, as in Directory Insights.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "user_create_provision",
            Self::Adopt => "user_adopt_provision",
            Self::Update => "user_update_provision",
            Self::Enable => "user_enable_provision",
            Self::Deprovision => "user_deprovision",
            Self::Restore => "user_restore_provision",
            Self::GroupCreate => "group_create_provision",
            Self::GroupAdopt => "group_adopt_provision",
            Self::GroupUpdate => "group_update_provision",
            Self::GroupDelete => "group_delete_provision",
            Self::MemberAdd => "group_member_add_provision",
            Self::MemberRemove => "group_member_remove_provision",
        }
    }

    /// The kind of this event type.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for AuditKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
