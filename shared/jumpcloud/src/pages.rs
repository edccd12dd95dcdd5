//! Traversals: read to their last page or not answered at all.

use std::collections::BTreeSet;

use jiff::Timestamp;
use transport::Dated;

use crate::{Client, JumpCloudError, wire};

/// The largest page that v2 answers.
const PAGE: usize = 100;

/// Reads a traversal until `visit` has found something or the last page is over, with the
/// earliest `Date` of its pages.
///
/// An error on any page is an error of the whole, never a shorter traversal. Where JumpCloud counts
/// what there is, another number than that was read proves that something was left out.
pub(crate) async fn traverse<T>(
    client: &Client,
    route: &'static str,
    path: &[&str],
    mut visit: impl FnMut(&wire::Reached) -> Result<Option<T>, JumpCloudError>,
) -> Result<Dated<Option<T>>, JumpCloudError> {
    let mut seen = BTreeSet::new();
    let mut date = Timestamp::MAX;
    let mut skip = 0;
    let mut counted: Option<usize> = None;
    loop {
        let (limit, from) = (PAGE.to_string(), skip.to_string());
        let query = [("limit", limit.as_str()), ("skip", from.as_str())];
        let answer = client.get(route, client.url(path, &query)).await?;
        date = date.min(answer.date);
        let page: Vec<wire::Reached> = wire::decode(route, &answer)?;
        let count = answer.header("x-total-count").and_then(|text| text.parse().ok());
        if counted.is_some_and(|before| count != Some(before)) {
            // Something came or went between two pages, and may have shifted a row out of both.
            return Err(JumpCloudError::shape(route, "another count than on the page before"));
        }
        counted = count;
        let (length, known) = (page.len(), seen.len());
        for reached in page {
            if let Some(found) = visit(&reached)? {
                return Ok(Dated { value: Some(found), date });
            }
            seen.insert(reached.id);
        }
        // Not every list sends a link, so a page that is not full is the last one.
        if length < PAGE {
            if counted.is_some_and(|counted| counted != seen.len()) {
                return Err(JumpCloudError::shape(route, "another number of rows than counted"));
            }
            return Ok(Dated { value: None, date });
        }
        if seen.len() == known {
            // A server that ignores `skip` would be asked for ever.
            return Err(JumpCloudError::shape(route, "a page that was read already"));
        }
        skip += length;
    }
}
