//! A crash after every single step of a creation, an adoption and a deactivation.
//!
//! A step is an operation of the table or a request to Entra; the crash comes before the table is
//! asked, after it has stored, and after Entra has done what it was asked but before its answer is
//! seen. Each ends right with the next `catch_up` after the lease.

use serde_json::json;
use simulators::{Effect, Fault};
use sync_core::ids::JumpCloudUserId;
use work_queue::WorkItem;

use crate::gate::Stop;
use crate::world::World;

/// Where the crash comes.
#[derive(Debug, Clone, Copy)]
enum Crash {
    At(Stop),
    /// After Entra has taken its n-th request, counted from 0.
    Answerless(u32),
}

/// A story up to the message that will be worked on.
trait Story {
    /// Whether sessions are to be revoked on the way.
    const REVOKES: bool = false;

    async fn begin(world: &mut World) -> (JumpCloudUserId, WorkItem);
    fn is_right(world: &World) -> bool;

    /// What must be possible once it is right.
    async fn afterwards(_world: &mut World) {}
}

struct Creation;

impl Story for Creation {
    async fn begin(world: &mut World) -> (JumpCloudUserId, WorkItem) {
        let boss = world.employee("boss").await;
        let ada = world.hire("ada");
        world
            .jumpcloud
            .state(|state| state.patch_user(ada.as_str(), json!({"manager": boss.as_str()})));
        (ada, world.events().remove(0))
    }

    fn is_right(world: &World) -> bool {
        world.accounts() == 2 && world.enabled("ada") == Some(true) && has_manager(world)
    }
}

struct Adoption;

impl Story for Adoption {
    async fn begin(world: &mut World) -> (JumpCloudUserId, WorkItem) {
        let boss = world.employee("boss").await;
        let ada = world.hire("ada");
        world
            .jumpcloud
            .state(|state| state.patch_user(ada.as_str(), json!({"manager": boss.as_str()})));
        world.entra.state(|state| {
            state.add_user(json!({
                "userPrincipalName": "ada@corp.example", "displayName": "Old", "accountEnabled": true,
                "userType": "Member", "department": "Old",
            }))
        });
        (ada, world.events().remove(0))
    }

    fn is_right(world: &World) -> bool {
        let ada = world.entra.state(|state| state.user_by_upn("ada@corp.example")).unwrap();
        world.accounts() == 2 && ada["department"] == "R&D" && has_manager(world)
    }
}

struct Deactivation;

impl Story for Deactivation {
    const REVOKES: bool = true;

    async fn begin(world: &mut World) -> (JumpCloudUserId, WorkItem) {
        let ada = world.employee("ada").await;
        world.jumpcloud.state(|state| {
            state.patch_user(ada.as_str(), json!({"department": "Sales"}));
            state.suspend(ada.as_str())
        });
        (ada, world.events().remove(0))
    }

    fn is_right(world: &World) -> bool {
        let ada = world.entra.state(|state| state.user_by_upn("ada@corp.example")).unwrap();
        world.enabled("ada") == Some(false) && ada["department"] == "Sales"
    }
}

struct Rename;

impl Story for Rename {
    async fn begin(world: &mut World) -> (JumpCloudUserId, WorkItem) {
        let ada = world.employee("ada").await;
        world.jumpcloud.state(|state| {
            state.patch_user(ada.as_str(), json!({"email": "ada.new@corp.example"}))
        });
        (ada, world.events().remove(0))
    }

    /// The new UPN is hers, and the old one is nobody's: the next of that name can have it.
    fn is_right(world: &World) -> bool {
        world.accounts() == 1 && world.enabled("ada.new") == Some(true)
    }

    async fn afterwards(world: &mut World) {
        let other = world.hire("ada");
        world.deliver();
        world.settle().await;
        assert_eq!(world.enabled("ada"), Some(true), "the old UPN is held by nobody, for ever");
        world.at_rest(&other).await;
    }
}

fn has_manager(world: &World) -> bool {
    world.entra.state(|state| {
        let id = |upn: &str| state.user_by_upn(upn).map(|user| user["id"].clone());
        let ada = id("ada@corp.example").unwrap();
        let boss = id("boss@corp.example").unwrap();
        state.manager(ada.as_str().unwrap()).as_deref() == boss.as_str()
    })
}

/// Replays the story with one crash; false if the crash never came, since the work has ended.
async fn crashed<S: Story>(crash: Crash) -> bool {
    let mut world = World::new().await;
    let (user, item) = S::begin(&mut world).await;
    world.clear_journals();
    let crashes = match crash {
        Crash::At(stop) => {
            let mut worker = world.worker(&item, &[stop]);
            let stopped = worker.stopped().await;
            if stopped {
                worker.crash().await;
            }
            stopped
        }
        Crash::Answerless(request) => {
            // Far longer than the test takes: the worker is gone before the answer.
            let held_back = Fault::once("*", Effect::Delay { ms: 9_000 }).skip(request);
            world.entra_fault(held_back);
            let mut worker = world.worker(&item, &[]);
            let taken = world.until_entra_was_asked(request as usize + 1, &mut worker).await;
            if taken {
                worker.crash().await;
            }
            world.entra.control().clear_faults();
            taken
        }
    };
    if crashes {
        world.advance(21);
        world.catch_up().await;
        world.drain().await;
        if matches!(crash, Crash::At(Stop::BeforeAny(1))) {
            // Nothing had been stored: the queue brings the message again.
            world.work(&item).await;
        }
        assert!(S::is_right(&world), "{crash:?}");
        if S::REVOKES {
            let revoked =
                world.entra.control().journal().iter().any(|entry| {
                    entry.route.ends_with("/revokeSignInSessions") && entry.status < 300
                });
            assert!(revoked, "{crash:?}");
        }
        world.at_rest(&user).await;
        assert!(S::is_right(&world), "{crash:?}");
        S::afterwards(&mut world).await;
    }
    crashes
}

async fn everywhere<S: Story>() {
    let mut crashes = 0;
    for stop in [Stop::BeforeAny as fn(usize) -> Stop, Stop::AfterAny] {
        let mut at = 1;
        while crashed::<S>(Crash::At(stop(at))).await {
            at += 1;
        }
        crashes += at - 1;
    }
    let mut request = 0;
    while crashed::<S>(Crash::Answerless(request)).await {
        request += 1;
    }
    // Acquire, a record at least, commit; and a read and a write of Entra.
    assert!(crashes >= 6 && request >= 2, "{crashes} crashes, {request} requests");
}

#[tokio::test]
async fn a_creation_survives_a_crash_after_every_step() {
    everywhere::<Creation>().await;
}

#[tokio::test]
async fn an_adoption_survives_a_crash_after_every_step() {
    everywhere::<Adoption>().await;
}

#[tokio::test]
async fn a_deactivation_survives_a_crash_after_every_step() {
    everywhere::<Deactivation>().await;
}

#[tokio::test]
async fn a_rename_survives_a_crash_after_every_step() {
    everywhere::<Rename>().await;
}
