//! The work item: its form, what it refuses, and several of one subject.

use jiff::Timestamp;
use sync_core::ids::{DirectoryId, JumpCloudGroupId, JumpCloudUserId, Subject};
use sync_core::record::{Expect, Hints};
use work_queue::{Cause, Source, WorkItem, coalesce};

const ADA: &str = "65f000000000000000000001";
const BOB: &str = "65f000000000000000000002";

fn user(id: &str) -> JumpCloudUserId {
    JumpCloudUserId::parse(id).unwrap()
}

fn at(second: i64) -> Option<Timestamp> {
    Some(Timestamp::from_second(second).unwrap())
}

fn item(id: &str, at: Option<Timestamp>) -> WorkItem {
    let cause = Cause { at, ..Cause::of(Source::Webhook) };
    WorkItem::new(DirectoryId::parse("corp").unwrap(), Subject::User(user(id)), cause)
}

#[test]
fn the_form_is_a_fixed_interface() {
    let whole = WorkItem {
        cause: Cause {
            source: Source::Insights,
            event_type: Some("user_suspended".to_owned()),
            event_id: Some("e1".to_owned()),
            at: Some("2026-05-01T00:21:09.162Z".parse().unwrap()),
        },
        expect: Some(Expect::Suspended),
        members: vec![user(BOB)],
        listed_at: at(0),
        plan: Some("abc".to_owned()),
        ..item(ADA, None)
    };
    let json = "{\"cause\":{\"at\":\"2026-05-01T00:21:09.162Z\",\"event_id\":\"e1\",\
                \"event_type\":\"user_suspended\",\"source\":\"insights\"},\"directory\":\"corp\",\
                \"expect\":\"suspended\",\"listed_at\":\"1970-01-01T00:00:00Z\",\
                \"members\":[\"65f000000000000000000002\"],\"plan\":\"abc\",\
                \"subject\":{\"user\":\"65f000000000000000000001\"},\"v\":1}";
    assert_eq!(whole.to_json(), json);
    assert_eq!(WorkItem::parse(json), Ok(whole));
    let bare = "{\"cause\":{\"source\":\"webhook\"},\"directory\":\"corp\",\
                \"subject\":{\"user\":\"65f000000000000000000001\"},\"v\":1}";
    assert_eq!(item(ADA, None).to_json(), bare);
    assert_eq!(WorkItem::parse(bare), Ok(item(ADA, None)));
}

#[test]
fn every_source_and_subject_survives_its_form() {
    let group = JumpCloudGroupId::parse("65f0000000000000000000b1").unwrap();
    let subjects = [Subject::User(user(ADA)), Subject::Group(group), Subject::Sweep];
    for source in [
        Source::Webhook,
        Source::Insights,
        Source::Reconcile,
        Source::Sweep,
        Source::Operator,
        Source::FollowUp,
        Source::Due,
    ] {
        for subject in &subjects {
            let cause = Cause::of(source);
            let item = WorkItem { subject: subject.clone(), cause, ..item(ADA, None) };
            assert_eq!(WorkItem::parse(&item.to_json()), Ok(item));
        }
    }
}

#[test]
fn what_a_later_version_adds_is_ignored() {
    let json = item(ADA, None).to_json().replace("\"v\":1", "\"v\":1,\"new\":[7]");
    assert_eq!(WorkItem::parse(&json), Ok(item(ADA, None)));
}

#[test]
fn what_is_no_item_says_why_without_a_value_of_it() {
    let good = item(ADA, at(0)).to_json();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{good}");
        good.replace(from, to)
    };
    let subject = "{\"user\":\"65f000000000000000000001\"}";
    for (body, why) in [
        ("secret".to_owned(), "not JSON"),
        ("[\"secret\"]".to_owned(), "not a JSON object"),
        (with("\"v\":1", "\"v\":2"), "v is not 1"),
        (with("\"v\":1", "\"w\":1"), "v is not 1"),
        (with("\"directory\"", "\"d\""), "no directory"),
        (with("\"corp\"", "7"), "directory is not a text"),
        (with("\"cause\"", "\"c\""), "no cause"),
        (with("\"source\"", "\"s\""), "no cause.source"),
        (with("webhook", "secret"), "cause.source is not known"),
        (with("1970-01-01T00:00:00Z", "secret"), "at is not an RFC 3339 time"),
        (with("\"subject\"", "\"s\""), "no subject"),
        (with(subject, "{}"), "subject is not exactly one"),
        (with(subject, "{\"user\":\"a\",\"sweep\":true}"), "subject is not exactly one"),
        (with(subject, "{\"secret\":1}"), "subject is of an unknown kind"),
        (with(subject, "{\"sweep\":false}"), "subject.sweep is not true"),
        (
            with(subject, "{\"password\":{\"user\":\"secret\"}}"),
            "password subjects are not supported by this version",
        ),
        (
            with("\"v\":1", "\"v\":1,\"expect\":\"secret\""),
            "expect is neither suspended nor deleted",
        ),
        (with("\"v\":1", "\"v\":1,\"members\":\"secret\""), "members is not a list"),
    ] {
        let malformed = WorkItem::parse(&body).unwrap_err();
        assert_eq!(malformed.reason, why, "{body}");
    }
    for (body, key) in [
        (with("corp", "SECRET"), "directory"),
        (with("65f000000000000000000001", "secret"), "subject.user"),
        (with("\"v\":1", "\"v\":1,\"members\":[\"secret\"]"), "members"),
    ] {
        let reason = WorkItem::parse(&body).unwrap_err().reason;
        assert!(reason.starts_with(&format!("{key} is not a ")), "{reason}");
        assert!(!reason.to_lowercase().contains("secret"), "{reason}");
    }
}

