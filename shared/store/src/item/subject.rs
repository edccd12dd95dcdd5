//! The item of a subject's record: lock, mailbox and memory (design 2.1).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sync_core::ids::{DirectoryId, JumpCloudUserId, Subject};
use sync_core::record::{Expect, Hints, Mailbox};

use super::record::RecordItem;
use super::{Malformed, VERSION, maybe_timestamp, timestamp, understood};
use crate::{Held, Lease, StoredSubject};

/// All of a subject's record but its keys.
///
/// `Default` is the record of a subject that nobody has ever acquired.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SubjectItem {
    pub(crate) v: u32,
    /// Grows with every acquire.
    pub(crate) fence: u64,
    /// The lease's end; absent: released.
    pub(crate) until: Option<i64>,
    /// The acquire that took the lease, so that one whose answer was lost knows itself again.
    pub(crate) taken_by: Option<String>,
    #[serde(default)]
    pub(crate) again: bool,
    pub(crate) heard: Option<i64>,
    #[serde(default)]
    pub(crate) deleted_seen: bool,
    /// The strongest announced state, as [`expect_to_number`] orders them.
    pub(crate) expect: Option<u8>,
    /// For a group: the people whose membership may have changed (G9).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) members: BTreeSet<String>,
    /// For a group: of so many that they are not named any more.
    #[serde(default)]
    pub(crate) many_members: bool,
    pub(crate) due_at: Option<i64>,
    /// The deferral that moved `due_at`, so that one whose answer was lost knows itself again.
    pub(crate) deferred_by: Option<String>,
    /// The commit that released last, so that one whose answer was lost knows itself again.
    pub(crate) committed: Option<String>,
    #[serde(default)]
    pub(crate) record: RecordItem,
}

/// The strength of an announced state: a deletion is stronger than a suspension.
pub(crate) fn expect_to_number(expect: Expect) -> u8 {
    match expect {
        Expect::Suspended => 1,
        Expect::Deleted => 2,
    }
}

fn expect_of_number(number: u8) -> Result<Expect, Malformed> {
    match number {
        1 => Ok(Expect::Suspended),
        2 => Ok(Expect::Deleted),
        _ => Err(Malformed::unknown("announced state")),
    }
}

impl Default for SubjectItem {
    fn default() -> Self {
        Self {
            v: VERSION,
            fence: 0,
            until: None,
            taken_by: None,
            again: false,
            heard: None,
            deleted_seen: false,
            expect: None,
            members: BTreeSet::new(),
            many_members: false,
            due_at: None,
            deferred_by: None,
            committed: None,
            record: RecordItem::default(),
        }
    }
}

impl SubjectItem {
    fn mailbox(&self) -> Result<Mailbox, Malformed> {
        Ok(Mailbox {
            heard: maybe_timestamp(self.heard)?,
            deleted_seen: self.deleted_seen,
            expect: self.expect.map(expect_of_number).transpose()?,
            members: self.hints()?,
        })
    }

    /// Whose membership may have changed.
    pub(crate) fn hints(&self) -> Result<Hints, Malformed> {
        if self.many_members {
            return Ok(Hints::Many);
        }
        let people = self.members.iter().map(|member| JumpCloudUserId::parse(member));
        Ok(Hints::of(people.collect::<Result<Vec<_>, _>>()?))
    }

    /// The item as its holder sees it.
    pub(crate) fn held(
        self,
        directory: &DirectoryId,
        subject: &Subject,
    ) -> Result<Held, Malformed> {
        understood(self.v)?;
        let until = self.until.ok_or_else(|| Malformed("a lease without an end".into()))?;
        Ok(Held {
            lease: Lease {
                directory: directory.clone(),
                subject: subject.clone(),
                fence: self.fence,
                until: timestamp(until)?,
            },
            mailbox: self.mailbox()?,
            record: self.record.of(subject)?,
        })
    }

    /// The item as anybody sees it.
    pub(crate) fn stored(self, subject: Subject) -> Result<StoredSubject, Malformed> {
        understood(self.v)?;
        let record = self.record.clone().of(&subject)?;
        Ok(StoredSubject {
            subject,
            leased_until: maybe_timestamp(self.until)?,
            again: self.again,
            due: maybe_timestamp(self.due_at)?,
            mailbox: self.mailbox()?,
            record,
        })
    }
}
