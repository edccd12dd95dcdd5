//! Groups: how they are found, what they are told to be, and their deleted items.

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::group::{EntraGroup, GroupKind};

use crate::world::*;

const GROUP: &str = "GET /groups/{id}";
const BY_NAME: &str = "GET /groups(uniqueName='{uniqueName}')";
const GROUPS: &str = "GET /groups";
const PATCH: &str = "PATCH /groups/{id}";
const DELETE: &str = "DELETE /groups/{id}";
const DELETED: &str = "GET /directory/deletedItems/microsoft.graph.group";
const NONE: &str = "8d0b5a0e-0000-4000-8000-0000000000b9";
const SELECTED: &str = "$select=id,displayName,uniqueName,groupTypes,mailEnabled,securityEnabled,\
                        onPremisesSyncEnabled,isAssignableToRole,isManagementRestricted";

#[tokio::test]
async fn a_group_is_read_by_id_and_by_unique_name() {
    let world = World::new().await;
    let id = world.group(json!({"displayName": "Engines", "uniqueName": "jumpcloud-1"}));
    let expected = EntraGroup {
        id: id.clone(),
        name: "Engines".to_owned(),
        unique_name: Some("jumpcloud-1".to_owned()),
        kind: GroupKind::Security,
    };
    assert_eq!(world.client.group(&id).await.unwrap(), Some(expected.clone()));
    let found = world.client.group_by_unique_name("jumpcloud-1").await.unwrap();
    assert_eq!(found, Some(expected));
    assert_eq!(world.client.group(&group_id(NONE)).await.unwrap(), None);
    assert_eq!(world.client.group_by_unique_name("jumpcloud-2").await.unwrap(), None);
    // `uniqueName` compares exactly.
    assert_eq!(world.client.group_by_unique_name("JumpCloud-1").await.unwrap(), None);
    for entry in world.control().journal().iter().filter(|entry| entry.method == "GET") {
        assert_eq!(entry.query, SELECTED);
    }
    let unnamed = world.group(json!({"displayName": "Engines"}));
    assert_eq!(world.client.group(&unnamed).await.unwrap().unwrap().unique_name, None);
}

#[tokio::test]
async fn a_unique_name_is_one_segment_whatever_signs_it_holds() {
    let world = World::new().await;
    for (name, key) in [("o'brien", "o''brien"), ("a/b", "a/b"), ("ä b?c#d%", "ä b?c#d%")] {
        assert_eq!(world.client.group_by_unique_name(name).await.unwrap(), None);
        let entry = world.control().journal().pop().unwrap();
        let path = format!("/v1.0/groups(uniqueName='{key}')");
        assert_eq!((entry.route.as_str(), entry.path), (BY_NAME, path));
    }
}

#[tokio::test]
async fn a_group_is_absent_only_in_graphs_own_words() {
    let world = World::new().await;
    let id = world.group(json!({"displayName": "G", "uniqueName": "jumpcloud-1"}));
    for body in [json!("no such host"), json!({"error": {"code": "NotFound"}})] {
        world.fault(GROUP, answer(404, body.clone()));
        assert_eq!(judged(world.client.group(&id).await), "passing Retry", "{body}");
        world.fault(BY_NAME, answer(404, body.clone()));
        let found = world.client.group_by_unique_name("jumpcloud-1").await;
        assert_eq!(judged(found), "passing Retry", "{body}");
    }
    world.fault(GROUP, status(503));
    assert_eq!(judged(world.client.group(&id).await), "passing Retry");
    assert!(world.client.group(&id).await.unwrap().is_some());
}

#[tokio::test]
async fn an_answer_of_another_shape_is_no_group() {
    let world = World::new().await;
    for body in [
        json!([]),
        json!({"displayName": "G"}),
        json!({"id": NONE}),
        json!({"id": NONE, "displayName": null}),
        json!({"id": "7", "displayName": "G"}),
        json!({"id": NONE, "displayName": "G", "groupTypes": "Unified"}),
    ] {
        world.fault(GROUP, answer(200, body.clone()));
        let read = world.client.group(&group_id(NONE)).await;
        assert_eq!(judged(read), "shape Retry", "{body}");
        world.fault(GROUPS, answer(200, json!({"value": [body]})));
        assert_eq!(judged(world.client.groups_named("G").await), "shape Retry", "{body}");
    }
}

