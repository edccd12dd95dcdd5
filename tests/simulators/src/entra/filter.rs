//! The part of `$filter` that works without advanced query parameters.
//!
//! `name eq literal`, `name in (literal, …)` and `startsWith(name, literal)`, joined by `and` and
//! `or` without parentheses. `ne`, `not` and `endsWith` are refused as Graph refuses them, the
//! rest as a mistake.

use serde_json::Value;

use crate::server::{Call, Reply};

use super::errors::{error, refused};
use super::schema::{Kind, Properties, Resource};

/// A filter: one of these alternatives, each a list of conditions that all hold.
#[derive(Debug)]
pub(super) struct Filter(Vec<Vec<Condition>>);

#[derive(Debug)]
enum Condition {
    OneOf(String, Vec<Value>),
    Starts(String, String),
}

/// Properties that compare exactly; all other texts compare without regard to case.
const EXACT: &[&str] = &["onPremisesImmutableId", "uniqueName"];

impl Filter {
    pub(super) fn read(
        call: &Call<'_>,
        text: &str,
        resources: &[&Resource],
    ) -> Result<Self, Reply> {
        for word in ["ne", "not", "endsWith", "endswith"] {
            if words(text).any(|found| found == word) {
                return Err(error(call, "query_unsupported", &[("option", word)]));
            }
        }
        let filter = Parser { rest: text }.filter().ok_or_else(|| {
            refused(call, "filter_invalid", &[], format!("unreadable $filter {text}"))
        })?;
        for condition in filter.0.iter().flatten() {
            let (Condition::OneOf(name, _) | Condition::Starts(name, _)) = condition;
            let comparable = |resource: &&Resource| {
                resource.property(name).is_some_and(|property| {
                    matches!(property.kind, Kind::Text | Kind::Upn | Kind::Nickname | Kind::Bool)
                })
            };
            if !resources.iter().any(comparable) {
                let why = format!("unknown property {name} in $filter");
                return Err(refused(call, "filter_invalid", &[], why));
            }
        }
        Ok(filter)
    }

    pub(super) fn matches(&self, object: &Properties) -> bool {
        self.0.iter().any(|all| all.iter().all(|condition| condition.holds(object)))
    }

    /// The values of a property that the filter is all about, if it is.
    pub(super) fn only(&self, property: &str) -> Option<Vec<&str>> {
        let mut found = Vec::new();
        for all in &self.0 {
            let [Condition::OneOf(name, values)] = all.as_slice() else { return None };
            if name != property {
                return None;
            }
            found.extend(values.iter().filter_map(Value::as_str));
        }
        Some(found)
    }
}

impl Condition {
    fn holds(&self, object: &Properties) -> bool {
        match self {
            Self::OneOf(name, values) => {
                let found = object.get(name).unwrap_or(&Value::Null);
                values.iter().any(|value| same(name, found, value))
            }
            Self::Starts(name, start) => {
                let found = object.get(name).and_then(Value::as_str).unwrap_or_default();
                found.to_lowercase().starts_with(&start.to_lowercase())
            }
        }
    }
}

fn same(name: &str, found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::String(found), Value::String(wanted)) if !EXACT.contains(&name) => {
            found.to_lowercase() == wanted.to_lowercase()
        }
        (found, wanted) => found == wanted,
    }
}

/// The words outside quotes.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split('\'').step_by(2).flat_map(|part| part.split(|sign: char| !sign.is_alphanumeric()))
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn filter(mut self) -> Option<Filter> {
        let mut alternatives = vec![vec![self.condition()?]];
        loop {
            if self.word("and") {
                let condition = self.condition()?;
                alternatives.last_mut()?.push(condition);
            } else if self.word("or") {
                alternatives.push(vec![self.condition()?]);
            } else {
                self.skip();
                return self.rest.is_empty().then_some(Filter(alternatives));
            }
        }
    }

    fn condition(&mut self) -> Option<Condition> {
        let name = self.name()?;
        if name.eq_ignore_ascii_case("startswith") {
            self.sign('(')?;
            let name = self.name()?;
            self.sign(',')?;
            let Value::String(start) = self.literal()? else { return None };
            self.sign(')')?;
            return Some(Condition::Starts(name, start));
        }
        if self.word("eq") {
            return Some(Condition::OneOf(name, vec![self.literal()?]));
        }
        if !self.word("in") {
            return None;
        }
        self.sign('(')?;
        let mut values = vec![self.literal()?];
        while self.sign(',').is_some() {
            values.push(self.literal()?);
        }
        self.sign(')')?;
        Some(Condition::OneOf(name, values))
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn name(&mut self) -> Option<String> {
        self.skip();
        let end = self.rest.find(|sign: char| !sign.is_alphanumeric()).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then(|| name.to_owned())
    }

    fn word(&mut self, word: &str) -> bool {
        self.skip();
        let Some(rest) = self.rest.strip_prefix(word) else { return false };
        if rest.starts_with(char::is_alphanumeric) {
            return false;
        }
        self.rest = rest;
        true
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        self.skip();
        self.rest = self.rest.strip_prefix(sign)?;
        Some(())
    }

    fn literal(&mut self) -> Option<Value> {
        self.skip();
        for (word, value) in [("true", true.into()), ("false", false.into()), ("null", Value::Null)]
        {
            if self.word(word) {
                return Some(value);
            }
        }
        let mut rest = self.rest.strip_prefix('\'')?;
        let mut text = String::new();
        loop {
            let (part, tail) = rest.split_once('\'')?;
            text.push_str(part);
            // A doubled quote is one quote of the literal.
            match tail.strip_prefix('\'') {
                Some(tail) => {
                    text.push('\'');
                    rest = tail;
                }
                None => {
                    self.rest = tail;
                    return Some(Value::from(text));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(filter: &str, object: Value) -> Option<bool> {
        let filter = Parser { rest: filter }.filter()?;
        Some(filter.matches(object.as_object().unwrap()))
    }

    #[test]
    fn equality_ignores_case_and_halves_quotes() {
        let user = json!({"userPrincipalName": "O'Brien@Corp.example"});
        let filter = "userPrincipalName eq 'o''brien@corp.example'";
        assert_eq!(matches(filter, user), Some(true));
    }

    #[test]
    fn a_list_and_alternatives() {
        let user = json!({"id": "2", "accountEnabled": true});
        assert_eq!(matches("id in ('1', '2')", user.clone()), Some(true));
        assert_eq!(matches("id eq '1' or id eq '2'", user.clone()), Some(true));
        assert_eq!(matches("id eq '2' and accountEnabled eq false", user.clone()), Some(false));
        assert_eq!(matches("startsWith(id,'2')", user), Some(true));
    }

    #[test]
    fn nonsense_is_no_filter() {
        for text in ["", "id", "id eq", "id eq '1", "id eq '1' x", "(id eq '1')", "id gt '1'"] {
            assert_eq!(matches(text, json!({})), None, "{text}");
        }
    }
}
