use std::collections::BTreeMap;

use jiff::Timestamp;
use sync_core::attributes::{Attribute, Value};
use sync_core::audit::{AuditChange, AuditEvent, AuditKind};
use sync_core::finding::{Finding, FindingCode};
use sync_core::ids::{EntraGroupId, EntraObjectId, EntraUserId, JumpCloudUserId, Upn};
use sync_core::record::{
    Answered, Binding, Decided, Expect, Expecting, Failure, GroupBinding, GroupRecord, Intent,
    Nested, Origin, Owed, Unanswered, UserRecord,
};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_millisecond(1_777_000_000_000 + second * 1000 + 7).unwrap()
}

fn upn(text: &str) -> Upn {
    Upn::parse(text).unwrap()
}

/// Every optional part is there, and no two values of one type are equal.
fn full(origin: Origin, expect: Expect, kind: AuditKind) -> UserRecord {
    let text = |text: &str| Value::Text(text.into());
    UserRecord {
        binding: Some(Binding {
            object: EntraUserId::parse("8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001").unwrap(),
            upn: upn("jane@corp.example"),
            origin,
            bound_at: at(1),
            created_at: Some(at(2)),
            enabled: Some(Answered { value: true, at: at(3) }),
            disabled_by_us: true,
            applied: BTreeMap::from([
                (Attribute::DisplayName, text("Jané \u{202e}Doe")),
                (Attribute::Department, text("")),
                (Attribute::WorkPhone, Value::List(vec!["+49 1".into()])),
                (Attribute::AlternateEmail, Value::List(vec![])),
                (
                    Attribute::CostCenter,
                    Value::OrgData { division: None, cost_center: Some("7".into()) },
                ),
            ]),
            written_at: Some(at(4)),
            given_up: true,
            absent: false,
        }),
        intent: Some(Intent {
            upn: upn("other@corp.example"),
            since: at(5),
            meant_enabled: true,
            meant_disabled: false,
            open_until: at(6),
        }),
        renaming: [upn("new@corp.example"), upn("newer@corp.example")].into(),
        unanswered: Some(Unanswered { value: false, sent_at: at(7), may_land_until: at(8) }),
        decided: Some(Decided { enabled: true, read_at: at(9) }),
        owed: Some(Owed {
            bound: true,
            freed: vec![upn("old@corp.example"), upn("older@corp.example")],
            audit: vec![event(kind, true), event(kind, false)],
        }),
        revoke_pending: true,
        expecting: Some(Expecting { expect, since: at(11) }),
        locked_since: Some(at(12)),
        upkeep: upkeep(),
    }
}

fn upkeep() -> Upkeep {
    Upkeep {
        covered: Some(at(10)),
        failure: Some(Failure {
            class: "Request_BadRequest".into(),
            message: "refused".into(),
            attempts: 3,
            since: at(13),
            next: Timestamp::MAX,
        }),
        retries: 4,
        vendor_wait: Some(at(14)),
        findings: FindingCode::ALL.into_iter().map(|code| Finding::new(code, "why")).collect(),
        synced_at: Some(at(15)),
    }
}

fn full_group(origin: Origin, kind: AuditKind) -> GroupRecord {
    GroupRecord {
        binding: Some(GroupBinding {
            object: EntraGroupId::parse("8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f00b1").unwrap(),
            name: "Engineering ".into(),
            origin,
            bound_at: at(1),
            created_at: Some(at(2)),
            written_at: Some(at(3)),
        }),
        let_go_at: Some(at(7)),
        gone_at: Some(at(8)),
        listed_at: Some(at(4)),
        tried_at: Some(at(5)),
        size: Some(100_000),
        managed: 99_000,
        looked_at: Some(at(6)),
        members_written_at: Some(at(5)),
        added_until: Some(JumpCloudUserId::parse("65f000000000000000000001").unwrap()),
        dynamic: true,
        nested: Nested::Dynamic,
        owed: vec![event(kind, true)],
        upkeep: upkeep(),
    }
}

fn event(kind: AuditKind, whole: bool) -> AuditEvent {
    let change = |from: Option<&str>, to: Option<&str>| AuditChange {
        attribute: "department".into(),
        from: from.map(Into::into),
        to: to.map(Into::into),
    };
    AuditEvent {
        id: "0f".into(),
        at: at(20),
        kind,
        subject: "user:65f000000000000000000001".parse().unwrap(),
        object: whole
            .then(|| EntraObjectId::parse("8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0002").unwrap()),
        changes: if whole {
            vec![change(None, Some("a")), change(Some("b"), None)]
        } else {
            vec![]
        },
        reason: whole.then(|| "suspended".into()),
        error: (!whole).then(|| "Forbidden: no".into()),
        initiated_by: "webhook user_update 65f".into(),
    }
}

