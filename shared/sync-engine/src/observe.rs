//! Reads both sides of one person: JumpCloud first, then what the plan may need of Entra.
//!
//! What others have read or listed may stand in for some of it, in the first pass of a sync; where it
//! comes from is all that differs.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use store::{Claimed, Holder, Store};
use sync_core::attributes::{Attribute, Source};
use sync_core::desired::{Connection, Desired, DesiredUser, UserAnswer};
use sync_core::ids::{EntraUserId, JumpCloudUserId, Subject};
use sync_core::observed::{Candidate, Claim, EntraUser, Lookup, Observed};
use sync_core::plan::person::ManagerLink;
use sync_core::plan::switch::{Want, want};
use sync_core::plan::user::{Target, may_be_restored, target};
use sync_core::record::{after, within};
use sync_core::upn::Domain;
use transport::Dated;
use work_queue::WorkQueue;

use crate::pass::{Pass, renewing};
use crate::trouble::Trouble;
use crate::{Engine, SyncError};
use together::{Answers, Place};

pub(crate) mod together;

/// How long a complete listing is evidence that whom it names is connected (design 4.5).
const LISTED: Duration = Duration::from_secs(30 * 60);

impl<S: Store, Q: WorkQueue> Engine<S, Q> {
    /// Who holds a claim, as this holder sees it.
    pub(crate) async fn claim_on(&self, key: Claimed, ours: &Holder) -> Result<Claim, SyncError> {
        Ok(match self.store.claim(&key).await? {
            None => Claim::Free,
            Some(claim) => match claim.tombstone {
                Some(tombstone) => Claim::Tombstone { disabled_by_us: tombstone.disabled_by_us },
                None if claim.holder == *ours => Claim::Own,
                None => Claim::Held(claim.holder.subject),
            },
        })
    }
}

/// What was read for one plan.
#[derive(Debug)]
pub(crate) struct Observation {
    pub(crate) desired: Desired,
    pub(crate) observed: Observed,
    /// Or why they could not be read: whatever needs none of them is done all the same (U6).
    pub(crate) domains: Result<Vec<Domain>, Trouble>,
    pub(crate) manager: ManagerLink,
}

