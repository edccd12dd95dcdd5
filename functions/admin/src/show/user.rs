//! What is remembered of people alone.

use jiff::Timestamp;
use serde_json::{Value, json};
use sync_core::attributes::Value as Applied;
use sync_core::ids::Upn;
use sync_core::record::{
    Answered, Binding, Expect, Expecting, Intent, Unanswered, Upkeep, UserRecord,
};

use super::{Row, origin, yes};
use crate::shown::{escape, json_time, time_and_distance};
use crate::table::table;

/// What the record says about the account, in one word.
pub(super) fn state(record: &UserRecord) -> &'static str {
    match (&record.binding, &record.intent) {
        (Some(binding), _) if binding.given_up => "given_up",
        (Some(_), _) => "bound",
        (None, Some(_)) => "creating",
        (None, None) => "not_bound",
    }
}

/// As answers spell it.
fn expected(expect: Expect) -> &'static str {
    match expect {
        Expect::Suspended => "suspended",
        Expect::Deleted => "deleted",
    }
}

/// The binding, and what is under way or waited for.
pub(super) fn rows(record: &UserRecord, now: Timestamp) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(binding) = &record.binding {
        rows.extend(bound(binding, now));
    }
    rows.extend(pending(record, now));
    rows
}

fn bound(binding: &Binding, now: Timestamp) -> [Row; 5] {
    let Binding { object, upn, origin: from, bound_at, enabled, disabled_by_us, .. } = binding;
    let enabled = match enabled {
        Some(answered) => {
            format!("{}, written {}", yes(answered.value), time_and_distance(answered.at, now))
        }
        None => "never written by us".to_owned(),
    };
    [
        ("object", object.to_string()),
        ("UPN", escape(upn.as_str())),
        ("origin", format!("{}, {}", origin(*from), time_and_distance(*bound_at, now))),
        ("enabled", enabled),
        ("disabled by us", yes(*disabled_by_us).to_owned()),
    ]
}

/// Nothing of it is there most of the time.
fn pending(record: &UserRecord, now: Timestamp) -> Vec<Row> {
    let when = |at| time_and_distance(at, now);
    let mut rows = Vec::new();
    if let Some(intent) = &record.intent {
        let upn = escape(intent.upn.as_str());
        rows.push(("creating", format!("{upn}, open until {}", when(intent.open_until))));
    }
    for upn in &record.renaming {
        let upn = escape(upn.as_str());
        rows.push(("renaming", format!("to {upn}, not answered yet")));
    }
    if let Some(write) = &record.unanswered {
        let value = yes(write.value);
        let sent = when(write.sent_at);
        rows.push(("unanswered", format!("a write of enabled: {value}, sent {sent}")));
    }
    if record.revoke_pending {
        rows.push(("sessions", "their revocation is not answered yet".to_owned()));
    }
    if let Some(expecting) = &record.expecting {
        let state = expected(expecting.expect);
        let since = when(expecting.since);
        rows.push(("expecting", format!("{state}, announced {since}, not read yet")));
    }
    if let Some(since) = record.locked_since {
        rows.push(("locked out", format!("off since {}", when(since))));
    }
    rows
}

/// The attributes as they were last applied, if there are any.
pub(super) fn applied(record: &UserRecord, width: Option<u16>) -> Option<String> {
    let binding = record.binding.as_ref().filter(|b| !b.applied.is_empty())?;
    let applied = binding.applied.iter();
    let applied =
        applied.map(|(attribute, value)| [attribute.to_string(), escape(&value.to_string())]);
    Some(table(width, ["attribute", "last applied"], applied))
}

/// What the document says of people beside what it says of every subject.
pub(super) fn json(record: &UserRecord) -> Value {
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
        upkeep: Upkeep { retries, vendor_wait, .. },
    } = record;
    json!({
        "binding": binding.as_ref().map(binding_json),
        "intent": intent.as_ref().map(intended),
        "renaming": renaming.iter().map(Upn::as_str).collect::<Vec<_>>(),
        "unanswered": unanswered.map(written),
        "revoke_pending": revoke_pending,
        "waits": {
            "expecting": expecting.map(announced),
            "locked_since": json_time(*locked_since),
            "retries": retries,
            "vendor_wait": json_time(*vendor_wait),
            "owed": owed.is_some(),
        },
    })
}

fn binding_json(binding: &Binding) -> Value {
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
        absent,
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
        "absent": absent,
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
