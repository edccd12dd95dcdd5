//! Reads both sides of one group: JumpCloud first, then what the plan may need of Entra.

use jiff::Timestamp;
use store::Store;
use sync_core::desired::Connection;
use sync_core::finding::FindingCode;
use sync_core::group::{DesiredGroup, EntraGroup, GroupAnswer};
use sync_core::plan::group::{GroupCandidate, GroupLookup, ObservedGroup, unique_name};
use sync_core::record::after;
use work_queue::WorkQueue;

use super::GroupPass;
use crate::close::UNREADABLE;
use crate::trouble::Trouble;

impl<S: Store, Q: WorkQueue> GroupPass<'_, S, Q> {
    pub(super) async fn observe(&mut self) -> Result<(DesiredGroup, ObservedGroup), Trouble> {
        // S4: no read of a wrong organization or tenant may lead to a write.
        self.directory.jumpcloud.verify_organization().await?;
        self.directory.graph.verify_tenant().await?;
        self.keep_lease().await?;
        let (directory, group) = (self.directory, self.group);
        let desired = self.renewing(desired(directory, group)).await??;
        self.read_at = Some(desired.read_at);
        let record = self.record.binding.as_ref().map(|binding| binding.object.clone());
        let observed = match record {
            Some(object) => {
                let read = self.renewing(directory.graph.group(&object)).await??;
                match read {
                    Some(group) => ObservedGroup::Bound(group),
                    None => {
                        let deleted = directory.graph.deleted_group(&object);
                        ObservedGroup::Gone(self.renewing(deleted).await??)
                    }
                }
            }
            None => self.lookup(&desired).await?,
        };
        Ok((desired, observed))
    }

    /// What a group that is not bound may become; nothing is asked for one that is not connected.
    async fn lookup(&mut self, desired: &DesiredGroup) -> Result<ObservedGroup, Trouble> {
        let GroupAnswer::Found(group) = &desired.group else { return Ok(ObservedGroup::Nothing) };
        if desired.connection != Connection::Connected || !self.directory.policy.groups.enabled {
            return Ok(ObservedGroup::Nothing);
        }
        let (graph, name) = (&self.directory.graph, unique_name(self.group));
        let own = match self.renewing(graph.group_by_unique_name(&name)).await?? {
            Some(group) => Some(self.candidate(group).await?),
            None => None,
        };
        let mut found = GroupLookup { own, ..GroupLookup::default() };
        if found.own.is_none() {
            found.deleted = self.renewing(graph.deleted_group_by_unique_name(&name)).await??;
        }
        if found.own.is_none() && found.deleted.is_none() {
            let named = self.renewing(graph.groups_named(&group.name)).await??;
            for group in named.into_inner() {
                found.named.push(self.candidate(group).await?);
            }
        }
        Ok(ObservedGroup::Lookup(found))
    }

    async fn candidate(&mut self, group: EntraGroup) -> Result<GroupCandidate, Trouble> {
        let key = self.directory.object_claim(&group.id);
        let claim = self.engine.claim_on(key, &self.lease.holder()).await?;
        Ok(GroupCandidate { group, claim })
    }

    /// Whether a bound group's 404 is no proof yet that it was deleted.
    ///
    /// It takes an event that says so, or a complete listing of the scope without it, as for people
    /// (P6): a key of another organization would answer 404 for everything.
    pub(super) async fn is_undecided(&mut self, desired: &DesiredGroup) -> Result<bool, Trouble> {
        let ours = self.record.binding.is_some();
        if desired.group != GroupAnswer::Missing || !ours || self.mailbox.deleted_seen {
            return Ok(false);
        }
        let (directory, group) = (self.directory, self.group);
        let listed = directory.jumpcloud.scope_groups(&directory.policy.scope);
        let listed = self.renewing(listed).await??;
        if listed.is_some_and(|listed| !listed.value.groups().contains(group)) {
            return Ok(false);
        }
        let why = "JumpCloud answers 404, and nothing else says that the group was deleted";
        self.findings.retain(|finding| finding.code != FindingCode::DeletionUndecided);
        self.find(FindingCode::DeletionUndecided, why.to_owned());
        self.look_again(after(self.now(), UNREADABLE));
        self.covers = false;
        Ok(true)
    }

    /// An answer of JumpCloud's that this pass rests on.
    pub(super) fn rests_on(&mut self, date: Timestamp) {
        self.read_at = Some(self.read_at.map_or(date, |other| other.min(date)));
    }
}

async fn desired(
    directory: &crate::Directory,
    group: &sync_core::ids::JumpCloudGroupId,
) -> Result<DesiredGroup, Trouble> {
    let read = directory.jumpcloud.group(group).await?;
    let Some(found) = read.value else {
        // Whoever is not there is connected to nothing.
        let connection = Connection::NotConnected;
        return Ok(DesiredGroup { read_at: read.date, group: GroupAnswer::Missing, connection });
    };
    let connection = directory.jumpcloud.group_connection(group, &directory.policy.scope).await?;
    Ok(DesiredGroup {
        read_at: read.date.min(connection.date),
        group: GroupAnswer::Found(found),
        connection: connection.value,
    })
}
