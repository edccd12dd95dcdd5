//! What both vendors say about one group (design section 7).

use std::fmt;

use jiff::Timestamp;

use crate::desired::Connection;
use crate::ids::{EntraGroupId, JumpCloudGroupId};

/// What one sync read of a group from JumpCloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredGroup {
    /// The earliest `Date` of the answers (R5).
    pub read_at: Timestamp,
    /// The group's own record.
    pub group: GroupAnswer,
    /// Whether the group is connected to the scope (G1).
    pub connection: Connection,
}

/// The answer about the group's own record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupAnswer {
    /// 200.
    Found(JumpCloudGroup),
    /// A 404 in JumpCloud's own words.
    Missing,
}

/// A JumpCloud user group as answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JumpCloudGroup {
    /// The group.
    pub id: JumpCloudGroupId,
    /// `name`, as it is.
    pub name: String,
    /// Its members follow from a query, so they change without an event (G10).
    pub dynamic: bool,
}

/// An Entra group as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntraGroup {
    /// The object.
    pub id: EntraGroupId,
    /// `displayName`, which is not unique.
    pub name: String,
    /// `uniqueName`, set at creation alone.
    pub unique_name: Option<String>,
    /// What it is; only a security group is ever touched (G1).
    pub kind: GroupKind,
}

/// The kinds of groups in Entra, by what decides whether we may touch one (G1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKind {
    /// `securityEnabled`, not `mailEnabled`, `groupTypes` empty, and none of the below.
    Security,
    /// `onPremisesSyncEnabled`: mastered on-premises.
    OnPremisesSynced,
    /// `isAssignableToRole`: membership gives a directory role.
    RoleAssignable,
    /// `isManagementRestricted`: in a restricted management administrative unit.
    Restricted,
    /// `groupTypes` holds `DynamicMembership`: Entra itself decides who is in it.
    Dynamic,
    /// `groupTypes` holds `Unified`: a Microsoft 365 group.
    Microsoft365,
    /// `mailEnabled` and `securityEnabled`.
    MailEnabledSecurity,
    /// `mailEnabled` alone.
    Distribution,
    /// Anything else that is no plain security group.
    Other,
}

impl GroupKind {
    /// Whether a group of this kind may be adopted and written to.
    pub fn is_security(self) -> bool {
        self == Self::Security
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Security => "security group",
            Self::OnPremisesSynced => "group synced from on-premises",
            Self::RoleAssignable => "role-assignable group",
            Self::Restricted => "group under restricted management",
            Self::Dynamic => "dynamic group",
            Self::Microsoft365 => "Microsoft 365 group",
            Self::MailEnabledSecurity => "mail-enabled security group",
            Self::Distribution => "distribution group",
            Self::Other => "group of another kind",
        })
    }
}

/// A member of an Entra group as listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// A person, by object id.
    User(crate::ids::EntraUserId),
    /// Anything else: a device, a nested group, an application (G6).
    Other(String),
}
