//! The creation of a group, which a repeat finds again (G3).

use std::time::Duration;

use graph::{NewGroup, Refusal};
use serde_json::json;
use simulators::Effect;
use sync_core::group::GroupKind;

use crate::world::*;

const UPSERT: &str = "PATCH /groups(uniqueName='{uniqueName}')";
const BY_NAME: &str = "GET /groups(uniqueName='{uniqueName}')";

fn new_group(name: &str) -> NewGroup {
    NewGroup {
        unique_name: "jumpcloud-1".to_owned(),
        name: name.to_owned(),
        mail_nickname: "jumpcloud-1".to_owned(),
        description: Some("Kept by entra-sync".to_owned()),
    }
}

fn groups(world: &World) -> usize {
    world.sim.state(|tenant| tenant.groups().len())
}

#[tokio::test]
async fn g3_a_group_is_created_as_wanted() {
    let world = World::new().await;
    let id = world.client.upsert_group(&new_group("Engines")).await.unwrap();
    assert_eq!(world.asked_of_graph(), [(UPSERT.to_owned(), 201)]);
    assert_eq!(
        world.last_body(),
        json!({
            "displayName": "Engines", "mailNickname": "jumpcloud-1", "groupTypes": [],
            "securityEnabled": true, "mailEnabled": false, "description": "Kept by entra-sync",
        })
    );
    let read = world.client.group(&id).await.unwrap().unwrap();
    assert_eq!((read.name.as_str(), read.kind), ("Engines", GroupKind::Security));
    assert_eq!(read.unique_name.as_deref(), Some("jumpcloud-1"));
    assert_eq!(world.members(&id), Vec::<String>::new());
    let plain = NewGroup {
        unique_name: "jumpcloud-2".to_owned(),
        description: None,
        ..new_group("Engines")
    };
    let other = world.client.upsert_group(&plain).await.unwrap();
    assert_ne!(other, id, "one name, two groups");
    assert_eq!(world.last_body().get("description"), None);
}

#[tokio::test]
async fn a_name_is_written_as_it_is() {
    let world = World::new().await;
    let long = "ü".repeat(256);
    for (number, name) in
        ["O'Brien's", " blanks ", "営業部", "a&b=c/d?e#f%20+", &long].into_iter().enumerate()
    {
        let unique_name = format!("jumpcloud-{number}");
        let new = NewGroup { unique_name, ..new_group(name) };
        let id = world.client.upsert_group(&new).await.unwrap();
        assert_eq!(world.client.group(&id).await.unwrap().unwrap().name, name);
        assert_eq!(world.client.upsert_group(&new).await.unwrap(), id);
    }
}

#[tokio::test]
async fn g3_a_repeat_answers_the_same_group() {
    let world = World::new().await;
    let id = world.client.upsert_group(&new_group("Engines")).await.unwrap();
    world.client.add_members(&id, &[ada()]).await.unwrap();
    world.control().clear_journal();
    assert_eq!(world.client.upsert_group(&new_group("Engines")).await.unwrap(), id);
    let asked = world.asked_of_graph();
    assert_eq!(asked, [(UPSERT.to_owned(), 204), (BY_NAME.to_owned(), 200)]);
    // Renamed in between: the same group, which takes the name.
    assert_eq!(world.client.upsert_group(&new_group("Motors")).await.unwrap(), id);
    let read = world.client.group(&id).await.unwrap().unwrap();
    assert_eq!((read.name.as_str(), groups(&world)), ("Motors", 1));
    assert_eq!(world.members(&id), [ADA]);
}

