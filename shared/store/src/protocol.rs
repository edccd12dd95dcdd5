//! The rules of the record's protocol that both stores keep (design 2.1), apart from how they are kept.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use sync_core::record::{Brings, Hints, after};

use crate::item::audit::AuditItem;
use crate::item::record::RecordItem;
use crate::item::subject::SubjectItem;
use crate::item::{Malformed, as_stored, maybe_timestamp, millis, understood};
use crate::{ClaimChange, ClaimRecord, Commit, Holder, Lease, Terms};

/// What an acquire does about a record in this state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing: the record covers the item's event, or is due at another time than it rings for (R5).
    Covered,
    /// Take the lease, which is free or expired (R1).
    Take(Heard, Named),
    /// Leave word for the holder of this fence (R2).
    LeaveWord(u64, Heard, Named),
}

/// What an acquire does to the members that events named (G9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// These are added to those that are there; maybe none.
    More(Vec<String>),
    /// With those that are there they are too many to be named.
    Many,
}

impl Named {
    /// What the item does to a record that holds no names.
    pub(crate) fn first(brings: &Brings) -> Self {
        match &brings.members {
            Hints::Of(people) => Self::More(people.iter().map(ToString::to_string).collect()),
            Hints::Many => Self::Many,
        }
    }
}

/// What an acquire does to `heard`, the youngest event time that reached the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The item names no event.
    Untouched,
    /// The item's event is the youngest.
    Becomes(Timestamp),
    /// The record has heard of an event at least as young as this.
    Stays(Timestamp),
}

impl Heard {
    /// What the item does to a record that has heard nothing younger.
    pub(crate) fn first(brings: &Brings) -> Self {
        brings.event_at.map_or(Self::Untouched, Self::Becomes)
    }
}

/// What an item brings, in the times that the table can hold.
pub(crate) fn as_stored_brings(brings: &Brings) -> Brings {
    Brings {
        event_at: brings.event_at.map(as_stored),
        due: brings.due.map(as_stored),
        ..brings.clone()
    }
}

/// Decides what an acquire does (R1, R2, R5).
///
/// Covered comes first, since it may be asked while another holds the lease. An expired lease is
/// free whatever else the record says; one that ends this very moment is still held.
pub(crate) fn step(item: &SubjectItem, brings: &Brings, terms: Terms) -> Result<Step, Malformed> {
    understood(item.v)?;
    let covered = maybe_timestamp(item.record.upkeep.covered)?;
    let due = maybe_timestamp(item.due_at)?;
    if brings.are_answered(covered, item.deleted_seen, due, terms.settle) {
        return Ok(Step::Covered);
    }
    let heard = match brings.event_at {
        None => Heard::Untouched,
        Some(at) if item.heard.is_some_and(|heard| heard >= millis(at)) => Heard::Stays(at),
        Some(at) => Heard::Becomes(at),
    };
    let held = item.until.is_some_and(|until| until >= millis(terms.now));
    let named = match item.hints()?.and(brings.members.clone()) {
        Hints::Of(_) => Named::first(brings),
        Hints::Many => Named::Many,
    };
    Ok(if held { Step::LeaveWord(item.fence, heard, named) } else { Step::Take(heard, named) })
}

/// When a lease taken or renewed now ends.
pub(crate) fn lease_end(terms: Terms) -> Timestamp {
    as_stored(after(terms.now, terms.lease))
}

/// The name of one commit: the same for a repeat of it, another for any other.
///
/// It is kept in the record, so that a commit whose answer was lost is not taken for a lost lease
/// when somebody else has acquired since. The fence in it keeps different syncs apart.
pub(crate) fn commit_name(lease: &Lease, commit: &Commit<'_>) -> String {
    let Commit { record, heard, members, due, audit, claims } = commit;
    let mut hasher = DefaultHasher::new();
    RecordItem::from(*record).hash(&mut hasher);
    (heard.map(millis), members, due.map(millis), claims).hash(&mut hasher);
    for event in *audit {
        AuditItem::from(event).hash(&mut hasher);
    }
    format!("{}-{:016x}", lease.fence, hasher.finish())
}

/// The changes that count: of several of one claim, the last.
pub(crate) fn last_of_each(changes: &[ClaimChange]) -> Vec<&ClaimChange> {
    changes
        .iter()
        .enumerate()
        .filter(|(at, change)| changes[at + 1..].iter().all(|later| later.key() != change.key()))
        .map(|(_, change)| change)
        .collect()
}

/// Whether a claim may be taken, and with which object it then stands.
///
/// # Errors
/// The living holder that is somebody else.
pub(crate) fn taken<'a>(
    stored: Option<&'a ClaimRecord>,
    by: &Holder,
    object: Option<&sync_core::ids::EntraUserId>,
) -> Result<ClaimRecord, &'a Holder> {
    let known = match stored {
        Some(claim) if claim.tombstone.is_some() => None,
        Some(claim) if claim.holder == *by => claim.object.as_ref(),
        Some(claim) => return Err(&claim.holder),
        None => None,
    };
    let object = object.or(known).cloned();
    Ok(ClaimRecord { holder: by.clone(), object, tombstone: None })
}
