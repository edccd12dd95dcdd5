//! What the vendors' own machine-readable descriptions say about a request.
//!
//! Every request on a simulated route, also inside a batch, is held against the description beside
//! this crate (`openapi/`): its path and method, its query options and what `$select` and
//! `$expand` name, the properties of its body and their types. What no description knows is a
//! problem, unless [`exceptions`] says why the description is known to be incomplete there. Nothing
//! here answers anything: refusing is left to the simulated vendor.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::server::{Request, Route};

mod exceptions;
mod schema;

use exceptions::{Exception, What};
use schema::{Schemas, text_problem};

/// Microsoft Graph v1.0.
pub(crate) static GRAPH: LazyLock<Description> =
    LazyLock::new(|| Description::read(include_str!("../openapi/graph.json"), exceptions::GRAPH));

/// JumpCloud's REST v1.
pub(crate) static JUMPCLOUD_V1: LazyLock<Description> = LazyLock::new(|| {
    Description::read(include_str!("../openapi/jumpcloud-v1.json"), exceptions::JUMPCLOUD_V1)
});

/// JumpCloud's REST v2.
pub(crate) static JUMPCLOUD_V2: LazyLock<Description> = LazyLock::new(|| {
    Description::read(include_str!("../openapi/jumpcloud-v2.json"), exceptions::JUMPCLOUD_V2)
});

/// Directory Insights.
pub(crate) static INSIGHTS: LazyLock<Description> = LazyLock::new(|| {
    let text = include_str!("../openapi/jumpcloud-insights.json");
    Description::read(text, exceptions::INSIGHTS)
});

/// A description, OpenAPI 3 or Swagger 2, taken apart once.
pub(crate) struct Description {
    schemas: Schemas,
    /// What every path of it starts with.
    base: String,
    operations: HashMap<String, Operation>,
    exceptions: &'static [Exception],
}

/// A method on a path.
#[derive(Default)]
struct Operation {
    options: Vec<Parameter>,
    body: Option<Value>,
    body_required: bool,
    /// What the read answers, one or a list of them.
    entity: Option<Value>,
}

struct Parameter {
    name: String,
    required: bool,
    schema: Value,
}

impl Description {
    fn read(text: &str, exceptions: &'static [Exception]) -> Self {
        let document: Value =
            serde_json::from_str(text).expect("the file beside this crate is JSON");
        let base = match document["basePath"].as_str() {
            Some(base) => base.trim_end_matches('/').to_owned(),
            None => {
                let server = document["servers"][0]["url"].as_str().unwrap_or_default();
                url::Url::parse(server).map(|url| url.path().to_owned()).unwrap_or_default()
            }
        };
        let mut operations = HashMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let key = key(&method.to_uppercase(), path);
                operations.insert(key, Operation::read(operation));
            }
        }
        Self { schemas: Schemas::new(document), base, operations, exceptions }
    }

    /// What the request has that the description does not know, in words.
    pub(crate) fn undescribed(&self, route: &Route, request: &Request) -> Vec<String> {
        let path = route.path.strip_prefix(self.base.as_str()).unwrap_or(route.path);
        let Some(operation) = self.operations.get(&key(route.method, path)) else {
            if self.excepts(route, &What::Operation) {
                return Vec::new();
            }
            return vec!["undescribed path or method".to_owned()];
        };
        let mut problems = self.query_problems(route, operation, request);
        problems.extend(self.body_problems(route, operation, request));
        problems
    }

    fn excepts(&self, route: &Route, what: &What) -> bool {
        self.exceptions.iter().any(|exception| exception.covers(route, what))
    }

    fn query_problems(
        &self,
        route: &Route,
        described: &Operation,
        request: &Request,
    ) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, value) in &request.query {
            match described.options.iter().find(|option| option.name == *name) {
                Some(option) => {
                    problems.extend(
                        text_problem(&option.schema, value)
                            .map(|problem| format!("the query option {name} is {problem}")),
                    );
                    problems.extend(self.named_problems(described, name, value));
                }
                // Which filter of several it is says nothing: `filter[0]` is `filter[]`.
                None if self.excepts(route, &What::Option(&name.replace(char::is_numeric, ""))) => {
                }
                None => problems.push(format!("undescribed query option {name}")),
            }
        }
        let missing = |option: &&Parameter| {
            option.required && !request.query.iter().any(|(name, _)| *name == option.name)
        };
        let missing = described.options.iter().filter(missing);
        problems
            .extend(missing.map(|option| format!("the query option {} is missing", option.name)));
        problems
    }

    /// The properties that `$select` and `$expand` name must be those of what is answered.
    fn named_problems(&self, described: &Operation, option: &str, value: &str) -> Vec<String> {
        let names: Vec<&str> = match option {
            "$select" => value.split(',').map(str::trim).collect(),
            "$expand" => vec![value.split('(').next().unwrap_or(value)],
            _ => return Vec::new(),
        };
        let Some(entity) = &described.entity else { return Vec::new() };
        let unknown = names.into_iter().filter(|name| !self.schemas.answers(entity, name));
        unknown.map(|name| format!("undescribed property {name} in {option}")).collect()
    }

    fn body_problems(
        &self,
        route: &Route,
        described: &Operation,
        request: &Request,
    ) -> Vec<String> {
        let body = match request.json() {
            Ok(Some(body)) => body,
            Ok(None) if described.body_required => return vec!["the body is missing".to_owned()],
            Ok(None) => return Vec::new(),
            Err(_) => return vec!["the body is no JSON".to_owned()],
        };
        let Some(schema) = &described.body else {
            // An empty object says nothing.
            let empty = body.as_object().is_some_and(Map::is_empty);
            return if empty { Vec::new() } else { vec!["undescribed body".to_owned()] };
        };
        let excepted = |property: &str| self.excepts(route, &What::Property(property));
        self.schemas.problems(schema, &body, &excepted)
    }
}

impl Operation {
    fn read(described: &Value) -> Self {
        let mut operation = Self::default();
        for parameter in described["parameters"].as_array().into_iter().flatten() {
            // Swagger 2 writes the schema of an option into the option, that of a body beside it.
            let schema = parameter.get("schema").unwrap_or(parameter).clone();
            let required = parameter["required"] == true;
            if parameter["in"] == "body" {
                (operation.body, operation.body_required) = (Some(schema), required);
            } else {
                let name = parameter["name"].as_str().unwrap_or_default().to_owned();
                operation.options.push(Parameter { name, required, schema });
            }
        }
        if let Some(body) = described.get("requestBody") {
            operation.body = json_schema(body);
            operation.body_required = body["required"] == true;
        }
        let mut answers = described["responses"].as_object().into_iter().flatten();
        operation.entity = answers.find_map(|(_, answer)| json_schema(answer));
        operation
    }
}

fn json_schema(content: &Value) -> Option<Value> {
    content.pointer("/content/application~1json/schema").cloned()
}

/// An operation by its method and path, whatever the path's parameters are called.
fn key(method: &str, path: &str) -> String {
    let mut key = format!("{method} ");
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        key.push_str(before);
        key.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    key.push_str(rest);
    key
}

#[cfg(test)]
mod tests;
