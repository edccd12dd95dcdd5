use axum::body::Bytes;
use axum::http::HeaderMap;
use serde_json::json;

use super::*;
use crate::server::Vendor;

const CREATE: Route = Route::new("POST", "/v1.0/users");
const CHANGE: Route = Route::new("PATCH", "/v1.0/users/{id}");
const LIST: Route = Route::new("GET", "/v1.0/users");
const MEMBER_OF: Route = Route::new("GET", "/v1.0/users/{id}/memberOf");
const RESTORE: Route = Route::new("POST", "/v1.0/directory/deletedItems/{id}/restore");
const ADD: Route = Route::new("POST", "/v1.0/groups/{id}/members/$ref");
const ACTIVATE: Route = Route::new("POST", "/api/systemusers/{id}/state/activate");
const SUSPEND: Route = Route::new("POST", "/api/systemusers/{id}/state/suspend");
const V1_LIST: Route = Route::new("GET", "/api/systemusers");
const V1_CREATE: Route = Route::new("POST", "/api/systemusers");
const TRAVERSE: Route = Route::new("GET", "/api/v2/users/{id}/applications");
const ASSOCIATIONS: Route = Route::new("GET", "/api/v2/applications/{id}/associations");
const ASSOCIATE: Route = Route::new("POST", "/api/v2/applications/{id}/associations");
const DIRECTORY: Route = Route::new("PATCH", "/api/v2/office365s/{id}");
const EVENTS: Route = Route::new("POST", "/insights/directory/v1/events");

fn undescribed(description: &Description, route: &Route, query: &str, body: &Value) -> Vec<String> {
    let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::of(route.method, route.path, query, HeaderMap::new(), bytes);
    description.undescribed(route, &request)
}

fn of_query(description: &Description, route: &Route, query: &str) -> Vec<String> {
    undescribed(description, route, query, &Value::Null)
}

fn of_body(description: &Description, route: &Route, body: Value) -> Vec<String> {
    undescribed(description, route, "", &body)
}

#[test]
fn a_path_or_a_method_that_is_not_described_is_a_problem() {
    let lost = ["undescribed path or method"];
    assert_eq!(of_query(&GRAPH, &Route::new("GET", "/v1.0/people"), ""), lost);
    assert_eq!(of_query(&GRAPH, &Route::new("PUT", "/v1.0/users/{id}"), ""), lost);
    assert_eq!(of_query(&JUMPCLOUD_V1, &Route::new("PATCH", "/api/systemusers/{id}"), ""), lost);
    assert_eq!(of_query(&JUMPCLOUD_V2, &Route::new("GET", "/api/v2/office365s"), ""), lost);
}

#[test]
fn a_property_that_is_not_described_is_a_problem_at_any_depth() {
    let changed = |body| of_body(&GRAPH, &CHANGE, body);
    assert_eq!(
        changed(json!({"department": "R&D", "nickname": "A"})),
        ["property nickname is undescribed"]
    );
    assert_eq!(
        changed(json!({"employeeOrgData": {"division": null, "branch": "x"}})),
        ["property employeeOrgData.branch is undescribed"]
    );
    assert_eq!(changed(json!({"id": "x", "manager": {"id": "x"}})), Vec::<String>::new());
    let batch = json!({"requests": [{"id": "1", "method": "GET", "url": "/users", "wait": 1}]});
    assert_eq!(
        of_body(&GRAPH, &Route::new("POST", "/v1.0/$batch"), batch),
        ["property requests[].wait is undescribed"]
    );
    let user = json!({"username": "a", "email": "a@b", "addresses": [{"city": "London"}]});
    assert_eq!(
        of_body(&JUMPCLOUD_V1, &V1_CREATE, user),
        ["property addresses[].city is undescribed"]
    );
}

