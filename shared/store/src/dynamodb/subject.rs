//! The lease on a subject's record: acquire, leave word, reopen, renew (R1, R2, R5).

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use sync_core::ids::{DirectoryId, Subject};
use sync_core::record::{Brings, Expect, after};

use super::DynamoStore;
use super::key::{Item, Key};
use super::request::{Answer, Write, n, read, s, token, unavailable, values, yes};
use crate::item::subject::{SubjectItem, expect_to_number};
use crate::item::{VERSION, millis};
use crate::protocol::{Heard, Named, Step, as_stored_brings, lease_end, step};
use crate::{Acquired, Held, Lease, Result, StoreError, Terms};

/// How often an acquire decides anew because somebody else was faster.
const ROUNDS: u32 = 8;

/// Whether the lease is still one's own. A released one is nobody's: a renewal that comes after
/// the commit must not take it back.
pub(super) const OWN: &str = "#fence = :fence AND attribute_exists(#until)";

impl DynamoStore {
    /// The first request takes a free lease of a record that does not cover the item; it carries
    /// every condition, so that a usual acquire, like finding the item covered, is one request.
    /// What comes next is decided on the item that it was refused for.
    pub(super) async fn take_or_leave_word(
        &self,
        directory: &DirectoryId,
        subject: &Subject,
        brings: &Brings,
        terms: Terms,
    ) -> Result<Acquired> {
        let operation = "acquire";
        let brings = as_stored_brings(brings);
        let key = Key::subject(directory, subject);
        let token = token();
        let held = |item: SubjectItem| {
            let held =
                item.held(directory, subject).map_err(|malformed| malformed.of("subject"))?;
            Ok(Acquired::Taken(Box::new(held)))
        };
        let mut next = Step::Take(Heard::first(&brings), Named::first(&brings));
        for _ in 0..ROUNDS {
            let answer = match next {
                Step::Covered => return Ok(Acquired::Covered),
                Step::Take(heard, named) => {
                    let mut write = take(&key, directory, terms, &token);
                    open_for(&mut write, &brings, terms);
                    let adds = bring(&mut write, &brings, heard, named);
                    write.update.push_str(&format!(" REMOVE #again ADD #fence :one{adds}"));
                    match self.update(operation, &write, ReturnValue::AllNew).await? {
                        Answer::Done(item) => return held(read("subject", item)?),
                        refused => refused,
                    }
                }
                Step::LeaveWord(fence, heard, named) => {
                    let write = leave_word(&key, fence, &brings, heard, named, terms);
                    self.update(operation, &write, ReturnValue::None).await?
                }
            };
            let Answer::Refused(found) = answer else { return Ok(Acquired::WordLeft) };
            let found = found_subject(found)?;
            if found.taken_by.as_ref() == Some(&token) && found.until.is_some() {
                // Our own: the first answer was lost, and the client sent the request again.
                return held(found);
            }
            next = step(&found, &brings, terms).map_err(|malformed| malformed.of("subject"))?;
        }
        Err(unavailable(operation, "others were faster every time"))
    }

    pub(super) async fn keep_going(&self, lease: &Lease, terms: Terms) -> Result<Held> {
        let mut write = renewal(lease, terms);
        write.update.push_str(" REMOVE #again");
        let answer = self.update("reopen", &write, ReturnValue::AllNew).await?;
        let item: SubjectItem = read("subject", owned(lease, answer)?)?;
        item.held(&lease.directory, &lease.subject).map_err(|malformed| malformed.of("subject"))
    }

    pub(super) async fn renew_lease(&self, lease: &Lease, terms: Terms) -> Result<Lease> {
        let answer = self.update("renew", &renewal(lease, terms), ReturnValue::None).await?;
        owned(lease, answer)?;
        Ok(Lease { until: lease_end(terms), ..lease.clone() })
    }
}

/// The item that a condition failed for; nobody has acquired the subject yet if there is none.
pub(super) fn found_subject(found: Option<Item>) -> Result<SubjectItem> {
    found.map_or_else(|| Ok(SubjectItem::default()), |item| read("subject", item))
}

/// What an update that only the holder may make came to.
pub(super) fn owned(lease: &Lease, answer: Answer) -> Result<Item> {
    match answer {
        Answer::Done(item) => Ok(item),
        Answer::Refused(_) => Err(StoreError::LostLease { subject: lease.subject.clone() }),
    }
}

