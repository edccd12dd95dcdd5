//! The plan for one group: create, adopt, restore, rename, let go, or leave alone.
//!
//! Decides everything of design section 7 that concerns the group itself and what becomes of its
//! members as a whole. Who of them comes and who goes is decided in [`super::members`].

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::desired::Connection;
use crate::finding::{Finding, FindingCode};
use crate::group::{DesiredGroup, EntraGroup, GroupAnswer, JumpCloudGroup};
use crate::ids::{EntraGroupId, JumpCloudGroupId};
use crate::observed::Claim;
use crate::policy::{GroupPolicy, Timing};
use crate::record::{GroupBinding, GroupRecord, Origin, after};

mod arrival;
mod bound;
mod name;

/// How long a new group that answers 404 is left alone (R11).
const REPLICATION: Duration = Duration::from_secs(5);
/// What every group that we create says of itself.
const DESCRIPTION: &str = "Managed by entra-sync from JumpCloud";
/// Before the id of the JumpCloud group in the `uniqueName` of what we created (G3).
const UNIQUE_NAME: &str = "jumpcloud-";

/// Everything one plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct GroupInput<'a> {
    /// The directory's rules for groups.
    pub policy: &'a GroupPolicy,
    /// The waits of the protocol.
    pub timing: &'a Timing,
    /// The group.
    pub group: &'a JumpCloudGroupId,
    /// What is remembered.
    pub record: &'a GroupRecord,
    /// What JumpCloud answered.
    pub desired: &'a DesiredGroup,
    /// What Entra answered.
    pub observed: &'a ObservedGroup,
}

/// What one sync read of a group from Entra and from the claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObservedGroup {
    /// The bound object, by id.
    Bound(EntraGroup),
    /// The bound object answered 404; what the deleted items hold of it.
    Gone(Option<EntraGroup>),
    /// For a group that is not bound.
    Lookup(GroupLookup),
    /// Nothing to look for: not bound, and not connected or groups are disabled.
    Nothing,
}

/// What was found for a group that is not bound, in the order of G2.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupLookup {
    /// Found by our own `uniqueName`.
    pub own: Option<GroupCandidate>,
    /// The deleted item with our own `uniqueName`.
    pub deleted: Option<EntraGroup>,
    /// Every group that answers to the name.
    pub named: Vec<GroupCandidate>,
}

/// A group that may be adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupCandidate {
    /// The group.
    pub group: EntraGroup,
    /// Who holds the claim on it.
    pub claim: Claim,
}

/// What the planner answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a plan that nobody applies or prints was made for nothing"]
pub struct GroupPlanned {
    /// The changes to the object, in order.
    pub actions: Vec<GroupAction>,
    /// What becomes of its members afterwards.
    pub members: MembersWanted,
    /// What an operator should know.
    pub findings: Vec<Finding>,
    /// When to look at the group again, as far as the planner wants it: at a young 404 (R11), and
    /// before a group that is not connected is emptied or deleted (G8).
    pub look_again: Option<Timestamp>,
    /// Whether this sync covers the events before its read (R5): not while it waits or is undecided.
    pub covers: bool,
    /// What [`GroupRecord::let_go_at`] becomes.
    pub let_go_at: Option<Timestamp>,
    /// What [`GroupRecord::gone_at`] becomes.
    pub gone_at: Option<Timestamp>,
    /// The group is gone from JumpCloud for good: once nothing is left to do its binding ends, so that
    /// another may have the object (G8).
    pub give_up: bool,
    /// What would be adopted if nobody held it (G2).
    pub held: Option<EntraGroupId>,
    /// The bound object is gone for good and is to be created again, which the next pass does (G4).
    pub unbind: bool,
    /// Whether the group connects people has changed: the sweep is to be rung (G8).
    pub sweep: bool,
}

/// One change. What follows a creation, an adoption or a restoration concerns the same object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupAction {
    /// G3: create a group, or find what an earlier try created, by `uniqueName`; then bind it.
    Create(NewGroup),
    /// G2: bind an existing group, and no more.
    Adopt {
        /// The object.
        object: EntraGroupId,
        /// Its name as read.
        name: String,
        /// Created where its `uniqueName` says that an earlier try of ours did.
        origin: Origin,
    },
    /// G4: bring it back from the deleted items, and bind it where it is not bound.
    Restore(EntraGroupId),
    /// G4: write the name.
    Rename {
        /// The name as it counts now.
        from: String,
        /// The name to write.
        to: String,
    },
    /// G8: delete the bound object.
    Delete,
}

/// A group to create, without members (G3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// The key by which a repeated creation finds it.
    pub unique_name: String,
    /// `displayName`.
    pub name: String,
    /// `mailNickname`, which Entra requires of groups without mail too.
    pub mail_nickname: String,
    /// `description`.
    pub description: String,
}

/// What becomes of a group's members as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembersWanted {
    /// G5: those of the JumpCloud group.
    AsInJumpCloud,
    /// G8: of those who are bound to us nobody.
    Nobody,
    /// Nobody comes and nobody goes.
    LeftAlone,
}

