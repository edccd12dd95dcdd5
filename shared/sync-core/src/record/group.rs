//! What the table remembers of one group (design section 7).

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{Origin, Upkeep, after, within};
use crate::audit::AuditEvent;
use crate::ids::{EntraGroupId, JumpCloudUserId};
use crate::policy::Timing;

/// So many hints are not looked at one by one: the group is listed in full (G9).
const MANY: usize = 10;

/// Whose membership of a group may have changed (G9).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hints {
    /// Of these people; of nobody, if there are none.
    Of(BTreeSet<JumpCloudUserId>),
    /// Of so many that nobody is named any more.
    Many,
}

impl Default for Hints {
    fn default() -> Self {
        Self::Of(BTreeSet::new())
    }
}

impl Hints {
    /// Hints about these people; ten of them are many.
    pub fn of(people: impl IntoIterator<Item = JumpCloudUserId>) -> Self {
        let people: BTreeSet<_> = people.into_iter().collect();
        if people.len() < MANY { Self::Of(people) } else { Self::Many }
    }

    /// Whether nothing is hinted at.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Of(people) if people.is_empty())
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Of(one), Self::Of(other)) => Self::of(one.into_iter().chain(other)),
            _ => Self::Many,
        }
    }
}

/// What is known of the groups that are nested in one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Nested {
    /// There are none.
    #[default]
    None,
    /// Their members change by events alone.
    Static,
    /// The members of at least one follow from a query (G10).
    Dynamic,
}

/// What is remembered of one group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupRecord {
    /// The Entra group that is ours; it stays when the group is disconnected (G4).
    pub binding: Option<GroupBinding>,
    /// Since which read of JumpCloud, by its `Date`, it has not been connected (G8).
    pub let_go_at: Option<Timestamp>,
    /// Since when the bound object is neither there nor in the deleted items (G4).
    pub gone_at: Option<Timestamp>,
    /// When its members were last listed in full (G9).
    pub listed_at: Option<Timestamp>,
    /// When such a listing was begun last, whatever became of it (G9).
    pub tried_at: Option<Timestamp>,
    /// How many members the last listing in full was about; a large one is no work between events.
    pub size: Option<u64>,
    /// How many of its members were bound to us, or about to come, at the last listing in full (S1).
    pub managed: u64,
    /// When members were last looked at by name (G9).
    pub looked_at: Option<Timestamp>,
    /// When our last write of a member was answered: lists lag behind it (G5).
    pub members_written_at: Option<Timestamp>,
    /// How far the adds of a large group have come, in the order of ids (G9).
    pub added_until: Option<JumpCloudUserId>,
    /// Its members follow from a query in JumpCloud (G10).
    pub dynamic: bool,
    /// What the last listing saw of groups that are nested in it.
    pub nested: Nested,
    /// Audit events of what led to the binding, not told yet (R12).
    pub owed: Vec<AuditEvent>,
    /// How its syncs went.
    pub upkeep: Upkeep,
}

/// The proof that an Entra group is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupBinding {
    /// The object.
    pub object: EntraGroupId,
    /// The name that we last wrote or agreed with.
    pub name: String,
    /// How it became ours.
    pub origin: Origin,
    /// When it became ours.
    pub bound_at: Timestamp,
    /// When we created it, or restored it: as long after that it may answer 404 (R11).
    pub created_at: Option<Timestamp>,
    /// When our last write to the object itself was answered.
    pub written_at: Option<Timestamp>,
}

impl GroupBinding {
    /// Whether the name we wrote still counts over what is read.
    pub fn own_writes_count(&self, timing: &Timing, now: Timestamp) -> bool {
        self.written_at.is_some_and(|at| within(at, timing.own_writes, now))
    }

    /// Whether the object may still answer 404 because it is new (R11).
    pub fn is_young(&self, timing: &Timing, now: Timestamp) -> bool {
        self.created_at.is_some_and(|at| within(at, timing.created, now))
    }
}

impl GroupRecord {
    /// The least time between two listings in full (G9).
    pub const LISTED: Duration = Duration::from_secs(30);
    /// The most members that are listed in the invocation of an event.
    pub const SMALL: u64 = 2000;
    /// The least time between two looks at members by name: meanwhile hints gather (G9).
    pub const LOOKED: Duration = Duration::from_secs(5);

    /// How many memberships of the group are ours to manage (S1).
    pub fn managed_memberships(&self) -> u64 {
        if self.binding.is_some() && self.let_go_at.is_none() { self.managed } else { 0 }
    }

    /// Until when these hints gather; `None`: they are looked at now.
    pub fn gathers_until(&self, hints: &Hints, now: Timestamp) -> Option<Timestamp> {
        let next = match hints {
            Hints::Of(people) if people.is_empty() => None,
            Hints::Of(_) => self.looked_at.map(|at| after(at, Self::LOOKED)),
            // A large group goes on at once.
            Hints::Many if self.added_until.is_some() => None,
            Hints::Many => self.listed_at.max(self.tried_at).map(|at| after(at, Self::LISTED)),
        };
        next.filter(|next| *next > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: u32) -> JumpCloudUserId {
        JumpCloudUserId::parse(&format!("{number:024x}")).unwrap()
    }

    #[test]
    fn g9_hints_gather_for_five_seconds_and_listings_for_thirty() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let named = Hints::of([person(1)]);
        let gathers = |record: &GroupRecord, hints: &Hints, second| {
            record.gathers_until(hints, at(second)).map(Timestamp::as_second)
        };
        let fresh = GroupRecord::default();
        assert_eq!((gathers(&fresh, &named, 0), gathers(&fresh, &Hints::Many, 0)), (None, None));
        let looked = GroupRecord {
            looked_at: Some(at(100)),
            listed_at: Some(at(90)),
            ..GroupRecord::default()
        };
        assert_eq!(gathers(&looked, &named, 104), Some(105));
        assert_eq!(gathers(&looked, &named, 105), None);
        assert_eq!(gathers(&looked, &Hints::default(), 104), None);
        assert_eq!(gathers(&looked, &Hints::Many, 119), Some(120));
        assert_eq!(gathers(&looked, &Hints::Many, 120), None);
        let continues = GroupRecord { added_until: Some(person(1)), ..looked };
        assert_eq!(gathers(&continues, &Hints::Many, 119), None);
    }

    #[test]
    fn g9_ten_hints_are_one_full_listing() {
        let hints = |range: std::ops::Range<u32>| Hints::of(range.map(person));
        assert!(Hints::default().is_empty());
        assert_eq!(hints(0..9).and(hints(5..9)), hints(0..9));
        assert!(!hints(0..9).is_empty());
        assert_eq!(hints(0..10), Hints::Many);
        assert_eq!(hints(0..5).and(hints(5..10)), Hints::Many);
        assert_eq!(hints(0..1).and(Hints::Many), Hints::Many);
        assert_eq!(Hints::Many.and(Hints::default()), Hints::Many);
    }
}
