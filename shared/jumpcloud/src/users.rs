//! Users' own records: one by itself, or several in one search.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use sync_core::desired::DesiredUser;
use sync_core::ids::JumpCloudUserId;
use transport::{Dated, Method};

use crate::{Client, JumpCloudError, Scoped, wire};

/// How many users one search names and answers: the largest page of v1.
const LARGEST: usize = 100;

impl Client {
    /// The user; `None` only for a 404 in JumpCloud's own words.
    pub async fn user(
        &self,
        id: &JumpCloudUserId,
    ) -> Result<Dated<Option<DesiredUser>>, JumpCloudError> {
        let route = "GET /systemusers/{id}";
        let url = self.url(&["systemusers", id.as_str()], &[]);
        let found = self.find(route, url).await?;
        let Some(answer) = found.value else {
            return Ok(Dated { value: None, date: found.date });
        };
        let json: Map<String, Json> = wire::decode(route, &answer)?;
        let user = wire::user(route, &json)?;
        if user.id != *id {
            return Err(JumpCloudError::shape(route, "another user than the one asked for"));
        }
        Ok(Dated { value: Some(user), date: found.date })
    }

    /// Those of these users that a search answers, with the earliest `Date`.
    ///
    /// A search only nominates: whoever is missing from it, or whose row cannot be read, is to be
    /// read by himself, and so is whoever would lose something by it.
    pub async fn search_users(
        &self,
        ids: &[JumpCloudUserId],
    ) -> Result<Dated<BTreeMap<JumpCloudUserId, DesiredUser>>, JumpCloudError> {
        let route = "POST /search/systemusers";
        let (mut found, mut date) = (BTreeMap::new(), None);
        for ids in ids.chunks(LARGEST) {
            let any: Vec<Json> = ids.iter().map(|id| json!({ "_id": id.as_str() })).collect();
            let body =
                json!({ "filter": { "or": any }, "limit": LARGEST, "skip": 0, "sort": "_id" });
            let url = self.url(&["search", "systemusers"], &[]);
            let call = self.call(route, Method::POST, url, Some(body), Scoped::Organization);
            let answer = call.await?;
            let earlier = date.unwrap_or(answer.date);
            date = Some(answer.date.min(earlier));
            let page: wire::Users = wire::decode(route, &answer)?;
            let users = page.results.iter().filter_map(|row| wire::user(route, row).ok());
            let asked = users.filter(|user| ids.contains(&user.id));
            found.extend(asked.map(|user| (user.id.clone(), user)));
        }
        Ok(Dated { value: found, date: date.unwrap_or_else(|| self.now()) })
    }
}
