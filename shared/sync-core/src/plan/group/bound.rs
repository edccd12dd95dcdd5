//! A group that is ours: its name (G4), what happens when it is gone (G4), and letting go (G8).

use std::time::Duration;

use jiff::Timestamp;

use super::{GroupAction, MembersWanted, ObservedGroup, Planner};
use crate::group::{DesiredGroup, EntraGroup, GroupAnswer};
use crate::policy::OnDisconnect;
use crate::record::{GroupBinding, after, within};

use super::name::same_name;

/// Reads that lie further apart do not confirm each other (G8).
const STREAK: Duration = Duration::from_secs(15 * 60);

impl Planner<'_> {
    /// The bound object is there.
    pub(super) fn bound(
        &mut self,
        binding: &GroupBinding,
        object: &EntraGroup,
        name: Option<&str>,
    ) {
        if self.is_manageable(object) {
            self.keep_up(self.current_name(binding, object), name);
        }
    }

    /// The bound object answers 404: too young to tell, restored, or to be created again (G4, R11).
    pub(super) fn gone(
        &mut self,
        binding: &GroupBinding,
        deleted: Option<&EntraGroup>,
        name: Option<&str>,
    ) {
        if self.is_too_young_to_tell(binding) {
            return;
        }
        match deleted {
            Some(deleted) => self.restore(deleted, self.current_name(binding, deleted), name),
            None => self.gone_for_good(),
        }
    }

    /// Neither there nor in the deleted items: lists lag, and a group that is created again is
    /// another one to whatever names it by its id, so it takes a second look.
    fn gone_for_good(&mut self) {
        let since = self.input.record.gone_at.unwrap_or(self.now);
        let timing = self.input.timing;
        if self.now >= after(since, timing.settle) {
            self.planned.unbind = true;
        } else {
            self.planned.gone_at = Some(since);
            self.planned.look_again = Some(after(since, timing.second_look()));
        }
        // The creation is still to come.
        self.planned.covers = false;
    }

    /// Restores a deleted item of ours.
    pub(super) fn restore(&mut self, deleted: &EntraGroup, current: &str, name: Option<&str>) {
        if self.is_manageable(deleted) {
            self.act(GroupAction::Restore(deleted.id.clone()));
            self.keep_up(current, name);
        }
    }

    /// Brings name and members of an object that is there in step (G4, G5).
    pub(super) fn keep_up(&mut self, current: &str, name: Option<&str>) {
        if let Some(name) = name
            && !same_name(current, name)
        {
            self.act(GroupAction::Rename { from: current.to_owned(), to: name.to_owned() });
        }
        self.planned.members = MembersWanted::AsInJumpCloud;
    }

    /// The name as it counts: the one we wrote lately, else the one read.
    fn current_name<'n>(&self, binding: &'n GroupBinding, object: &'n EntraGroup) -> &'n str {
        if binding.own_writes_count(self.input.timing, self.now) {
            &binding.name
        } else {
            &object.name
        }
    }

    /// A group that is not connected, or is gone from JumpCloud (G8). Only one of ours is let go.
    pub(super) fn not_connected(&mut self) {
        let Some(binding) = &self.input.record.binding else { return };
        let known = self.input.record.let_go_at;
        let since = known.unwrap_or(self.input.desired.read_at);
        self.planned.let_go_at = Some(since);
        self.planned.sweep = known.is_none();
        self.planned.give_up = self.input.desired.group == GroupAnswer::Missing;
        match (self.input.observed, self.input.policy.on_disconnect) {
            (ObservedGroup::Bound(object), _) if !self.is_manageable(object) => {}
            (_, OnDisconnect::Keep) => {}
            (_, _) if !self.is_confirmed(since) => {}
            (ObservedGroup::Bound(_), OnDisconnect::Empty) => {
                // Also once it was emptied: a removal that was held or failed stays wanted.
                self.planned.members = MembersWanted::Nobody;
            }
            (ObservedGroup::Bound(_), OnDisconnect::Delete) => self.act(GroupAction::Delete),
            (ObservedGroup::Gone(_), _) => {
                // What was really gone is as good as let go; what was not must be looked at.
                self.is_too_young_to_tell(binding);
            }
            (_, _) => {}
        }
    }

    /// Whether no stale read can be why the group counts as not connected: JumpCloud's answers may
    /// go back in time (R6), so it takes a second one. That it is missing was proved already.
    fn is_confirmed(&mut self, since: Timestamp) -> bool {
        let DesiredGroup { group, read_at, .. } = self.input.desired;
        let timing = self.input.timing;
        // What was let go long ago may have been connected meanwhile.
        let since = if within(since, STREAK, *read_at) { since } else { *read_at };
        let confirmed = *group == GroupAnswer::Missing || *read_at >= after(since, timing.settle);
        if !confirmed {
            self.planned.let_go_at = Some(since);
            self.planned.look_again = Some(after(since, timing.second_look()));
            self.planned.covers = false;
        }
        confirmed
    }
}
