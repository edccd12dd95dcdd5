//! One group's small world. Each test changes what it is about; the rest stays ordinary.

use jiff::Timestamp;
use sync_core::desired::Connection;
use sync_core::group::{DesiredGroup, EntraGroup, GroupAnswer, GroupKind, JumpCloudGroup};
use sync_core::ids::{EntraGroupId, JumpCloudGroupId};
use sync_core::observed::Claim;
use sync_core::plan::group::{
    GroupAction, GroupCandidate, GroupInput, GroupLookup, GroupPlanned, NewGroup, ObservedGroup,
    plan_group, unique_name,
};
use sync_core::policy::{GroupPolicy, OnDisconnect, Timing};
use sync_core::record::{GroupBinding, GroupRecord, Origin};

use crate::world::at;

pub(crate) const SALES: &str = "65f0000000000000000000b1";
pub(crate) const OTHER: &str = "65f0000000000000000000b2";
/// The bound group, or the one to be found.
pub(crate) const FIRST: &str = "21d00000-0000-4000-8000-000000000001";
/// Another group in Entra.
pub(crate) const SECOND: &str = "21d00000-0000-4000-8000-000000000002";
/// The group that a creation makes.
pub(crate) const CREATED: &str = "21d00000-0000-4000-8000-00000000000c";

pub(crate) fn group_id(text: &str) -> JumpCloudGroupId {
    JumpCloudGroupId::parse(text).unwrap()
}

/// A free security group that somebody made by hand.
pub(crate) fn by_hand(id: &str, name: &str) -> GroupCandidate {
    GroupCandidate {
        group: EntraGroup {
            id: EntraGroupId::parse(id).unwrap(),
            name: name.into(),
            unique_name: None,
            kind: GroupKind::Security,
        },
        claim: Claim::Free,
    }
}

/// A group as we would have created it for this one in JumpCloud.
pub(crate) fn by_us(id: &str, name: &str, group: &str) -> GroupCandidate {
    let mut candidate = by_hand(id, name);
    candidate.group.unique_name = Some(format!("jumpcloud-{group}"));
    candidate
}

#[derive(Debug, Clone)]
pub(crate) struct GroupWorld {
    pub(crate) policy: GroupPolicy,
    pub(crate) group: JumpCloudGroupId,
    pub(crate) record: GroupRecord,
    pub(crate) answer: GroupAnswer,
    pub(crate) connection: Connection,
    /// The groups in Entra.
    pub(crate) entra: Vec<GroupCandidate>,
    /// What the deleted items hold.
    pub(crate) deleted: Option<EntraGroup>,
    /// What is observed, if it is not what the world holds.
    pub(crate) observed: Option<ObservedGroup>,
    pub(crate) now: Timestamp,
}

/// Sales is connected; Entra does not know it.
pub(crate) fn new_group() -> GroupWorld {
    GroupWorld {
        policy: GroupPolicy { enabled: true, on_disconnect: OnDisconnect::Keep },
        group: group_id(SALES),
        record: GroupRecord::default(),
        answer: GroupAnswer::Found(JumpCloudGroup {
            id: group_id(SALES),
            name: "Sales".into(),
            dynamic: false,
        }),
        connection: Connection::Connected,
        entra: Vec::new(),
        deleted: None,
        observed: None,
        now: at(1),
    }
}

/// Entra holds these groups, none of them ours.
pub(crate) fn among(groups: impl IntoIterator<Item = GroupCandidate>) -> GroupWorld {
    GroupWorld { entra: groups.into_iter().collect(), ..new_group() }
}

/// Sales was created by us yesterday and is in step.
pub(crate) fn bound_group() -> GroupWorld {
    let binding = GroupBinding {
        object: EntraGroupId::parse(FIRST).unwrap(),
        name: "Sales".into(),
        origin: Origin::Created,
        bound_at: at(-86_400),
        created_at: Some(at(-86_400)),
        written_at: Some(at(-86_400)),
    };
    GroupWorld {
        record: GroupRecord { binding: Some(binding), ..GroupRecord::default() },
        entra: vec![by_us(FIRST, "Sales", SALES)],
        ..new_group()
    }
}

/// Sales is ours and no longer connected, which is read for the first time.
pub(crate) fn leaving(on_disconnect: OnDisconnect) -> GroupWorld {
    GroupWorld {
        connection: Connection::NotConnected,
        policy: GroupPolicy { enabled: true, on_disconnect },
        ..bound_group()
    }
}

/// The same, read for a while.
pub(crate) fn left(on_disconnect: OnDisconnect) -> GroupWorld {
    let mut world = leaving(on_disconnect);
    world.record.let_go_at = Some(at(-60));
    world
}

/// Somebody deleted our Sales in Entra; it can be restored.
pub(crate) fn deleted_group() -> GroupWorld {
    let mut world = bound_group();
    world.deleted = world.entra.pop().map(|candidate| candidate.group);
    world
}

impl GroupWorld {
    pub(crate) fn rename(&mut self, name: &str) {
        match &mut self.answer {
            GroupAnswer::Found(group) => group.name = name.into(),
            GroupAnswer::Missing => panic!("JumpCloud does not know the group in this world"),
        }
    }

    pub(crate) fn binding(&mut self) -> &mut GroupBinding {
        self.record.binding.as_mut().expect("bound in this world")
    }

