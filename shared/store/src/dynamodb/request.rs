//! Single requests: how they are written, repeated and answered.
//!
//! The AWS client repeats a request whose answer was lost, so every write here is one that may be
//! applied twice, or one that knows itself again by a name it left in the item.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use serde::de::DeserializeOwned;

use super::DynamoStore;
use super::key::{Item, Key};
use crate::item::Malformed;
use crate::{Result, StoreError};

/// How often a request is sent while it meets conflicts or throttling.
const ATTEMPTS: u32 = 7;

/// The longest first pause; each following one may be twice as long. All together stay below the
/// 11 s of lease that a vendor write needs (R1).
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// Answers that pass by themselves. Whatever the client repeats anyway is here for the case that
/// its few attempts, close to each other, were not enough.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>
const PASSING: [&str; 9] = [
    "TransactionConflictException",
    "TransactionInProgressException",
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    // As reasons of a cancelled transaction.
    "TransactionConflict",
    "TransactionInProgress",
    "ProvisionedThroughputExceeded",
    "ThrottlingError",
];

/// One conditional update. Attributes are written `#name`, values `:name`.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) key: Key,
    pub(super) condition: String,
    pub(super) update: String,
    pub(super) values: Values,
}

/// What a conditional write came to.
#[derive(Debug)]
pub(super) enum Answer {
    /// Done; the attributes that were asked for.
    Done(Item),
    /// The condition did not hold for this item, if there is one.
    Refused(Option<Item>),
}

/// What a transaction came to.
#[derive(Debug)]
pub(super) enum Together {
    /// All of it is stored.
    Done,
    /// Nothing is stored. For each of its parts whether its condition failed, and for which item.
    Refused(Vec<Option<Refused>>),
}

/// A part of a transaction whose condition failed, with the item it was asked of.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Option<Item>);

/// Values of an expression.
pub(super) type Values = HashMap<String, AttributeValue>;

/// Values of an expression, by name.
pub(super) fn values<const N: usize>(values: [(&str, AttributeValue); N]) -> Values {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A text.
pub(super) fn s(text: impl fmt::Display) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

/// A number.
pub(super) fn n(number: impl fmt::Display) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// True.
pub(super) fn yes() -> AttributeValue {
    AttributeValue::Bool(true)
}

/// The attributes that these expressions name; many plain names are reserved words.
pub(super) fn names(expressions: &[&str]) -> HashMap<String, String> {
    let mut names = BTreeSet::new();
    for expression in expressions {
        for rest in expression.split('#').skip(1) {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            names.insert(&rest[..end.unwrap_or(rest.len())]);
        }
    }
    names.into_iter().map(|name| (format!("#{name}"), name.to_owned())).collect()
}

/// The condition that an item still has this version; 0: that it does not exist.
pub(super) fn still(version: u64) -> (&'static str, Option<Values>) {
    match version {
        0 => ("attribute_not_exists(#pk)", None),
        version => ("#version = :version", Some(values([(":version", n(version))]))),
    }
}

impl Write {
    /// The update as part of a transaction.
    pub(super) fn together(&self, table: &str) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(self.key.item()))
            .condition_expression(&self.condition)
            .update_expression(&self.update)
            .set_expression_attribute_names(Some(self.names()))
            .set_expression_attribute_values(Some(self.values.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .expect("key, table and expression are set");
        TransactWriteItem::builder().update(update).build()
    }

    fn names(&self) -> HashMap<String, String> {
        names(&[&self.condition, &self.update])
    }
}

/// An item read into its mirror; what is wrong with it is told without its values.
pub(super) fn read<T: DeserializeOwned>(what: &'static str, item: Item) -> Result<T> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|error| {
        let why = error.to_string();
        let told =
            if why.starts_with("invalid") { "a value of the wrong type".into() } else { why };
        Malformed(told).of(what)
    })
}

/// The attributes of an item, with its key.
pub(super) fn whole(key: &Key, item: impl serde::Serialize) -> Item {
    let mut attributes: Item =
        serde_dynamo::aws_sdk_dynamodb_1::to_item(item).expect("a mirror is a map of plain values");
    attributes.extend(key.item());
    attributes
}

/// A value that is not an item of its own.
pub(super) fn part(value: impl serde::Serialize) -> AttributeValue {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value)
        .expect("a mirror is a map of plain values")
}

/// The error of an operation whose request failed for good.
pub(super) fn unavailable(
    operation: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::Unavailable { operation, source: source.into() }
}

pub(super) fn passes<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code().is_some_and(|code| PASSING.contains(&code))
}

/// A conflict that comes with a failed condition is not worth another attempt: the condition was
/// asked, and its answer decides.
fn cancellation_passes(error: &SdkError<TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return passes(error);
    };
    let codes = || cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    codes().all(|code| code != "ConditionalCheckFailed") && codes().any(|c| PASSING.contains(&c))
}

