//! Directory Insights: the events of a window, page by page.

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use transport::Method;

use crate::{Client, JumpCloudError, Scoped, below, wire};

/// How many events a page holds.
const PAGE: usize = 1000;

/// Which events are wanted.
#[derive(Debug, Clone)]
pub struct EventsQuery {
    /// The services.
    pub services: Vec<String>,
    /// Not before this.
    pub from: Timestamp,
    /// Before this.
    pub until: Timestamp,
    /// Where the last page ended.
    pub search_after: Option<SearchAfter>,
}

/// Where a page ended. JumpCloud's own value, echoed unchanged.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchAfter(Json);

/// A page of events.
#[derive(Debug)]
pub struct EventsPage {
    /// The events as they came.
    pub events: Vec<Json>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<SearchAfter>,
}

impl Client {
    /// One page of events, oldest first.
    pub async fn events(&self, query: &EventsQuery) -> Result<EventsPage, JumpCloudError> {
        let route = "POST /events";
        let mut body = json!({
            "service": query.services,
            "start_time": query.from.to_string(),
            "end_time": query.until.to_string(),
            "limit": PAGE,
            "sort": "ASC",
        });
        if let (Some(SearchAfter(after)), Json::Object(body)) = (&query.search_after, &mut body) {
            body.insert("search_after".into(), after.clone());
        }
        let url = below(&self.0.endpoints.insights_url, &["events"], &[]);
        let answer = self.call(route, Method::POST, url, Some(body), Scoped::Organization).await?;
        let events: Vec<Json> = wire::decode(route, &answer)?;
        // `X-Search_after` is sent with the last page too: only a full page has a successor.
        let number = |name| answer.header(name).and_then(|text| text.parse::<usize>().ok());
        let count = number("x-result-count").unwrap_or(events.len());
        let limit = number("x-limit").unwrap_or(PAGE);
        let next = if count < limit {
            None
        } else {
            let after = answer
                .header("x-search_after")
                .and_then(|text| serde_json::from_str(text).ok())
                .map(SearchAfter)
                .filter(|after| Some(after) != query.search_after.as_ref());
            Some(after.ok_or_else(|| {
                JumpCloudError::shape(route, "a full page that does not say where it ended")
            })?)
        };
        Ok(EventsPage { events, next })
    }
}