    /// The first group in Entra.
    pub(crate) fn first(&mut self) -> &mut GroupCandidate {
        self.entra.first_mut().expect("Entra knows a group in this world")
    }

    /// The bound group in Entra.
    pub(crate) fn object(&mut self) -> Option<&mut EntraGroup> {
        let id = &self.record.binding.as_ref()?.object;
        self.entra.iter_mut().map(|candidate| &mut candidate.group).find(|group| group.id == *id)
    }

    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.answer, GroupAnswer::Found(_)) && self.connection == Connection::Connected
    }

    /// Reads as the engine would.
    fn observe(&self) -> ObservedGroup {
        let mut groups = self.entra.iter();
        if let Some(binding) = &self.record.binding {
            return match groups.find(|found| found.group.id == binding.object) {
                Some(found) => ObservedGroup::Bound(found.group.clone()),
                None => ObservedGroup::Gone(
                    self.deleted.clone().filter(|deleted| deleted.id == binding.object),
                ),
            };
        }
        let GroupAnswer::Found(group) = &self.answer else { return ObservedGroup::Nothing };
        if !self.policy.enabled || self.connection != Connection::Connected {
            return ObservedGroup::Nothing;
        }
        let ours = Some(unique_name(&self.group));
        let plain = |name: &str| name.trim().to_lowercase();
        ObservedGroup::Lookup(GroupLookup {
            own: groups.find(|found| found.group.unique_name == ours).cloned(),
            deleted: self.deleted.clone().filter(|deleted| deleted.unique_name == ours),
            named: (self.entra.iter())
                .filter(|found| plain(&found.group.name) == plain(&group.name))
                .cloned()
                .collect(),
        })
    }

    pub(crate) fn planned(&self) -> GroupPlanned {
        let desired = DesiredGroup {
            read_at: self.now,
            group: self.answer.clone(),
            connection: self.connection.clone(),
        };
        let observed = self.observed.clone().unwrap_or_else(|| self.observe());
        let input = GroupInput {
            policy: &self.policy,
            timing: &Timing::default(),
            group: &self.group,
            record: &self.record,
            desired: &desired,
            observed: &observed,
        };
        plan_group(input, self.now)
    }

    pub(crate) fn plan(&self) -> String {
        self.planned().to_string()
    }

    /// Every step is answered at once.
    pub(crate) fn apply(&mut self, planned: &GroupPlanned) {
        planned.actions.iter().for_each(|action| self.act(action));
        self.record.let_go_at = planned.let_go_at;
        self.record.gone_at = planned.gone_at;
        let finished = planned.covers && planned.look_again.is_none();
        if planned.give_up && finished {
            let id = self.object().map(|object| object.id.clone());
            let found = self.entra.iter_mut().find(|found| Some(&found.group.id) == id.as_ref());
            if let Some(found) = found {
                found.claim = Claim::Tombstone { disabled_by_us: false };
            }
        }
        if planned.unbind || (planned.give_up && finished) {
            self.record.binding = None;
        }
        self.now = planned
            .look_again
            .unwrap_or_else(|| self.now.checked_add(jiff::SignedDuration::from_secs(1)).unwrap());
    }

    fn act(&mut self, action: &GroupAction) {
        let now = self.now;
        match action {
            GroupAction::Create(new) => {
                let group = self.upsert(new);
                self.bind(&group, Origin::Created, Some(now));
            }
            GroupAction::Adopt { object, name, origin } => {
                let found = self.entra.iter().find(|found| found.group.id == *object);
                let group = found.expect("only what is there is adopted").group.clone();
                assert_eq!(group.name, *name);
                self.bind(&group, *origin, None);
            }
            GroupAction::Restore(object) => {
                let group = self.deleted.take().expect("only what was deleted is restored");
                assert_eq!(group.id, *object);
                self.entra.push(GroupCandidate { group: group.clone(), claim: Claim::Own });
                if self.record.binding.is_none() {
                    self.bind(&group, Origin::Created, None);
                }
                self.binding().created_at = Some(now);
            }
            GroupAction::Rename { from, to } => {
                assert_ne!(from, to, "a rename to the same name");
                self.object().expect("only what is there is renamed").name.clone_from(to);
                self.binding().name.clone_from(to);
                self.binding().written_at = Some(now);
            }
            GroupAction::Delete => {
                let id = self.object().expect("only what is there is deleted").id.clone();
                let at = self.entra.iter().position(|found| found.group.id == id).unwrap();
                self.deleted = Some(self.entra.remove(at).group);
                // Its 404s are meant from now on.
                self.binding().created_at = None;
            }
        }
    }

    /// What Entra makes of a creation by `uniqueName` (G3).
    fn upsert(&mut self, new: &NewGroup) -> EntraGroup {
        let ours = Some(new.unique_name.clone());
        assert!(self.entra.iter().all(|found| found.group.unique_name != ours), "created twice");
        let mut created = by_hand(CREATED, &new.name);
        created.group.unique_name = ours;
        self.entra.push(created.clone());
        created.group
    }

    fn bind(&mut self, group: &EntraGroup, origin: Origin, created_at: Option<Timestamp>) {
        assert!(self.record.binding.is_none(), "bound twice");
        self.record.binding = Some(GroupBinding {
            object: group.id.clone(),
            name: group.name.clone(),
            origin,
            bound_at: self.now,
            created_at,
            written_at: created_at,
        });
    }
}
