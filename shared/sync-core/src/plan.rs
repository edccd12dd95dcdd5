//! A plan: what to do about one subject, in order, and how it reads.
//!
//! Applying a plan makes no choices. Every action but a creation and an adoption concerns the
//! object of the subject's binding; a plan cannot name another one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;

use crate::attributes::{Attribute, Value};
use crate::finding::Finding;
use crate::ids::{EntraUserId, JumpCloudUserId, Upn};
use crate::record::{Binding, Decided, Expecting, Origin};

pub mod group;
pub mod members;
pub mod person;
pub mod switch;
pub mod user;

/// What the planner answers.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a plan that nobody applies or prints was made for nothing"]
pub struct Planned {
    /// What to do.
    pub plan: Plan,
    /// What an operator should know.
    pub findings: Vec<Finding>,
    /// When to look at the subject again, as far as the planner wants it.
    pub look_again: Option<Timestamp>,
    /// Whether this sync covers the events before its read (R5): not while it waits or is undecided.
    pub covers: bool,
    /// What the subject waits for.
    pub waits_for: BTreeSet<WaitsFor>,
}

/// What a blocked subject waits for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitsFor {
    /// Somebody else gives up this UPN.
    Upn(Upn),
    /// This user becomes bound.
    Binding(JumpCloudUserId),
    /// The owner of this object gives it up (P4), which frees the UPN it was found under.
    Object {
        /// The object.
        object: EntraUserId,
        /// Its UPN.
        upn: Upn,
    },
}

impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upn(upn) => write!(f, "{upn}"),
            Self::Binding(user) => write!(f, "the binding of {user}"),
            Self::Object { object, upn } => write!(f, "{object}, found under {upn}"),
        }
    }
}

/// What to do about one subject.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The changes in Entra, in order. A deactivation comes first.
    pub actions: Vec<Action>,
    /// What the commit remembers beside the outcome of the actions.
    pub memory: Memory,
}

impl Plan {
    /// Whether nothing changes in Entra and no object becomes ours.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// P1, P2: create an account and bind it. The intent is stored before (P14).
    Create(Creation),
    /// P3: bind an existing account.
    Adopt(Adoption),
    /// P9: bring the bound object back from the deleted items.
    Restore,
    /// P6, P7: write `accountEnabled`.
    SetEnabled(SetEnabled),
    /// P6: end the sessions of somebody who was switched off.
    RevokeSessions,
    /// P5: change the UPN, in a PATCH of its own.
    SetUpn {
        /// As it is.
        from: Upn,
        /// As it should be.
        to: Upn,
    },
    /// P5: change attributes.
    Update(Vec<Change>),
    /// P13: set or clear the manager.
    SetManager(Change),
}

/// An account to create.
#[derive(Debug, Clone, PartialEq)]
pub struct Creation {
    /// The UPN, claimed with the intent.
    pub upn: Upn,
    /// Created enabled (P1) or disabled (P2).
    pub enabled: bool,
    /// The required `displayName`.
    pub display_name: String,
    /// The required `mailNickname`.
    pub mail_nickname: String,
    /// The other attributes.
    pub attributes: BTreeMap<Attribute, Value>,
    /// The `Date` of the lookup that found nothing, minus 5 s; an open intent's stays (P14, R10).
    pub since: Timestamp,
    /// The states meant by this and by the open intent add up (R10).
    pub meant_enabled: bool,
    /// As above, for disabled.
    pub meant_disabled: bool,
    /// The decision that an account created enabled stores with its intent (R6).
    pub decided: Option<Decided>,
}

/// An account to bind.
#[derive(Debug, Clone, PartialEq)]
pub struct Adoption {
    /// The object.
    pub object: EntraUserId,
    /// Its UPN.
    pub upn: Upn,
    /// Adopted, or created by us with its answer lost (R10).
    pub origin: Origin,
    /// When it was created, if that was our doing.
    pub created_at: Option<Timestamp>,
    /// P15, P8, R10: it counts as disabled by us.
    pub disabled_by_us: bool,
}

impl Adoption {
    /// The binding that it makes; nothing has been written through it yet.
    pub fn binding(&self, now: Timestamp) -> Binding {
        Binding {
            object: self.object.clone(),
            upn: self.upn.clone(),
            origin: self.origin,
            bound_at: now,
            created_at: self.created_at,
            enabled: None,
            disabled_by_us: self.disabled_by_us,
            applied: BTreeMap::new(),
            written_at: None,
            given_up: false,
            absent: false,
        }
    }
}

