//! A request, taken apart once, and the routes it may match.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use serde_json::Value;
use url::form_urlencoded;

/// A method and a path with `{parameters}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
}

/// Graph's version segment is no part of a route's name.
const UNNAMED: &str = "/v1.0";

impl Route {
    pub(crate) const fn new(method: &'static str, path: &'static str) -> Self {
        Self { method, path }
    }

    /// The template as the journal and the faults name it.
    pub(crate) fn name(&self) -> &'static str {
        self.path.strip_prefix(UNNAMED).unwrap_or(self.path)
    }

    /// The parameters, if the path (not the method) matches.
    pub(crate) fn matches(&self, request: &Request) -> Option<Vec<String>> {
        let mut parameters = Vec::new();
        let mut segments = request.segments.iter();
        for wanted in self.path.split('/').skip(1) {
            let segment = segments.next()?;
            let Some((before, rest)) = wanted.split_once('{') else {
                if segment != wanted {
                    return None;
                }
                continue;
            };
            let (_, after) = rest.split_once('}')?;
            let value = segment.strip_prefix(before)?.strip_suffix(after)?;
            if value.is_empty() {
                return None;
            }
            parameters.push(value.to_owned());
        }
        segments.next().is_none().then_some(parameters)
    }
}

/// The route of a request and the values of its parameters; literal segments win.
pub(crate) fn find(
    routes: &'static [Route],
    request: &Request,
) -> Option<(&'static Route, Vec<String>)> {
    routes
        .iter()
        .filter(|route| route.method == request.method)
        .find_map(|route| Some((route, route.matches(request)?)))
}

/// A request, decoded.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn new(method: &Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        Self::of(method.as_str(), uri.path(), uri.query().unwrap_or(""), headers, body)
    }

    pub(crate) fn of(
        method: &str,
        path: &str,
        query: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        let segments: Vec<_> = path.split('/').skip(1).map(decoded).collect();
        Self {
            method: method.to_owned(),
            path: format!("/{}", segments.join("/")),
            segments,
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers,
            body,
        }
    }

    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON; an empty body is `None`.
    pub(crate) fn json(&self) -> Result<Option<Value>, serde_json::Error> {
        if self.body.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&self.body).map(Some)
    }

    pub(crate) fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The body for the journal, whatever it is.
    pub(crate) fn any_body(&self) -> Option<Value> {
        if self.header("content-type").is_some_and(|kind| kind.contains("form-urlencoded")) {
            let members = self.form().into_iter().map(|(name, value)| (name, Value::from(value)));
            return Some(Value::Object(members.collect()));
        }
        match self.json() {
            Ok(body) => body,
            Err(_) => Some(Value::from(format!("{} bytes that are not JSON", self.body.len()))),
        }
    }

    pub(crate) fn query_text(&self) -> String {
        let pairs: Vec<_> =
            self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }

    /// What a fault's `contains` is looked for in.
    pub(crate) fn text(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        format!("{}?{}\n{body}", self.path, self.query_text())
    }
}

/// A path segment without its percent signs; a `+` stays one.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |byte: u8| char::from(byte).to_digit(16);
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                    rest = tail;
                    continue;
                }
                _ => bytes.push(b'%'),
            },
            _ => bytes.push(*first),
        }
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &[Route] = &[
        Route::new("GET", "/v1.0/users/{id}"),
        Route::new("GET", "/v1.0/groups(uniqueName='{uniqueName}')"),
    ];

    fn matched(path: &str) -> Option<(&'static str, Vec<String>)> {
        let request = Request::of("GET", path, "", HeaderMap::new(), Bytes::new());
        find(ROUTES, &request).map(|(route, parameters)| (route.name(), parameters))
    }

    #[test]
    fn parameters_are_decoded_and_may_stand_inside_a_segment() {
        assert_eq!(
            matched("/v1.0/users/b%C3%A9a%23x@corp.example"),
            Some(("/users/{id}", vec!["béa#x@corp.example".to_owned()]))
        );
        assert_eq!(
            matched("/v1.0/groups(uniqueName=%27jumpcloud-1%27)"),
            Some(("/groups(uniqueName='{uniqueName}')", vec!["jumpcloud-1".to_owned()]))
        );
        assert_eq!(matched("/v1.0/users"), None);
        assert_eq!(matched("/v1.0/users/a/b"), None);
        assert_eq!(matched("/v1.0/users/"), None);
    }

    #[test]
    fn a_plus_in_a_path_is_a_plus() {
        assert_eq!(decoded("a+b%2"), "a+b%2");
    }
}
