//! Claims as parts of a transaction: what only one subject of a tenant may hold.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};

use super::DynamoStore;
use super::key::{Item, Key};
use super::request::{Write, names, part, read, s, values, whole};
use crate::item::Malformed;
use crate::item::claim::{ClaimItem, TombstoneItem};
use crate::{ClaimChange, ClaimRecord, Claimed, Holder, Result, StoreError};

const MINE: &str = "#directory = :directory AND #subject = :subject";

/// A change of one claim, in the form that fits what is known of the stored one.
///
/// A part whose condition fails cancels the whole transaction, so a change that would leave the
/// claim alone must not be in it. Which that is shows only when it was refused once.
#[derive(Debug)]
pub(super) struct Part<'a> {
    change: &'a ClaimChange,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As if nobody else had a part in it.
    Usual,
    /// Ours already, and it says more than the change does: it must only stay so.
    Ours,
    /// Somebody else's or nobody's, which the change leaves alone.
    LeftAlone,
}

impl<'a> Part<'a> {
    pub(super) fn new(change: &'a ClaimChange) -> Self {
        Self { change, form: Form::Usual }
    }

    /// The part as it is sent; `None`: it has nothing to do.
    pub(super) fn together(&self, table: &str, me: &Holder) -> Option<TransactWriteItem> {
        let key = Key::claim(self.change.key());
        let mine = values([(":directory", s(&me.directory)), (":subject", s(&me.subject))]);
        let part = TransactWriteItem::builder();
        let part = match (self.form, self.change) {
            (Form::LeftAlone, _) => return None,
            (Form::Ours, _) => {
                let condition = format!("{MINE} AND attribute_not_exists(#tombstone)");
                let check = ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(key.item()))
                    .set_expression_attribute_names(Some(names(&[&condition])))
                    .set_expression_attribute_values(Some(mine))
                    .condition_expression(condition)
                    .return_values_on_condition_check_failure(ALL_OLD);
                part.condition_check(check.build().expect("key, table and condition are set"))
            }
            (Form::Usual, ClaimChange::Take { object, .. }) => {
                // Without an object the whole item is replaced only if that forgets none.
                let says_less =
                    if object.is_none() { " AND attribute_not_exists(#object)" } else { "" };
                let condition = format!(
                    "attribute_not_exists(#pk) OR attribute_exists(#tombstone) OR ({MINE}{says_less})"
                );
                let claim =
                    ClaimRecord { holder: me.clone(), object: object.clone(), tombstone: None };
                let put = Put::builder()
                    .table_name(table)
                    .set_item(Some(whole(&key, ClaimItem::from(&claim))))
                    .set_expression_attribute_names(Some(names(&[&condition])))
                    .set_expression_attribute_values(Some(mine))
                    .condition_expression(condition)
                    .return_values_on_condition_check_failure(ALL_OLD);
                part.put(put.build().expect("item and table are set"))
            }
            (Form::Usual, ClaimChange::GiveUp { tombstone, .. }) => {
                let mut values = mine;
                values.insert(":tombstone".into(), self::part(TombstoneItem::from(*tombstone)));
                let update = "SET #tombstone = :tombstone".into();
                return Some(Write { key, condition: MINE.into(), update, values }.together(table));
            }
            (Form::Usual, ClaimChange::Release { .. }) => {
                let delete = Delete::builder()
                    .table_name(table)
                    .set_key(Some(key.item()))
                    .set_expression_attribute_names(Some(names(&[MINE])))
                    .set_expression_attribute_values(Some(mine))
                    .condition_expression(MINE)
                    .return_values_on_condition_check_failure(ALL_OLD);
                part.delete(delete.build().expect("key and table are set"))
            }
        };
        Some(part.build())
    }

    /// What to send after the condition failed for this item.
    ///
    /// # Errors
    /// Another living holder has what is to be taken.
    pub(super) fn refused(&mut self, found: Option<Item>, me: &Holder) -> Result<()> {
        let ClaimChange::Take { key, .. } = self.change else {
            self.form = Form::LeftAlone;
            return Ok(());
        };
        // Without an item, or with a tombstone, the claim has become free since: the usual again.
        self.form = Form::Usual;
        if let Some(found) = found {
            let claim = claim(found)?;
            if claim.tombstone.is_none() && claim.holder != *me {
                return Err(StoreError::ClaimHeld { key: key.clone(), holder: claim.holder });
            }
            if claim.tombstone.is_none() && claim.object.is_some() {
                self.form = Form::Ours;
            }
        }
        Ok(())
    }
}

impl DynamoStore {
    pub(super) async fn stored_claims(
        &self,
        wanted: &[Claimed],
    ) -> Result<BTreeMap<Claimed, ClaimRecord>> {
        let keys: BTreeMap<Key, &Claimed> =
            wanted.iter().map(|claimed| (Key::claim(claimed), claimed)).collect();
        let items = self.many("claims", &keys.keys().cloned().collect()).await?;
        let found = items.into_iter().map(|item| {
            let claimed = Key::of(&item).and_then(|key| keys.get(&key).copied());
            let claimed = claimed.ok_or_else(|| Malformed::unknown("claim key").of("claim"))?;
            Ok((claimed.clone(), claim(item)?))
        });
        found.collect()
    }
}

const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// A stored claim.
pub(super) fn claim(item: Item) -> Result<ClaimRecord> {
    let item: ClaimItem = read("claim", item)?;
    ClaimRecord::try_from(item).map_err(|malformed| malformed.of("claim"))
}
