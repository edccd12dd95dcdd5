//! Who is in a group: listed whole, added twenty at once, taken out one by one.

use std::collections::BTreeSet;
use std::time::Duration;

use graph::{MEMBERS_AT_ONCE, Refusal};
use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::group::Member;
use sync_core::ids::{EntraGroupId, EntraUserId};

use crate::world::*;

const MEMBERS: &str = "GET /groups/{id}/members";
const PATCH: &str = "PATCH /groups/{id}";
const REMOVE: &str = "DELETE /groups/{id}/members/{member}/$ref";
const NONE: &str = "8d0b5a0e-0000-4000-8000-0000000000b9";

/// Adds so many people to the tenant.
fn crowd(world: &World, people: usize) -> Vec<EntraUserId> {
    let add = |number| {
        let name = format!("p{number}@corp.example");
        let user = json!({"userPrincipalName": name, "displayName": name, "mailNickname": "p"});
        object(&world.sim.state(|tenant| tenant.add_user(user)))
    };
    (0..people).map(add).collect()
}

fn engines(world: &World) -> EntraGroupId {
    world.group(json!({"displayName": "Engines"}))
}

/// A group of this many people.
async fn full(people: usize) -> (World, EntraGroupId, Vec<EntraUserId>) {
    let world = World::new().await;
    let (group, people) = (engines(&world), crowd(&world, people));
    world.sim.state(|tenant| {
        people.iter().for_each(|person| tenant.add_member(group.as_str(), person.as_str()));
    });
    (world, group, people)
}

async fn listed(world: &World, group: &EntraGroupId) -> BTreeSet<Member> {
    world.client.members(group).await.unwrap().into_inner()
}

#[tokio::test]
async fn every_member_is_listed_in_pages_of_999() {
    let (world, group, people) = full(2500).await;
    let expected: BTreeSet<_> = people.into_iter().map(Member::User).collect();
    assert_eq!(listed(&world, &group).await, expected);
    let journal = world.control().journal();
    let pages: Vec<_> = journal.iter().filter(|entry| entry.route == MEMBERS).collect();
    assert_eq!(pages.len(), 3);
    for (page, entry) in pages.iter().enumerate() {
        assert!(entry.query.starts_with("$select=id&$top=999"), "{}", entry.query);
        assert_eq!(entry.query.contains("$skiptoken"), page > 0);
    }
}

#[tokio::test]
async fn a_page_that_fails_fails_the_whole() {
    let (world, group, _) = full(2500).await;
    for (effect, expected) in [
        (status(503), "passing Retry"),
        (status(429), "throttled Retry"),
        (status(404), "not_found Retry"),
        (Effect::Html, "passing Retry"),
        (Effect::Truncate, "shape Retry"),
        (Effect::CutAfter, "transport Retry"),
    ] {
        world.control().clear_journal();
        world.control().add_fault(Fault::once(MEMBERS, effect.clone()).skip(2));
        assert_eq!(judged(world.client.members(&group).await), expected, "{effect:?}");
        assert_eq!(world.count(MEMBERS), 3);
    }
    assert_eq!(listed(&world, &group).await.len(), 2500);
}

#[tokio::test]
async fn g6_what_is_no_person_is_told_apart() {
    let world = World::new().await;
    let (group, nested) = (engines(&world), engines(&world));
    assert!(listed(&world, &group).await.is_empty());
    world.sim.state(|tenant| {
        tenant.add_member(group.as_str(), ADA);
        tenant.add_member(group.as_str(), nested.as_str());
    });
    let expected = [Member::User(ada()), Member::Other(nested.to_string())];
    assert_eq!(listed(&world, &group).await, expected.into());
    let rows = json!([
        {"@odata.type": "#microsoft.graph.user", "id": ADA.to_uppercase()},
        {"@odata.type": "#microsoft.graph.device", "id": BOB},
        {"@odata.type": "#microsoft.graph.orgContact", "id": "c"},
        {"id": "untyped"},
    ]);
    world.fault(MEMBERS, answer(200, json!({"value": rows})));
    let others = [BOB, "c", "untyped"].map(|id| Member::Other(id.to_owned()));
    let expected = others.into_iter().chain([Member::User(ada())]).collect();
    assert_eq!(listed(&world, &group).await, expected);
}