#[test]
fn a_value_of_another_type_is_a_problem() {
    let body = json!({"accountEnabled": "yes", "businessPhones": [7], "passwordProfile": []});
    assert_eq!(
        of_body(&GRAPH, &CREATE, body),
        [
            "property accountEnabled is no boolean",
            "property businessPhones[] is no string",
            "property passwordProfile is no object",
        ]
    );
    let body = json!({"jobTitle": null, "otherMails": null, "passwordProfile": null});
    assert_eq!(of_body(&GRAPH, &CHANGE, body), ["property otherMails is null"]);
    assert_eq!(
        of_body(&GRAPH, &CHANGE, json!({"birthday": "today"})),
        ["property birthday is no time"]
    );
    let body = json!({"op": "put", "type": "user", "id": "1"});
    assert_eq!(
        of_body(&JUMPCLOUD_V2, &ASSOCIATE, body),
        ["property op is none of the described values"]
    );
    assert_eq!(
        of_body(&JUMPCLOUD_V2, &ASSOCIATE, json!({"op": "add", "type": "user"})),
        ["property id is missing"]
    );
    let long = json!({"username": "a", "email": "a@b", "employeeIdentifier": "7".repeat(257)});
    assert_eq!(
        of_body(&JUMPCLOUD_V1, &V1_CREATE, long),
        ["property employeeIdentifier is too long"]
    );
    assert_eq!(
        of_body(&JUMPCLOUD_V2, &DIRECTORY, json!({"id": "1"})),
        ["property id is read-only"]
    );
    let events = json!({"service": ["all"], "start_time": "2026-01-10T12:00:00Z", "limit": 1.5});
    assert_eq!(of_body(&INSIGHTS, &EVENTS, events), ["property limit is no integer"]);
}

#[test]
fn a_body_where_none_is_described_or_none_where_one_is_is_a_problem() {
    let revoke = Route::new("POST", "/v1.0/users/{id}/revokeSignInSessions");
    assert_eq!(of_body(&GRAPH, &revoke, json!({"all": true})), ["undescribed body"]);
    assert_eq!(of_body(&GRAPH, &revoke, json!({})), Vec::<String>::new());
    assert_eq!(of_query(&GRAPH, &ADD, ""), ["the body is missing"]);
    assert_eq!(of_query(&GRAPH, &RESTORE, ""), Vec::<String>::new());
}

#[test]
fn a_query_option_that_is_not_described_is_a_problem() {
    let listed = |query| of_query(&GRAPH, &LIST, query);
    assert_eq!(listed("$top=5&$filter=id eq 'a'&$select=id,department"), Vec::<String>::new());
    assert_eq!(listed("$fitler=x"), ["undescribed query option $fitler"]);
    assert_eq!(listed("$top=many"), ["the query option $top is no integer that is allowed"]);
    assert_eq!(listed("$top=-1"), ["the query option $top is no integer that is allowed"]);
    assert_eq!(listed("$count=1"), ["the query option $count is no boolean that is allowed"]);
    assert_eq!(
        of_query(&JUMPCLOUD_V2, &TRAVERSE, "limit=9&sort=id"),
        ["undescribed query option sort"]
    );
    assert_eq!(of_query(&JUMPCLOUD_V2, &ASSOCIATIONS, ""), ["the query option targets is missing"]);
    assert_eq!(
        of_query(&JUMPCLOUD_V2, &ASSOCIATIONS, "targets=system"),
        ["the query option targets is none of the described values"]
    );
}

#[test]
fn select_and_expand_name_described_properties_of_what_is_answered() {
    let listed = |query| of_query(&GRAPH, &LIST, query);
    assert_eq!(listed("$select=id,nickname"), ["undescribed property nickname in $select"]);
    assert_eq!(listed("$expand=manager($select=id)"), Vec::<String>::new());
    assert_eq!(listed("$expand=boss"), ["undescribed property boss in $expand"]);
    let of = |query| of_query(&GRAPH, &MEMBER_OF, query);
    assert_eq!(of("$select=id,isAssignableToRole"), Vec::<String>::new());
    assert_eq!(of("$select=isAssignable"), ["undescribed property isAssignable in $select"]);
}

#[test]
fn what_the_descriptions_are_known_to_lack_is_excepted() {
    let none = Vec::<String>::new();
    assert_eq!(of_query(&GRAPH, &LIST, "$skiptoken=abc"), none);
    assert_eq!(of_query(&JUMPCLOUD_V1, &V1_LIST, "filter[12]=a:$eq:b&filter[or][0]=c:$eq:d"), none);
    assert_eq!(of_body(&JUMPCLOUD_V1, &SUSPEND, json!({})), none);
    assert_eq!(of_body(&JUMPCLOUD_V1, &ACTIVATE, json!({"email": false})), none);
}

