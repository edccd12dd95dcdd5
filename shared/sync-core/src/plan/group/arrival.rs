//! A connected group that is not ours yet: adopt, restore or create (G1 to G3).

use super::name::{is_variant, same_name};
use super::{
    DESCRIPTION, GroupAction, GroupCandidate, GroupLookup, MembersWanted, NewGroup, Planner,
    UNIQUE_NAME, unique_name,
};
use crate::finding::FindingCode;
use crate::group::EntraGroup;
use crate::ids::{JumpCloudGroupId, Subject};
use crate::observed::Claim;
use crate::record::Origin;

impl Planner<'_> {
    /// Looks in the order of G2: our own `uniqueName`, the deleted items, then the name.
    pub(super) fn unbound(&mut self, lookup: &GroupLookup, name: Option<&str>) {
        match (lookup, name) {
            (GroupLookup { own: Some(own), .. }, _) => {
                // Whatever has our `uniqueName` is what a creation would write to.
                if self.is_manageable(&own.group) && self.is_free(own, None) {
                    self.adopt(&own.group, Origin::Created);
                    self.keep_up(&own.group.name, name);
                }
            }
            (GroupLookup { deleted: Some(deleted), .. }, _) => {
                self.restore(deleted, &deleted.name, name);
            }
            (GroupLookup { named, .. }, Some(name)) => self.by_name(named, name),
            (_, None) => {}
        }
    }

    /// One security group of that name is adopted; none or several, and another is created (G2).
    fn by_name(&mut self, named: &[GroupCandidate], name: &str) {
        let variants = named.iter().filter(|candidate| {
            candidate.group.kind.is_security() && is_variant(&candidate.group.name, name)
        });
        if let Some(ids) = ids(variants) {
            let message = format!("differs in case or blanks alone, which is no match: {ids}");
            self.find(FindingCode::GroupNameVariant, message);
        }
        let same = named.iter().filter(|candidate| same_name(&candidate.group.name, name));
        let same: Vec<_> = same.filter(|found| self.is_manageable(&found.group)).collect();
        match same[..] {
            [] => self.create(name),
            [one] => {
                let holder = self.other_owner(&one.group);
                if self.is_free(one, holder) {
                    self.adopt(&one.group, Origin::Adopted);
                }
            }
            [..] => {
                let ids = ids(same.iter().copied()).unwrap_or_default();
                let message = format!("several groups have the name, another is created: {ids}");
                self.find(FindingCode::GroupAmbiguous, message);
                self.create(name);
            }
        }
    }
}

impl Planner<'_> {
    /// Whether nobody else holds a group, which is reported where somebody does (G2).
    fn is_free(&mut self, candidate: &GroupCandidate, holder: Option<Subject>) -> bool {
        let held = match &candidate.claim {
            Claim::Held(holder) => Some(holder.clone()),
            // Given up, whoever's it was when it was created.
            Claim::Tombstone { .. } => None,
            Claim::Free | Claim::Own => holder,
        };
        if let Some(holder) = &held {
            self.planned.held = Some(candidate.group.id.clone());
            let message = format!("{} belongs to {holder}", candidate.group.id);
            self.find(FindingCode::GroupHeld, message);
        }
        held.is_none()
    }

    /// The other JumpCloud group for which a group was created, whatever the claims say.
    fn other_owner(&self, found: &EntraGroup) -> Option<Subject> {
        let id = found.unique_name.as_ref()?.strip_prefix(UNIQUE_NAME)?;
        let owner = JumpCloudGroupId::parse(id).ok()?;
        (owner != *self.input.group).then_some(Subject::Group(owner))
    }

    fn adopt(&mut self, found: &EntraGroup, origin: Origin) {
        let EntraGroup { id, name, .. } = found;
        self.act(GroupAction::Adopt { object: id.clone(), name: name.clone(), origin });
        self.planned.members = MembersWanted::AsInJumpCloud;
    }

    fn create(&mut self, name: &str) {
        let unique_name = unique_name(self.input.group);
        self.act(GroupAction::Create(NewGroup {
            mail_nickname: unique_name.clone(),
            unique_name,
            name: name.to_owned(),
            description: DESCRIPTION.to_owned(),
        }));
        self.planned.members = MembersWanted::AsInJumpCloud;
    }
}

/// The ids of some groups; `None` of none.
fn ids<'a>(groups: impl Iterator<Item = &'a GroupCandidate>) -> Option<String> {
    let ids: Vec<_> = groups.map(|candidate| candidate.group.id.as_str()).collect();
    (!ids.is_empty()).then(|| ids.join(", "))
}
