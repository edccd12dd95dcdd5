//! The validated rules of one directory: what an operator may choose.
//!
//! Parsing `directory.toml` is not done here; whoever builds a [`Policy`] has validated it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::attributes::{Attribute, Mapping};
use crate::ids::{JumpCloudGroupId, JumpCloudUserId, ScopeObjectId, Upn};

mod limits;

pub use limits::{Budget, Limits};

/// Everything the planners and the engine need to know of a directory's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Who is connected.
    pub scope: Scope,
    /// Where the UPN comes from (section 5).
    pub upn: UpnPolicy,
    /// Rules for people (section 6).
    pub users: UserPolicy,
    /// Rules for groups (section 7).
    pub groups: GroupPolicy,
    /// How much of each kind may happen (S1).
    pub limits: Limits,
    /// How far each mapped attribute travels.
    pub attributes: BTreeMap<Attribute, Mapping>,
    /// The waits of the protocol.
    pub timing: Timing,
}

impl Policy {
    /// Whether JumpCloud's value of this attribute is written to Entra.
    pub fn exports(&self, attribute: Attribute) -> bool {
        let row = attribute.row();
        let mapping = self.attributes.get(&attribute).copied().unwrap_or(row.default);
        row.key.is_none() || mapping.exports()
    }
}

/// The JumpCloud object, or the groups and people, that connect somebody to the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everybody in the traversal of an application.
    Application(ScopeObjectId),
    /// Everybody in the traversal of an `office_365` object.
    Office365(ScopeObjectId),
    /// The members of the listed groups, and the listed people.
    Listed {
        /// User groups whose members are connected.
        groups: BTreeSet<JumpCloudGroupId>,
        /// People connected by name.
        users: BTreeSet<JumpCloudUserId>,
    },
}

/// Which e-mail becomes the UPN, and on which domains (U1 to U3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpnPolicy {
    /// The mapped source.
    pub source: UpnSource,
    /// The listed domains, in lower case; empty: any verified domain of the tenant.
    pub domains: BTreeSet<String>,
    /// The domain for people whose own is not listed, in lower case.
    pub default_domain: Option<String>,
}

/// The JumpCloud field that holds the mapped e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpnSource {
    /// `email`, the company e-mail.
    Email,
    /// `alternateEmail`.
    AlternateEmail,
}

/// Rules for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPolicy {
    /// P6: an expired password switches the account off.
    pub suspend_on_password_expired: bool,
    /// P6: a lockout switches the account off.
    pub suspend_on_lockout: bool,
    /// P12: an account disabled by somebody else is switched on again.
    pub enable_disabled_in_entra: bool,
    /// P9.
    pub on_deleted_in_entra: OnDeletedInEntra,
    /// P6: sessions are revoked after a deactivation.
    pub revoke_sessions: bool,
    /// Never touched: UPNs or JumpCloud ids, in lower case.
    pub exclude: BTreeSet<String>,
    /// P4: administrators that may be adopted.
    pub adopt_privileged: BTreeSet<Upn>,
    /// For people without a country, when `usageLocation` is exported.
    pub usage_location: Option<String>,
}

/// What happens when a bound object is gone in Entra (P9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDeletedInEntra {
    /// Restored from the deleted items; a finding when it is not there either.
    Restore,
    /// Restored, else created again.
    Recreate,
    /// Only reported.
    Report,
}

/// Rules for groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPolicy {
    /// G1: connected groups become security groups.
    pub enabled: bool,
    /// G8.
    pub on_disconnect: OnDisconnect,
}

/// What happens to the group of a JumpCloud group that is no longer connected (G8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDisconnect {
    /// It stays as it is.
    Keep,
    /// It loses the members we manage.
    Empty,
    /// It is deleted.
    Delete,
}

/// The waits of the protocol. Real runs use the defaults; tests may shorten them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// R1: how long a lease lasts without renewal.
    pub lease: Duration,
    /// R5, R6: how far back JumpCloud's answers may go.
    pub settle: Duration,
    /// When `expect` was not met: how long after the sync to look again, in order.
    pub second_looks: Vec<Duration>,
    /// How long what we applied counts over what is read.
    pub own_writes: Duration,
    /// R11: how long a created object may answer 404.
    pub created: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(20),
            settle: Duration::from_secs(30),
            second_looks: vec![Duration::from_secs(5), Duration::from_secs(30)],
            own_writes: Duration::from_secs(300),
            created: Duration::from_secs(900),
        }
    }
}

impl Timing {
    /// How long after its sender gave up a write may still take effect (R9).
    ///
    /// Twice the settle time: longer than a lease, as the explored model of the protocol assumes.
    pub fn late_effect(&self) -> Duration {
        self.settle * 2
    }

    /// How far after an event its second look lies (R4): when the settle time is surely over.
    pub fn second_look(&self) -> Duration {
        self.settle + Duration::from_secs(1)
    }

    /// The longest a vendor call may take: half a lease (R1: 10 s of 20 s).
    pub fn vendor_timeout(&self) -> Duration {
        self.lease / 2
    }

    /// What must be left of the lease before a vendor write starts (R1: 11 s of 20 s).
    ///
    /// A second more than the longest write, since clocks agree within a second.
    pub fn write_margin(&self) -> Duration {
        self.vendor_timeout() + self.lease / 20
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_keep_their_order_at_any_speed() {
        let seconds = Duration::from_secs;
        let timing = Timing::default();
        assert_eq!(timing.vendor_timeout(), seconds(10));
        assert_eq!(timing.write_margin(), seconds(11));
        assert_eq!(timing.second_look(), seconds(31));
        assert_eq!(timing.late_effect(), seconds(60));
        let fast = Timing { lease: seconds(2), settle: seconds(3), ..timing };
        assert_eq!(fast.vendor_timeout(), seconds(1));
        assert_eq!(fast.write_margin(), Duration::from_millis(1100));
        assert_eq!((fast.second_look(), fast.late_effect()), (seconds(4), seconds(6)));
    }
}