/// The `uniqueName` of the group that we create for a JumpCloud group (G3).
pub fn unique_name(group: &JumpCloudGroupId) -> String {
    format!("{UNIQUE_NAME}{group}")
}

/// Plans one group.
pub fn plan_group(input: GroupInput<'_>, now: Timestamp) -> GroupPlanned {
    let planned = GroupPlanned {
        actions: Vec::new(),
        members: MembersWanted::LeftAlone,
        findings: Vec::new(),
        look_again: None,
        covers: true,
        let_go_at: input.record.let_go_at,
        gone_at: None,
        give_up: false,
        held: None,
        unbind: false,
        sweep: false,
    };
    let planner = Planner { input, now, planned };
    planner.plan()
}

struct Planner<'a> {
    input: GroupInput<'a>,
    now: Timestamp,
    planned: GroupPlanned,
}

impl<'a> Planner<'a> {
    fn plan(mut self) -> GroupPlanned {
        if self.input.policy.enabled {
            let DesiredGroup { group, connection, .. } = self.input.desired;
            match (group, connection) {
                (GroupAnswer::Missing, _) | (_, Connection::NotConnected) => self.not_connected(),
                (GroupAnswer::Found(_), Connection::Unreadable) => self.undecided(),
                (GroupAnswer::Found(group), Connection::Connected) => self.connected(group),
            }
        }
        self.planned
    }

    /// As P6 for people: an unreadable scope never means that a group is not connected.
    fn undecided(&mut self) {
        self.find(
            FindingCode::ScopeUnreadable,
            "the scope object cannot be read, so no group counts as disconnected",
        );
        self.planned.covers = false;
    }

    /// A group that is connected, or is so again (G8).
    fn connected(&mut self, group: &'a JumpCloudGroup) {
        self.planned.let_go_at = None;
        self.planned.sweep = self.input.record.let_go_at.is_some();
        let name = self.valid_name(&group.name);
        match (&self.input.record.binding, self.input.observed) {
            (Some(binding), ObservedGroup::Bound(object)) => self.bound(binding, object, name),
            (Some(binding), ObservedGroup::Gone(deleted)) => {
                self.gone(binding, deleted.as_ref(), name);
            }
            (None, ObservedGroup::Lookup(lookup)) => self.unbound(lookup, name),
            (_, _) => {}
        }
    }

    /// Whether a group may be touched, which is reported where it may not (G1).
    fn is_manageable(&mut self, group: &EntraGroup) -> bool {
        let manageable = group.kind.is_security();
        if !manageable {
            let EntraGroup { id, kind, .. } = group;
            self.find(FindingCode::GroupNotManageable, format!("{id} is a {kind}"));
        }
        manageable
    }

    /// R11: a 404 of a new object proves nothing.
    fn is_too_young_to_tell(&mut self, binding: &GroupBinding) -> bool {
        let young = binding.is_young(self.input.timing, self.now);
        if young {
            self.planned.look_again = Some(after(self.now, REPLICATION));
            self.planned.covers = false;
        }
        young
    }

    fn act(&mut self, action: GroupAction) {
        self.planned.actions.push(action);
    }

    fn find(&mut self, code: FindingCode, message: impl Into<String>) {
        self.planned.findings.push(Finding::new(code, message));
    }
}

impl fmt::Display for GroupAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(NewGroup { unique_name, name, .. }) => {
                write!(f, "create {name:?} ({unique_name})")
            }
            Self::Adopt { object, name, origin } => {
                write!(f, "adopt {name:?} ({object}, {origin:?})")
            }
            Self::Restore(object) => write!(f, "restore {object}"),
            Self::Rename { from, to } => write!(f, "rename {from:?} -> {to:?}"),
            Self::Delete => f.write_str("delete"),
        }
    }
}

impl fmt::Display for MembersWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsInJumpCloud => "members as in JumpCloud",
            Self::Nobody => "members of ours leave",
            Self::LeftAlone => "members left alone",
        })
    }
}

impl fmt::Display for GroupPlanned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actions, members, findings, look_again, covers, .. } = self;
        let Self { let_go_at, gone_at: _, give_up, held: _, unbind, sweep, .. } = self;
        if actions.is_empty() {
            writeln!(f, "nothing to do")?;
        }
        actions.iter().try_for_each(|action| writeln!(f, "{action}"))?;
        if *members != MembersWanted::LeftAlone {
            writeln!(f, "{members}")?;
        }
        findings.iter().try_for_each(|finding| writeln!(f, "! {finding}"))?;
        if let_go_at.is_some() {
            writeln!(f, "let go")?;
        }
        if *give_up {
            writeln!(f, "give up the claim")?;
        }
        if *unbind {
            writeln!(f, "unbind, to create it again")?;
        }
        if *sweep {
            writeln!(f, "ring the sweep")?;
        }
        if let Some(at) = look_again {
            writeln!(f, "look again at {at}")?;
        }
        if !covers {
            writeln!(f, "covers nothing")?;
        }
        Ok(())
    }
}
