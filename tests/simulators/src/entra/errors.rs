//! Graph's error bodies, from the fixture that names them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::server::{Call, Reply};

static ERRORS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../fixtures/graph-errors.json"))
        .expect("the fixture beside this crate is JSON")
});

/// The error of that name, with its placeholders filled.
pub(super) fn error(call: &Call<'_>, name: &str, values: &[(&str, &str)]) -> Reply {
    let mut body = ERRORS.get(name).cloned().unwrap_or_else(|| {
        json!({"status": name.parse::<u16>().unwrap_or(500), "code": "UnknownError", "message": ""})
    });
    fill(&mut body, values);
    let status = body["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let mut error = Map::new();
    for member in ["code", "message", "details"] {
        if let Some(value) = body.get(member) {
            error.insert(member.to_owned(), value.clone());
        }
    }
    // Graph writes this time without a zone.
    let date = call.now.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    error.insert(
        "innerError".to_owned(),
        json!({"date": date, "request-id": call.id, "client-request-id": client_request_id(call)}),
    );
    Reply::json(status.unwrap_or(500), json!({ "error": error }))
}

/// The id the client gave its request, else ours.
pub(super) fn client_request_id<'a>(call: &'a Call<'_>) -> &'a str {
    call.request.header("client-request-id").unwrap_or(&call.id)
}

fn fill(value: &mut Value, values: &[(&str, &str)]) {
    match value {
        Value::String(text) => {
            for (name, value) in values {
                *text = text.replace(&format!("{{{name}}}"), value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, values)),
        Value::Object(members) => members.values_mut().for_each(|member| fill(member, values)),
        _ => {}
    }
}

/// The 404 of an object.
pub(super) fn not_found(call: &Call<'_>, id: &str) -> Reply {
    error(call, "not_found", &[("id", id)])
}

/// A body that no client of Graph may send.
pub(super) fn refused(call: &Call<'_>, name: &str, values: &[(&str, &str)], why: String) -> Reply {
    error(call, name, values).with_problem(why)
}
