//! Reads both sides of one person: JumpCloud first, then what the plan may need of Entra.

use store::{Claimed, ClaimedThing, Store};
use sync_core::attributes::{Attribute, Source};
use sync_core::desired::{Connection, Desired, UserAnswer};
use sync_core::ids::{EntraUserId, JumpCloudUserId, Subject};
use sync_core::observed::{Candidate, Claim, EntraUser, Lookup, Observed};
use sync_core::plan::person::ManagerLink;
use sync_core::plan::user::{Target, may_be_restored, target};
use sync_core::upn::Domain;
use work_queue::WorkQueue;

use crate::SyncError;
use crate::pass::{Pass, renewing};
use crate::trouble::Trouble;

/// What was read for one plan.
#[derive(Debug)]
pub(crate) struct Observation {
    pub(crate) desired: Desired,
    pub(crate) observed: Observed,
    pub(crate) domains: Vec<Domain>,
    pub(crate) manager: ManagerLink,
}

impl<S: Store, Q: WorkQueue> Pass<'_, S, Q> {
    /// Reads JumpCloud, Entra and what our bindings say about the manager.
    pub(crate) async fn observe(&mut self) -> Result<Observation, Trouble> {
        // S4: no read of a wrong organization or tenant may lead to a write.
        self.directory.jumpcloud.verify_organization().await?;
        self.directory.graph.verify_tenant().await?;
        self.keep_lease().await?;
        let mut lease = self.lease.clone();
        let desired = renewing(self.engine, self.directory, &mut lease, self.desired()).await;
        self.lease = lease;
        let desired = desired??;
        self.read_at = Some(desired.read_at);
        let mut lease = self.lease.clone();
        let seen = renewing(self.engine, self.directory, &mut lease, self.around(&desired)).await;
        self.lease = lease;
        let (domains, observed, manager) = seen??;
        Ok(Observation { desired, observed, domains, manager })
    }

    /// What Entra and our bindings say about somebody JumpCloud has answered for.
    async fn around(
        &self,
        desired: &Desired,
    ) -> Result<(Vec<Domain>, Observed, ManagerLink), Trouble> {
        let domains = self.directory.graph.domains().await?;
        let observed = self.observed(desired, &domains).await?;
        let manager = self.manager(desired).await?;
        Ok((domains, observed, manager))
    }

    async fn desired(&self) -> Result<Desired, Trouble> {
        let jumpcloud = &self.directory.jumpcloud;
        let (user, connection) = futures_util::future::join(
            jumpcloud.user(self.user),
            jumpcloud.connection(self.user, &self.directory.policy.scope),
        )
        .await;
        let user = user?;
        Ok(match user.value {
            // A missing user has no connection to ask for.
            None => Desired {
                read_at: user.date,
                user: UserAnswer::Missing,
                connection: Connection::NotConnected,
            },
            Some(found) => {
                let connection = connection?;
                Desired {
                    read_at: user.date.min(connection.date),
                    user: UserAnswer::Found(Box::new(found)),
                    connection: connection.value,
                }
            }
        })
    }

    async fn observed(&self, desired: &Desired, domains: &[Domain]) -> Result<Observed, Trouble> {
        let graph = &self.directory.graph;
        match target(&self.directory.policy, &self.record, desired, domains) {
            Target::Nothing => Ok(Observed::Nothing),
            Target::Object(object) => match graph.user(&object).await? {
                Some(user) => Ok(Observed::Bound(Box::new(user))),
                None => Ok(Observed::Gone(self.deleted(&object, desired).await?.map(Box::new))),
            },
            Target::Upn(upn) => {
                let answer = graph.user_by_upn(&upn).await?;
                let found = match answer.value {
                    Some(user) => Some(self.candidate(user).await?),
                    None => None,
                };
                Ok(Observed::Lookup(Box::new(Lookup { upn, read_at: answer.date, found })))
            }
        }
    }

    /// What the deleted items hold of a bound object, if that could matter (P9).
    async fn deleted(
        &self,
        object: &EntraUserId,
        desired: &Desired,
    ) -> Result<Option<EntraUser>, Trouble> {
        let policy = &self.directory.policy;
        if !may_be_restored(policy, &self.record, desired, &self.mailbox, self.now()) {
            return Ok(None);
        }
        Ok(self.directory.graph.deleted_user(object).await?)
    }

    async fn candidate(&self, user: EntraUser) -> Result<Candidate, Trouble> {
        let (claim, privileged) = futures_util::future::join(
            self.claim_on(&user.id),
            self.directory.graph.is_privileged(&user.id),
        )
        .await;
        Ok(Candidate { claim: claim?, privileged: privileged?, user })
    }

    async fn claim_on(&self, object: &EntraUserId) -> Result<Claim, Trouble> {
        let key = Claimed {
            tenant: self.directory.tenant.clone(),
            what: ClaimedThing::Object(object.clone()),
        };
        Ok(match self.engine.store.claim(&key).await.map_err(SyncError::from)? {
            None => Claim::Free,
            Some(claim) => match claim.tombstone {
                Some(tombstone) => Claim::Tombstone { disabled_by_us: tombstone.disabled_by_us },
                None if claim.holder == self.holder() => Claim::Own,
                None => Claim::Held(claim.holder.subject),
            },
        })
    }

    async fn manager(&self, desired: &Desired) -> Result<ManagerLink, Trouble> {
        let UserAnswer::Found(user) = &desired.user else { return Ok(ManagerLink::None) };
        let exported = self
            .directory
            .policy
            .attributes
            .get(&Attribute::Manager)
            .is_some_and(|mapping| mapping.exports());
        match &user.manager {
            Source::Set(manager) if exported => self.manager_link(manager).await,
            _ => Ok(ManagerLink::None),
        }
    }

    /// Whether this person is bound, and to which object.
    pub(crate) async fn manager_link(
        &self,
        manager: &JumpCloudUserId,
    ) -> Result<ManagerLink, Trouble> {
        let subject = Subject::User(manager.clone());
        let stored =
            self.engine.store.peek(&self.directory.id, &subject).await.map_err(SyncError::from)?;
        let object = stored
            .and_then(|stored| stored.record.binding)
            .filter(|binding| !binding.given_up)
            .map(|binding| binding.object);
        Ok(object.map_or_else(|| ManagerLink::Unbound(manager.clone()), ManagerLink::Bound))
    }
}
