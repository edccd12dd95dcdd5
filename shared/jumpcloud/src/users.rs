//! One user's own record.

use serde_json::{Map, Value as Json};
use sync_core::desired::DesiredUser;
use sync_core::ids::JumpCloudUserId;
use transport::Dated;

use crate::{Client, JumpCloudError, wire};

impl Client {
    /// The user; `None` only for a 404 in JumpCloud's own words.
    pub async fn user(
        &self,
        id: &JumpCloudUserId,
    ) -> Result<Dated<Option<DesiredUser>>, JumpCloudError> {
        let route = "GET /systemusers/{id}";
        let url = self.url(&["systemusers", id.as_str()], &[]);
        let asked = self.now();
        let answer = match self.get(route, url).await {
            Ok(answer) => answer,
            // The error keeps no `Date`; when we asked is the safe side of it.
            Err(error) if error.is_not_found() => return Ok(Dated { value: None, date: asked }),
            Err(error) => return Err(error),
        };
        let json: Map<String, Json> = wire::decode(route, &answer)?;
        let user = wire::user(route, &json)?;
        if user.id != *id {
            return Err(JumpCloudError::shape(route, "another user than the one asked for"));
        }
        Ok(Dated { value: Some(user), date: answer.date })
    }
}
