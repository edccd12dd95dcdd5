//! G9 and S1 at their limits: a group of a hundred thousand, and more groups than one look counts.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use store::{AuditQuery, Store};
use sync_core::audit::AuditKind;
use sync_core::ids::{EntraGroupId, EntraUserId, JumpCloudGroupId, Subject, Upn};
use sync_core::record::{
    Answered, Binding, GroupBinding, GroupRecord, Origin, Record, Upkeep, UserRecord,
};
use work_queue::{Cause, Source, WorkItem};

use crate::groups::{at_rest, count, members, object, record, ring_group, team};
use crate::removals::lose;
use crate::world::World;

const LIST: &str = "GET /api/v2/usergroups/{id}/membership";
const ADD: &str = "PATCH /groups/{id}";

const PEOPLE: usize = 100_000;
/// What a request takes: Graph grants twenty writes a second.
const REQUEST: Duration = Duration::from_millis(50);

fn synced(at: Timestamp) -> Upkeep {
    Upkeep { covered: Some(at), synced_at: Some(at), ..Upkeep::default() }
}

/// So many people whose accounts have long been ours, all in one group that nobody knows of yet.
async fn crowd(world: &World, size: usize) -> String {
    let then = world.clock.now();
    let group = world.jumpcloud.state(|state| state.add_group(json!({ "name": "Everybody" })));
    for number in 0..size {
        let name = format!("p{number}");
        let user = world.hire(&name);
        world.jumpcloud.state(|state| {
            state.add_member(&group, user.as_str());
            state.clear_events();
        });
        let upn = format!("{name}@corp.example");
        let object = world.entra.state(|state| {
            state.add_user(json!({
                "userPrincipalName": upn, "mailNickname": name, "givenName": name,
                "surname": "Example", "displayName": format!("{name} Example"), "department": "R&D",
            }))
        });
        let binding = Binding {
            object: EntraUserId::parse(&object).unwrap(),
            upn: Upn::parse(&upn).unwrap(),
            origin: Origin::Adopted,
            bound_at: then,
            created_at: None,
            enabled: Some(Answered { value: true, at: then }),
            disabled_by_us: false,
            applied: Default::default(),
            written_at: Some(then),
            given_up: false,
            absent: false,
        };
        let record =
            UserRecord { binding: Some(binding), upkeep: synced(then), ..UserRecord::default() };
        world.remember(&Subject::User(user), Record::User(Box::new(record))).await;
    }
    world.advance(3600);
    group
}

#[tokio::test]
async fn g9_a_hundred_thousand_come_in_several_invocations() {
    let world = World::new().await;
    let group = crowd(&world, PEOPLE).await;
    world.connect_group(&group);
    world.jumpcloud.state(|state| state.clear_events());
    world.clear_journals();
    let cause = Cause::of(Source::FollowUp);
    let ring = WorkItem { cause, ..ring_group(&world, &group) };
    let mut invocations = 0;
    let mut come = None;
    while come != Some(PEOPLE) {
        invocations += 1;
        world.work_in_time(&ring, REQUEST).await;
        let ours = object(&world, &group).await;
        let now = world.entra.state(|state| state.members(&ours).len());
        println!("{}: {now} members", world.clock.now());
        assert!(come < Some(now), "an invocation brought nobody");
        come = Some(now);
        world.advance(3);
    }
    assert_eq!(record(&world, &group).await.added_until, None);
    assert_eq!(count(&world, ADD), PEOPLE.div_ceil(graph::MEMBERS_AT_ONCE) as u64);
    // Each lists all of them, so they had better be few.
    let listings = count(&world, LIST).div_ceil(PEOPLE.div_ceil(100) as u64 + 1);
    assert_eq!((invocations, listings), (2, 2));
    // Everybody is told of once.
    let query = AuditQuery { limit: 2000, ..AuditQuery::default() };
    let events = world.table.audit(&world.directory.id, &query, world.clock.now()).await.unwrap();
    let came = events.iter().filter(|event| event.kind == AuditKind::MemberAdd);
    assert_eq!(came.map(|event| event.changes.len()).sum::<usize>(), PEOPLE);
}

#[tokio::test]
async fn s1_the_share_counts_more_groups_than_one_look_reads() {
    let mut world = World::new().await;
    let (group, people) = team(&mut world, 30).await;
    for number in 0..140 {
        let id = JumpCloudGroupId::parse(&format!("{number:024x}")).unwrap();
        let object = format!("8d0b5a0e-2c0f-4d4b-9a1a-{number:012x}");
        let binding = GroupBinding {
            object: EntraGroupId::parse(&object).unwrap(),
            name: format!("g{number}"),
            origin: Origin::Created,
            bound_at: world.clock.now(),
            created_at: None,
            written_at: None,
        };
        // Of these 40 one half is not bound, and the other was let go.
        let record = GroupRecord {
            binding: (number >= 20).then_some(binding),
            let_go_at: (number >= 120).then(|| world.clock.now()),
            managed: if (20..120).contains(&number) { 1 } else { 1000 },
            ..GroupRecord::default()
        };
        world.remember(&Subject::Group(id), Record::Group(Box::new(record))).await;
    }
    // A fifth of 130 may leave; of what the first look reads it would be one of 110.
    lose(&mut world, &group, &people[..27]);
    world.work(&ring_group(&world, &group)).await;
    assert_eq!(members(&world, &group).await.len(), 30);
    let findings = record(&world, &group).await.upkeep.findings;
    assert!(findings[0].message.contains("more than 26: "), "{findings:?}");
    world.jumpcloud.state(|state| state.add_member(&group, people[0].as_str()));
    world.lose_events();
    world.advance(60);
    world.work(&ring_group(&world, &group)).await;
    assert_eq!(members(&world, &group).await.len(), 4);
    at_rest(&world, &group).await;
}