#[tokio::test]
async fn g1_each_foreign_kind_is_recognised_by_every_read() {
    let world = World::new().await;
    for (number, (group, kind)) in [
        (json!({}), GroupKind::Security),
        (json!({"onPremisesSyncEnabled": true}), GroupKind::OnPremisesSynced),
        (json!({"isAssignableToRole": true}), GroupKind::RoleAssignable),
        (json!({"isManagementRestricted": true}), GroupKind::Restricted),
        (json!({"groupTypes": ["DynamicMembership"]}), GroupKind::Dynamic),
        (json!({"groupTypes": ["Unified"], "mailEnabled": true}), GroupKind::Microsoft365),
        (json!({"groupTypes": ["Unified"], "securityEnabled": false}), GroupKind::Microsoft365),
        (json!({"groupTypes": ["Unified", "DynamicMembership"]}), GroupKind::Dynamic),
        (json!({"mailEnabled": true}), GroupKind::MailEnabledSecurity),
        (json!({"mailEnabled": true, "securityEnabled": false}), GroupKind::Distribution),
        (json!({"securityEnabled": false}), GroupKind::Other),
        (json!({"groupTypes": ["New"]}), GroupKind::Other),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("group {number}");
        let mut group = group;
        group["displayName"] = json!(name);
        group["uniqueName"] = json!(name);
        let id = world.group(group.clone());
        let read = world.client.group(&id).await.unwrap().unwrap();
        assert_eq!((read.kind, read.kind.is_security()), (kind, number == 0), "{group}");
        let found = world.client.group_by_unique_name(&name).await.unwrap();
        assert_eq!(found.as_ref(), Some(&read));
        let named = world.client.groups_named(&name).await.unwrap().into_inner();
        assert_eq!(named, std::slice::from_ref(&read));
        world.sim.state(|tenant| tenant.delete_group(id.as_str()));
        // What is mastered elsewhere or has a mailbox alone is deleted for good.
        let lasting =
            ![GroupKind::OnPremisesSynced, GroupKind::MailEnabledSecurity, GroupKind::Distribution]
                .contains(&kind);
        let read = lasting.then_some(read);
        assert_eq!(world.client.deleted_group(&id).await.unwrap(), read);
        let found = world.client.deleted_group_by_unique_name(&name).await.unwrap();
        assert_eq!(found, read, "{group}");
    }
}

#[tokio::test]
async fn groups_are_found_by_name_whatever_signs_it_holds() {
    let world = World::new().await;
    let long = "ü".repeat(256);
    let names = [
        "O'Brien's",
        "'",
        "' or displayName eq 'O''Brien''s",
        " leading",
        "trailing ",
        "leading",
        "trailing",
        "営業部",
        "الهندسة",
        "a&b=c#d?e/f",
        "x+y%20z",
        "x y z",
        &long,
    ];
    let ids = names.map(|name| world.group(json!({"displayName": name})));
    for (name, id) in names.iter().zip(&ids) {
        let found = world.client.groups_named(name).await.unwrap().into_inner();
        let found: Vec<_> = found.iter().map(|group| (&group.id, group.name.as_str())).collect();
        assert_eq!(found, [(id, *name)]);
    }
    assert!(world.client.groups_named("nothing").await.unwrap().into_inner().is_empty());
    let query = world.control().journal().pop().unwrap().query;
    assert_eq!(query, format!("$filter=displayName eq 'nothing'&{SELECTED}"));
    // Entra compares without regard to case: the caller sees what they are called.
    let found = world.client.groups_named("O'BRIEN'S").await.unwrap().into_inner();
    assert_eq!(found[0].name, "O'Brien's");
}

#[tokio::test]
async fn groups_of_one_name_are_listed_to_the_last_page() {
    let world = World::new().await;
    for _ in 0..230 {
        world.group(json!({"displayName": "Everybody"}));
    }
    let found = world.client.groups_named("Everybody").await.unwrap().into_inner();
    assert_eq!((found.len(), world.count(GROUPS)), (230, 3));
    for page in 0..3 {
        world.control().add_fault(Fault::once(GROUPS, status(503)).skip(page));
        let found = world.client.groups_named("Everybody").await;
        assert_eq!(judged(found), "passing Retry", "page {page}");
    }
}

#[tokio::test]
async fn g4_a_group_is_renamed_by_its_id() {
    let world = World::new().await;
    let id = world.group(json!({"displayName": "Engines", "uniqueName": "jumpcloud-1"}));
    for name in ["O'Brien's & Söhne ", &"n".repeat(256)] {
        world.client.rename_group(&id, name).await.unwrap();
        assert_eq!(world.last_body(), json!({"displayName": name}));
        let read = world.client.group(&id).await.unwrap().unwrap();
        assert_eq!((read.name.as_str(), read.kind), (name, GroupKind::Security));
    }
    assert_eq!(world.count(PATCH), 2);
    let long = world.client.rename_group(&id, &"n".repeat(257)).await;
    assert_eq!(refusal(long), graph::Refusal::InvalidValue);
    let gone = world.client.rename_group(&group_id(NONE), "x").await;
    assert_eq!(judged(gone), "not_found Retry");
    world.fault(PATCH, Effect::CutAfter);
    let lost = world.client.rename_group(&id, "Renamed").await;
    assert_eq!(judged(lost), "transport Retry unanswered");
    assert_eq!(world.client.group(&id).await.unwrap().unwrap().name, "Renamed");
}

