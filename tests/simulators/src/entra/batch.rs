//! `POST /$batch`: up to 20 requests in one, each answered and journalled by itself.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use crate::limits::GRAPH as LIMITS;
use crate::server::{Body, Call, Reply, Request, no_headers, serve};

use super::State;
use super::errors::{error, refused};

/// Answers a batch. A connection cut inside it loses the whole answer.
pub(super) fn answer(state: &mut State, call: &Call<'_>) -> Result<Reply, Reply> {
    let invalid = |why: &str| refused(call, "batch_invalid", &[("why", why)], why.to_owned());
    if call.batch {
        return Err(invalid("A batch cannot contain a batch."));
    }
    let body = call.request.json().ok().flatten().unwrap_or_default();
    let requests = body["requests"].as_array().ok_or_else(|| invalid("'requests' is missing."))?;
    if requests.is_empty() || requests.len() > LIMITS.of("batch", "requests") {
        return Err(invalid("A batch has between 1 and 20 requests."));
    }
    let mut ids = BTreeSet::new();
    for request in requests {
        let known = ["id", "method", "url", "headers", "body", "dependsOn"];
        let members = request.as_object().ok_or_else(|| invalid("A request is no object."))?;
        if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(invalid(&format!("A request has the unknown member '{name}'.")));
        }
        if !request["id"].as_str().is_some_and(|id| ids.insert(id.to_lowercase())) {
            return Err(invalid("Each request needs an id of its own."));
        }
        if !request["method"].is_string() || !request["url"].is_string() {
            return Err(invalid("Each request needs a method and a url."));
        }
    }
    let mut open: Vec<&Value> = requests.iter().collect();
    let mut statuses: BTreeMap<String, u16> = BTreeMap::new();
    let mut responses = Vec::new();
    let mut whole = Reply::empty(200);
    while !open.is_empty() {
        let ready = |request: &&Value| {
            dependencies(request).iter().all(|id| statuses.contains_key(&id.to_lowercase()))
        };
        let Some(next) = open.iter().position(ready) else {
            return Err(invalid("'dependsOn' names no other request, or goes in a circle."));
        };
        let request = open.remove(next);
        let id = request["id"].as_str().unwrap_or_default();
        let failed = dependencies(request)
            .iter()
            .any(|id| statuses.get(&id.to_lowercase()).is_some_and(|status| *status >= 400));
        let reply = if failed {
            error(call, "batch_dependency", &[])
        } else {
            inner(state, call, request)?
        };
        statuses.insert(id.to_lowercase(), reply.status);
        whole.cut |= reply.cut;
        whole.delay += reply.delay;
        responses.push(response(id, reply));
    }
    // The order of the answers is not promised; the reverse makes sure that nobody relies on it.
    responses.reverse();
    whole.body = Body::Json(json!({ "responses": responses }));
    Ok(whole)
}

fn dependencies(request: &Value) -> Vec<&str> {
    request["dependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn inner(state: &mut State, call: &Call<'_>, request: &Value) -> Result<Reply, Reply> {
    let invalid = |why: &str| refused(call, "batch_invalid", &[("why", why)], why.to_owned());
    let mut headers = no_headers();
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        let name = HeaderName::try_from(name.as_str());
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        let (Ok(name), Some(value)) = (name, value) else {
            return Err(invalid("A header is not valid."));
        };
        headers.insert(name, value);
    }
    let body = &request["body"];
    if !body.is_null() && !headers.contains_key("content-type") {
        return Ok(invalid("A request with a body needs a Content-Type header."));
    }
    if let Some(token) = call.request.headers.get("authorization") {
        headers.insert("authorization", token.clone());
    }
    let url = request["url"].as_str().unwrap_or_default();
    if url.contains("://") {
        return Err(invalid("A url in a batch is relative."));
    }
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = format!("/v1.0/{}", path.trim_start_matches('/'));
    let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let method = request["method"].as_str().unwrap_or_default();
    let inner = Request::of(method, &path, query, headers, bytes);
    Ok(serve(state, call.control, call.base, &inner, true))
}

fn response(id: &str, reply: Reply) -> Value {
    let mut headers: Map<String, Value> = reply
        .headers
        .iter()
        .map(|(name, value)| (capitalised(name), Value::from(value.as_str())))
        .collect();
    let mut response = json!({"id": id, "status": reply.status});
    match reply.body {
        Body::Empty => {}
        Body::Json(body) => {
            headers.insert("Content-Type".to_owned(), Value::from("application/json"));
            response["body"] = body;
        }
        Body::Raw { content_type, text } => {
            headers.insert("Content-Type".to_owned(), Value::from(content_type));
            response["body"] = Value::from(text);
        }
    }
    response["headers"] = Value::Object(headers);
    response
}

/// `retry-after` as it stands in Graph's batches: `Retry-After`.
fn capitalised(name: &str) -> String {
    if name != "retry-after" {
        return name.to_owned();
    }
    "Retry-After".to_owned()
}