fn person(record: UserRecord) -> Record {
    Record::User(Box::new(record))
}

fn subject(record: &Record) -> Subject {
    match record {
        Record::User(_) => "user:65f000000000000000000001".parse().unwrap(),
        Record::Group(_) => "group:65f0000000000000000000b1".parse().unwrap(),
        Record::Sweep(_) => Subject::Sweep,
    }
}

fn through_json(record: &Record) -> Record {
    let json = serde_json::to_string(&RecordItem::from(record)).unwrap();
    serde_json::from_str::<RecordItem>(&json).unwrap().of(&subject(record)).unwrap()
}

fn through_attributes(record: &Record) -> Record {
    let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(RecordItem::from(record));
    let item: RecordItem =
        serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(value.unwrap()).unwrap();
    item.of(&subject(record)).unwrap()
}

#[test]
fn full_records_survive_their_items() {
    for origin in [Origin::Created, Origin::Adopted, Origin::Imported] {
        for kind in AuditKind::ALL {
            let people = [Expect::Suspended, Expect::Deleted]
                .map(|expect| person(full(origin, expect, kind)));
            let others =
                [Record::Group(Box::new(full_group(origin, kind))), Record::Sweep(upkeep())];
            for record in people.into_iter().chain(others) {
                assert_eq!(through_json(&record), record);
                assert_eq!(through_attributes(&record), record);
            }
        }
    }
}

#[test]
fn every_attribute_survives_its_item() {
    let mut record = full(Origin::Created, Expect::Deleted, AuditKind::Create);
    record.binding.as_mut().unwrap().applied = sync_core::attributes::TABLE
        .iter()
        .map(|row| (row.attribute, Value::Text(row.property.into())))
        .collect();
    let record = person(record);
    assert_eq!(through_attributes(&record), record);
}

#[test]
fn empty_records_survive_their_items() {
    for subject in ["user:65f000000000000000000001", "group:65f0000000000000000000b1", "sweep"] {
        let record = Record::new(&subject.parse().unwrap());
        assert_eq!(through_json(&record), record);
        assert_eq!(through_attributes(&record), record);
    }
}

#[test]
fn findings_and_messages_are_bounded() {
    let finding = Finding::new(FindingCode::Refused, "ä".repeat(10_000));
    let mut record = full(Origin::Created, Expect::Deleted, AuditKind::Create);
    record.upkeep.findings = vec![finding; 1000];
    record.upkeep.failure.as_mut().unwrap().message = "ä".repeat(10_000);
    let record = person(record);
    let stored = through_json(&record).upkeep().clone();
    assert_eq!(stored.findings.len(), 50);
    assert!(stored.findings.iter().all(|finding| finding.message == "ä".repeat(500)));
    assert_eq!(stored.failure.unwrap().message, "ä".repeat(500));
    let size = serde_json::to_string(&RecordItem::from(&record)).unwrap().len();
    assert!(size < 100_000, "{size} bytes of 400 KB");
}

#[test]
fn an_unknown_spelling_is_malformed() {
    let record = person(full(Origin::Created, Expect::Suspended, AuditKind::Adopt));
    let json = serde_json::to_string(&RecordItem::from(&record)).unwrap();
    for (known, unknown) in [
        ("\"created\"", "\"stolen\""),
        ("\"suspended\",\"since\"", "\"rumoured\",\"since\""),
        ("\"department\":{\"text\"", "\"department\":{\"colour\""),
        ("\"department\":{", "\"shoeSize\":{"),
        ("\"user_adopt_provision\"", "\"user_lost_provision\""),
        ("\"upn_missing\"", "\"upn_purple\""),
        ("65f000000000000000000001", "not-hexadecimal-digits!!"),
    ] {
        assert!(json.contains(known), "{known} is not in {json}");
        let changed = json.replacen(known, unknown, 1);
        let read = serde_json::from_str::<RecordItem>(&changed)
            .map_err(|error| error.to_string())
            .and_then(|item| item.of(&subject(&record)).map_err(|malformed| malformed.0));
        assert!(read.is_err(), "{unknown} was read");
    }
}
