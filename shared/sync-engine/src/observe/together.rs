//! People of one directory who are observed together: one JumpCloud search, one Graph `$batch`.
//!
//! Each takes his own lease first and comes to his place then; once all have come, or have turned
//! out to read nothing, one of them reads for all. Every such read therefore lies after the acquire
//! of everybody it is used for, just as one of his own would: an event whose word was left before is
//! in the record by then, one that comes later leaves word and makes him sync once more, by himself.
//! The reads carry their `Date`, so R4 to R6 judge them like any other.
//!
//! Nothing is decided here, and nobody's trouble is another's: who is missing from the answers, for
//! whatever reason, reads for himself. Only an error that the vendor gave to the whole request is
//! everybody's: to ask again for each would be twenty more requests of a vendor that is in trouble.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use clock::Clock;
use futures_util::FutureExt;
use futures_util::future::select;
use graph::{GraphError, Read, Wanted};
use jumpcloud::JumpCloudError;
use sync_core::desired::{Connection, Desired, DesiredUser, UserAnswer};
use sync_core::ids::JumpCloudUserId;
use sync_core::observed::EntraUser;
use sync_core::plan::user::{Target, target};
use sync_core::record::UserRecord;
use tokio::sync::{OnceCell, watch};
use transport::Dated;

use crate::Directory;
use crate::trouble::Trouble;

/// How many are observed together: what Graph takes in one `$batch`.
pub const TOGETHER: usize = 20;

/// The place of one person in a group that is observed together; the group waits for whoever holds
/// one, until he has come or it is dropped.
#[derive(Debug)]
pub struct Place(Arc<Group>);

#[derive(Debug)]
struct Group {
    /// Whoever came first was in this one. A directory configured anew meanwhile is another one.
    directory: OnceLock<Arc<Directory>>,
    /// So many places are held by people who may still come.
    awaited: watch::Sender<usize>,
    come: Mutex<Vec<Comer>>,
    answers: OnceCell<Arc<Answers>>,
}

/// Somebody who has his lease.
#[derive(Debug, Clone)]
struct Comer {
    user: JumpCloudUserId,
    record: UserRecord,
}

impl Place {
    /// So many places in a new group.
    pub fn several(count: usize) -> Vec<Self> {
        let group = Arc::new(Group {
            directory: OnceLock::new(),
            awaited: watch::Sender::new(count),
            come: Mutex::default(),
            answers: OnceCell::new(),
        });
        std::iter::repeat_with(|| Self(Arc::clone(&group))).take(count).collect()
    }

    /// The place, if its group works in this directory as it is configured now.
    pub(crate) fn within(self, directory: &Arc<Directory>) -> Option<Self> {
        let first = self.0.directory.get_or_init(|| Arc::clone(directory));
        Arc::ptr_eq(first, directory).then_some(self)
    }

    /// Comes, with the lease taken, and waits for what is read for all; `None`: nothing was.
    ///
    /// Whoever reads may be dropped at any time; then another one reads.
    pub(crate) async fn come(
        self,
        user: &JumpCloudUserId,
        record: &UserRecord,
        clock: &Clock,
    ) -> Option<Arc<Answers>> {
        let group = Arc::clone(&self.0);
        let directory = group.directory.get()?;
        let comer = Comer { user: user.clone(), record: record.clone() };
        group.come.lock().unwrap_or_else(PoisonError::into_inner).push(comer);
        drop(self);
        let answers = group.answers.get_or_init(|| async {
            group.all_have_come(clock, directory.policy.timing.lease / 4).await;
            let come = group.come.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Arc::new(Answers::read(directory, &come).boxed().await)
        });
        Some(Arc::clone(answers.await))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.awaited.send_modify(|awaited| *awaited -= 1);
    }
}

impl Group {
    /// Waits for the others, but not for ever: whoever comes later reads for himself.
    async fn all_have_come(&self, clock: &Clock, patience: Duration) {
        let mut awaited = self.awaited.subscribe();
        select(pin!(awaited.wait_for(|awaited| *awaited == 0)), pin!(clock.sleep(patience))).await;
    }
}

/// What was read for all.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// An error that a vendor gave to everybody.
    trouble: Option<VendorError>,
    /// Those whom the search answered.
    users: BTreeMap<JumpCloudUserId, Dated<DesiredUser>>,
    /// What Entra answered about whom, and what it was asked.
    accounts: BTreeMap<JumpCloudUserId, (Target, Read)>,
}

#[derive(Debug)]
enum VendorError {
    JumpCloud(JumpCloudError),
    Graph(GraphError),
}

impl From<JumpCloudError> for VendorError {
    fn from(error: JumpCloudError) -> Self {
        Self::JumpCloud(error)
    }
}

