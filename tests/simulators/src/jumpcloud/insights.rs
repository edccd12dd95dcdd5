//! Directory Insights: `POST /events` and `/events/count`.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::limits::JUMPCLOUD as LIMITS;
use crate::server::{Call, Reply};
use crate::table::View;

use super::errors::{error, refused};
use super::events::Event;
use super::filter::text_at;
use super::query::only;
use super::{Object, State, body};

const SERVICES: &[&str] = &[
    "access_management",
    "alerts",
    "all",
    "asset_management",
    "directory",
    "ldap",
    "mdm",
    "notifications",
    "object_storage",
    "password_manager",
    "radius",
    "reports",
    "saas_app_management",
    "software",
    "sso",
    "systems",
    "workflows",
];

/// What a query asks for.
struct Query {
    services: Vec<String>,
    start: Timestamp,
    end: Timestamp,
    limit: usize,
    descending: bool,
    fields: Option<Vec<String>>,
    search: Option<Value>,
    after: Option<(i64, String)>,
}

impl Query {
    fn read(call: &Call<'_>, body: &Object) -> Result<Self, Reply> {
        let known = [
            "service",
            "start_time",
            "end_time",
            "limit",
            "sort",
            "fields",
            "search_term",
            "search_after",
        ];
        if let Some(name) = body.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(refused(call, "property", name, format!("unknown property {name}")));
        }
        let wrong = |name: &str| refused(call, "property", name, format!("a wrong {name}"));
        let services = texts(body.get("service")).filter(|services| {
            !services.is_empty() && services.iter().all(|name| SERVICES.contains(&name.as_str()))
        });
        let time = |name: &str| match body.get(name) {
            None => Ok(None),
            Some(time) => {
                let time = time.as_str().and_then(|time| time.parse::<Timestamp>().ok());
                time.map(Some).ok_or_else(|| wrong(name))
            }
        };
        // Nonsense in `limit` and `sort` silently gives the default.
        let limit = body.get("limit").and_then(Value::as_u64).filter(|limit| *limit > 0);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        let after = match body.get("search_after") {
            None | Some(Value::Null) => None,
            Some(after) => Some(position(after).ok_or_else(|| wrong("search_after"))?),
        };
        Ok(Self {
            services: services.ok_or_else(|| wrong("service"))?,
            start: time("start_time")?.ok_or_else(|| wrong("start_time"))?,
            end: time("end_time")?.unwrap_or(call.now),
            limit: limit
                .unwrap_or(LIMITS.of("events", "default"))
                .min(LIMITS.of("events", "largest")),
            descending: body.get("sort").and_then(Value::as_str) == Some("DESC"),
            fields: match body.get("fields") {
                None | Some(Value::Null) => None,
                fields => Some(texts(fields).ok_or_else(|| wrong("fields"))?),
            },
            search: match body.get("search_term") {
                None | Some(Value::Null) => None,
                Some(term) => {
                    check(term).map_err(|why| refused(call, "property", "search_term", why))?;
                    Some(term.clone())
                }
            },
            after,
        })
    }

    /// Events are kept to the millisecond, and so is the window.
    fn covers(&self, at: Timestamp) -> bool {
        let window = self.start.as_millisecond()..=self.end.as_millisecond();
        window.contains(&at.as_millisecond())
    }

    fn wants(&self, event: &Event, newest: Timestamp, now: Timestamp) -> bool {
        let service = event.body["service"].as_str().unwrap_or("directory");
        let services = &self.services;
        event.written <= newest
            && self.covers(event.at)
            && event.at >= now.saturating_sub(kept()).unwrap_or(Timestamp::MIN)
            && services.iter().any(|wanted| wanted == "all" || wanted == service)
            && self.search.as_ref().is_none_or(|term| matches(term, &event.body))
    }
}

/// How long events are kept.
fn kept() -> SignedDuration {
    let days = i64::try_from(LIMITS.of("events", "kept_days")).unwrap_or(i64::MAX / 24);
    SignedDuration::from_hours(days * 24)
}

fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    let texts = value?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned));
    texts.collect()
}

fn position(value: &Value) -> Option<(i64, String)> {
    match value.as_array()?.as_slice() {
        [ms, token] => Some((ms.as_i64()?, token.as_str()?.to_owned())),
        _ => None,
    }
}

/// What a query finds, in the order of time; `search_after` is not applied yet.
fn found<'a>(state: &'a State, call: &Call<'_>, query: &Query) -> Vec<&'a Event> {
    let seen = match call.view {
        View::Latest => call.now,
        View::AsOf(time) => time,
    };
    let delay = SignedDuration::try_from(state.insights_delay).unwrap_or(SignedDuration::MAX);
    let newest = seen.saturating_sub(delay).unwrap_or(Timestamp::MIN);
    let wanted = |event: &&Event| query.wants(event, newest, call.now);
    let mut found: Vec<_> = state.events.iter().filter(wanted).collect();
    found.sort_by_key(|event| event.at.as_millisecond());
    if query.descending {
        found.reverse();
    }
    found
}