#[tokio::test]
async fn a_deletion_is_done_when_the_group_is_gone() {
    let world = World::new().await;
    let id = world.group(json!({"displayName": "Engines"}));
    world.fault(DELETE, answer(404, json!("no such host")));
    assert_eq!(judged(world.client.delete_group(&id).await), "passing Retry");
    world.fault(DELETE, Effect::CutAfter);
    let lost = world.client.delete_group(&id).await;
    assert_eq!(judged(lost), "transport Retry unanswered");
    world.client.delete_group(&id).await.unwrap();
    assert_eq!(world.asked_of_graph().pop(), Some((DELETE.to_owned(), 404)));
    assert_eq!(world.client.group(&id).await.unwrap(), None);
    let synced = world.group(json!({"displayName": "S", "onPremisesSyncEnabled": true}));
    let refused = refusal(world.client.delete_group(&synced).await);
    assert_eq!(refused, graph::Refusal::MasteredElsewhere);
}

#[tokio::test]
async fn g4_a_deleted_group_is_found_and_restored_with_its_members() {
    let world = World::new().await;
    let id = world.group(json!({"displayName": "Engines", "uniqueName": "jumpcloud-1"}));
    world.sim.state(|tenant| tenant.add_member(id.as_str(), ADA));
    assert_eq!(world.client.deleted_group(&id).await.unwrap(), None);
    assert_eq!(world.client.deleted_group_by_unique_name("jumpcloud-1").await.unwrap(), None);
    world.client.delete_group(&id).await.unwrap();
    let deleted = world.client.deleted_group(&id).await.unwrap();
    assert_eq!(deleted.as_ref().map(|group| group.name.as_str()), Some("Engines"));
    let found = world.client.deleted_group_by_unique_name("jumpcloud-1").await.unwrap();
    assert_eq!(found, deleted);
    for other in ["jumpcloud-2", "jumpcloud", "JUMPCLOUD-1", "Engines", ""] {
        let found = world.client.deleted_group_by_unique_name(other).await.unwrap();
        assert_eq!(found, None, "{other:?}");
    }
    world.client.restore_group(&id).await.unwrap();
    assert_eq!(world.client.group(&id).await.unwrap(), deleted);
    assert_eq!(world.members(&id), [ADA]);
    assert_eq!(world.client.deleted_group(&id).await.unwrap(), None);
    assert_eq!(judged(world.client.restore_group(&id).await), "not_found Retry");
}

#[tokio::test]
async fn of_several_deleted_groups_the_last_one_counts() {
    let world = World::new().await;
    // In the order of the ids the last one deleted is neither the first nor the last.
    let id = |number| format!("11111111-0000-4000-8000-{number:012}");
    for number in [1, 3, 2] {
        world.advance(60);
        let group = json!({"id": id(number), "displayName": "G", "uniqueName": "jumpcloud-1"});
        let group = world.group(group);
        world.client.delete_group(&group).await.unwrap();
    }
    let found = world.client.deleted_group_by_unique_name("jumpcloud-1").await.unwrap();
    assert_eq!(found.unwrap().id, group_id(&id(2)));
}

#[tokio::test]
async fn deleted_groups_are_listed_to_the_last_page_or_not_at_all() {
    let world = World::new().await;
    world.sim.state(|tenant| {
        for number in 0..230 {
            let id = format!("11111111-0000-4000-8000-{number:012}");
            let name = format!("jumpcloud-{number}");
            tenant.add_group(json!({"id": id, "displayName": "G", "uniqueName": name}));
            tenant.delete_group(&id);
        }
    });
    let found = world.client.deleted_group_by_unique_name("jumpcloud-229").await.unwrap();
    assert_eq!(found.unwrap().unique_name.as_deref(), Some("jumpcloud-229"));
    assert_eq!(world.count(DELETED), 3);
    for page in 0..3 {
        for (effect, expected) in
            [(status(503), "passing Retry"), (Effect::Truncate, "shape Retry")]
        {
            world.control().add_fault(Fault::once(DELETED, effect).skip(page));
            let found = world.client.deleted_group_by_unique_name("jumpcloud-0").await;
            assert_eq!(judged(found), expected, "page {page}");
        }
    }
}
