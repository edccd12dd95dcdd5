//! Ten consumers at once on one group that never stands still, fed from both queues in random order
//! with repeats.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use e2e::{Feed, Function, Lane, Person, Setup, World};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use simulators::{Effect, Fault};

use crate::{ADD, LIST, MEMBERS, UPSERT, assert_right, connect, count, item};

const CONSUMERS: usize = 10;
const ROUNDS: usize = 10;
/// So many never leave.
const STAYING: usize = 30;
/// So many come and go.
const MOVING: usize = 30;
/// So many of them do in each round.
const MOVES: usize = 8;
/// How old what a removal rests on may be on a machine that is busy.
const OLD: Duration = Duration::from_secs(10);

/// When somebody came or left.
type History = BTreeMap<String, Vec<(Timestamp, bool)>>;

#[tokio::test]
async fn ten_consumers_on_one_group_end_as_jumpcloud_says() {
    let mut random = StdRng::seed_from_u64(10);
    // More leave within the minute than a company of this size may lose in an hour (S1).
    let limits = "[limits]\nmember_removals_percent = 100";
    let world = Setup::new("groups-crowd").tables(limits).apart().await;
    let people = world.staff("member", STAYING + MOVING).await;
    let group = world.group_of("Crowd", &people[..STAYING + MOVING / 2]);
    unreliable(&world);
    let (mut consumers, mut feeds) = (Vec::new(), Vec::new());
    for number in 0..CONSUMERS {
        let consumer = Arc::new(world.function("consumer").await);
        consumers.push(consumer.clone());
        let lane = if number % 2 == 0 { Lane::Events } else { Lane::Bulk };
        feeds.push(Feed::start(&world.place, lane, consumer));
    }
    connect(&world, &group);
    let mut history = History::new();
    let mut messages = vec![item(&world, &group, &[]); CONSUMERS];
    for _ in 0..ROUNDS {
        for person in people[STAYING..].sample(&mut random, MOVES) {
            move_one(&world, &group, person, &mut history);
            let told = item(&world, &group, &[&person.user]);
            messages.extend(vec![told; random.random_range(1..=3)]);
        }
        messages.shuffle(&mut random);
        // Some come only after what is younger.
        let held_back = messages.split_off(messages.len() - messages.len() / 5);
        send(&world, messages, &mut random).await;
        messages = held_back;
        world.drain().await;
    }
    send(&world, messages, &mut random).await;
    world.drain().await;
    drop(feeds);
    let met = |consumer: &Arc<Function>| consumer.log().contains(r#""outcome":"word_left""#);
    let met = consumers.iter().filter(|consumer| met(consumer)).count();
    assert!(met > 1, "the consumers never met, so this proves nothing");
    drop(consumers);

    world.prove_at_rest(0).await;
    assert_right(&world, &group, &people).await;
    assert_eq!(world.entra.state(|state| state.groups().len()), 1);
    let lost = |route: &str| {
        let writes = world.writes();
        writes.iter().filter(|write| write.route == route && write.status == 0).count()
    };
    assert_eq!([UPSERT, ADD].map(lost), [1, 1], "an answer to each was lost");
    let (asked, listed) = (world.jumpcloud.control(), world.entra.control());
    println!("{met} of {CONSUMERS} consumers met; {} changes heard", ROUNDS * MOVES);
    println!(
        "{} pages of JumpCloud, {} of Entra",
        count(asked, &[LIST]),
        count(listed, &[MEMBERS])
    );
    let staying = |object: &String| people[..STAYING].iter().any(|who| who.object == *object);
    assert!(!world.removed().iter().any(staying), "somebody left who never did");
    for removal in world.member_writes().iter().filter(|write| write.method == "DELETE") {
        let person = people.iter().find(|person| removal.path.contains(&person.object));
        let person = person.expect("only people of ours are removed");
        let moves = history.get(&person.user).map(Vec::as_slice).unwrap_or_default();
        let first = moves.first().is_some_and(|(_, came)| *came);
        assert!(was_out(moves, first, removal.at), "{person:?} was wanted: {removal:#?}");
    }
}

/// Whether somebody was out of the group shortly before this time.
///
/// Whoever comes first of all was out before.
fn was_out(moves: &[(Timestamp, bool)], out_at_first: bool, at: Timestamp) -> bool {
    let mut out_since = out_at_first.then_some(Timestamp::MIN);
    let mut last = None;
    for (when, came) in moves.iter().filter(|(when, _)| *when <= at) {
        match came {
            true => (last, out_since) = (Some(*when), None),
            false => out_since = Some(*when),
        }
    }
    out_since.is_some() || last.is_some_and(|back| back + OLD >= at)
}

/// Who is in goes, and who is out comes.
fn move_one(world: &World, group: &str, person: &Person, history: &mut History) {
    let comes = world.jumpcloud.state(|state| {
        let comes = !state.members(group).contains(&person.user);
        match comes {
            true => state.add_member(group, &person.user),
            false => state.remove_member(group, &person.user),
        };
        comes
    });
    let moves = history.entry(person.user.clone()).or_default();
    moves.push((world.clock.now(), comes));
}

/// Answers are late or lost at the moments that matter.
fn unreliable(world: &World) {
    let (jumpcloud, entra) = (world.jumpcloud.control(), world.entra.control());
    entra.add_fault(Fault::once(UPSERT, Effect::CutAfter));
    entra.add_fault(Fault::once(ADD, Effect::CutAfter).skip(1));
    entra.add_fault(Fault::once(ADD, Effect::Delay { ms: 1000 }).skip(1));
    jumpcloud.add_fault(Fault::once(LIST, Effect::Delay { ms: 1000 }));
    for skip in [4, 9] {
        let read = "GET /api/v2/usergroups/{id}";
        jumpcloud.add_fault(Fault::once(read, Effect::Delay { ms: 1000 }).skip(skip));
    }
}

/// Each on either queue.
async fn send(world: &World, messages: Vec<String>, random: &mut StdRng) {
    let (events, bulk): (Vec<_>, Vec<_>) =
        messages.into_iter().partition(|_| random.random_bool(0.5));
    world.place.put(&world.place.events, &events).await;
    world.place.put(&world.place.bulk, &bulk).await;
}