#[test]
fn a_deletion_is_evidence() {
    let mut gone = item(ADA, at(5));
    assert_eq!((gone.brings().event_at, gone.brings().deleted), (at(5), false));
    gone.cause.event_type = Some("user_delete".to_owned());
    assert!(gone.brings().deleted);
    let announced = WorkItem { expect: Some(Expect::Deleted), ..item(ADA, None) };
    assert_eq!((announced.brings().event_at, announced.brings().deleted), (None, true));
}

#[test]
fn items_of_one_subject_become_one_that_forgets_nothing() {
    let mut suspended = item(ADA, at(2));
    (suspended.expect, suspended.cause.event_id) = (Some(Expect::Suspended), Some("2".into()));
    let mut youngest = item(ADA, at(9));
    (youngest.members, youngest.cause.event_id) = (vec![user(BOB)], Some("9".into()));
    let oldest =
        WorkItem { members: vec![user(BOB), user(ADA)], listed_at: at(1), ..item(ADA, at(1)) };
    let merged = coalesce(vec![suspended, item(BOB, at(3)), youngest.clone(), oldest]);
    let expected = WorkItem {
        expect: Some(Expect::Suspended),
        members: vec![user(BOB), user(ADA)],
        listed_at: at(1),
        ..youngest
    };
    assert_eq!(merged, [expected, item(BOB, at(3))]);
}

#[test]
fn g9_items_of_one_group_name_whom_any_of_them_names_or_nobody() {
    let group = Subject::Group(JumpCloudGroupId::parse("65f0000000000000000000b1").unwrap());
    let of = |members: &[&str], second| {
        let members = members.iter().map(|id| user(id)).collect();
        WorkItem { subject: group.clone(), members, ..item(ADA, at(second)) }
    };
    let merged = |items: Vec<WorkItem>| {
        let [merged] = &coalesce(items)[..] else { panic!("one item") };
        (merged.members.clone(), merged.cause.at)
    };
    assert_eq!(
        merged(vec![of(&[ADA], 1), of(&[BOB, ADA], 2)]),
        (vec![user(ADA), user(BOB)], at(2))
    );
    for items in [vec![of(&[ADA], 1), of(&[], 2)], vec![of(&[], 2), of(&[ADA], 1)]] {
        assert_eq!(merged(items.clone()), (vec![], at(2)));
        assert_eq!(coalesce(items)[0].brings().members, Hints::Many);
    }
    // So many that they are not told apart: nobody is named any more.
    let many: Vec<String> = (0..10).map(|number| format!("{number:024x}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(
        coalesce(vec![of(&many[..6], 1), of(&many[5..], 2)])[0].brings().members,
        Hints::Many
    );
    let mut gone = of(&[], 1);
    gone.cause.event_type = Some("group_delete".to_owned());
    assert!(gone.brings().deleted && coalesce(vec![gone, of(&[ADA], 2)])[0].brings().deleted);
}

#[test]
fn evidence_of_a_deletion_outlives_a_younger_event() {
    let mut deleted = item(ADA, at(1));
    deleted.cause.event_type = Some("user_delete".to_owned());
    for order in [[deleted.clone(), item(ADA, at(2))], [item(ADA, at(2)), deleted]] {
        let merged = coalesce(order.to_vec());
        assert_eq!(merged.len(), 1);
        assert!(merged[0].brings().deleted);
        assert_eq!(merged[0].cause.at, at(2));
    }
}

#[test]
fn what_must_not_be_covered_by_another_stays_apart() {
    let planned = WorkItem { plan: Some("abc".to_owned()), ..item(ADA, at(2)) };
    let due = WorkItem { cause: Cause { at: at(3), ..Cause::of(Source::Due) }, ..item(ADA, None) };
    let elsewhere =
        WorkItem { directory: DirectoryId::parse("other").unwrap(), ..item(ADA, at(4)) };
    let apart = vec![item(ADA, at(1)), item(ADA, None), planned, due, elsewhere];
    assert_eq!(coalesce(apart.clone()), apart);
}