impl<S: Store, Q: WorkQueue> Pass<'_, S, Q> {
    /// Reads JumpCloud, Entra and what our bindings say about the manager.
    pub(crate) async fn observe(&mut self) -> Result<Observation, Trouble> {
        let given = std::mem::take(&mut self.given);
        let shared = self.together(given.place).await?;
        let shared = shared.as_deref();
        if let Some(trouble) = shared.and_then(Answers::trouble) {
            return Err(trouble);
        }
        // S4: no read of a wrong organization or tenant may lead to a write.
        self.directory.jumpcloud.verify_organization().await?;
        self.directory.graph.verify_tenant().await?;
        self.keep_lease().await?;
        let mut lease = self.lease.clone();
        let desired = renewing(
            self.engine,
            self.directory,
            &mut lease,
            self.desired(shared, given.listed_at),
        )
        .await;
        self.lease = lease;
        let desired = desired??;
        self.read_at = Some(desired.read_at);
        let mut lease = self.lease.clone();
        let seen =
            renewing(self.engine, self.directory, &mut lease, self.around(&desired, shared)).await;
        self.lease = lease;
        let (domains, observed, manager) = seen??;
        Ok(Observation { desired, observed, domains, manager })
    }

    /// What Entra and our bindings say about somebody JumpCloud has answered for.
    async fn around(
        &self,
        desired: &Desired,
        shared: Option<&Answers>,
    ) -> Result<(Result<Vec<Domain>, Trouble>, Observed, ManagerLink), Trouble> {
        let domains = self.directory.graph.domains().await.map_err(Trouble::from);
        let known = domains.as_deref().ok();
        let observed = self.observed(desired, known, shared).await?;
        let manager = self.manager(desired).await?;
        Ok((domains, observed, manager))
    }

    /// What was read for all who came, unless this sync must rest on reads of its own.
    async fn together(&mut self, place: Option<Place>) -> Result<Option<Arc<Answers>>, Trouble> {
        let Some(place) = place else { return Ok(None) };
        // What was announced is looked for where it shows first.
        let announced = self.mailbox.expect.is_some() || self.record.expecting.is_some();
        if announced || self.mailbox.deleted_seen {
            return Ok(None);
        }
        let mut lease = self.lease.clone();
        let coming = place.come(self.user, &self.record, &self.engine.clock);
        let answers = renewing(self.engine, self.directory, &mut lease, coming).await;
        self.lease = lease;
        Ok(answers?)
    }

    /// What JumpCloud says of the user.
    ///
    /// A search and a listing only nominate, so they may say no more than that somebody has access
    /// as before, or for the first time. Whoever would lose it by them, or get it back, is read
    /// directly: his record, and his connection by his own complete traversal (design section 2).
    async fn desired(
        &self,
        shared: Option<&Answers>,
        listed_at: Option<Timestamp>,
    ) -> Result<Desired, Trouble> {
        let searched = shared.and_then(|answers| answers.user(self.user)).cloned();
        let listed_at = listed_at.filter(|at| self.is_evidence(*at));
        let direct = searched.is_none() && listed_at.is_none();
        let desired = self.read(searched, listed_at).await?;
        if direct || self.may_rest_on(&desired) {
            return Ok(desired);
        }
        self.read(None, None).await
    }

    /// Whether a listing of this `Date` still is evidence of connection.
    ///
    /// It counts as a read of that `Date`, so that events since then keep their second look (R4) and
    /// are not covered (R5). Once the record was read later than it, or heard of something that may
    /// be later, the listing says nothing any more.
    fn is_evidence(&self, listed_at: Timestamp) -> bool {
        let settle = self.directory.policy.timing.settle;
        // After trouble nobody knows what the last read would have come to.
        let troubled = self.record.upkeep.retries > 0 || self.record.upkeep.failure.is_some();
        !troubled
            && within(listed_at, LISTED, self.now())
            && self.record.upkeep.covered.is_none_or(|covered| covered <= listed_at)
            && self.mailbox.heard.is_none_or(|heard| after(heard, settle) < listed_at)
    }

    fn may_rest_on(&self, desired: &Desired) -> bool {
        // Nothing but a direct read can say so.
        if desired.user == UserAnswer::Missing {
            return true;
        }
        let decided = self.record.decided.is_some_and(|decided| !decided.enabled);
        // Adopted while off, or inherited so: never written by us, and off by us all the same.
        let inherited = self.record.binding.as_ref().is_some_and(|binding| binding.disabled_by_us);
        let switched_off = decided || inherited;
        match want(&self.directory.policy.users, desired, self.mailbox.deleted_seen) {
            Want::On => !switched_off,
            Want::AsFound => true,
            Want::Off(_) | Want::Undecided => false,
        }
    }

    async fn read(
        &self,
        searched: Option<Dated<DesiredUser>>,
        listed_at: Option<Timestamp>,
    ) -> Result<Desired, Trouble> {
        let jumpcloud = &self.directory.jumpcloud;
        let (user, connection) = futures_util::future::join(
            async {
                match searched {
                    Some(Dated { value, date }) => Ok(Dated { value: Some(value), date }),
                    None => jumpcloud.user(self.user).await,
                }
            },
            async {
                match listed_at {
                    Some(date) => Ok(Dated { value: Connection::Connected, date }),
                    None => jumpcloud.connection(self.user, &self.directory.policy.scope).await,
                }
            },
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

    async fn observed(
        &self,
        desired: &Desired,
        domains: Option<&[Domain]>,
        shared: Option<&Answers>,
    ) -> Result<Observed, Trouble> {
        let graph = &self.directory.graph;
        let target = target(&self.directory.policy, &self.record, desired, domains);
        let read = shared.and_then(|answers| answers.account(self.user, &target)).transpose()?;
        match target {
            Target::Nothing => Ok(Observed::Nothing),
            Target::Object(object) => {
                let user = match read {
                    Some(read) => read.value,
                    None => graph.user(&object).await?,
                };
                Ok(match user {
                    Some(user) => Observed::Bound(Box::new(user)),
                    None => Observed::Gone(self.deleted(&object, desired).await?.map(Box::new)),
                })
            }
            Target::Upn(upn) => {
                let answer = match read {
                    Some(read) => read,
                    None => graph.user_by_upn(&upn).await?,
                };
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
        let ours = self.holder();
        let (claim, privileged) = futures_util::future::join(
            self.engine.claim_on(self.directory.object_claim(&user.id), &ours),
            self.directory.graph.is_privileged(&user.id),
        )
        .await;
        Ok(Candidate { claim: claim?, privileged: privileged?, user })
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
            .and_then(|stored| stored.record.user()?.binding.clone())
            .filter(|binding| !binding.given_up)
            .map(|binding| binding.object);
        Ok(object.map_or_else(|| ManagerLink::Unbound(manager.clone()), ManagerLink::Bound))
    }
}
