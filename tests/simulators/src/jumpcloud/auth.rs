//! Keys, service accounts, and the rules of `x-org-id`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::server::{Call, Reply};

use super::State;
use super::errors::{error, refused};

/// `POST /oauth2/token`: client credentials of a service account, by Basic authentication.
pub(super) fn issue(state: &mut State, call: &Call<'_>) -> Reply {
    let form = call.request.form();
    for (name, value) in &form {
        let known = match name.as_str() {
            "grant_type" => value == "client_credentials",
            "scope" => value == "api",
            _ => false,
        };
        if !known {
            let why = format!("the form has {name}={value}");
            return failure(400, "invalid_request").with_problem(why);
        }
    }
    if !form.iter().any(|(name, _)| name == "grant_type") {
        return failure(400, "invalid_request").with_problem("grant_type is missing");
    }
    let pair = call.request.header("authorization").and_then(basic);
    let known = pair.is_some_and(|pair| state.clients.contains(&pair));
    if !known {
        return failure(401, "invalid_client");
    }
    let token = format!("sim.{}", uuid::Uuid::new_v4().simple());
    let life = SignedDuration::try_from(state.token_lifetime).unwrap_or(SignedDuration::MAX);
    let end = call.now.saturating_add(life).unwrap_or(Timestamp::MAX);
    state.tokens.insert(token.clone(), end);
    let body = json!({"access_token": token, "token_type": "bearer", "expires_in": life.as_secs()});
    Reply::json(200, body)
}

fn basic(header: &str) -> Option<(String, String)> {
    let encoded = header.strip_prefix("Basic ")?;
    let pair = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The answer of the token endpoint to what it refuses, or when a fault gives it a status.
pub(super) fn failure(status: u16, name: &str) -> Reply {
    let text = match name {
        "invalid_client" => "Client authentication failed",
        "invalid_request" => "The request is malformed",
        _ => "The service cannot answer at this time",
    };
    Reply::json(status, json!({"error": name, "error_description": text, "status_code": status}))
}

/// Checks the credential of a request, then the organization it is for.
pub(super) fn check(state: &State, call: &Call<'_>) -> Result<(), Reply> {
    let bearer = call.request.header("authorization").and_then(|value| value.split_once(' '));
    let valid = match (call.request.header("x-api-key"), bearer) {
        (Some(key), _) => {
            let end = state.keys.get(key);
            end.is_some_and(|end| end.is_none_or(|end| end > call.now))
        }
        (None, Some((scheme, token))) if scheme.eq_ignore_ascii_case("bearer") => {
            state.tokens.get(token).is_some_and(|end| *end > call.now)
        }
        _ => false,
    };
    if !valid {
        return Err(error(call, "401", ""));
    }
    let of_organizations = call.request.path.starts_with("/api/organizations");
    match call.request.header("x-org-id") {
        Some(_) if of_organizations => {
            Err(refused(call, "org_id_refused", "", "x-org-id is not accepted here"))
        }
        Some(id) if id != state.organization() => Err(error(call, "403", "")),
        None if state.several_organizations && !of_organizations => {
            Err(error(call, "org_id_missing", ""))
        }
        _ => Ok(()),
    }
}