/// `POST /events`.
pub(super) fn events(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &[])?;
    let query = Query::read(call, &body(call)?)?;
    let found = found(state, call, &query);
    let first = match &query.after {
        None => 0,
        Some((_, token)) => {
            let at = found.iter().position(|event| event.body["id"] == token.as_str());
            // The token is opaque: one that no page of this query gave is an error.
            at.ok_or_else(|| error(call, "property", "search_after"))? + 1
        }
    };
    let listed = found.into_iter().enumerate().skip(first);
    let listed = listed.filter_map(|(index, event)| call.listed(index, event));
    let found: Vec<_> = listed.take(query.limit).collect();
    let last = found.last().map(|event| json!([event.at.as_millisecond(), event.body["id"]]));
    let last = last.or_else(|| query.after.as_ref().map(|(ms, token)| json!([ms, token])));
    let count = found.len();
    let rows: Vec<_> = found
        .into_iter()
        .map(|event| match &query.fields {
            None => Ok(event.body.clone()),
            Some(fields) => projected(&event.body, fields).ok_or_else(|| error(call, "fields", "")),
        })
        .collect::<Result<_, _>>()?;
    let sort = if query.descending { "DESC" } else { "ASC" };
    Ok(Reply::json(200, Value::Array(rows))
        .header("x-result-count", count.to_string())
        .header("x-limit", query.limit.to_string())
        .header("x-sort", sort)
        .header("x-search_after", last.unwrap_or_else(|| json!([])).to_string()))
}

/// `POST /events/count`.
pub(super) fn count(state: &State, call: &Call<'_>) -> Result<Reply, Reply> {
    only(call, &[])?;
    let query = Query::read(call, &body(call)?)?;
    Ok(Reply::json(200, json!({"count": found(state, call, &query).len()})))
}

/// The wanted fields; `None` if none of them is a field.
fn projected(event: &Value, fields: &[String]) -> Option<Value> {
    const FIELDS: &[&str] = &[
        "id",
        "timestamp",
        "event_type",
        "service",
        "resource",
        "changes",
        "association",
        "initiated_by",
        "organization",
        "success",
        "client_ip",
        "auth_method",
        "provider",
        "geoip",
        "useragent",
        "correlation",
        "mfa",
        "@version",
        "message_chain",
    ];
    if !fields.iter().any(|field| FIELDS.contains(&field.as_str())) {
        return None;
    }
    let members = event.as_object()?.iter().filter(|(name, _)| fields.contains(name));
    Some(Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect()))
}

/// A search term is an object with one of `and`, `or`, `not`; a field may not repeat.
fn check(term: &Value) -> Result<(), String> {
    let words = term.as_object().filter(|words| words.len() == 1);
    let Some((word, terms)) = words.and_then(|words| words.iter().next()) else {
        return Err("a search_term needs exactly one of and, or, not".to_owned());
    };
    if !["and", "or", "not"].contains(&word.as_str()) {
        return Err(format!("unknown word {word} in a search_term"));
    }
    let mut fields = Vec::new();
    for term in terms.as_array().ok_or("a search_term holds lists")? {
        let conditions = term.as_object().ok_or("a search_term holds lists of objects")?;
        for (field, value) in conditions {
            if ["and", "or", "not"].contains(&field.as_str()) {
                check(term)?;
                continue;
            }
            let root = field.split('.').next().unwrap_or(field);
            if ["changes", "useragent", "system_timestamp"].contains(&root) {
                return Err(format!("{field} cannot be searched"));
            }
            if fields.contains(&field) {
                return Err(format!("{field} repeats in a search_term"));
            }
            if !(value.is_string() || value.is_boolean() || value.is_array()) {
                return Err(format!("a wrong value of {field} in a search_term"));
            }
            fields.push(field);
        }
    }
    Ok(())
}

fn matches(term: &Value, event: &Value) -> bool {
    let Some((word, terms)) = term.as_object().and_then(|words| words.iter().next()) else {
        return true;
    };
    let one = |term: &Value| {
        let Some(conditions) = term.as_object() else { return false };
        conditions.iter().all(|(field, wanted)| match field.as_str() {
            "and" | "or" | "not" => matches(term, event),
            _ => holds(event, field, wanted),
        })
    };
    let mut terms = terms.as_array().into_iter().flatten();
    match word.as_str() {
        "and" => terms.all(one),
        "or" => terms.any(one),
        _ => !terms.any(one),
    }
}

/// Values are stored in lower case, so that only a search in lower case finds them.
fn holds(event: &Value, field: &str, wanted: &Value) -> bool {
    let found = event.as_object().and_then(|event| text_at(event, field));
    let Some(found) = found.map(|found| found.to_lowercase()) else { return false };
    let equal = |wanted: &Value| match wanted {
        Value::String(text) => *text == found,
        Value::Bool(flag) => found == if *flag { "true" } else { "false" },
        _ => false,
    };
    match wanted {
        Value::Array(any) => any.iter().any(equal),
        one => equal(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_lower_case_only_and_any_of_a_list() {
        let event = json!({"event_type": "user_update", "resource": {"username": "Ada.L"}});
        let term = json!({"and": [{"event_type": ["user_create", "user_update"]},
            {"resource.username": "ada.l"}]});
        assert!(check(&term).is_ok());
        assert!(matches(&term, &event));
        assert!(!matches(&json!({"and": [{"resource.username": "Ada.L"}]}), &event));
        assert!(!matches(&json!({"not": [{"event_type": "user_update"}]}), &event));
        assert!(matches(&json!({"and": [{"or": [{"event_type": "user_update"}]}]}), &event));
    }

    #[test]
    fn a_malformed_search_is_refused() {
        for term in [
            json!({}),
            json!({"and": [], "or": []}),
            json!({"xor": []}),
            json!({"and": [{"changes.field": "email"}]}),
            json!({"and": [{"event_type": "a"}, {"event_type": "b"}]}),
        ] {
            assert!(check(&term).is_err(), "{term}");
        }
    }
}