/// Without the exceptions, each of them would be a problem on a route that it names.
#[test]
fn no_exception_is_needless() {
    for description in [&GRAPH, &JUMPCLOUD_V1, &JUMPCLOUD_V2, &INSIGHTS] {
        for exception in description.exceptions {
            assert!(!exception.reason.is_empty(), "{exception:?}");
            let named = |operation: &&str| {
                exception.route == "*" || {
                    let (method, path) = exception.route.split_once(' ').unwrap();
                    let path = path.strip_prefix(description.base.as_str()).unwrap_or(path);
                    **operation == key(method, path)
                }
            };
            let keys = description.operations.keys().map(String::as_str);
            let of: Vec<_> = keys.filter(named).map(|key| &description.operations[key]).collect();
            let property = |operation: &&Operation, name: &str| {
                let body = operation.body.as_ref().expect("the route has a body");
                let nested = |value, part: &str| json!({part: value});
                // The dot of an annotation such as `members@odata.bind` is part of the name.
                let parts =
                    if name.contains('@') { vec![name] } else { name.rsplit('.').collect() };
                let value = parts.into_iter().fold(json!([7]), nested);
                let problems = description.schemas.problems(body, &value, &|_| false);
                problems.iter().any(|problem| problem.starts_with(&format!("property {name}")))
            };
            let needed = match exception.what {
                What::Operation => of.is_empty(),
                What::Option(name) => of
                    .iter()
                    .any(|operation| !operation.options.iter().any(|option| option.name == name)),
                What::Property(name) => of.iter().any(|operation| property(operation, name)),
            };
            assert!(needed, "{exception:?} is described");
        }
    }
}

/// Without a description, nothing that is sent on a route would be checked.
#[test]
fn every_simulated_route_is_described() {
    fn lost<V: Vendor>() -> Vec<String> {
        let described = |route: &&Route| {
            V::description(route).is_none_or(|description| {
                let problems = of_query(description, route, "");
                !problems.contains(&"undescribed path or method".to_owned())
            })
        };
        let lost = V::ROUTES.iter().filter(|route| !described(route));
        lost.map(|route| format!("{} {}", route.method, route.name())).collect()
    }
    // Graph does delete the member when the reference is forgotten, and nobody may send that.
    assert_eq!(lost::<crate::entra::State>(), ["DELETE /groups/{id}/members/{member}"]);
    assert_eq!(lost::<crate::jumpcloud::State>(), Vec::<String>::new());
}

/// A limit of a property that is not simulated would never be looked at.
#[test]
fn every_limit_is_one_of_a_simulated_property() {
    for (kind, resource) in [("user", "User"), ("group", "Group")] {
        let tables = crate::entra::property_names();
        let (_, names) = tables.iter().find(|(name, _)| *name == kind).unwrap();
        let limits: Vec<_> = crate::limits::GRAPH.properties(resource).collect();
        assert!(!limits.is_empty());
        assert!(limits.iter().all(|limit| names.contains(limit)), "{limits:?}");
    }
}

/// The property tables of the simulators admit nothing that is not described.
#[test]
fn every_property_that_is_simulated_is_described() {
    let known = |description: &Description, pointer: &str, name: &str| {
        let schema = json!({"$ref": format!("#{pointer}")});
        description.schemas.answers(&schema, name)
    };
    for (kind, names) in crate::entra::property_names() {
        for name in names {
            let pointer = format!("/components/schemas/microsoft.graph.{kind}");
            assert!(known(&GRAPH, &pointer, name), "{kind}.{name}");
        }
    }
    for name in crate::jumpcloud::property_names() {
        let described = ["systemuserreturn", "systemuserput", "systemuserputpost"]
            .iter()
            .any(|schema| known(&JUMPCLOUD_V1, &format!("/definitions/{schema}"), name));
        // Lists carry the id twice.
        assert!(described || name == "id", "systemuser.{name}");
    }
}
