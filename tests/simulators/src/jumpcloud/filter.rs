//! Filters of both dialects: v1 `field:$op:value`, v2 `field:op:value`, and search bodies.

use std::cmp::Ordering;

use serde_json::Value;

use super::Object;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Between,
    Search,
    In,
}

/// One condition.
#[derive(Debug, Clone)]
pub(super) struct Test {
    field: String,
    op: Op,
    values: Vec<String>,
}

/// Conditions that must hold, all or any of them; none: everything matches.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    tests: Vec<Test>,
    any: bool,
}

impl Test {
    /// `field:$op:value`; without the dollar the vendor's behaviour is undefined, so it is refused.
    pub(super) fn v1(text: &str) -> Result<Self, String> {
        let (field, op, value) = parts(text)?;
        let op = op.strip_prefix('$').ok_or_else(|| format!("{text:?}: the $ is missing"))?;
        Self::of(field, op, value)
    }

    /// `field:op:value`.
    pub(super) fn v2(text: &str) -> Result<Self, String> {
        let (field, op, value) = parts(text)?;
        let op = match op {
            "eq" => Op::Eq,
            "ne" => Op::Ne,
            "gt" => Op::Gt,
            "ge" => Op::Ge,
            "lt" => Op::Lt,
            "le" => Op::Le,
            "between" => Op::Between,
            "search" => Op::Search,
            "in" => Op::In,
            _ => return Err(format!("{text:?}: unknown operator")),
        };
        let values = match op {
            Op::In => value.split('|').map(str::to_owned).collect(),
            Op::Between => value.split(',').map(str::to_owned).collect(),
            _ => vec![value.to_owned()],
        };
        Ok(Self { field: field.to_owned(), op, values })
    }

    fn of(field: &str, op: &str, value: &str) -> Result<Self, String> {
        let op = match op {
            "eq" => Op::Eq,
            "ne" => Op::Ne,
            "gt" => Op::Gt,
            "gte" => Op::Ge,
            "lt" => Op::Lt,
            "lte" => Op::Le,
            _ => return Err(format!("unknown operator ${op}")),
        };
        Ok(Self { field: field.to_owned(), op, values: vec![value.to_owned()] })
    }

    pub(super) fn field(&self) -> &str {
        &self.field
    }

    fn matches(&self, object: &Object) -> bool {
        let found = text_at(object, &self.field);
        let compare = |value: &String| found.as_ref().map(|found| found.as_str().cmp(value));
        let first = self.values.first();
        let order = first.and_then(&compare);
        match self.op {
            Op::Eq => order == Some(Ordering::Equal),
            Op::Ne => order != Some(Ordering::Equal),
            Op::Gt => order == Some(Ordering::Greater),
            Op::Ge => order.is_some_and(Ordering::is_ge),
            Op::Lt => order == Some(Ordering::Less),
            Op::Le => order.is_some_and(Ordering::is_le),
            Op::In => self.values.iter().any(|value| found.as_ref() == Some(value)),
            Op::Between => {
                let last = self.values.get(1).and_then(compare);
                order.is_some_and(Ordering::is_ge) && last.is_some_and(Ordering::is_le)
            }
            Op::Search => match (&found, first) {
                (Some(found), Some(value)) => found.to_lowercase().contains(&value.to_lowercase()),
                _ => false,
            },
        }
    }
}

fn parts(text: &str) -> Result<(&str, &str, &str), String> {
    let split = text.split_once(':').and_then(|(field, rest)| {
        let (op, value) = rest.split_once(':')?;
        Some((field, op, value))
    });
    split.ok_or_else(|| format!("{text:?} is not field:operator:value"))
}

impl Filter {
    pub(super) fn all(tests: Vec<Test>) -> Self {
        Self { tests, any: false }
    }

    pub(super) fn any(tests: Vec<Test>) -> Self {
        Self { tests, any: true }
    }