/// A write of `accountEnabled`.
#[derive(Debug, Clone, PartialEq)]
pub struct SetEnabled {
    /// The value.
    pub enabled: bool,
    /// The value as read, for the audit.
    pub read: bool,
    /// Why it is switched off; `None` when it is switched on.
    pub cause: Option<Cause>,
    /// The decision, stored before it is sent (R6).
    pub decided: Decided,
    /// Sessions are to be revoked afterwards: stored before the first write (P6).
    pub then_revoke: bool,
}

/// Why somebody is switched off (P6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Deleted in JumpCloud.
    Deleted,
    /// Suspended in JumpCloud.
    Suspended,
    /// No longer connected to the directory.
    NotConnected,
    /// The password expired, and that suspends.
    PasswordExpired,
    /// Locked out, and that suspends.
    LockedOut,
}

impl Cause {
    /// The stable spelling, as in audit events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Suspended => "suspended",
            Self::NotConnected => "not_connected",
            Self::PasswordExpired => "password_expired",
            Self::LockedOut => "locked_out",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One attribute to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The attribute.
    pub attribute: Attribute,
    /// The value as it counts now.
    pub from: Option<Value>,
    /// The value to write; `None` clears it.
    pub to: Option<Value>,
    /// What counts as applied by us afterwards: of a list only the entries we set (P10).
    pub remember: Option<Value>,
}

/// What the commit remembers beside the outcome of the actions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// Entra already holds these wanted values: they count as applied.
    pub agreed: BTreeMap<Attribute, Value>,
    /// Mapping is off, or nothing of ours is there to be cleared: no longer applied by us (P10).
    pub forgotten: BTreeSet<Attribute>,
    /// The intent is over: nothing was created (R10).
    pub end_intent: bool,
    /// A deleted person's deactivation is acknowledged: the claims are given up (P4).
    pub give_up: bool,
    /// The bound object is gone and was to be off: nothing of ours is under way any more (P6).
    pub off_by_absence: bool,
    /// What [`Binding::absent`] becomes.
    pub absent: bool,
    /// The bound object is gone for good and is to be created again, under this UPN (P9).
    pub unbind: Option<Upn>,
    /// Somebody switched on again needs no revocation any more.
    pub drop_revocation: bool,
    /// The state that an event announced and no read has shown yet.
    pub expecting: Option<Expecting>,
    /// Off for a lockout since then.
    pub locked_since: Option<Timestamp>,
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), ToString::to_string)
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attribute, from, to, remember: _ } = self;
        write!(f, "{attribute}: {} -> {}", shown(from.as_ref()), shown(to.as_ref()))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(Creation { upn, enabled, display_name, attributes, .. }) => {
                let state = if *enabled { "enabled" } else { "disabled" };
                write!(f, "create {upn} {state}, displayName {display_name:?}")?;
                for (attribute, value) in attributes {
                    write!(f, "\n  {attribute}: {value}")?;
                }
                Ok(())
            }
            Self::Adopt(Adoption { object, upn, origin, disabled_by_us, .. }) => {
                write!(f, "adopt {upn} ({object}, {origin:?}")?;
                if *disabled_by_us {
                    write!(f, ", counts as disabled by us")?;
                }
                f.write_str(")")
            }
            Self::Restore => f.write_str("restore"),
            Self::SetEnabled(SetEnabled { enabled: true, .. }) => f.write_str("enable"),
            Self::SetEnabled(SetEnabled { cause, .. }) => {
                write!(f, "disable ({})", cause.map_or("", Cause::as_str))
            }
            Self::RevokeSessions => f.write_str("revoke sessions"),
            Self::SetUpn { from, to } => write!(f, "rename {from} -> {to}"),
            Self::Update(changes) => {
                f.write_str("update")?;
                changes.iter().try_for_each(|change| write!(f, "\n  {change}"))
            }
            Self::SetManager(change) => write!(f, "set {change}"),
        }
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan: Plan { actions, memory }, findings, look_again, covers, waits_for } = self;
        if actions.is_empty() {
            writeln!(f, "nothing to do")?;
        }
        actions.iter().try_for_each(|action| writeln!(f, "{action}"))?;
        findings.iter().try_for_each(|finding| writeln!(f, "! {finding}"))?;
        if memory.end_intent {
            writeln!(f, "end the intent")?;
        }
        if memory.give_up {
            writeln!(f, "give up the claims")?;
        }
        if let Some(upn) = &memory.unbind {
            writeln!(f, "unbind, to create {upn} again")?;
        }
        for waited in waits_for {
            writeln!(f, "waits for {waited}")?;
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
