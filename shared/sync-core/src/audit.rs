//! What is told about each change: Directory-Insights-shaped events (design section 11).

use std::fmt;

use jiff::Timestamp;

use crate::ids::{EntraUserId, JumpCloudUserId};

/// What changed, or should have.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// A random id.
    pub id: String,
    /// When the change was answered.
    pub at: Timestamp,
    /// Its kind.
    pub kind: AuditKind,
    /// The person in JumpCloud.
    pub user: JumpCloudUserId,
    /// The object in Entra, where there is one.
    pub object: Option<EntraUserId>,
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
}

impl AuditKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Create, Self::Adopt, Self::Update, Self::Enable, Self::Deprovision, Self::Restore];

    /// The event type, as in Directory Insights.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "user_create_provision",
            Self::Adopt => "user_adopt_provision",
            Self::Update => "user_update_provision",
            Self::Enable => "user_enable_provision",
            Self::Deprovision => "user_deprovision",
            Self::Restore => "user_restore_provision",
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
