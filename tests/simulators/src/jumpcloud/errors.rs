//! JumpCloud's error bodies, from the fixture that names them.
//!
//! v1 and Directory Insights answer `{"message"}`, v2 `{"code", "status", "message", "details"}`,
//! and the token endpoint what OAuth says.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::server::{Call, Reply};

static ERRORS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../fixtures/jumpcloud-errors.json"))
        .expect("the fixture beside this crate is JSON")
});

/// The error of that name; `{name}` in its message becomes the value.
pub(super) fn error(call: &Call<'_>, name: &str, value: &str) -> Reply {
    let known = &ERRORS[name];
    let status = known["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.or_else(|| name.parse().ok()).unwrap_or(500);
    let message = known["message"].as_str().unwrap_or("Unknown").replace("{name}", value);
    if call.request.path.starts_with("/api/v2/") {
        let code = known["code"].as_str().unwrap_or("UNKNOWN");
        let body = json!({"code": status, "status": code, "message": message, "details": []});
        return Reply::json(status, body);
    }
    Reply::json(status, json!({ "message": message }))
}

/// The 404 of an object.
pub(super) fn not_found(call: &Call<'_>) -> Reply {
    error(call, "404", "")
}

/// What no client of JumpCloud may send.
pub(super) fn refused(call: &Call<'_>, name: &str, value: &str, why: impl Into<String>) -> Reply {
    error(call, name, value).with_problem(why)
}
