//! Listings: followed to their last page or not answered at all.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use transport::{Dated, Method, Url, same_origin};

use crate::{Client, GraphError, wire};

/// A listing that reached its last page. Nothing but the pager can build one.
#[derive(Debug, Clone)]
pub struct Complete<T>(T);

impl<T> Complete<T> {
    /// The entries.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Complete<Vec<T>> {
    /// The same entries as other things; one that cannot be is an error of the whole.
    pub(crate) fn convert<U, C: FromIterator<U>>(
        self,
        convert: impl FnMut(T) -> Result<U, GraphError>,
    ) -> Result<Complete<C>, GraphError> {
        self.0.into_iter().map(convert).collect::<Result<C, _>>().map(Complete)
    }
}

/// Reads every page; an error on any page is an error of the whole, never a shorter listing.
///
/// A link that leads elsewhere or back is refused.
pub(crate) async fn all<T: DeserializeOwned>(
    client: &Client,
    route: &'static str,
    first: Url,
) -> Result<Dated<Complete<Vec<T>>>, GraphError> {
    let mut seen = BTreeSet::from([first.to_string()]);
    let mut url = first;
    let mut entries = Vec::new();
    let mut date = None;
    loop {
        let answer = client.call(route, Method::GET, url.clone(), None).await?;
        date = Some(date.map_or(answer.date, |earlier: jiff::Timestamp| earlier.min(answer.date)));
        let page: wire::Page<T> = wire::decode(route, &answer)?;
        entries.extend(page.value);
        let Some(link) = page.next_link else {
            let date = date.unwrap_or(answer.date);
            return Ok(Dated { value: Complete(entries), date });
        };
        let next = Url::parse(&link).map_err(|_| GraphError::shape(route, "an unreadable link"))?;
        if !same_origin(&url, &next) {
            return Err(GraphError::shape(route, "a link to another origin"));
        }
        if !seen.insert(next.to_string()) {
            return Err(GraphError::shape(route, "a link to a page that was read already"));
        }
        url = next;
    }
}
