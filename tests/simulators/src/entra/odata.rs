//! Query options: `$select`, `$filter`, `$expand`, `$top` and pages.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::limits::GRAPH as LIMITS;
use crate::server::{Call, Reply};

use super::errors::{error, refused};
use super::filter::Filter;
use super::schema::{Properties, Resource};

/// The query options of a read.
#[derive(Debug)]
pub(super) struct Options {
    select: Option<Vec<String>>,
    pub(super) filter: Option<Filter>,
    /// The selected properties of the manager, if it is expanded.
    pub(super) manager: Option<Vec<String>>,
    pub(super) count: bool,
    top: usize,
    token: Option<Token>,
}

/// Where a page starts: so many rows have been given, this one was the last.
#[derive(Debug)]
struct Token {
    given: usize,
    last: String,
}

impl Options {
    /// Reads the options; any that this route does not take is refused.
    pub(super) fn read(
        call: &Call<'_>,
        allowed: &[&str],
        resources: &[&Resource],
    ) -> Result<Self, Reply> {
        let mut options = Self {
            select: None,
            filter: None,
            manager: None,
            count: false,
            // Graph's page unless `$top` says otherwise.
            top: LIMITS.of("page", "default"),
            token: None,
        };
        for (name, value) in &call.request.query {
            let known = allowed.contains(&name.as_str());
            match name.as_str() {
                "$select" if known => options.select = Some(selected(call, value, resources)?),
                "$filter" if known => options.filter = Some(Filter::read(call, value, resources)?),
                "$expand" if known => options.manager = Some(expanded(call, value)?),
                "$count" if known => options.count = value == "true",
                "$top" if known => {
                    let top = value
                        .parse()
                        .ok()
                        .filter(|top| (1..=LIMITS.of("page", "largest")).contains(top));
                    options.top = top.ok_or_else(|| error(call, "page_size", &[("top", value)]))?;
                }
                "$skiptoken" if known => options.token = Some(token(call, value)?),
                _ => {
                    let why = format!("unknown query option {name}");
                    return Err(refused(call, "query_unsupported", &[("option", name)], why));
                }
            }
        }
        if options.count && call.request.header("consistencylevel") != Some("eventual") {
            options.count = false;
        }
        Ok(options)
    }

    /// The object with the selected properties, the default ones without a `$select`.
    pub(super) fn project(&self, resource: &Resource, object: &Properties) -> Properties {
        let wanted = |name: &str, default: bool| match &self.select {
            Some(names) => names.iter().any(|selected| selected == name),
            None => default,
        };
        resource
            .properties
            .iter()
            .filter(|property| wanted(property.name, property.default))
            .map(|property| (property.name.to_owned(), resource.read(object, property)))
            .collect()
    }

    /// The id after which the page starts.
    pub(super) fn after(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.last.as_str())
    }

    /// One page of rows. They come in the order of their ids and start after [`Self::after`].
    pub(super) fn page(
        &self,
        call: &Call<'_>,
        context: &str,
        rows: impl Iterator<Item = (String, Properties)>,
    ) -> Reply {
        let given = self.token.as_ref().map_or(0, |token| token.given);
        let mut value = Vec::new();
        let mut last = None;
        let mut passed = given;
        let mut more = false;
        for (id, row) in rows {
            let index = passed;
            passed += 1;
            let Some(row) = call.listed(index, row) else { continue };
            if value.len() == self.top {
                more = true;
                passed -= 1;
                break;
            }
            value.push(Value::Object(row));
            last = Some(id);
        }
        let mut body = json!({"@odata.context": self.context(call, context), "value": value});
        if more && let Some(last) = last {
            body["@odata.nextLink"] = Value::from(next_link(call, passed, &last));
        }
        Reply::json(200, body)
    }

    fn context(&self, call: &Call<'_>, of: &str) -> String {
        let select = self.select.as_ref().map(|names| format!("({})", names.join(",")));
        format!("{}/v1.0/$metadata#{of}{}", call.base, select.unwrap_or_default())
    }

    /// One object as the answer to a direct read.
    pub(super) fn entity(&self, call: &Call<'_>, of: &str, mut object: Properties) -> Reply {
        let context = format!("{}/$entity", self.context(call, of));
        object.insert("@odata.context".to_owned(), Value::from(context));
        Reply::json(200, Value::Object(object))
    }
}

fn selected(call: &Call<'_>, value: &str, resources: &[&Resource]) -> Result<Vec<String>, Reply> {
    let names: Vec<_> = value.split(',').map(|name| name.trim().to_owned()).collect();
    for name in &names {
        if !resources.iter().any(|resource| resource.property(name).is_some()) {
            let resource = resources.first().map_or("directoryObject", |resource| resource.name);
            let values = [("property", name.as_str()), ("resource", resource)];
            let why = format!("unknown property {name} in $select");
            return Err(refused(call, "unknown_select", &values, why));
        }
    }
    Ok(names)
}

/// `manager` or `manager($select=…)`.
fn expanded(call: &Call<'_>, value: &str) -> Result<Vec<String>, Reply> {
    let refuse = || {
        let why = format!("unknown $expand {value}");
        refused(call, "query_unsupported", &[("option", "$expand")], why)
    };
    let Some(rest) = value.strip_prefix("manager") else { return Err(refuse()) };
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let inner = rest.strip_prefix("($select=").and_then(|rest| rest.strip_suffix(')'));
    let inner = inner.ok_or_else(refuse)?;
    selected(call, inner, &[&super::schema::USER])
}

fn token(call: &Call<'_>, value: &str) -> Result<Token, Reply> {
    let read = || {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
        let (given, last) = text.split_once(':')?;
        Some(Token { given: given.parse().ok()?, last: last.to_owned() })
    };
    read().ok_or_else(|| error(call, "skip_token", &[]))
}

fn next_link(call: &Call<'_>, given: usize, last: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in call.request.query.iter().filter(|(name, _)| name != "$skiptoken") {
        query.append_pair(name, value);
    }
    query.append_pair("$skiptoken", &BASE64_URL_SAFE_NO_PAD.encode(format!("{given}:{last}")));
    format!("{}{}?{}", call.base, call.request.path, query.finish())
}
