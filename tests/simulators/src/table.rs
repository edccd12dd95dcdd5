//! Rows that remember what they were, so that a read can answer an older state.
//!
//! Replication lag, stale reads and late visibility are all one thing: a [`View`] of a table as
//! of an earlier time. Old versions are kept for an hour.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// Which versions a read sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// Everything written.
    Latest,
    /// What had been written by then.
    AsOf(Timestamp),
}

#[derive(Debug, Clone)]
struct Version<V> {
    since: Timestamp,
    value: Option<Arc<V>>,
}

/// A map whose rows keep their recent versions.
#[derive(Debug, Clone)]
pub(crate) struct Table<K, V> {
    rows: BTreeMap<K, Vec<Version<V>>>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new() }
    }
}

fn seen<V>(versions: &[Version<V>], view: View) -> Option<&Arc<V>> {
    let version = match view {
        View::Latest => versions.last(),
        View::AsOf(time) => versions.iter().rev().find(|version| version.since <= time),
    };
    version.and_then(|version| version.value.as_ref())
}

impl<K: Ord + Clone, V> Table<K, V> {
    pub(crate) fn get<Q>(&self, key: &Q, view: View) -> Option<&Arc<V>>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.rows.get(key).and_then(|versions| seen(versions, view))
    }

    pub(crate) fn contains<Q>(&self, key: &Q, view: View) -> bool
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.get(key, view).is_some()
    }

    /// The rows in the order of their keys.
    pub(crate) fn iter(&self, view: View) -> impl Iterator<Item = (&K, &Arc<V>)> {
        self.rows.iter().filter_map(move |(key, versions)| Some((key, seen(versions, view)?)))
    }

    /// The rows after this key, in the order of their keys.
    pub(crate) fn after<Q>(&self, key: &Q, view: View) -> impl Iterator<Item = (&K, &Arc<V>)>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.rows
            .range::<Q, _>((Bound::Excluded(key), Bound::Unbounded))
            .filter_map(move |(key, versions)| Some((key, seen(versions, view)?)))
    }

    /// Puts a row that has always been there.
    pub(crate) fn load(&mut self, key: K, value: V) {
        let version = Version { since: Timestamp::MIN, value: Some(Arc::new(value)) };
        self.rows.insert(key, vec![version]);
    }

    pub(crate) fn put(&mut self, key: K, value: V, now: Timestamp) {
        self.push(key, Some(Arc::new(value)), now);
    }

    pub(crate) fn remove<Q>(&mut self, key: &Q, now: Timestamp) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let (key, _) = self.rows.get_key_value(key)?;
        let key = key.clone();
        let old = self.get(key.borrow(), View::Latest)?.clone();
        self.push(key, None, now);
        Some(old)
    }

    fn push(&mut self, key: K, value: Option<Arc<V>>, now: Timestamp) {
        let versions = self.rows.entry(key).or_default();
        let horizon = now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
        let first = versions.iter().rposition(|version| version.since <= horizon).unwrap_or(0);
        versions.drain(..first);
        versions.push(Version { since: now, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_older_view_sees_the_older_value() {
        let mut table = Table::default();
        table.load("a".to_owned(), 1);
        table.put("a".to_owned(), 2, at(10));
        table.put("b".to_owned(), 3, at(20));
        table.remove("a", at(30));
        let value = |key: &str, view| table.get(key, view).map(|value| **value);
        assert_eq!(value("a", View::Latest), None);
        assert_eq!(value("a", View::AsOf(at(29))), Some(2));
        assert_eq!(value("a", View::AsOf(at(9))), Some(1));
        assert_eq!(value("b", View::AsOf(at(19))), None);
        assert_eq!(table.iter(View::AsOf(at(20))).count(), 2);
        assert_eq!(table.after("a", View::Latest).count(), 1);
    }

    #[test]
    fn versions_older_than_an_hour_are_dropped() {
        let mut table = Table::default();
        for second in 0..10 {
            table.put("a".to_owned(), second, at(second * 1800));
        }
        assert!(table.rows["a"].len() <= 4, "{}", table.rows["a"].len());
        assert_eq!(table.get("a", View::AsOf(at(9 * 1800 - 3600))).map(|value| **value), Some(7));
    }
}