impl From<GraphError> for VendorError {
    fn from(error: GraphError) -> Self {
        Self::Graph(error)
    }
}

impl Answers {
    async fn read(directory: &Directory, come: &[Comer]) -> Self {
        let mut answers = Self::default();
        // Nobody gains anything by a search for one, and a direct read proves more.
        if come.len() > 1
            && let Err(error) = answers.fill(directory, come).await
            && error.is_everybodys()
        {
            answers.trouble = Some(error);
        }
        answers
    }

    async fn fill(&mut self, directory: &Directory, come: &[Comer]) -> Result<(), VendorError> {
        // S4: no read of a wrong organization or tenant may lead to a write.
        directory.jumpcloud.verify_organization().await?;
        directory.graph.verify_tenant().await?;
        let ids: Vec<JumpCloudUserId> = come.iter().map(|comer| comer.user.clone()).collect();
        let found = directory.jumpcloud.search_users(&ids).await?;
        let date = found.date;
        let users = found.value.into_iter();
        self.users = users.map(|(id, user)| (id, Dated { value: user, date })).collect();

        // Without them each finds out by himself what can be done (U6).
        let domains = directory.graph.domains().await.ok();
        let domains = domains.as_deref();
        // Whom the plan will look for if nothing unusual turns up; what does is read again.
        let targets: Vec<(JumpCloudUserId, Target)> = come
            .iter()
            .map(|comer| {
                let desired = self.likely(&comer.user, date);
                (comer.user.clone(), target(&directory.policy, &comer.record, &desired, domains))
            })
            .collect();
        let (whose, wanted): (Vec<_>, Vec<_>) = targets
            .into_iter()
            .filter_map(|(user, target)| {
                let wanted = match &target {
                    Target::Object(object) => Wanted::Object(object.clone()),
                    Target::Upn(upn) => Wanted::Upn(upn.clone()),
                    Target::Nothing => return None,
                };
                Some(((user, target), wanted))
            })
            .unzip();
        let reads = directory.graph.read_users(&wanted).await?;
        let accounts = whose.into_iter().zip(reads);
        self.accounts = accounts.map(|((user, target), read)| (user, (target, read))).collect();
        Ok(())
    }

    fn likely(&self, user: &JumpCloudUserId, date: jiff::Timestamp) -> Desired {
        let found = self.users.get(user).map(|user| user.value.clone());
        Desired {
            read_at: date,
            user: found.map_or(UserAnswer::Missing, |user| UserAnswer::Found(Box::new(user))),
            connection: Connection::Connected,
        }
    }

    /// The vendor's trouble with all of them.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.trouble.as_ref().map(|error| match error {
            VendorError::JumpCloud(error) => error.into(),
            VendorError::Graph(error) => error.into(),
        })
    }

    /// The user's record as the search answered it.
    pub(crate) fn user(&self, user: &JumpCloudUserId) -> Option<&Dated<DesiredUser>> {
        self.users.get(user)
    }

    /// What Entra answered about this person, if it was asked just this.
    pub(crate) fn account(
        &self,
        user: &JumpCloudUserId,
        wanted: &Target,
    ) -> Option<Result<Dated<Option<EntraUser>>, Trouble>> {
        let (asked, read) = self.accounts.get(user)?;
        (asked == wanted).then(|| read.as_ref().cloned().map_err(Trouble::from))
    }
}

impl VendorError {
    /// Whether each would meet it as well. A vendor that does not take or understand this one kind
    /// of request may well answer the simple ones.
    fn is_everybodys(&self) -> bool {
        match self {
            Self::JumpCloud(error) => !matches!(
                error,
                JumpCloudError::NotFound { .. }
                    | JumpCloudError::Refused { .. }
                    | JumpCloudError::Shape { .. }
            ),
            Self::Graph(error) => !matches!(
                error,
                GraphError::NotFound { .. }
                    | GraphError::Denied { .. }
                    | GraphError::Refused { .. }
                    | GraphError::Shape { .. }
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_group_waits_for_every_place_and_not_for_ever() {
        let clock = Clock::starting_at("2026-05-04T08:00:00Z".parse().unwrap());
        let patience = Duration::from_secs(5);
        let places = Place::several(2);
        let group = Arc::clone(&places[0].0);
        let mut waits = Box::pin(group.all_have_come(&clock, patience));
        assert!(waits.as_mut().now_or_never().is_none());
        clock.advance(patience);
        waits.await;

        let mut waits = Box::pin(group.all_have_come(&clock, patience));
        for place in places {
            assert!(waits.as_mut().now_or_never().is_none());
            drop(place);
        }
        waits.await;
    }
}
