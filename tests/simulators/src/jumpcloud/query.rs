//! Query options of lists: `limit`, `skip`, `sort`, `fields`, `filter`.

use std::cmp::Ordering;

use serde_json::Value;

use crate::limits::JUMPCLOUD as LIMITS;
use crate::server::{Call, Reply};

use super::Object;
use super::errors::{error, refused};
use super::filter::{Filter, Test, text_at};

/// The two generations of the API: they separate and filter differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    V1,
    V2,
}

/// The options of a list.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) limit: usize,
    pub(super) skip: usize,
    sort: Vec<(String, bool)>,
    fields: Option<Vec<String>>,
    pub(super) filter: Filter,
}

impl Default for Query {
    fn default() -> Self {
        let limit = LIMITS.of("page", "default");
        Self { limit, skip: 0, sort: Vec::new(), fields: None, filter: Filter::default() }
    }
}

impl Query {
    /// Reads the options; any that this route does not take is refused. `known` says which
    /// properties may be filtered and sorted by.
    pub(super) fn read(
        call: &Call<'_>,
        dialect: Dialect,
        allowed: &[&str],
        known: &dyn Fn(&str) -> bool,
    ) -> Result<Self, Reply> {
        let mut query = Self::default();
        let (mut all, mut any) = (Vec::new(), Vec::new());
        for (name, value) in &call.request.query {
            let option = name.split_once('[').map_or(name.as_str(), |(option, _)| option);
            if !allowed.contains(&option) {
                let why = format!("unknown query option {name}");
                return Err(refused(call, "parameter", name, why));
            }
            match option {
                "limit" => query.limit(call, value)?,
                "skip" => {
                    query.skip = value.parse().map_err(|_| error(call, "parameter", "skip"))?;
                }
                "sort" => query.sort(value, dialect),
                "fields" => query.fields = Some(names(value, dialect)),
                "filter" => {
                    let test = match dialect {
                        Dialect::V1 => Test::v1(value),
                        Dialect::V2 => Test::v2(value),
                    };
                    let test = test.map_err(|why| refused(call, "parameter", "filter", why))?;
                    if name.contains("[or]") { any.push(test) } else { all.push(test) }
                }
                _ => {}
            }
        }
        query.filter = match (all.is_empty(), any.is_empty()) {
            (_, true) => Filter::all(all),
            (true, false) => Filter::any(any),
            (false, false) => {
                let why = "filters joined by and, and others by or";
                return Err(refused(call, "parameter", "filter", why));
            }
        };
        query.check(call, known)?;
        Ok(query)
    }

    fn limit(&mut self, call: &Call<'_>, value: &str) -> Result<(), Reply> {
        self.limit = value.parse().map_err(|_| error(call, "parameter", "limit"))?;
        if self.limit > LIMITS.of("page", "largest") {
            return Err(refused(call, "limit", "", format!("limit={value}")));
        }
        if self.limit == 0 {
            return Err(error(call, "parameter", "limit"));
        }
        Ok(())
    }

    fn sort(&mut self, value: &str, dialect: Dialect) {
        let key = |name: String| match name.strip_prefix('-') {
            Some(name) => (name.to_owned(), true),
            None => (name, false),
        };
        self.sort = names(value, dialect).into_iter().map(key).collect();
    }

    fn check(&self, call: &Call<'_>, known: &dyn Fn(&str) -> bool) -> Result<(), Reply> {
        let filtered = self.filter.tests().iter().map(Test::field);
        let sorted = self.sort.iter().map(|(name, _)| name.as_str());
        let root = |name: &&str| !known(name.split('.').next().unwrap_or(name));
        match filtered.chain(sorted).find(root) {
            Some(name) => {
                let why = format!("unknown property {name} in filter or sort");
                Err(refused(call, "parameter", name, why))
            }
            None => Ok(()),
        }
    }

    /// The options of a search, which come in its body.
    pub(super) fn of_search(
        call: &Call<'_>,
        body: &Object,
        known: &dyn Fn(&str) -> bool,
    ) -> Result<Self, Reply> {
        let mut query = Self::default();
        for (name, value) in body {
            let wrong = |why: String| refused(call, "property", name, why);
            match (name.as_str(), value) {
                ("limit", Value::Number(limit)) => query.limit(call, &limit.to_string())?,
                ("skip", value) => {
                    let skip = value.as_u64().and_then(|skip| usize::try_from(skip).ok());
                    query.skip = skip.ok_or_else(|| error(call, "property", "skip"))?;
                }
                ("sort", Value::String(sort)) => query.sort(sort, Dialect::V1),
                ("fields", Value::String(fields)) => {
                    query.fields = Some(names(fields, Dialect::V1));
                }
                ("filter", filter) => query.filter = Filter::of_search(filter).map_err(wrong)?,
                ("searchFilter", _) => {}
                _ => return Err(wrong(format!("unknown or wrong property {name} in a search"))),
            }
        }
        query.check(call, known)?;
        Ok(query)
    }

    /// One page of the rows that match, with how many do. The rows come in the order of their
    /// ids, which is also the order without a `sort`. A row that a fault hides is counted, and the
    /// page is as full as it would be if the row did not exist.
    pub(super) fn page<'a>(
        &self,
        call: &Call<'_>,
        rows: impl Iterator<Item = &'a Object>,
    ) -> (Vec<&'a Object>, usize) {
        let matching = rows.filter(|row| self.filter.matches(row));
        let by_id = self
            .sort
            .first()
            .is_none_or(|(name, down)| !down && ["_id", "id"].contains(&name.as_str()));
        let mut page = Vec::new();
        let mut total = 0;
        if by_id {
            let mut passed = 0;
            for row in matching {
                let listed = call.listed(total, row);
                total += 1;
                let Some(row) = listed else { continue };
                if passed >= self.skip && page.len() < self.limit {
                    page.push(row);
                }
                passed += 1;
            }
            return (page, total);
        }
        let mut all: Vec<_> = matching.collect();
        all.sort_by(|a, b| {
            let orders = self.sort.iter().map(|(name, down)| {
                let order = text_at(a, name).cmp(&text_at(b, name));
                if *down { order.reverse() } else { order }
            });
            orders.fold(Ordering::Equal, Ordering::then)
        });
        total = all.len();
        let listed = all.into_iter().enumerate().filter_map(|(index, row)| call.listed(index, row));
        (listed.skip(self.skip).take(self.limit).collect(), total)
    }

    /// The object with the wanted fields; its id is always among them.
    pub(super) fn project(&self, object: &Object) -> Object {
        let Some(fields) = &self.fields else { return object.clone() };
        let wanted =
            |name: &String| ["_id", "id"].contains(&name.as_str()) || fields.contains(name);
        object
            .iter()
            .filter(|(name, _)| wanted(name))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    }
}

fn names(value: &str, dialect: Dialect) -> Vec<String> {
    let separator = if dialect == Dialect::V1 { ' ' } else { ',' };
    value.split(separator).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Refuses every query option but these.
pub(super) fn only(call: &Call<'_>, allowed: &[&str]) -> Result<(), Reply> {
    let other = call.request.query.iter().find(|(name, _)| !allowed.contains(&name.as_str()));
    match other {
        Some((name, _)) => {
            let why = format!("unknown query option {name}");
            Err(refused(call, "parameter", name, why))
        }
        None => Ok(()),
    }
}
