//! A person's record for programs. The keys are stable; what is not there is null or empty.

use super::*;
use sync_core::attributes::Value as Applied;
use sync_core::ids::Upn;
use sync_core::record::{Answered, Expecting, Intent, Unanswered, Upkeep};

impl ShownUser {
    /// The document, which the answer of a sync that was waited for holds, too.
    pub(crate) fn to_json(&self) -> Value {
        let Self { at, found, stored, record, awaited_by } = self;
        let StoredSubject { subject: _, leased_until, again, due, mailbox, record: _ } = stored;
        let UserRecord {
            binding,
            intent,
            renaming,
            unanswered,
            decided: _,
            owed,
            revoke_pending,
            expecting,
            locked_since,
            upkeep: Upkeep { covered, failure, retries, vendor_wait, findings, synced_at },
        } = record;
        let findings: Vec<_> = findings
            .iter()
            .map(|finding| json!({ "code": finding.code.as_str(), "message": finding.message }))
            .collect();
        let awaited_by: Vec<_> = awaited_by
            .iter()
            .map(|Holder { directory, subject }| {
                json!({ "directory": directory.as_str(), "subject": subject.to_string() })
            })
            .collect();
        json!({
            "at": json_time(Some(*at)),
            "directory": found.directory.as_str(),
            "user": found.user.as_str(),
            "found_by": found.by.kind(),
            "former_holder": found.former,
            "state": state(record),
            "binding": binding.as_ref().map(bound),
            "intent": intent.as_ref().map(intended),
            "renaming": renaming.iter().map(Upn::as_str).collect::<Vec<_>>(),
            "unanswered": unanswered.map(written),
            "revoke_pending": revoke_pending,
            "findings": findings,
            "failure": failure.as_ref().map(failed),
            "due": json_time(*due),
            "covered": json_time(*covered),
            "synced_at": json_time(*synced_at),
            "waits": {
                "expecting": expecting.map(announced),
                "locked_since": json_time(*locked_since),
                "retries": retries,
                "vendor_wait": json_time(*vendor_wait),
                "owed": owed.is_some(),
            },
            "awaited_by": awaited_by,
            "mailbox": {
                "heard": json_time(mailbox.heard),
                "deleted_seen": mailbox.deleted_seen,
            },
            "lease": leased_until.map(|until| {
                json!({ "until": json_time(Some(until)), "again": again })
            }),
        })
    }
}

fn bound(binding: &Binding) -> Value {
    let Binding {
        object,
        upn,
        origin: from,
        bound_at,
        created_at,
        enabled,
        disabled_by_us,
        applied,
        written_at,
        given_up,
    } = binding;
    let applied: serde_json::Map<_, _> = applied
        .iter()
        .map(|(attribute, value)| (attribute.to_string(), applied_value(value)))
        .collect();
    json!({
        "object": object.as_str(),
        "upn": upn.as_str(),
        "origin": origin(*from),
        "bound_at": json_time(Some(*bound_at)),
        "created_at": json_time(*created_at),
        "enabled": enabled.map(|Answered { value, at }| {
            json!({ "value": value, "at": json_time(Some(at)) })
        }),
        "disabled_by_us": disabled_by_us,
        "applied": applied,
        "written_at": json_time(*written_at),
        "given_up": given_up,
    })
}

fn applied_value(value: &Applied) -> Value {
    match value {
        Applied::Text(text) => json!(text),
        Applied::List(entries) => json!(entries),
        Applied::OrgData { division, cost_center } => {
            json!({ "division": division, "costCenter": cost_center })
        }
    }
}

fn intended(intent: &Intent) -> Value {
    let Intent { upn, since, meant_enabled, meant_disabled, open_until } = intent;
    json!({
        "upn": upn.as_str(),
        "since": json_time(Some(*since)),
        "meant_enabled": meant_enabled,
        "meant_disabled": meant_disabled,
        "open_until": json_time(Some(*open_until)),
    })
}

fn written(write: Unanswered) -> Value {
    let Unanswered { value, sent_at, may_land_until } = write;
    json!({
        "value": value,
        "sent_at": json_time(Some(sent_at)),
        "may_land_until": json_time(Some(may_land_until)),
    })
}

fn announced(expecting: Expecting) -> Value {
    let Expecting { expect, since } = expecting;
    json!({ "state": expected(expect), "since": json_time(Some(since)) })
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
