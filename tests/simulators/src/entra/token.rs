//! The token endpoint, and the check of tokens.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::server::{Call, Reply};

use super::State;
use super::errors::error;

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// `POST /{tenant}/oauth2/v2.0/token` with client credentials.
pub(super) fn issue(state: &mut State, call: &Call<'_>) -> Reply {
    let form = call.request.form();
    let field =
        |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let tenant = call.parameter(0);
    if !tenant.eq_ignore_ascii_case(&state.tenant()) && !state.is_verified(tenant) {
        let text = format!("AADSTS90002: Tenant '{tenant}' not found.");
        return failure(call, 400, "invalid_request", 90002, &text);
    }
    for (name, _) in &form {
        let known = ["client_id", "scope", "grant_type", "client_secret", "client_assertion_type"];
        if !known.contains(&name.as_str()) && name != "client_assertion" {
            let text = format!("AADSTS900144: The request has an unknown parameter '{name}'.");
            return failure(call, 400, "invalid_request", 900_144, &text).with_problem(text);
        }
    }
    if field("grant_type") != Some("client_credentials") {
        let text = "AADSTS70003: The app requested an unsupported grant type.";
        return failure(call, 400, "unsupported_grant_type", 70003, text).with_problem(text);
    }
    if !field("scope").is_some_and(|scope| scope.ends_with("/.default")) {
        let text = "AADSTS1002012: The provided value for scope is not valid.";
        return failure(call, 400, "invalid_scope", 1_002_012, text).with_problem(text);
    }
    let Some(client) = field("client_id") else {
        let text = "AADSTS900144: The request body must contain 'client_id'.";
        return failure(call, 400, "invalid_request", 900_144, text).with_problem(text);
    };
    if !state.clients.iter().any(|(id, _)| id == client) {
        let text = format!("AADSTS700016: Application '{client}' was not found in the directory.");
        return failure(call, 400, "unauthorized_client", 700_016, &text);
    }
    let status = state.invalid_client_status;
    match (field("client_secret"), field("client_assertion")) {
        (Some(secret), _) => {
            if !state.clients.iter().any(|(id, known)| id == client && known == secret) {
                let text = "AADSTS7000215: Invalid client secret provided.";
                return failure(call, status, "invalid_client", 7_000_215, text);
            }
        }
        (None, Some(assertion)) => {
            let right_type = field("client_assertion_type") == Some(ASSERTION);
            if !right_type || !is_assertion(assertion, client, call.now) {
                let text = "AADSTS700027: The client assertion is not valid.";
                return failure(call, status, "invalid_client", 700_027, text);
            }
        }
        (None, None) => {
            let text = "AADSTS7000216: 'client_assertion' or 'client_secret' is required.";
            return failure(call, status, "invalid_client", 7_000_216, text);
        }
    }
    let token = format!("sim.{}", uuid::Uuid::new_v4().simple());
    let life = SignedDuration::try_from(state.token_lifetime).unwrap_or(SignedDuration::MAX);
    let end = call.now.saturating_add(life).unwrap_or(Timestamp::MAX);
    state.tokens.insert(token.clone(), end);
    Reply::json(
        200,
        json!({"token_type": "Bearer", "expires_in": life.as_secs(), "ext_expires_in": life.as_secs(),
            "access_token": token}),
    )
}

/// Whether this has the form of an assertion by this client; nobody checks the signature.
fn is_assertion(assertion: &str, client: &str, now: Timestamp) -> bool {
    let parts: Vec<_> = assertion.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { return false };
    let json = |part: &str| -> Option<Value> {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    let (Some(header), Some(claims)) = (json(header), json(claims)) else { return false };
    let federated = claims["aud"] == "api://AzureADTokenExchange";
    let own = claims["iss"] == client && claims["sub"] == client && claims["jti"].is_string();
    header["alg"].is_string()
        && !signature.is_empty()
        && (federated || own)
        && claims["exp"].as_i64().is_some_and(|end| end > now.as_second())
}

fn failure(call: &Call<'_>, status: u16, name: &str, code: u64, text: &str) -> Reply {
    let timestamp = call.now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    Reply::json(
        status,
        json!({"error": name, "error_description": text, "error_codes": [code],
            "timestamp": timestamp, "trace_id": call.id, "correlation_id": call.id}),
    )
}

/// The answer of the token endpoint when a fault gives it a status.
pub(super) fn fault(call: &Call<'_>, status: u16) -> Reply {
    match status {
        400 | 401 => {
            let text = "AADSTS7000215: Invalid client secret provided.";
            failure(call, status, "invalid_client", 7_000_215, text)
        }
        429 | 500.. => {
            let text = "AADSTS90033: A transient error has occurred. Please try again.";
            failure(call, status, "temporarily_unavailable", 90033, text)
        }
        _ => failure(call, status, "invalid_request", 90000, "AADSTS90000: Invalid request."),
    }
}

/// Checks the bearer token of a request to Graph.
pub(super) fn check(state: &State, call: &Call<'_>) -> Result<(), Reply> {
    let token = call.request.header("authorization").and_then(|value| value.split_once(' '));
    let token = match token {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token,
        _ => return Err(error(call, "token_missing", &[])),
    };
    match state.tokens.get(token) {
        None => Err(error(call, "token_invalid", &[])),
        Some(end) if *end <= call.now => Err(error(call, "token_expired", &[])),
        Some(_) => Ok(()),
    }
}
