//! Who waits for whom: notes that are left, and owners that are rung for them (design section 2).
//!
//! A waiter leaves its note first and looks afterwards; whoever frees or binds stores that first and
//! lists the notes afterwards. Whoever comes second sees the other, so nobody waits in vain.

use std::collections::BTreeSet;

use store::{Awaited, Claimed, Holder, Store};
use sync_core::ids::Subject;
use sync_core::plan::WaitsFor;
use sync_core::plan::person::ManagerLink;
use sync_core::record::{Binding, Origin, after};
use work_queue::{Cause, Source, WorkItem, WorkQueue};

use crate::SyncError;
use crate::close::SOON;
use crate::pass::{Pass, renewing};
use crate::trouble::Trouble;

impl<S: Store, Q: WorkQueue> Pass<'_, S, Q> {
    /// Leaves a note for each thing the subject waits for.
    ///
    /// The owner of what it waits for is rung once, with the first note: two people who each want
    /// what the other holds would ring each other for ever.
    pub(crate) async fn wait_for(
        &mut self,
        waits_for: impl IntoIterator<Item = WaitsFor>,
    ) -> Result<(), Trouble> {
        for waited in waits_for {
            let awaited = self.awaited(&waited);
            let (store, ours) = (&self.engine.store, self.holder());
            if !store.wait_for(&awaited, &ours, self.now()).await.map_err(SyncError::from)? {
                // An older note of ours is there, so whoever frees it rings for us.
                continue;
            }
            match waited {
                WaitsFor::Binding(user) => {
                    if matches!(self.manager_link(&user).await?, ManagerLink::Bound(_)) {
                        self.look_again(after(self.now(), SOON));
                    }
                }
                WaitsFor::Upn(upn) => self.ring_holder(&self.upn_claim(&upn)).await?,
                WaitsFor::Object { object, .. } => {
                    self.ring_holder(&self.directory.object_claim(&object)).await?;
                }
            }
        }
        Ok(())
    }

    fn awaited(&self, waited: &WaitsFor) -> Awaited {
        match waited {
            WaitsFor::Binding(user) => Awaited::User(self.directory.id.clone(), user.clone()),
            // Whoever gives up the object frees the UPN that it was found under.
            WaitsFor::Upn(upn) | WaitsFor::Object { upn, .. } => {
                Awaited::Upn(self.directory.tenant.clone(), upn.clone())
            }
        }
    }

    /// Rings whoever holds this now (P4); if nobody does any more, looks again soon.
    async fn ring_holder(&mut self, key: &Claimed) -> Result<(), Trouble> {
        let claim = self.engine.store.claim(key).await.map_err(SyncError::from)?;
        let ours: Holder = self.holder();
        let held = claim.filter(|claim| claim.tombstone.is_none() && claim.holder != ours);
        match held {
            Some(claim) => self.engine.ring_owner(&claim.holder).await?,
            None => self.look_again(after(self.now(), SOON)),
        }
        Ok(())
    }

    /// G7: the groups of ours that this person is in look at the new binding.
    ///
    /// JumpCloud says in which he should be, and Entra in which an adopted account is already.
    pub(crate) async fn ring_groups(&mut self) -> Result<(), Trouble> {
        if !self.directory.policy.groups.enabled {
            return Ok(());
        }
        let (engine, directory, user) = (self.engine, self.directory, self.user);
        let groups = directory.jumpcloud.groups_of(user);
        let groups = match renewing(engine, directory, &mut self.lease, groups).await? {
            Ok(groups) => groups.value,
            // Gone from JumpCloud meanwhile: in no group any more.
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let mut groups: BTreeSet<Subject> = groups.into_iter().map(Subject::Group).collect();
        // Nobody has looked at an adopted account as ours there.
        let adopted = |binding: &Binding| binding.origin != Origin::Created;
        if self.record.binding.as_ref().is_some_and(adopted) {
            groups.extend(self.groups_in_entra().await?);
        }
        self.ring_bound(groups, Cause::of(Source::FollowUp)).await
    }

    /// G5: the groups of ours that the account of somebody deleted in JumpCloud is still in.
    pub(crate) async fn ring_left_groups(&mut self) -> Result<(), Trouble> {
        if !self.directory.policy.groups.enabled {
            return Ok(());
        }
        let groups = self.groups_in_entra().await?;
        // As an event of now, so that a second look follows (R4): the deletion is as young.
        let cause = Cause { at: Some(self.now()), ..Cause::of(Source::Insights) };
        self.ring_bound(groups.into_iter().collect(), cause).await
    }

    async fn ring_bound(&self, groups: BTreeSet<Subject>, cause: Cause) -> Result<(), Trouble> {
        let (engine, directory) = (self.engine, self.directory);
        let groups: Vec<Subject> = groups.into_iter().collect();
        let stored =
            engine.store.peek_many(&directory.id, &groups).await.map_err(SyncError::from)?;
        let ours = stored
            .iter()
            .filter(|stored| stored.record.group().is_some_and(|record| record.binding.is_some()));
        let items = ours
            .map(|stored| WorkItem {
                members: vec![self.user.clone()],
                ..WorkItem::new(directory.id.clone(), stored.subject.clone(), cause.clone())
            })
            .collect();
        Ok(engine.send(items).await?)
    }

    /// The groups of ours that the account is in, by its own complete list.
    async fn groups_in_entra(&mut self) -> Result<Vec<Subject>, Trouble> {
        let Some(binding) = &self.record.binding else { return Ok(Vec::new()) };
        let (engine, directory, object) = (self.engine, self.directory, binding.object.clone());
        let groups = directory.graph.groups_of(&object);
        let groups = match renewing(engine, directory, &mut self.lease, groups).await? {
            Ok(groups) => groups,
            // Who is gone is in no group.
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let keys: Vec<Claimed> = groups.iter().map(|group| directory.object_claim(group)).collect();
        let claims = engine.store.claims(&keys).await.map_err(SyncError::from)?;
        let ours = claims.into_values().filter(|claim| claim.holder.directory == directory.id);
        Ok(ours.map(|claim| claim.holder.subject).collect())
    }
}
