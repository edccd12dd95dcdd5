//! Storing between steps and at the end: record and commit (R3).
//!
//! A commit is repeated safely in each of the ways in which its answer can be lost. The client
//! repeats a transaction under the same token. A repeat that comes later finds the record released,
//! or taken by somebody else since, but with the name of this very commit in it: it was stored and
//! is answered as such. Only when a later commit has overwritten the name it reads as a lost lease;
//! then the message is handed back, and the next sync finds everything done.
//! Audit events have the keys that the caller gave them, so that a second write is the same item.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValue, TransactWriteItem};
use sync_core::audit::AuditEvent;
use sync_core::record::{Hints, Record};

use super::DynamoStore;
use super::claims::Part;
use super::key::{Item, Key};
use super::request::{Answer, Together, Write, n, part, s, unavailable, values, whole, yes};
use super::subject::{OWN, found_subject, owned, renewal};
use crate::item::audit::AuditItem;
use crate::item::record::RecordItem;
use crate::item::{VERSION, millis};
use crate::protocol::{commit_name, last_of_each, lease_end};
use crate::{AUDIT_DAYS, ClaimChange, Commit, Committed, Lease, Result, StoreError, Terms, days};

/// How often a change is sent anew because a claim or the mailbox was not as expected.
const ROUNDS: u32 = 8;

impl DynamoStore {
    pub(super) async fn store_between(
        &self,
        lease: &Lease,
        terms: Terms,
        record: &Record,
        claims: &[ClaimChange],
        audit: &[AuditEvent],
    ) -> Result<Lease> {
        let write = with_record(renewal(lease, terms), record);
        owned(lease, self.store("record", lease, &write, audit, claims).await?)?;
        Ok(Lease { until: lease_end(terms), ..lease.clone() })
    }

    pub(super) async fn store_result(
        &self,
        lease: &Lease,
        terms: Terms,
        commit: Commit<'_>,
    ) -> Result<Committed> {
        let operation = "commit";
        let name = commit_name(lease, &commit);
        let lost = || StoreError::LostLease { subject: lease.subject.clone() };
        let release = release(lease, &commit, &name);
        let keep = with_record(renewal(lease, terms), commit.record);
        for _ in 0..ROUNDS {
            let answer =
                self.store(operation, lease, &release, commit.audit, commit.claims).await?;
            let Answer::Refused(found) = answer else { return Ok(Committed::Released) };
            let found = found_subject(found)?;
            if found.committed.as_ref() == Some(&name) {
                return Ok(Committed::Released);
            }
            if found.fence != lease.fence || found.until.is_none() {
                return Err(lost());
            }
            if found.again {
                // Only the holder clears `again`, so this cannot miss it: R3, `due` is the
                // lease's end, and what messages left stays for the sync that follows.
                let answer =
                    self.store(operation, lease, &keep, commit.audit, commit.claims).await?;
                return owned(lease, answer).map(|_| Committed::Again);
            }
        }
        Err(unavailable(operation, "refused again and again for no reason that is seen"))
    }

    /// Changes a subject's record, together with events and claims if there are any.
    ///
    /// Refused is only said of the record; claims that are held are an error, and those that the
    /// change leaves alone are left out.
    async fn store(
        &self,
        operation: &'static str,
        lease: &Lease,
        write: &Write,
        audit: &[AuditEvent],
        claims: &[ClaimChange],
    ) -> Result<Answer> {
        if audit.is_empty() && claims.is_empty() {
            return self.update(operation, write, ReturnValue::None).await;
        }
        let me = lease.holder();
        // No item may come twice in one transaction.
        let events: BTreeMap<Key, AuditItem> = audit
            .iter()
            .map(AuditItem::from)
            .map(|event| (Key::audit(&lease.directory, event.at, &event.id), event))
            .collect();
        let mut parts: Vec<Part<'_>> = last_of_each(claims).into_iter().map(Part::new).collect();
        for _ in 0..ROUNDS {
            let sent: Vec<_> = parts
                .iter_mut()
                .filter_map(|part| Some((part.together(&self.table, &me)?, part)))
                .collect();
            let (changes, sent): (Vec<_>, Vec<_>) = sent.into_iter().unzip();
            // The record first, then the claims: reasons come in the order of the parts.
            let changes = std::iter::once(write.together(&self.table))
                .chain(changes)
                .chain(events.iter().map(|(key, event)| self.event(key, event)))
                .collect();
            let mut reasons = match self.transact(operation, changes).await? {
                Together::Done => return Ok(Answer::Done(Item::new())),
                Together::Refused(reasons) => reasons.into_iter(),
            };
            if let Some(refused) = reasons.next().flatten() {
                return Ok(Answer::Refused(refused.0));
            }
            for (part, reason) in sent.into_iter().zip(reasons) {
                if let Some(refused) = reason {
                    part.refused(refused.0, &me)?;
                }
            }
        }
        Err(unavailable(operation, "its claims changed hands every time"))
    }

    fn event(&self, key: &Key, event: &AuditItem) -> TransactWriteItem {
        let mut item = whole(key, event);
        let ends = event.at / 1000 + i64::try_from(days(AUDIT_DAYS).as_secs()).unwrap_or(0);
        item.extend(values([("v", n(VERSION)), ("expires_at", n(ends))]));
        let put = Put::builder().table_name(&*self.table).set_item(Some(item));
        TransactWriteItem::builder().put(put.build().expect("item and table are set")).build()
    }
}

fn with_record(mut write: Write, record: &Record) -> Write {
    write.update.push_str(", #record = :record");
    write.values.insert(":record".into(), part(RecordItem::from(record)));
    write
}

/// The last update of a sync, refused when word was left.
fn release(lease: &Lease, commit: &Commit<'_>, name: &str) -> Write {
    let mut set = vec!["#record = :record", "#committed = :committed"];
    let mut remove = vec!["#until", "#taken_by", "#expect"];
    let mut values = values([
        (":fence", n(lease.fence)),
        (":record", part(RecordItem::from(commit.record))),
        (":committed", s(name)),
    ]);
    match commit.heard {
        Some(heard) => {
            set.push("#heard = :heard");
            values.insert(":heard".into(), n(millis(heard)));
        }
        None => remove.push("#heard"),
    }
    // What is left has been read with the lease, and whoever adds to it leaves word.
    match commit.members {
        Hints::Of(people) if people.is_empty() => remove.extend(["#members", "#many_members"]),
        Hints::Of(people) => {
            remove.push("#many_members");
            set.push("#members = :members");
            let people = people.iter().map(ToString::to_string).collect();
            values.insert(":members".into(), AttributeValue::Ss(people));
        }
        Hints::Many => {
            remove.push("#members");
            set.push("#many_members = :true");
            values.insert(":true".into(), yes());
        }
    }
    match commit.due {
        Some(due) => {
            set.extend(["#due_at = :due", "#due_of = :directory"]);
            values.insert(":due".into(), n(millis(due)));
            values.insert(":directory".into(), s(&lease.directory));
        }
        None => remove.extend(["#due_at", "#due_of"]),
    }
    Write {
        key: Key::subject(&lease.directory, &lease.subject),
        condition: format!("{OWN} AND attribute_not_exists(#again)"),
        update: format!("SET {} REMOVE {}", set.join(", "), remove.join(", ")),
        values,
    }
}
