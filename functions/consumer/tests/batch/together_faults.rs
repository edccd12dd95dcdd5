//! People are observed together and a vendor is in trouble: nobody's trouble is another's.

use std::time::Duration;

use simulators::{Effect, Fault};
use store::{Acquired, Store, Terms};
use sync_core::ids::Subject;
use sync_core::record::Brings;
use work_queue::Lane;

use crate::together::{
    ACCOUNT, BATCH, RECORD, SEARCH, TRAVERSAL, employees, enabled, in_engines, name, object,
    record, reorganise, rung, times,
};
use crate::world::bell;
use crate::{Mined, corp, handed_back};

#[tokio::test]
async fn who_is_throttled_inside_the_batch_waits_alone_and_is_not_waited_for() {
    let (world, users) = employees(3).await;
    reorganise(&world, &users);
    let busy = Effect::Status { status: 429, retry_after: Some("60".to_owned()), body: None };
    let throttled = object(&world, &users[1]).await;
    world.entra.control().add_fault(Fault::once(ACCOUNT, busy).contains(&throttled));
    let bodies: Vec<String> = users.iter().map(bell).collect();
    rung(&world, &bodies).await;
    assert_eq!(in_engines(&world), 2);
    assert!(record(&world, &users[1]).await.upkeep.vendor_wait.is_some());
    assert_eq!(record(&world, &users[0]).await.upkeep.vendor_wait, None);
    let due = world.queue.items(Lane::Events);
    let due: Vec<_> = due.iter().map(|item| &item.subject).collect();
    assert_eq!(due, [&Subject::User(users[1].clone())]);

    // Nothing is sent for him before that wait is over; the others do not wait.
    world.clear_journals();
    rung(&world, &bodies).await;
    assert_eq!((times(&world, SEARCH), times(&world, BATCH)), (1, 1));
    let search = world.jumpcloud.control().journal().pop_if(|entry| entry.route == TRAVERSAL);
    assert!(search.is_some());
    assert_eq!(times(&world, TRAVERSAL), 2);
    world.advance(61);
    rung(&world, &bodies).await;
    assert_eq!(in_engines(&world), 3);
}

#[tokio::test]
async fn a_vendor_in_trouble_is_asked_once_for_all() {
    let down = || Effect::Status { status: 503, retry_after: None, body: None };
    for (route, of_jumpcloud) in [(SEARCH, true), (BATCH, false)] {
        let (world, users) = employees(5).await;
        let bodies: Vec<String> = users.iter().map(bell).collect();
        let control = if of_jumpcloud { world.jumpcloud.control() } else { world.entra.control() };
        control.add_fault(Fault::new(route, down()));
        rung(&world, &bodies).await;
        assert_eq!((times(&world, SEARCH), times(&world, RECORD)), (1, 0), "{route}");
        assert_eq!(times(&world, ACCOUNT), 0, "{route}");
        for user in &users {
            assert_eq!(record(&world, user).await.upkeep.retries, 1, "{route}");
        }
        assert_eq!(world.queue.items(Lane::Events).len(), 5, "{route}");
    }
}

#[tokio::test]
async fn what_a_vendor_does_not_take_for_all_it_may_take_for_each() {
    let refused = || Effect::Status { status: 400, retry_after: None, body: None };
    for (route, of_jumpcloud) in [(SEARCH, true), (BATCH, false)] {
        for effect in [refused(), Effect::Truncate] {
            let (world, users) = employees(3).await;
            reorganise(&world, &users);
            let bodies: Vec<String> = users.iter().map(bell).collect();
            let control =
                if of_jumpcloud { world.jumpcloud.control() } else { world.entra.control() };
            control.add_fault(Fault::new(route, effect.clone()));
            rung(&world, &bodies).await;
            assert_eq!(in_engines(&world), 3, "{route} {effect:?}");
            let records = if of_jumpcloud { 3 } else { 0 };
            assert_eq!(times(&world, RECORD), records, "{route}");
            assert_eq!(times(&world, ACCOUNT), 3, "{route}");
        }
    }
}

#[tokio::test]
async fn nobody_waits_for_somebody_whom_another_is_at() {
    let (world, users) = employees(3).await;
    reorganise(&world, &users);
    let terms = Terms {
        now: world.clock.now(),
        lease: Duration::from_secs(20),
        settle: Duration::from_secs(30),
    };
    let subject = Subject::User(users[0].clone());
    let acquired = world.table.acquire(&corp(), &subject, &Brings::default(), terms).await.unwrap();
    assert!(matches!(acquired, Acquired::Taken(_)));
    let bodies: Vec<String> = users.iter().map(bell).collect();
    rung(&world, &bodies).await;
    assert_eq!((times(&world, SEARCH), times(&world, BATCH)), (1, 1));
    assert_eq!(in_engines(&world), 2);
    assert!(world.table.peek(&corp(), &subject).await.unwrap().unwrap().again);
}

#[tokio::test]
async fn a_panic_hands_back_its_own_items_alone() {
    let (world, users) = employees(3).await;
    reorganise(&world, &users);
    // Someone whose sync meets trouble is rung for again, which is where the mine lies.
    let down = Effect::Status { status: 503, retry_after: None, body: None };
    let broken = object(&world, &users[1]).await;
    world.entra.control().add_fault(Fault::new(ACCOUNT, down).contains(&broken));
    let queue = Mined { queue: world.queue.clone(), user: users[1].clone() };
    let consumer = world.consumer_over(world.table.clone(), queue, world.clock.clone());
    let bodies: Vec<String> = users.iter().map(bell).collect();
    let batch: Vec<_> =
        ["a", "b", "c"].into_iter().zip(bodies.iter().map(String::as_str)).collect();
    assert_eq!(world.answer(&consumer, &batch).await, handed_back(&["b"]));
    assert_eq!(in_engines(&world), 2);
}

/// U6: what needs no domain is done for each of them.
#[tokio::test]
async fn domains_that_cannot_be_read_delay_no_deactivation() {
    let (world, users) = employees(3).await;
    world.advance(3600);
    let down = Effect::Status { status: 503, retry_after: None, body: None };
    world.entra.control().add_fault(Fault::new("GET /domains", down).times(100));
    world.disconnect(&users[0]);
    reorganise(&world, &users);
    let bodies: Vec<String> = users.iter().map(bell).collect();
    rung(&world, &bodies).await;
    let on: Vec<bool> = (0..3).map(|number| enabled(&world, &name(number))).collect();
    assert_eq!((on, in_engines(&world)), (vec![false, true, true], 2));
    for user in &users {
        assert_eq!(record(&world, user).await.upkeep.retries, 1);
    }
}
