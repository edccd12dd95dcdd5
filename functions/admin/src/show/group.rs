//! What is remembered of groups alone.

use jiff::Timestamp;
use serde_json::{Value, json};
use sync_core::ids::JumpCloudUserId;
use sync_core::record::{GroupBinding, GroupRecord, Hints, Nested, Upkeep};

use super::{Row, origin, yes};
use crate::shown::{escape, json_time, time_and_distance};

/// What the record says about the group in Entra, in one word.
pub(super) fn state(record: &GroupRecord) -> &'static str {
    match &record.binding {
        Some(_) if record.let_go_at.is_some() => "let_go",
        Some(_) => "bound",
        None => "not_bound",
    }
}

/// In one word.
fn nested(nested: Nested) -> &'static str {
    match nested {
        Nested::None => "none",
        Nested::Static => "static",
        Nested::Dynamic => "dynamic",
    }
}

/// The binding, and how far the members have come.
pub(super) fn rows(record: &GroupRecord, hints: &Hints, now: Timestamp) -> Vec<Row> {
    let GroupRecord { listed_at, looked_at, members_written_at, added_until, .. } = record;
    let when = |at: &Option<Timestamp>| at.map_or("-".to_owned(), |at| time_and_distance(at, now));
    let mut rows = Vec::new();
    if let Some(binding) = &record.binding {
        let GroupBinding { object, name, origin: from, bound_at, created_at, written_at } = binding;
        // One that was restored has its name read by the next look.
        let name = if name.is_empty() { "not known yet".to_owned() } else { escape(name) };
        rows.extend([
            ("object", object.to_string()),
            ("name", name),
            ("origin", origin(*from).to_owned()),
            ("bound since", time_and_distance(*bound_at, now)),
            ("created", when(created_at)),
            ("last write", when(written_at)),
        ]);
    }
    let size = record.size.map(|size| format!("{size}, {} of them managed", record.managed));
    if record.let_go_at.is_some() {
        rows.push(("let go since", when(&record.let_go_at)));
    }
    rows.extend([
        ("members listed", when(listed_at)),
        ("members at last", size.unwrap_or_else(|| "-".to_owned())),
        ("looked at by name", when(looked_at)),
        ("member written", when(members_written_at)),
        ("dynamic", yes(record.dynamic).to_owned()),
        ("nested groups", nested(record.nested).to_owned()),
    ]);
    if let Some(member) = added_until {
        rows.push(("adding", format!("members are added up to {member}, in the order of ids")));
    }
    match hints {
        Hints::Of(people) if people.is_empty() => {}
        Hints::Of(people) => {
            let people: Vec<_> = people.iter().map(ToString::to_string).collect();
            rows.push(("hints waiting", people.join("\n")));
        }
        Hints::Many => rows.push(("hints waiting", "many".to_owned())),
    }
    rows
}

/// What the document says of groups beside what it says of every subject.
pub(super) fn json(record: &GroupRecord, hints: &Hints) -> Value {
    let GroupRecord {
        binding,
        let_go_at,
        gone_at: _,
        listed_at,
        tried_at: _,
        size,
        managed,
        looked_at,
        members_written_at,
        added_until,
        dynamic,
        nested: _,
        owed,
        upkeep: Upkeep { retries, vendor_wait, .. },
    } = record;
    let (named, many) = match hints {
        Hints::Of(people) => (people.iter().map(JumpCloudUserId::as_str).collect(), false),
        Hints::Many => (Vec::new(), true),
    };
    json!({
        "binding": binding.as_ref().map(bound),
        "let_go_at": json_time(*let_go_at),
        "dynamic": dynamic,
        "nested": nested(record.nested),
        "members": {
            "listed_at": json_time(*listed_at),
            "size": size,
            "managed": managed,
            "looked_at": json_time(*looked_at),
            "written_at": json_time(*members_written_at),
            "added_until": added_until.as_ref().map(JumpCloudUserId::as_str),
            "hints": { "users": named, "many": many },
        },
        "waits": {
            "retries": retries,
            "vendor_wait": json_time(*vendor_wait),
            "owed": !owed.is_empty(),
        },
    })
}

fn bound(binding: &GroupBinding) -> Value {
    let GroupBinding { object, name, origin: from, bound_at, created_at, written_at } = binding;
    json!({
        "object": object.as_str(),
        "name": name,
        "origin": origin(*from),
        "bound_at": json_time(Some(*bound_at)),
        "created_at": json_time(*created_at),
        "written_at": json_time(*written_at),
    })
}
