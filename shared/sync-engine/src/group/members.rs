//! Which way a group's members are looked at: those that were named, or all of them (G9).

use std::time::Duration;

use jiff::Timestamp;
use store::{Store, StoredSubject};
use sync_core::finding::FindingCode;
use sync_core::ids::{EntraUserId, JumpCloudUserId, Subject};
use sync_core::plan::group::MembersWanted;
use sync_core::record::{GroupRecord, Hints, Nested, after};
use work_queue::WorkQueue;

use super::GroupPass;
use crate::SyncError;
use crate::pass::renewing;
use crate::trouble::Trouble;

/// How often a group whose members follow from a query is listed without an event (G10).
const DYNAMIC: Duration = Duration::from_secs(15 * 60);

/// How often one with nested groups is listed without an event, so that its notes there do not end.
const NESTED: Duration = Duration::from_secs(7 * 24 * 3600);

/// How many records are in memory at once: those of a large group would be too many.
const RECORDS: usize = 1000;

/// Somebody in JumpCloud and the object in Entra.
pub(super) type Pair = (JumpCloudUserId, EntraUserId);

impl<S: Store, Q: WorkQueue> GroupPass<'_, S, Q> {
    pub(super) async fn sync_members(&mut self, wanted: MembersWanted) -> Result<(), Trouble> {
        if !self.must_list(wanted) {
            return self.sync_hints().await;
        }
        // A listing that fails keeps nobody in whom an event has named.
        let named = self.named_in_trouble().filter(|_| wanted == MembersWanted::AsInJumpCloud);
        if let Some(people) = named {
            self.look_at(people).await?;
        }
        if let Some(until) = self.record.gathers_until(&Hints::Many, self.now()) {
            self.keep_findings_of_all();
            self.left = Hints::Many;
            self.look_again(until);
            self.covers = false;
            return Ok(());
        }
        self.sync_all(wanted).await
    }

    /// Whether only the whole listing says what is to be done, or settles what was heard.
    ///
    /// A look at those who were named covers nothing (R5), since others may have been named by a
    /// message that was lost; so the second look of an event (R4) is one at everybody.
    fn must_list(&self, wanted: MembersWanted) -> bool {
        let timing = &self.directory.policy.timing;
        let GroupRecord { listed_at, members_written_at, added_until, upkeep, .. } = &self.record;
        let now = self.now();
        let over = |at: &Option<Timestamp>, span| at.is_some_and(|at| after(at, span) <= now);
        let second_look = self.mailbox.heard.is_some_and(|heard| {
            self.read_at.is_some_and(|read| after(heard, timing.settle) < read)
        });
        self.listing
            || second_look
            || wanted == MembersWanted::Nobody
            || self.mailbox.members == Hints::Many
            || listed_at.is_none()
            || added_until.is_some()
            || upkeep.findings.iter().any(|finding| finding.code == FindingCode::RemovalsHeld)
            || upkeep.failure.as_ref().is_some_and(|failure| failure.next <= now)
            || over(members_written_at, timing.own_writes)
            || self.without_event().is_some_and(|span| over(listed_at, span))
    }

    /// Whether members come and go without an event (G10).
    pub(super) fn is_dynamic(&self) -> bool {
        self.record.dynamic || self.record.nested == Nested::Dynamic
    }

    /// How often the group is listed without an event, if it is.
    fn without_event(&self) -> Option<Duration> {
        match self.record.nested {
            _ if self.is_dynamic() => Some(DYNAMIC),
            Nested::None => None,
            Nested::Static | Nested::Dynamic => Some(NESTED),
        }
    }

    /// Wants the next listing of a group that is listed without an event.
    pub(super) fn look_in_time(&mut self) {
        if self.record.let_go_at.is_some() {
            return;
        }
        if let Some((at, span)) = self.record.listed_at.zip(self.without_event()) {
            self.look_again(after(at, span));
        }
    }

    /// The bound objects of these people, as far as they are bound.
    ///
    /// One that is known to be absent in Entra (P9) can be added to nothing until it is back.
    pub(super) async fn objects(
        &mut self,
        people: impl IntoIterator<Item = JumpCloudUserId>,
    ) -> Result<Vec<Pair>, Trouble> {
        let subjects: Vec<Subject> = people.into_iter().map(Subject::User).collect();
        let (store, directory) = (&self.engine.store, &self.directory.id);
        let mut pairs = Vec::new();
        for chunk in subjects.chunks(RECORDS) {
            let stored = store.peek_many(directory, chunk);
            let stored = renewing(self.engine, self.directory, &mut self.lease, stored)
                .await?
                .map_err(SyncError::from)?;
            pairs.extend(stored.into_iter().filter_map(pair));
        }
        Ok(pairs)
    }
}

fn pair(stored: StoredSubject) -> Option<Pair> {
    let binding = stored.record.user()?.binding.as_ref();
    let binding = binding.filter(|binding| !binding.given_up && !binding.absent)?;
    let object = binding.object.clone();
    let Subject::User(user) = stored.subject else { return None };
    Some((user, object))
}
