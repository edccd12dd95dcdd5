//! Values against the schemas of a description.
//!
//! As much of JSON Schema as the descriptions of the two vendors use. A property that no schema
//! names is a problem here, although the standard would let it pass: the point is to find it.

use jiff::Timestamp;
use serde_json::Value;

/// A description with the schemas that references in it lead to.
pub(super) struct Schemas(Value);

/// Descriptions write a reference that may be null as it or any object; the latter says nothing.
const ALTERNATIVES: [&str; 2] = ["anyOf", "oneOf"];

impl Schemas {
    pub(super) fn new(document: Value) -> Self {
        Self(document)
    }

    fn resolved<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        while let Some(reference) = schema["$ref"].as_str() {
            let target = reference.strip_prefix('#').and_then(|path| self.0.pointer(path));
            schema = target.expect("the descriptions beside this crate hold what they refer to");
        }
        schema
    }

    /// What does not fit, in words. `excepted` says which properties are not looked at.
    pub(super) fn problems(
        &self,
        schema: &Value,
        value: &Value,
        excepted: &dyn Fn(&str) -> bool,
    ) -> Vec<String> {
        let mut check = Check { schemas: self, excepted, problems: Vec::new() };
        check.value(schema, value, "");
        check.problems
    }

    /// Whether a read with this answer may name this property.
    pub(super) fn answers(&self, answer: &Value, name: &str) -> bool {
        let entity = match self.property(answer, "value") {
            Some(list) => &self.resolved(list)["items"],
            None => answer,
        };
        let of = |kind: &str| {
            let schema = self.0.pointer(&format!("/components/schemas/microsoft.graph.{kind}"));
            schema.is_some_and(|schema| self.property(schema, name).is_some())
        };
        // Objects of a directory are answered as what they are: users, groups and others.
        let derived = entity["$ref"].as_str().is_some_and(|of| of.ends_with(".directoryObject"));
        self.property(entity, name).is_some() || (derived && (of("user") || of("group")))
    }

    /// The schema of a property of an object.
    fn property<'a>(&'a self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        let schema = self.resolved(schema);
        let own = schema["properties"].get(name);
        own.or_else(|| self.parts(schema).find_map(|part| self.property(part, name)))
    }

    fn parts<'a>(&self, schema: &'a Value) -> impl Iterator<Item = &'a Value> {
        schema["allOf"].as_array().into_iter().flatten()
    }

    /// The schemas that are added up for an object, itself first.
    fn all<'a>(&'a self, schema: &'a Value, found: &mut Vec<&'a Value>) {
        let schema = self.resolved(schema);
        found.push(schema);
        for part in self.parts(schema) {
            self.all(part, found);
        }
    }

    fn is_nullable(&self, schema: &Value) -> bool {
        let schema = self.resolved(schema);
        schema["nullable"] == true
            || schema["x-nullable"] == true
            || alternatives(schema).any(|one| self.is_nullable(one))
    }
}

fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    ALTERNATIVES.iter().filter_map(|name| schema[name].as_array()).flatten()
}

struct Check<'a> {
    schemas: &'a Schemas,
    excepted: &'a dyn Fn(&str) -> bool,
    problems: Vec<String>,
}

impl Check<'_> {
    fn problem(&mut self, at: &str, problem: &str) {
        let at = if at.is_empty() { "the body" } else { &format!("property {at}") };
        self.problems.push(format!("{at} is {problem}"));
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        let schemas = self.schemas;
        let schema = schemas.resolved(schema);
        if schema.as_object().is_some_and(serde_json::Map::is_empty) {
            return;
        }
        if value.is_null() {
            if !schemas.is_nullable(schema) {
                self.problem(at, "null");
            }
            return;
        }
        if let Some(one) = alternatives(schema).find(|one| one.get("$ref").is_some()) {
            return self.value(one, value, at);
        }
        if schema["readOnly"] == true {
            self.problem(at, "read-only");
        }
        let named = schema["type"].as_str();
        // Schemas of objects often leave their type out.
        let kind = named.unwrap_or(if schema.get("enum").is_some() { "string" } else { "object" });
        match (kind, value) {
            ("object", Value::Object(_)) => self.object(schema, value, at),
            ("array", Value::Array(items)) => {
                if schema["maxItems"].as_u64().is_some_and(|most| items.len() as u64 > most) {
                    self.problem(at, "too long a list");
                }
                for item in items {
                    self.value(&schema["items"], item, &format!("{at}[]"));
                }
            }
            ("string", Value::String(text)) => {
                if let Some(problem) = string_problem(schema, text) {
                    self.problem(at, problem);
                }
            }
            ("boolean", Value::Bool(_)) | ("number", Value::Number(_)) => {}
            ("integer", Value::Number(number)) if number.is_i64() || number.is_u64() => {}
            _ => self.problem(at, &format!("no {kind}")),
        }
    }

    fn object(&mut self, schema: &Value, value: &Value, at: &str) {
        let mut all = Vec::new();
        self.schemas.all(schema, &mut all);
        // An object of which nothing is said may hold anything.
        let open = all.iter().all(|part| {
            part.get("properties").is_none() && part.get("additionalProperties").is_none()
        });
        let any = open || all.iter().any(|part| part["additionalProperties"] == true);
        for (name, member) in value.as_object().into_iter().flatten() {
            let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            if (self.excepted)(&at) {
                continue;
            }
            let others = || all.iter().find_map(|part| part["additionalProperties"].as_object());
            match self.schemas.property(schema, name) {
                Some(described) => self.value(described, member, &at),
                None if any => {}
                None => match others() {
                    Some(others) => self.value(&Value::Object(others.clone()), member, &at),
                    None => self.problem(&at, "undescribed"),
                },
            }
        }
        let required = all.iter().filter_map(|part| part["required"].as_array()).flatten();
        for name in required.filter_map(Value::as_str) {
            if value.get(name).is_none() {
                let at = if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
                self.problem(&at, "missing");
            }
        }
    }
}

fn string_problem(schema: &Value, text: &str) -> Option<&'static str> {
    let long = |most: u64| text.chars().count() as u64 > most;
    let other = |known: &Vec<Value>| !known.iter().any(|one| one == text);
    if schema["enum"].as_array().is_some_and(other) {
        return Some("none of the described values");
    }
    if schema["maxLength"].as_u64().is_some_and(long) {
        return Some("too long");
    }
    match schema["format"].as_str() {
        Some("date-time") if text.parse::<Timestamp>().is_err() => Some("no time"),
        Some("uuid") if uuid::Uuid::parse_str(text).is_err() => Some("no UUID"),
        _ => None,
    }
}

/// What is wrong with the text of a query option.
pub(super) fn text_problem(schema: &Value, text: &str) -> Option<String> {
    let fits = match schema["type"].as_str() {
        Some("integer") => text
            .parse::<i64>()
            .is_ok_and(|number| schema["minimum"].as_i64().is_none_or(|least| number >= least)),
        Some("boolean") => ["true", "false"].contains(&text),
        Some("string") => return string_problem(schema, text).map(str::to_owned),
        _ => true,
    };
    let kind = schema["type"].as_str().unwrap_or_default();
    (!fits).then(|| format!("no {kind} that is allowed"))
}