impl DynamoStore {
    /// Sends a request until it is answered with something that does not pass by itself.
    pub(super) async fn patiently<T, E, F>(
        &self,
        operation: &'static str,
        passes: impl Fn(&SdkError<E>) -> bool + Send,
        send: impl Fn() -> F + Send,
    ) -> Result<T, SdkError<E>>
    where
        T: Send,
        E: ProvideErrorMetadata + Send,
        F: Future<Output = Result<T, SdkError<E>>> + Send,
    {
        let mut attempt = 1;
        loop {
            // The client's futures are large; on the heap they do not make every caller's as large.
            match Box::pin(send()).await {
                Err(error) if attempt < ATTEMPTS && passes(&error) => {
                    tracing::debug!(operation, attempt, code = error.code(), "sent again");
                    self.pause(attempt).await;
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }

    /// Waits before the next attempt: between half and all of a span that doubles.
    pub(super) async fn pause(&self, attempt: u32) {
        let most = FIRST_PAUSE * 2_u32.pow(attempt - 1);
        self.clock.sleep(most.mul_f64(rand::random_range(0.5..=1.0))).await;
    }

    /// Like [`Self::patiently`], with the error of this crate.
    pub(super) async fn send<T, E, F>(
        &self,
        operation: &'static str,
        send: impl Fn() -> F + Send,
    ) -> Result<T>
    where
        T: Send,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E>>> + Send,
    {
        let answer = self.patiently(operation, passes, send).await;
        answer.map_err(|error| unavailable(operation, error))
    }

    /// Makes one conditional update.
    pub(super) async fn update(
        &self,
        operation: &'static str,
        write: &Write,
        returned: ReturnValue,
    ) -> Result<Answer> {
        let request = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(write.key.item()))
            .condition_expression(&write.condition)
            .update_expression(&write.update)
            .set_expression_attribute_names(Some(write.names()))
            .set_expression_attribute_values(Some(write.values.clone()))
            .return_values(returned)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match self.patiently(operation, passes, || request.clone().send()).await {
            Ok(output) => Ok(Answer::Done(output.attributes.unwrap_or_default())),
            Err(error) => match error.into_service_error() {
                UpdateItemError::ConditionalCheckFailedException(refused) => {
                    Ok(Answer::Refused(refused.item))
                }
                error => Err(unavailable(operation, error)),
            },
        }
    }

    /// Replaces an item that has this version; 0: that does not exist.
    pub(super) async fn replace(
        &self,
        operation: &'static str,
        item: Item,
        expected: u64,
    ) -> Result<Answer> {
        let (condition, values) = still(expected);
        let request = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(names(&[condition])))
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match self.patiently(operation, passes, || request.clone().send()).await {
            Ok(_) => Ok(Answer::Done(Item::new())),
            Err(error) => match error.into_service_error() {
                PutItemError::ConditionalCheckFailedException(refused) => {
                    Ok(Answer::Refused(refused.item))
                }
                error => Err(unavailable(operation, error)),
            },
        }
    }

    /// Makes several changes together or none of them.
    ///
    /// All attempts carry one token, so one whose answer was lost is not applied twice.
    pub(super) async fn transact(
        &self,
        operation: &'static str,
        changes: Vec<TransactWriteItem>,
    ) -> Result<Together> {
        let request = self
            .client
            .transact_write_items()
            .client_request_token(token())
            .set_transact_items(Some(changes));
        match self.patiently(operation, cancellation_passes, || request.clone().send()).await {
            Ok(_) => Ok(Together::Done),
            Err(error) => match error.into_service_error() {
                TransactWriteItemsError::TransactionCanceledException(cancelled)
                    if cancelled
                        .cancellation_reasons()
                        .iter()
                        .any(|reason| reason.code() == Some("ConditionalCheckFailed")) =>
                {
                    let reasons = cancelled.cancellation_reasons.unwrap_or_default().into_iter();
                    let refused = reasons.map(|reason| {
                        let failed = reason.code() == Some("ConditionalCheckFailed");
                        failed.then_some(Refused(reason.item))
                    });
                    Ok(Together::Refused(refused.collect()))
                }
                error => Err(unavailable(operation, error)),
            },
        }
    }

    /// One item, strongly consistent.
    pub(super) async fn get(&self, operation: &'static str, key: &Key) -> Result<Option<Item>> {
        let request = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key.item()))
            .consistent_read(true);
        Ok(self.send(operation, || request.clone().send()).await?.item)
    }
}

/// A random name for one request.
pub(super) fn token() -> String {
    format!("{:032x}", rand::random::<u128>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_collected_once_each() {
        let names = names(&[
            "#until < :now AND #record.#upkeep.#covered > :at",
            "SET #until=:u REMOVE #a_b",
        ]);
        let mut names: Vec<_> =
            names.into_iter().map(|(short, long)| short + "=" + &long).collect();
        names.sort();
        assert_eq!(
            names,
            ["#a_b=a_b", "#covered=covered", "#record=record", "#until=until", "#upkeep=upkeep"]
        );
    }

    #[test]
    fn a_wrong_type_is_told_without_the_value() {
        let item = Item::from([("v".into(), s("secret")), ("fence".into(), n(1))]);
        let error = read::<crate::item::subject::SubjectItem>("subject", item).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