#[tokio::test]
async fn a_listing_of_another_shape_is_none() {
    let world = World::new().await;
    let group = engines(&world);
    for row in [
        json!({"@odata.type": "#microsoft.graph.user"}),
        json!({"@odata.type": "#microsoft.graph.device"}),
        json!({"@odata.type": "#microsoft.graph.user", "id": null}),
        json!({"@odata.type": "#microsoft.graph.user", "id": "not a GUID"}),
        json!(ADA),
    ] {
        let known = json!({"@odata.type": "#microsoft.graph.user", "id": ADA});
        world.fault(MEMBERS, answer(200, json!({"value": [known, row]})));
        assert_eq!(judged(world.client.members(&group).await), "shape Retry", "{row}");
    }
    let absent = world.client.members(&group_id(NONE)).await;
    assert_eq!(judged(absent), "not_found Retry");
}

#[tokio::test]
async fn g5_twenty_are_added_in_one_request() {
    let world = World::new().await;
    let (group, people) = (engines(&world), crowd(&world, MEMBERS_AT_ONCE));
    world.client.add_members(&group, &people).await.unwrap();
    assert_eq!(world.asked_of_graph(), [(PATCH.to_owned(), 204)]);
    let root = world.sim.graph_url();
    let references: Vec<_> =
        people.iter().map(|person| format!("{root}/directoryObjects/{person}")).collect();
    assert_eq!(world.last_body(), json!({"members@odata.bind": references}));
    assert_eq!(listed(&world, &group).await, people.into_iter().map(Member::User).collect());
    world.client.add_members(&group, &[]).await.unwrap();
    assert_eq!(world.count(PATCH), 1, "nobody is added without a request");
}

#[tokio::test]
#[should_panic(expected = "21 members at once")]
async fn g5_more_than_twenty_at_once_are_a_mistake() {
    let world = World::new().await;
    let (group, people) = (engines(&world), crowd(&world, MEMBERS_AT_ONCE + 1));
    let _ = world.client.add_members(&group, &people).await;
}

#[tokio::test]
async fn g5_all_are_added_or_none() {
    let world = World::new().await;
    let group = engines(&world);
    world.client.add_members(&group, &[ada()]).await.unwrap();
    let twice = world.client.add_members(&group, &[bob(), ada()]).await;
    assert_eq!(refusal(twice), Refusal::MemberExists);
    let unknown = world.client.add_members(&group, &[bob(), nobody()]).await.unwrap_err();
    assert!(unknown.is_not_found() && unknown.is_missing_object());
    assert_eq!(judged::<()>(Err(unknown)), "not_found Retry");
    assert_eq!(world.members(&group), [ADA]);
    let gone = world.client.add_members(&group_id(NONE), &[bob()]).await;
    assert_eq!(judged(gone), "not_found Retry");
}

#[tokio::test]
async fn somebody_named_twice_is_refused() {
    let world = World::new().await;
    let group = engines(&world);
    let twice = world.client.add_members(&group, &[bob(), bob()]).await;
    assert_eq!(refusal(twice), Refusal::Other);
    assert!(world.members(&group).is_empty());
    world.control().clear_problems();
}

#[tokio::test]
async fn who_is_not_replicated_yet_is_tried_again() {
    let world = World::new().await;
    let group = engines(&world);
    world.advance(60);
    world.control().set_lag(Duration::from_secs(30));
    let person = world.client.create_user(&new_user("grace")).await.unwrap();
    let early = world.client.add_members(&group, &[bob(), person.clone()]).await.unwrap_err();
    assert!(early.is_missing_object() && !early.is_not_found());
    assert_eq!(judged::<()>(Err(early)), "passing Retry");
    assert!(world.members(&group).is_empty());
    world.advance(31);
    world.client.add_members(&group, &[bob(), person]).await.unwrap();
    assert_eq!(world.members(&group).len(), 2);
}

#[tokio::test]
async fn a_lost_addition_shows_in_its_repeat() {
    let world = World::new().await;
    let group = engines(&world);
    world.fault(PATCH, Effect::CutAfter);
    let lost = world.client.add_members(&group, &[ada()]).await;
    assert_eq!(judged(lost), "transport Retry unanswered");
    let repeat = world.client.add_members(&group, &[ada()]).await;
    assert_eq!(refusal(repeat), Refusal::MemberExists);
    assert_eq!(world.members(&group), [ADA]);
}

