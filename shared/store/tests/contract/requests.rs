//! What only DynamoDB can show: how many requests an operation takes, and what becomes of answers
//! that are lost or refused.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use clock::Clock;
use store::dynamodb::DynamoStore;
use store::{
    AUDIT_DAYS, Acquired, AuditQuery, Awaited, Claimed, Commit, Committed, ConfigRecord,
    ConfigStored, FirstRun, Store, StoreError, TaskLock,
};
use sync_core::ids::Subject;
use sync_core::record::Brings;

use crate::domains::{holding, listed, of};
use crate::proxy::{Fault, Proxy};
use crate::table;
use crate::world::*;

mod budget;

const PUT: &str = "putitem";
const UPDATE: &str = "updateitem";
const TRANSACT: &str = "transactwriteitems";
const BATCH_GET: &str = "batchgetitem";
const DELETE: &str = "deleteitem";

/// A store whose requests pass through a proxy, and a way around it.
async fn observed() -> (DynamoStore, Proxy, Client, String) {
    let direct = table::client(ministack::port());
    let name = table::create(&direct).await;
    let proxy = Proxy::start(ministack::port()).await;
    let store = DynamoStore::new(table::client(proxy.port), &name, Clock::system());
    (store, proxy, direct, name)
}

fn refusal(kind: &str) -> Fault {
    Fault::Refusal(format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{kind}"}}"#))
}

fn cancelled(reasons: &[&str]) -> Fault {
    let reasons: Vec<_> = reasons.iter().map(|code| format!(r#"{{"Code":"{code}"}}"#)).collect();
    Fault::Refusal(format!(
        r#"{{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
             "CancellationReasons":[{}]}}"#,
        reasons.join(",")
    ))
}

async fn lose<T>(proxy: &Proxy, operation: &'static str, call: impl Future<Output = T>) -> T {
    proxy.requests();
    proxy.spoil(operation, Fault::LoseAnswer);
    let output = call.await;
    let requests = proxy.requests();
    assert!(requests.len() >= 2, "the client did not send it again: {requests:?}");
    output
}

#[tokio::test]
async fn a_sync_takes_as_few_requests_as_promised() {
    let (store, proxy, ..) = observed().await;
    let held = acquire(&store, &user(1), event(1), terms(0)).await;
    assert_eq!(proxy.requests(), [UPDATE]);
    leave_word(&store, &user(1), event(2), terms(1)).await;
    assert_eq!(proxy.requests(), [UPDATE, UPDATE]);
    store.renew(&held.lease, terms(2)).await.unwrap();
    store.record(&held.lease, terms(2), &covering(100), &[], &[]).await.unwrap();
    store.reopen(&held.lease, terms(3)).await.unwrap();
    assert_eq!(proxy.requests(), [UPDATE; 3]);
    let claims = [take(&object_claim(1), None), take(&upn_claim("a@corp.example"), None)];
    store.record(&held.lease, terms(3), &covering(100), &claims, &[]).await.unwrap();
    assert_eq!(proxy.requests(), [TRANSACT]);
    let events = [audit("a", 4, 1), audit("b", 4, 1)];
    let commit = Commit { audit: &events, ..result(&held.record) };
    store.commit(&held.lease, terms(4), commit).await.unwrap();
    assert_eq!(proxy.requests(), [TRANSACT]);
    let held = acquire(&store, &user(1), event(3), terms(5)).await;
    store.commit(&held.lease, terms(6), result(&covering(100))).await.unwrap();
    assert_eq!(proxy.requests(), [UPDATE, UPDATE]);
    let covered = store.acquire(&corp(), &user(1), &event(4), terms(110)).await.unwrap();
    assert!(matches!(covered, Acquired::Covered));
    assert_eq!(proxy.requests(), [UPDATE]);
    let wanted: Vec<Subject> = (1..=130).map(user).collect();
    assert_eq!(store.peek_many(&corp(), &wanted).await.unwrap().len(), 1);
    assert_eq!(proxy.requests(), [BATCH_GET, BATCH_GET]);
    let wanted: Vec<Claimed> = (1..=130).map(object_claim).collect();
    assert_eq!(store.claims(&wanted).await.unwrap().len(), 1);
    assert_eq!(proxy.requests(), [BATCH_GET, BATCH_GET]);
    assert_eq!(store.claims(&[]).await.unwrap().len(), 0);
    assert_eq!(proxy.requests(), [""; 0]);
}

#[tokio::test]
async fn an_acquire_whose_answer_is_lost_knows_its_own_lease() {
    let (store, proxy, ..) = observed().await;
    let held = lose(&proxy, UPDATE, acquire(&store, &user(1), deletion(1), terms(0))).await;
    assert_eq!((held.lease.fence, held.lease.until), (1, at(20)));
    assert_eq!((held.mailbox.heard, held.mailbox.deleted_seen), (Some(at(1)), true));
    assert!(!peek(&store, &user(1)).await.again);
    // The lease of another call is somebody else's.
    leave_word(&store, &user(1), deletion(1), terms(0)).await;
}

#[tokio::test]
async fn word_whose_answer_is_lost_is_left_once() {
    let (store, proxy, ..) = observed().await;
    acquire(&store, &user(1), event(1), terms(0)).await;
    // The first request tries to take the lease, the second leaves word.
    lose_second(&proxy, leave_word(&store, &user(1), event(2), terms(1))).await;
    let stored = peek(&store, &user(1)).await;
    assert_eq!((stored.again, stored.mailbox.heard), (true, Some(at(2))));
}

async fn lose_second<T>(proxy: &Proxy, call: impl Future<Output = T>) -> T {
    proxy.requests();
    proxy.spoil(UPDATE, Fault::Pass);
    proxy.spoil(UPDATE, Fault::LoseAnswer);
    let output = call.await;
    let requests = proxy.requests();
    assert!(requests.len() >= 3, "the client did not send it again: {requests:?}");
    output
}

#[tokio::test]
async fn steps_whose_answers_are_lost_are_stored() {
    let (store, proxy, ..) = observed().await;
    let lease = acquire(&store, &user(1), event(1), terms(0)).await.lease;
    let claims = [take(&object_claim(1), None)];
    lose(&proxy, UPDATE, store.renew(&lease, terms(1))).await.unwrap();
    lose(&proxy, UPDATE, store.record(&lease, terms(2), &numbered(1), &[], &[])).await.unwrap();
    lose(&proxy, TRANSACT, store.record(&lease, terms(3), &numbered(2), &claims, &[]))
        .await
        .unwrap();
    leave_word(&store, &user(1), event(2), terms(3)).await;
    let reopened = lose(&proxy, UPDATE, store.reopen(&lease, terms(4))).await.unwrap();
    assert_eq!((reopened.record, reopened.mailbox.heard), (numbered(2), Some(at(2))));
    assert_eq!(store.claim(&object_claim(1)).await.unwrap().unwrap().holder, holder(&user(1)));
}

#[tokio::test]
async fn commits_whose_answers_are_lost_are_released_once() {
    let (store, proxy, ..) = observed().await;
    let events = [audit("once", 2, 1)];
    for audit in [&[][..], &events[..]] {
        let operation = if audit.is_empty() { UPDATE } else { TRANSACT };
        let held = acquire(&store, &user(1), event(1), terms(0)).await;
        let commit = Commit { audit, due: Some(at(9)), ..result(&held.record) };
        let committed = lose(&proxy, operation, store.commit(&held.lease, terms(1), commit)).await;
        assert_eq!(committed.unwrap(), Committed::Released);
        let stored = peek(&store, &user(1)).await;
        assert_eq!((stored.leased_until, stored.due), (None, Some(at(9))));
    }
    let query = AuditQuery { limit: 10, ..Default::default() };
    assert_eq!(store.audit(&corp(), &query, at(10)).await.unwrap(), events);
}

#[tokio::test]
async fn a_kept_commit_whose_answer_is_lost_is_kept() {
    let (store, proxy, ..) = observed().await;
    let held = acquire(&store, &user(1), event(1), terms(0)).await;
    leave_word(&store, &user(1), event(2), terms(1)).await;
    // The first request is refused, since word was left; the second stores and keeps.
    let committed =
        lose_second(&proxy, store.commit(&held.lease, terms(2), result(&numbered(1)))).await;
    assert_eq!(committed.unwrap(), Committed::Again);
    let stored = peek(&store, &user(1)).await;
    assert_eq!((stored.again, stored.record), (true, numbered(1)));
}

#[tokio::test]
async fn compare_and_set_knows_its_own_change_when_the_answer_is_lost() {
    let (store, proxy, ..) = observed().await;
    let held = acquire(&store, &user(1), event(1), terms(0)).await;
    let commit = Commit { due: Some(at(9)), ..result(&held.record) };
    store.commit(&held.lease, terms(1), commit).await.unwrap();
    assert!(lose(&proxy, UPDATE, store.defer_due(&corp(), &user(1), at(9), at(90))).await.unwrap());
    assert!(!store.defer_due(&corp(), &user(1), at(9), at(90)).await.unwrap());
    for (seen, to) in [(None, "a"), (Some("a"), "b")] {
        let moved = lose(&proxy, UPDATE, store.move_cursor(&corp(), "insights", seen, to)).await;
        assert!(moved.unwrap());
        assert!(!store.move_cursor(&corp(), "insights", seen, to).await.unwrap());
    }
    let lock = TaskLock { directory: corp(), task: "catch_up".into(), run: "one".into() };
    assert!(lose(&proxy, UPDATE, store.lock(&lock, at(0), at(9))).await.unwrap());
    for version in 1..=2 {
        let config = ConfigRecord {
            directory: corp(),
            text: "id".into(),
            first_run: FirstRun::Done,
            active: true,
            version,
            applied_at: at(0),
        };
        assert!(lose(&proxy, PUT, store.put_config(&config, version - 1)).await.unwrap());
        let other = ConfigRecord { text: "other".into(), ..config };
        assert!(!store.put_config(&other, version - 1).await.unwrap());
    }
}

#[tokio::test]
async fn u7_a_configuration_whose_answer_is_lost_is_stored_with_its_domains() {
    let (store, proxy, ..) = observed().await;
    for version in 1..=2 {
        let domain = format!("{version}.example");
        let holdings = [holding(&tenant(1), listed(&[&domain]))];
        let config = of("corp", version);
        let stored = lose(&proxy, TRANSACT, store.apply_config(&config, version - 1, &holdings));
        assert_eq!(stored.await.unwrap(), ConfigStored::Stored);
        let holders = store.domain_holders(&tenant(1)).await.unwrap();
        assert_eq!(holders.get(&corp()), Some(&listed(&[&domain])));
    }
    // Somebody else's change of the tenant's record between reading and writing starts it over.
    proxy.spoil(TRANSACT, cancelled(&["None", "ConditionalCheckFailed"]));
    let holdings = [holding(&tenant(1), listed(&["3.example"]))];
    let stored = store.apply_config(&of("corp", 3), 2, &holdings).await.unwrap();
    assert_eq!(stored, ConfigStored::Stored);
}

/// DynamoDB removes it some time after that; until then it is not read (`old_events_are_not_read`).
#[tokio::test]
async fn an_audit_event_expires_after_its_days() {
    let (store, _, direct, table) = observed().await;
    let held = acquire(&store, &user(1), event(1), terms(0)).await;
    let events = [audit("a", 4, 1)];
    let commit = Commit { audit: &events, ..result(&held.record) };
    store.commit(&held.lease, terms(5), commit).await.unwrap();
    let query = direct.query().table_name(&table).key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(":pk", AttributeValue::S("A#corp".into()));
    let items = query.send().await.unwrap().items.unwrap_or_default();
    let [item] = &items[..] else { panic!("not one") };
    let ends = at(4).as_second() + i64::try_from(AUDIT_DAYS).unwrap() * 86_400;
    assert_eq!(item["expires_at"], AttributeValue::N(ends.to_string()));
}

#[tokio::test]
async fn conflicts_are_waited_out() {
    let (store, proxy, ..) = observed().await;
    for _ in 0..3 {
        proxy.spoil(UPDATE, refusal("TransactionConflictException"));
    }
    let lease = acquire(&store, &user(1), event(1), terms(0)).await.lease;
    assert_eq!(proxy.requests(), [UPDATE; 4]);
    let claims = [take(&object_claim(1), None)];
    proxy.spoil(TRANSACT, cancelled(&["TransactionConflict", "None"]));
    proxy.spoil(TRANSACT, cancelled(&["None", "ThrottlingError"]));
    proxy.spoil(TRANSACT, cancelled(&["ProvisionedThroughputExceeded", "None"]));
    store.record(&lease, terms(1), &numbered(1), &claims, &[]).await.unwrap();
    assert_eq!(proxy.requests(), [TRANSACT; 4]);
    assert_eq!(peek(&store, &user(1)).await.record, numbered(1));
}

#[tokio::test]
async fn conflicts_without_end_are_a_table_out_of_reach() {
    let (store, proxy, ..) = observed().await;
    let lease = acquire(&store, &user(1), event(1), terms(0)).await.lease;
    proxy.requests();
    for _ in 0..7 {
        proxy.spoil(TRANSACT, cancelled(&["None", "TransactionConflict"]));
    }
    let claims = [take(&object_claim(1), None)];
    let refused = store.record(&lease, terms(1), &numbered(1), &claims, &[]).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { operation: "record", .. })),
        "{refused:?}"
    );
    assert_eq!(proxy.requests(), [TRANSACT; 7]);
    // What cannot pass is not tried again.
    proxy.spoil(TRANSACT, cancelled(&["ValidationError", "None"]));
    let refused = store.record(&lease, terms(1), &numbered(1), &claims, &[]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    assert_eq!(proxy.requests(), [TRANSACT]);
}