/// An update that only the holder may make, and that moves the lease's end and `due` with it (R1).
pub(super) fn renewal(lease: &Lease, terms: Terms) -> Write {
    Write {
        key: Key::subject(&lease.directory, &lease.subject),
        condition: OWN.into(),
        update: "SET #until = :until, #due_at = :until, #due_of = :directory".into(),
        values: values([
            (":fence", n(lease.fence)),
            (":until", n(millis(lease_end(terms)))),
            (":directory", s(&lease.directory)),
        ]),
    }
}

fn take(key: &Key, directory: &DirectoryId, terms: Terms, token: &str) -> Write {
    Write {
        key: key.clone(),
        condition: "(attribute_not_exists(#v) OR #v = :v) \
                    AND (attribute_not_exists(#until) OR #until < :now)"
            .into(),
        update: "SET #v = :v, #until = :until, #due_at = :until, #due_of = :directory, \
                 #subjects_of = :directory, #taken_by = :token"
            .into(),
        values: values([
            (":v", n(VERSION)),
            (":now", n(millis(terms.now))),
            (":until", n(millis(lease_end(terms)))),
            (":directory", s(directory)),
            (":token", s(token)),
            (":one", n(1)),
        ]),
    }
}

/// Nothing is taken for what the record has answered, as `Brings::are_answered` has it (R5).
fn open_for(write: &mut Write, brings: &Brings, terms: Terms) {
    let untimed_evidence = brings.deleted && brings.event_at.is_none();
    if brings.unconditional || untimed_evidence {
        return;
    }
    let mut open = Vec::new();
    if let Some(at) = brings.event_at {
        let evidence = if brings.deleted { " AND #deleted_seen = :true" } else { "" };
        open.push(format!("NOT (#record.#upkeep.#covered > :settled{evidence})"));
        write.values.insert(":settled".into(), n(millis(after(at, terms.settle))));
    }
    if let Some(due) = brings.due {
        open.push("#due_at = :due".into());
        write.values.insert(":due".into(), n(millis(due)));
    }
    if !open.is_empty() {
        write.condition.push_str(&format!(" AND ({})", open.join(" OR ")));
    }
}

fn leave_word(
    key: &Key,
    fence: u64,
    brings: &Brings,
    heard: Heard,
    named: Named,
    terms: Terms,
) -> Write {
    let mut write = Write {
        key: key.clone(),
        condition: "#fence = :fence AND #until >= :now".into(),
        update: "SET #again = :true".into(),
        values: values([(":fence", n(fence)), (":now", n(millis(terms.now))), (":true", yes())]),
    };
    let adds = bring(&mut write, brings, heard, named);
    if let Some(adds) = adds.strip_prefix(',') {
        write.update.push_str(&format!(" ADD{adds}"));
    }
    write
}

/// Stores what the item brings, conditional on what was seen of `heard`, in the same update.
///
/// Answers what an ADD clause is to go on with.
fn bring(write: &mut Write, brings: &Brings, heard: Heard, named: Named) -> &'static str {
    let Write { condition, update, values, .. } = write;
    match heard {
        Heard::Untouched => {}
        Heard::Becomes(at) => {
            condition.push_str(" AND (attribute_not_exists(#heard) OR #heard < :at)");
            update.push_str(", #heard = :at");
            values.insert(":at".into(), n(millis(at)));
        }
        Heard::Stays(at) => {
            condition.push_str(" AND #heard >= :at");
            values.insert(":at".into(), n(millis(at)));
        }
    }
    if brings.deleted {
        update.push_str(", #deleted_seen = :true");
        values.insert(":true".into(), yes());
    }
    match brings.expect {
        None => {}
        // The stronger one stays.
        Some(Expect::Suspended) => {
            update.push_str(", #expect = if_not_exists(#expect, :expect)");
            values.insert(":expect".into(), n(expect_to_number(Expect::Suspended)));
        }
        Some(Expect::Deleted) => {
            update.push_str(", #expect = :expect");
            values.insert(":expect".into(), n(expect_to_number(Expect::Deleted)));
        }
    }
    match named {
        Named::More(members) if members.is_empty() => "",
        Named::More(members) => {
            values.insert(":members".into(), AttributeValue::Ss(members));
            ", #members :members"
        }
        Named::Many => {
            update.push_str(", #many_members = :true");
            values.insert(":true".into(), yes());
            ""
        }
    }
}