#[tokio::test]
async fn g1_foreign_groups_take_no_members() {
    let world = World::new().await;
    for (mut group, expected) in [
        (json!({"onPremisesSyncEnabled": true}), "refused Fail"),
        (json!({"mailEnabled": true}), "refused Fail"),
        (json!({"groupTypes": ["DynamicMembership"]}), "denied Fail"),
        (json!({"isAssignableToRole": true}), "denied Fail"),
        (json!({"isManagementRestricted": true}), "denied Fail"),
    ] {
        group["displayName"] = json!("Foreign");
        let id = world.group(group.clone());
        world.sim.state(|tenant| tenant.add_member(id.as_str(), BOB));
        let added = world.client.add_members(&id, &[ada()]).await;
        assert_eq!(judged(added), expected, "{group}");
        assert_eq!(judged(world.client.remove_member(&id, &bob()).await), expected, "{group}");
        assert_eq!(world.members(&id), [BOB]);
    }
}

#[tokio::test]
async fn g5_a_removal_takes_the_membership_and_nothing_else() {
    let (world, group, people) = full(3).await;
    world.control().clear_journal();
    world.client.remove_member(&group, &people[1]).await.unwrap();
    assert_eq!(world.asked_of_graph(), [(REMOVE.to_owned(), 204)]);
    let path = format!("/v1.0/groups/{group}/members/{}/$ref", people[1]);
    let entry = world.control().journal().pop().unwrap();
    assert_eq!((entry.path, entry.query.as_str(), entry.body), (path, "", None));
    let left = [&people[0], &people[2]].map(|person| Member::User(person.clone()));
    assert_eq!(listed(&world, &group).await, left.into());
    assert_eq!(world.sim.state(|tenant| (tenant.users().len(), tenant.deleted().len())), (5, 0));
}

#[tokio::test]
async fn g5_who_is_not_there_is_out_already() {
    let world = World::new().await;
    let group = engines(&world);
    world.client.remove_member(&group, &ada()).await.unwrap();
    world.client.remove_member(&group, &nobody()).await.unwrap();
    world.client.remove_member(&group_id(NONE), &ada()).await.unwrap();
    assert_eq!(world.count(REMOVE), 3);
    world.client.add_members(&group, &[ada()]).await.unwrap();
    world.fault(REMOVE, answer(404, json!("no such host")));
    let unproven = world.client.remove_member(&group, &ada()).await;
    assert_eq!(judged(unproven), "passing Retry");
    world.fault(REMOVE, Effect::CutAfter);
    let lost = world.client.remove_member(&group, &ada()).await;
    assert_eq!(judged(lost), "transport Retry unanswered");
    world.client.remove_member(&group, &ada()).await.unwrap();
    assert!(world.members(&group).is_empty());
    assert!(world.sim.state(|tenant| tenant.user(ADA)).is_some());
}

#[tokio::test]
async fn the_groups_of_a_person_are_listed_whole_and_roles_are_none() {
    let (world, group, people) = full(2).await;
    let others: BTreeSet<EntraGroupId> = (0..120)
        .map(|number| {
            let other = world.group(json!({"displayName": format!("g{number}")}));
            world.sim.state(|tenant| tenant.add_member(other.as_str(), people[0].as_str()));
            other
        })
        .collect();
    world.sim.state(|tenant| {
        let role = tenant.add_role(json!({"displayName": "User Administrator"}));
        tenant.add_member(&role, people[0].as_str());
    });
    let expected: BTreeSet<_> = others.into_iter().chain([group.clone()]).collect();
    assert_eq!(world.client.groups_of(&people[0]).await.unwrap(), expected);
    assert_eq!(world.client.groups_of(&people[1]).await.unwrap(), [group].into());
    let gone = EntraUserId::parse(NONE).unwrap();
    assert!(world.client.groups_of(&gone).await.unwrap_err().is_not_found());
    // Half a list is none.
    let fault = Fault::once("GET /users/{id}/memberOf", Effect::Html).skip(1);
    world.control().add_fault(fault);
    assert!(world.client.groups_of(&people[0]).await.is_err());
}
