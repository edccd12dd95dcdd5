//! Requests to the servers, and what came back.

use reqwest::header::HeaderMap;
use serde_json::Value;

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// `Null` for what is not JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// A header's text, empty if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The texts under this name in the rows of a list.
    pub(crate) fn ids(&self, list: &str, name: &str) -> Vec<String> {
        let rows = if list.is_empty() { &self.body } else { &self.body[list] };
        let rows = rows.as_array().unwrap_or_else(|| panic!("no list: {:?}", self.body));
        rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    }
}

/// Sends a request; `None` when the connection ended without an answer.
#[expect(clippy::disallowed_methods, reason = "the servers are tested without our client")]
pub(crate) async fn send(request: reqwest::RequestBuilder) -> Option<Answer> {
    let answer = request.send().await.ok()?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.ok()?;
    Some(Answer { status, headers, body: serde_json::from_str(&text).unwrap_or_default() })
}
