//! The switches over HTTP, below `/_sim/`.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Reply, Request, Vendor};
use crate::company::Company;
use crate::control::Control;
use crate::faults::Fault;

/// Answers a request for a switch. Nothing of it is journalled.
pub(super) fn answer<V: Vendor>(
    vendor: &mut V,
    control: &Control,
    path: &str,
    request: &Request,
) -> Reply {
    let body = match request.json() {
        Ok(body) => body.unwrap_or(Value::Null),
        Err(error) => return wrong(&format!("the body is not JSON: {error}")),
    };
    let done = || Ok(json!({}));
    let result = match (request.method.as_str(), path) {
        ("GET", "health") => Ok(json!({"status": "ok", "now": control.now().to_string()})),
        ("GET", "dump") => Ok(json!(vendor.dump().files())),
        ("POST", "load") => Company::from_json(body).and_then(|company| {
            vendor.load(&company)?;
            done()
        }),
        ("GET", "journal") => Ok(json!({"counts": control.counts(), "entries": control.journal()})),
        ("DELETE", "journal") => {
            control.clear_journal();
            done()
        }
        ("GET", "problems") => Ok(json!(control.problems())),
        ("DELETE", "problems") => {
            control.clear_problems();
            done()
        }
        ("POST", "faults") => add_faults(control, body),
        ("DELETE", "faults") => {
            control.clear_faults();
            done()
        }
        ("GET", "clock") => Ok(json!({"now": control.now().to_string()})),
        ("PUT", "clock") => set_clock(control, &body),
        ("PUT", "lag") => match body["ms"].as_u64() {
            Some(ms) => {
                control.set_lag(Duration::from_millis(ms));
                done()
            }
            None => Err("expected {\"ms\": number}".to_owned()),
        },
        (method, path) => match vendor.switch(method, path, &body) {
            Some(result) => result,
            None => {
                let error = format!("there is no switch {method} /_sim/{path}");
                return Reply::json(404, json!({"error": error}));
            }
        },
    };
    match result {
        Ok(body) => Reply::json(200, body),
        Err(error) => wrong(&error),
    }
}

fn wrong(error: &str) -> Reply {
    Reply::json(400, json!({"error": error}))
}

fn add_faults(control: &Control, body: Value) -> Result<Value, String> {
    let body = if body.is_array() { body } else { json!([body]) };
    let faults: Vec<Fault> = serde_json::from_value(body).map_err(|error| error.to_string())?;
    for fault in faults {
        control.try_add_fault(fault)?;
    }
    Ok(json!({}))
}

fn set_clock(control: &Control, body: &Value) -> Result<Value, String> {
    if let Some(now) = body["now"].as_str() {
        control.set_time(now.parse::<Timestamp>().map_err(|error| error.to_string())?);
    } else if let Some(ms) = body["advance_ms"].as_u64() {
        control.advance(Duration::from_millis(ms));
    } else if body["real"] == true {
        control.real_time();
    } else {
        return Err("expected {\"now\": time}, {\"advance_ms\": n} or {\"real\": true}".to_owned());
    }
    Ok(json!({"now": control.now().to_string()}))
}
