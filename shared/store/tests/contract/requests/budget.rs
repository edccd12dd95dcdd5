//! Budgets (S1).

use aws_sdk_dynamodb::types::AttributeValue;
use store::{Store, StoreError};

use super::{PUT, lose, observed, refusal};
use crate::budget::{all, part, spending};
use crate::world::*;

const GET: &str = "getitem";

#[tokio::test]
async fn s1_spending_takes_one_read_and_one_write() {
    let (store, proxy, direct, table) = observed().await;
    for grant in ["a", "b"] {
        assert_eq!(store.spend(&corp(), &spending(grant, 4), at(1)).await.unwrap(), all(4));
        assert_eq!(proxy.requests(), [GET, PUT]);
    }
    // A repeat stores nothing, and so does what gives nothing.
    assert_eq!(store.spend(&corp(), &spending("a", 4), at(2)).await.unwrap(), all(4));
    assert_eq!(store.spend(&corp(), &spending("c", 0), at(2)).await.unwrap(), all(0));
    assert_eq!(proxy.requests(), [GET, GET]);
    let key = |text: &str| AttributeValue::S(text.into());
    let item = direct.get_item().table_name(&table).key("pk", key("D#corp"));
    let item = item.key("sk", key("budget#member_removals")).send().await.unwrap().item.unwrap();
    let ends = at(1 + 2 * 3600).as_second();
    assert_eq!(item["expires_at"], AttributeValue::N(ends.to_string()));
}

#[tokio::test]
async fn s1_spending_whose_answer_is_lost_is_counted_once() {
    let (store, proxy, ..) = observed().await;
    for (grant, granted) in [("a", all(6)), ("b", part(4, at(3600)))] {
        let spent = lose(&proxy, PUT, store.spend(&corp(), &spending(grant, 6), at(0))).await;
        assert_eq!(spent.unwrap(), granted);
    }
    assert_eq!(store.spend(&corp(), &spending("c", 1), at(1)).await.unwrap(), part(0, at(3600)));
    let later = store.spend(&corp(), &spending("c", 11), at(3600)).await.unwrap();
    assert_eq!(later, part(10, at(7200)));
}

#[tokio::test]
async fn s1_spending_starts_over_when_others_spent_meanwhile() {
    let (store, proxy, ..) = observed().await;
    proxy.spoil(PUT, refusal("ConditionalCheckFailedException"));
    assert_eq!(store.spend(&corp(), &spending("a", 6), at(0)).await.unwrap(), all(6));
    assert_eq!(proxy.requests(), [GET, PUT, GET, PUT]);
    for _ in 0..20 {
        proxy.spoil(PUT, refusal("ConditionalCheckFailedException"));
    }
    let refused = store.spend(&corp(), &spending("b", 6), at(0)).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { operation: "spend", .. })),
        "{refused:?}"
    );
    assert_eq!(proxy.requests().len(), 40);
    assert_eq!(store.spend(&corp(), &spending("b", 6), at(0)).await.unwrap(), part(4, at(3600)));
}
