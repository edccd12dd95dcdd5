//! A record for programs. The keys are stable; what is not there is null or empty.

use serde_json::{Value, json};
use store::{Holder, StoredSubject};
use sync_core::record::{Failure, Record, Upkeep};

use super::{Shown, group, user};
use crate::shown::{json_time, kind};

impl Shown {
    /// The document, which the answer of a sync that was waited for holds, too.
    pub(crate) fn to_json(&self) -> Value {
        let Self { at, found, stored, awaited_by } = self;
        let StoredSubject { subject: _, leased_until, again, due, mailbox, record } = stored;
        // Waits are told with what each kind of subject waits for beside.
        let Upkeep { covered, failure, retries: _, vendor_wait: _, findings, synced_at } =
            record.upkeep();
        let findings: Vec<_> = findings
            .iter()
            .map(|finding| json!({ "code": finding.code.as_str(), "message": finding.message }))
            .collect();
        let (kind, id) = kind(&found.subject);
        let mut document = json!({
            "at": json_time(Some(*at)),
            "directory": found.directory.as_str(),
            kind: id,
            "found_by": found.by.kind(),
            "former_holder": found.former,
            "state": self.state(),
            "findings": findings,
            "failure": failure.as_ref().map(failed),
            "due": json_time(*due),
            "covered": json_time(*covered),
            "synced_at": json_time(*synced_at),
            "lease": leased_until.map(|until| {
                json!({ "until": json_time(Some(until)), "again": again })
            }),
        });
        let heard = json_time(mailbox.heard);
        let own = match record {
            Record::User(record) => {
                document["mailbox"] =
                    json!({ "heard": heard, "deleted_seen": mailbox.deleted_seen });
                document["awaited_by"] = awaited_by.iter().map(waiter).collect();
                user::json(record)
            }
            Record::Group(record) => {
                document["mailbox"] = json!({ "heard": heard });
                group::json(record, &mailbox.members)
            }
            Record::Sweep(_) => Value::Null,
        };
        if let (Value::Object(document), Value::Object(own)) = (&mut document, own) {
            document.extend(own);
        }
        document
    }
}

fn waiter(Holder { directory, subject }: &Holder) -> Value {
    json!({ "directory": directory.as_str(), "subject": subject.to_string() })
}

fn failed(failure: &Failure) -> Value {
    let Failure { class, message, attempts, since, next } = failure;
    json!({
        "class": class,
        "message": message,
        "attempts": attempts,
        "since": json_time(Some(*since)),
        "next": json_time(Some(*next)),
    })
}