#[tokio::test]
async fn a_failed_condition_decides_even_beside_a_conflict() {
    let (store, proxy, ..) = observed().await;
    let lease = acquire(&store, &user(1), event(1), terms(0)).await.lease;
    proxy.requests();
    proxy.spoil(TRANSACT, cancelled(&["ConditionalCheckFailed", "TransactionConflict"]));
    let claims = [take(&object_claim(1), None)];
    assert_lost(store.record(&lease, terms(1), &numbered(1), &claims, &[]).await, &user(1));
    assert_eq!(proxy.requests(), [TRANSACT]);
}

#[tokio::test]
async fn what_a_batch_leaves_out_is_asked_for_again() {
    let (store, proxy, direct, name) = observed().await;
    drop(direct);
    acquire(&store, &user(1), event(1), terms(0)).await;
    let key = format!(r#"{{"pk":{{"S":"S#corp#{}"}},"sk":{{"S":"record"}}}}"#, user(1));
    proxy.requests();
    proxy.spoil(
        BATCH_GET,
        Fault::Success(format!(
            r#"{{"Responses":{{"{name}":[]}},"UnprocessedKeys":{{"{name}":{{"Keys":[{key}],"ConsistentRead":true}}}}}}"#
        )),
    );
    assert_eq!(store.peek_many(&corp(), &[user(1)]).await.unwrap().len(), 1);
    assert_eq!(proxy.requests(), [BATCH_GET, BATCH_GET]);
}

#[tokio::test]
async fn a_note_whose_answer_is_lost_is_a_new_note_all_the_same() {
    let (store, proxy, ..) = observed().await;
    let awaited = Awaited::User(corp(), user_id(9));
    let waiter = holder(&user(1));
    assert!(lose(&proxy, PUT, store.wait_for(&awaited, &waiter, at(0))).await.unwrap());
    assert!(!store.wait_for(&awaited, &waiter, at(0)).await.unwrap());
    let waiters = store.waiters(&awaited).await.unwrap();
    lose(&proxy, DELETE, store.stop_waiting(&awaited, &waiters)).await.unwrap();
    assert_eq!(store.waiters(&awaited).await.unwrap(), []);
}

#[tokio::test]
async fn a_newer_item_is_neither_taken_nor_read() {
    let (store, _, direct, table) = observed().await;
    released(&store, &user(1), &numbered(1)).await;
    let newer = |version: &str| {
        direct
            .update_item()
            .table_name(&table)
            .key("pk", AttributeValue::S(format!("S#corp#{}", user(1))))
            .key("sk", AttributeValue::S("record".into()))
            .update_expression("SET v = :v")
            .expression_attribute_values(":v", AttributeValue::N(version.into()))
            .send()
    };
    newer("2").await.unwrap();
    let corrupt =
        |error: StoreError| assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    corrupt(store.acquire(&corp(), &user(1), &Brings::default(), terms(5)).await.unwrap_err());
    corrupt(store.peek(&corp(), &user(1)).await.unwrap_err());
    newer("1").await.unwrap();
    assert_eq!(peek(&store, &user(1)).await.leased_until, None);
    assert_eq!(acquire(&store, &user(1), Brings::default(), terms(6)).await.lease.fence, 2);
}

#[tokio::test]
async fn a_table_that_is_not_there_is_out_of_reach() {
    let client = table::client(ministack::port());
    let store = DynamoStore::new(client, "no-such-table", Clock::system());
    let error = store.acquire(&corp(), &user(1), &event(1), terms(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { operation: "acquire", .. }), "{error:?}");
    let error = store.peek(&corp(), &user(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { operation: "peek", .. }), "{error:?}");
}