    /// The `filter` of a search: `{"and"|"or": [{field: value | {"$op": value}}]}`, a list of
    /// such conditions, or one object of them; without a word all must hold.
    pub(super) fn of_search(filter: &Value) -> Result<Self, String> {
        let wrong = || "expected {\"and\"|\"or\": [{field: value}]}".to_owned();
        let (conditions, any) = match filter {
            Value::Array(conditions) => (conditions.clone(), false),
            Value::Object(members) => match (members.get("and"), members.get("or")) {
                (Some(Value::Array(all)), None) if members.len() == 1 => (all.clone(), false),
                (None, Some(Value::Array(any))) if members.len() == 1 => (any.clone(), true),
                (None, None) => (vec![filter.clone()], false),
                _ => return Err(wrong()),
            },
            _ => return Err(wrong()),
        };
        let mut tests = Vec::new();
        for condition in &conditions {
            for (field, value) in condition.as_object().ok_or_else(wrong)? {
                match value {
                    Value::Object(ops) => {
                        for (op, value) in ops {
                            let op = op.strip_prefix('$').ok_or_else(wrong)?;
                            tests.push(Test::of(field, op, &text(value).ok_or_else(wrong)?)?);
                        }
                    }
                    value => tests.push(Test::of(field, "eq", &text(value).ok_or_else(wrong)?)?),
                }
            }
        }
        Ok(Self { tests, any })
    }

    pub(super) fn tests(&self) -> &[Test] {
        &self.tests
    }

    /// The id that every match comes after, if the filter says so.
    pub(super) fn after(&self) -> Option<&str> {
        let after = |test: &&Test| test.field == "_id" && test.op == Op::Gt;
        let test = self.tests.iter().find(after).filter(|_| !self.any || self.tests.len() == 1)?;
        test.values.first().map(String::as_str)
    }

    /// The ids that alone can match, if the filter says so.
    pub(super) fn ids(&self) -> Option<Vec<&str>> {
        let is_id = |test: &Test| test.field == "_id" && test.op == Op::Eq;
        let id = |test: &&Test| is_id(test);
        let ids: Vec<_> = self.tests.iter().filter(id).flat_map(|test| &test.values).collect();
        let only = if self.any { self.tests.iter().all(is_id) } else { ids.len() == 1 };
        (only && !ids.is_empty()).then(|| ids.into_iter().map(String::as_str).collect())
    }

    pub(super) fn matches(&self, object: &Object) -> bool {
        let mut tests = self.tests.iter();
        if self.any && !self.tests.is_empty() {
            return tests.any(|test| test.matches(object));
        }
        tests.all(|test| test.matches(object))
    }
}

/// The text of a scalar; objects and arrays have none.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The text at a dotted path.
pub(super) fn text_at(object: &Object, path: &str) -> Option<String> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let value = object.get(first)?;
    match rest {
        Some(rest) => text_at(value.as_object()?, rest),
        None => text(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object() -> Object {
        let value = json!({"_id": "b", "department": "R&D", "suspended": false,
            "mfa": {"configured": true}});
        value.as_object().unwrap().clone()
    }

    fn matches(test: Result<Test, String>) -> bool {
        Filter::all(vec![test.unwrap()]).matches(&object())
    }

    #[test]
    fn v1_needs_its_dollar() {
        assert!(matches(Test::v1("_id:$gt:a")));
        assert!(!matches(Test::v1("_id:$gt:b")));
        assert!(matches(Test::v1("suspended:$eq:false")));
        assert!(matches(Test::v1("missing:$ne:x")));
        assert!(Test::v1("_id:gt:a").is_err());
        assert!(Test::v1("_id").is_err());
    }

    #[test]
    fn v2_knows_lists_and_paths() {
        assert!(matches(Test::v2("_id:in:a|b")));
        assert!(matches(Test::v2("mfa.configured:eq:true")));
        assert!(matches(Test::v2("department:search:r&")));
        assert!(!matches(Test::v2("_id:between:c,d")));
        assert!(Test::v2("_id:$eq:a").is_err());
    }

    #[test]
    fn a_search_may_ask_for_any_of_several_ids() {
        let filter = Filter::of_search(&json!({"or": [{"_id": "a"}, {"_id": {"$eq": "b"}}]}));
        let filter = filter.unwrap();
        assert_eq!(filter.ids(), Some(vec!["a", "b"]));
        assert!(filter.matches(&object()));
        let both = Filter::of_search(&json!([{"_id": "b"}, {"department": "IT"}])).unwrap();
        assert_eq!(both.ids(), Some(vec!["b"]));
        assert!(!both.matches(&object()));
        assert!(Filter::of_search(&json!({"or": [{"_id": {"$in": ["a"]}}]})).is_err());
    }
}
