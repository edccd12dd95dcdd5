//! Whether an account should be on, and whether that needs a write (P6, P7, P12; R6 to R9).

use jiff::Timestamp;

use crate::desired::{Connection, Desired, DesiredUser, UserAnswer, UserState};
use crate::finding::{Finding, FindingCode};
use crate::plan::{Cause, SetEnabled};
use crate::policy::{Policy, UserPolicy};
use crate::record::{Binding, Decided, Expect, UserRecord, after, within};

/// What JumpCloud wants of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Switched on.
    On,
    /// As it is; created disabled when there is none (P2, P3).
    AsFound,
    /// Switched off.
    Off(Cause),
    /// Nothing may be concluded from this read (P6).
    Undecided,
}

impl Want {
    /// The value of `accountEnabled` that is wanted, if any.
    pub fn enabled(self) -> Option<bool> {
        match self {
            Self::On => Some(true),
            Self::Off(_) => Some(false),
            Self::AsFound | Self::Undecided => None,
        }
    }
}

/// What JumpCloud wants, given whether a `user_delete` was seen for the id.
pub fn want(policy: &UserPolicy, desired: &Desired, deleted_seen: bool) -> Want {
    let user = match &desired.user {
        UserAnswer::Missing if deleted_seen => return Want::Off(Cause::Deleted),
        UserAnswer::Missing => return Want::Undecided,
        UserAnswer::Found(user) => user,
    };
    if let Some(cause) = own_cause(policy, user) {
        // Being disconnected is told first where both hold, unless the person is suspended.
        let disconnected = desired.connection == Connection::NotConnected;
        return Want::Off(if disconnected && cause != Cause::Suspended {
            Cause::NotConnected
        } else {
            cause
        });
    }
    match (&desired.connection, user.state) {
        (Connection::NotConnected, _) => Want::Off(Cause::NotConnected),
        (Connection::Unreadable, _) => Want::Undecided,
        (Connection::Connected, UserState::Staged) => Want::AsFound,
        (Connection::Connected, _) => Want::On,
    }
}

/// The cause that the user's own record gives, whatever the connection is.
fn own_cause(policy: &UserPolicy, user: &DesiredUser) -> Option<Cause> {
    if user.state == UserState::Suspended {
        Some(Cause::Suspended)
    } else if user.password_expired && policy.suspend_on_password_expired {
        Some(Cause::PasswordExpired)
    } else if user.locked && policy.suspend_on_lockout {
        Some(Cause::LockedOut)
    } else {
        None
    }
}

/// Whether a read shows what an event announced.
pub fn shows(desired: &Desired, expect: Expect) -> bool {
    match (&desired.user, expect) {
        (UserAnswer::Missing, _) => true,
        (UserAnswer::Found(_), Expect::Deleted) => false,
        (UserAnswer::Found(user), Expect::Suspended) => user.state == UserState::Suspended,
    }
}

/// What to do about `accountEnabled` of a bound object.
#[derive(Debug, Clone, PartialEq)]
pub enum Switch {
    /// It is as wanted, or nothing is wanted.
    Leave,
    /// Write it.
    Write {
        /// The write.
        set: SetEnabled,
        /// R9: an earlier write may still land, so the value is sent once more at this time.
        send_again: Option<Timestamp>,
    },
    /// R6: a write that would reverse a recent decision waits.
    Settle {
        /// Until then.
        until: Timestamp,
    },
    /// P12: somebody else disabled it.
    Report(Finding),
}

/// Decides about `accountEnabled`: the read value, what we wrote, and what is unanswered.
pub fn switch(
    policy: &Policy,
    record: &UserRecord,
    binding: &Binding,
    wanted: Want,
    read: Read,
    now: Timestamp,
) -> Switch {
    let Some(value) = wanted.enabled() else { return Switch::Leave };
    let timing = &policy.timing;
    // R8: left out only if our last answered write had this value and the read agrees or it is young.
    let written = binding.enabled;
    let counts = match written {
        Some(answered) if within(answered.at, timing.own_writes, now) => answered.value,
        _ => read.enabled,
    };
    let ours_says_so = match written {
        Some(answered) => answered.value == value,
        // Never written by us: what it is to be must not be what it counts as (P6, P12, P15).
        None => value != binding.disabled_by_us,
    };
    if record.unanswered.is_none() && ours_says_so && counts == value {
        return Switch::Leave;
    }
    if let Some(until) = settles_at(record.decided, value, read, policy) {
        return Switch::Settle { until: until.max(now) };
    }
    let ours = binding.disabled_by_us || record.unanswered.is_some();
    if value && !ours && !policy.users.enable_disabled_in_entra {
        return Switch::Report(Finding::new(
            FindingCode::DisabledInEntra,
            "the account was disabled in Entra by somebody else",
        ));
    }
    let cause = match wanted {
        Want::Off(cause) => Some(cause),
        Want::On | Want::AsFound | Want::Undecided => None,
    };
    let landing = record.unanswered.map(|write| write.may_land_until).filter(|until| *until >= now);
    Switch::Write {
        set: SetEnabled {
            enabled: value,
            read: read.enabled,
            cause,
            decided: Decided { enabled: value, read_at: read.at },
            then_revoke: !value && policy.users.revoke_sessions,
        },
        send_again: landing.map(|until| after(until, std::time::Duration::from_secs(1))),
    }
}

/// What was read, when, and whether the item that rang announced it.
#[derive(Debug, Clone, Copy)]
pub struct Read {
    /// `accountEnabled` as read.
    pub enabled: bool,
    /// The earliest JumpCloud `Date` of the read.
    pub at: Timestamp,
    /// This item's `expect` names what was read from JumpCloud.
    pub expected: bool,
}

/// R6: until when a reversal of the last decision waits.
fn settles_at(
    decided: Option<Decided>,
    value: bool,
    read: Read,
    policy: &Policy,
) -> Option<Timestamp> {
    let decided = decided.filter(|decided| decided.enabled != value && !read.expected)?;
    let settled = after(decided.read_at, policy.timing.settle);
    (read.at < settled).then(|| after(decided.read_at, policy.timing.second_look()))
}
