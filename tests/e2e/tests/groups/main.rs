//! Groups and their members through the real binaries: large ones, lists that are wrong, many
//! consumers at once, bursts, kills, and the life of one.

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::events::{batch, group_bell, group_item};
use e2e::{Function, PATIENCE, Person, World};
use serde_json::Value;
use simulators::{Control, Entry};

mod burst;
mod crowd;
mod killed;
mod large;
mod life;
mod lists;

/// The time of an invocation on `bulk` that is not to be cut into parts.
const LEFT: Duration = Duration::from_secs(90);
/// The answer of a consumer that has finished a batch.
const ALL_DONE: &str = r#"{"batchItemFailures":[]}"#;

/// The members of a group, page by page, as JumpCloud lists them.
const LIST: &str = "GET /api/v2/usergroups/{id}/membership";
/// The same as Entra does.
const MEMBERS: &str = "GET /groups/{id}/members";
/// Somebody's own groups.
const MEMBER_OF: &str = "GET /api/v2/users/{id}/memberof";
/// Up to twenty members come.
const ADD: &str = "PATCH /groups/{id}";
/// A group is created.
const UPSERT: &str = "PATCH /groups(uniqueName='{uniqueName}')";
/// How many members a page of JumpCloud has.
const JUMPCLOUD_PAGE: usize = 100;
/// How many members a page of Graph has.
const GRAPH_PAGE: usize = 999;
/// How many members one request adds.
const AT_ONCE: usize = 20;

/// A group is connected to the directory.
fn connect(world: &World, group: &str) {
    assert!(world.jumpcloud.state(|state| state.connect(World::APPLICATION, group)));
}

/// The item of an event about a group's members, or about the group, that happens now.
fn item(world: &World, group: &str, members: &[&str]) -> String {
    group_item(&world.directory, group, members, world.clock.now()).to_string()
}

/// The item of an operator who asks for a group.
fn bell(world: &World, group: &str) -> String {
    group_bell(&world.directory, group).to_string()
}

fn clear_journals(world: &World) {
    for control in [world.jumpcloud.control(), world.entra.control()] {
        control.clear_journal();
    }
}

/// Syncs a group that was connected just now up to where its members are to be listed, which is bulk
/// work; the items that go on with it. Whatever else is rung for waits in the queue.
async fn begin(world: &World, consumer: &Function, group: &str) -> Value {
    let connected = batch([("m1", item(world, group, &[]))]);
    assert_eq!(consumer.invoke(&connected, LEFT).await.response(), ALL_DONE);
    let bulk = &world.place.bulk;
    let (mut goes_on, mut others) = (Vec::new(), Vec::new());
    // It is held back until the invocation that sent it has surely committed.
    let taken = async {
        while goes_on.is_empty() {
            let items = world.place.take(bulk).await.into_iter();
            let (of_group, rest): (Vec<String>, _) = items.partition(|item| item.contains(group));
            goes_on.extend(of_group);
            others.extend::<Vec<String>>(rest);
        }
    };
    tokio::time::timeout(PATIENCE, taken).await.expect("the members of a new group are for bulk");
    world.place.put(bulk, &others).await;
    let ids: Vec<String> = (0..goes_on.len()).map(|number| format!("m{number}")).collect();
    batch(ids.iter().map(String::as_str).zip(goes_on))
}

/// How many requests of these routes came.
fn count(control: &Control, routes: &[&str]) -> usize {
    let counts = control.counts();
    let counts = routes.iter().filter_map(|route| counts.get(*route));
    usize::try_from(counts.sum::<u64>()).expect("a small number")
}

/// The requests that are about groups.
fn about_groups(control: &Control) -> Vec<Entry> {
    let of_groups = |entry: &Entry| {
        ["/usergroups/", "/memberof", "/groups", "microsoft.graph.group"]
            .iter()
            .any(|part| entry.path.contains(part))
    };
    control.journal().into_iter().filter(of_groups).collect()
}

/// Proves that the members in Entra are those who are in the group in JumpCloud.
async fn assert_right(world: &World, group: &str, people: &[Person]) {
    let there: BTreeSet<String> = world.members(group).await.into_iter().collect();
    let wanted: BTreeSet<String> = world.wanted_members(group, people).into_iter().collect();
    let missing: Vec<&String> = wanted.difference(&there).collect();
    let stale: Vec<&String> = there.difference(&wanted).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "{} of {} are missing, such as {:?}; {} should not be there, such as {:?}",
        missing.len(),
        wanted.len(),
        missing.first(),
        stale.len(),
        stale.first(),
    );
}
