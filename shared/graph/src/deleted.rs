//! The deleted items, where people and groups alike wait for 30 days.
//!
//! <https://learn.microsoft.com/en-us/graph/api/resources/directory>

use transport::{Method, Response};

use crate::{Client, GraphError};

pub(crate) const BY_ID: &str = "GET /directory/deletedItems/{id}";

impl Client {
    /// The answer about a deleted object, with these properties.
    pub(crate) async fn deleted(&self, id: &str, select: &str) -> Result<Response, GraphError> {
        let url = self.url(&["directory", "deletedItems", id], &[("$select", select)]);
        self.call(BY_ID, Method::GET, url, None).await
    }

    /// Brings an object back, with its id.
    ///
    /// <https://learn.microsoft.com/en-us/graph/api/directory-deleteditems-restore>
    pub(crate) async fn restore(&self, id: &str) -> Result<(), GraphError> {
        let route = "POST /directory/deletedItems/{id}/restore";
        let url = self.url(&["directory", "deletedItems", id, "restore"], &[]);
        self.call(route, Method::POST, url, None).await.map(|_| ())
    }
}