#[tokio::test]
async fn g3_a_lost_answer_and_its_repeat_end_with_one_group() {
    for (effect, expected) in [
        (Effect::CutBefore, "transport Retry unanswered"),
        (Effect::CutAfter, "transport Retry unanswered"),
        (Effect::Late { ms: 1000 }, "transport Retry unanswered"),
        (Effect::Truncate, "shape Retry unanswered"),
        (Effect::StatusAfter { status: 503 }, "passing Retry unanswered"),
        (Effect::StatusAfter { status: 429 }, "throttled Retry unanswered"),
        (answer(201, json!({})), "shape Retry unanswered"),
        (answer(201, json!({"id": "not a GUID"})), "shape Retry unanswered"),
    ] {
        let world = World::new().await;
        world.fault(UPSERT, effect.clone());
        let lost = world.client.upsert_group(&new_group("Engines")).await;
        assert_eq!(judged(lost), expected, "{effect:?}");
        let id = world.client.upsert_group(&new_group("Engines")).await.unwrap();
        // What was late arrives after its own repeat.
        world.advance(2);
        assert_eq!(world.client.upsert_group(&new_group("Engines")).await.unwrap(), id);
        let found = world.client.group_by_unique_name("jumpcloud-1").await.unwrap().unwrap();
        assert_eq!((found.id, groups(&world)), (id, 1), "{effect:?}");
    }
}

#[tokio::test]
async fn a_group_that_is_not_replicated_yet_is_a_passing_fault() {
    let world = World::new().await;
    world.advance(60);
    world.control().set_lag(Duration::from_secs(30));
    let id = world.client.upsert_group(&new_group("Engines")).await.unwrap();
    assert_eq!(world.client.group(&id).await.unwrap(), None);
    let early = world.client.upsert_group(&new_group("Engines")).await.unwrap_err();
    assert!(!early.is_not_found(), "{early:?}");
    assert_eq!(judged::<()>(Err(early)), "passing Retry");
    world.advance(31);
    assert_eq!(world.client.upsert_group(&new_group("Engines")).await.unwrap(), id);
    assert_eq!(groups(&world), 1);
    world.fault(BY_NAME, status(503));
    let early = world.client.upsert_group(&new_group("Engines")).await;
    assert_eq!(judged(early), "passing Retry");
}

/// A vendor may refuse a property that is fixed at creation even if it is what it was.
#[tokio::test]
async fn g3_a_refused_repeat_finds_the_group_that_is_there() {
    let world = World::new().await;
    let read_only = || {
        let message = "Property 'mailEnabled' is read-only and cannot be set.";
        answer(400, json!({"error": {"code": "Request_BadRequest", "message": message}}))
    };
    world.fault(UPSERT, read_only());
    let refused = world.client.upsert_group(&new_group("Engines")).await;
    assert_eq!((refusal(refused), groups(&world)), (Refusal::Other, 0));
    let id = world.client.upsert_group(&new_group("Engines")).await.unwrap();
    world.fault(UPSERT, read_only());
    assert_eq!(world.client.upsert_group(&new_group("Engines")).await.unwrap(), id);
    world.fault(UPSERT, read_only());
    world.fault(BY_NAME, status(503));
    let early = world.client.upsert_group(&new_group("Engines")).await;
    assert_eq!(judged(early), "passing Retry");
    world.sim.state(|tenant| {
        tenant.patch_group(id.as_str(), json!({"groupTypes": ["Unified"], "mailEnabled": true}))
    });
    world.fault(UPSERT, read_only());
    let refused = world.client.upsert_group(&new_group("Engines")).await;
    assert_eq!(refusal(refused), Refusal::Other, "somebody else's kind of group");
}

#[tokio::test]
async fn what_entra_refuses_stays_refused() {
    let world = World::new().await;
    let upsert = async |new: NewGroup| world.client.upsert_group(&new).await;
    for _ in 0..2 {
        let long = upsert(new_group(&"n".repeat(257))).await;
        assert_eq!(refusal(long), Refusal::InvalidValue);
        let nickname = NewGroup { mail_nickname: "a b".to_owned(), ..new_group("Engines") };
        assert_eq!(refusal(upsert(nickname).await), Refusal::InvalidValue);
        world.fault(UPSERT, status(403));
        assert_eq!(judged(upsert(new_group("Engines")).await), "denied Fail");
        // The second time there is a group already.
        upsert(new_group("Engines")).await.unwrap();
    }
    let id = world.client.group_by_unique_name("jumpcloud-1").await.unwrap().unwrap().id;
    let synced = json!({"onPremisesSyncEnabled": true});
    world.sim.state(|tenant| tenant.patch_group(id.as_str(), synced));
    assert_eq!(refusal(upsert(new_group("Motors")).await), Refusal::MasteredElsewhere);
}
