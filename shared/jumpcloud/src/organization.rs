//! That the credential belongs to the configured organization (S4).

use std::time::Duration;

use transport::Method;

use crate::{Client, JumpCloudError, Scoped, wire};

/// How long a verified organization counts (S4).
const VERIFIED: Duration = Duration::from_secs(3600);

impl Client {
    /// Makes sure the configured organization is one the credential sees; asks at most once an hour.
    ///
    /// Without a configured organization nothing is asked.
    pub async fn verify_organization(&self) -> Result<(), JumpCloudError> {
        let Some(wanted) = &self.0.endpoints.organization else { return Ok(()) };
        let now = self.now();
        if self.0.verified_until.lock().await.is_some_and(|until| until > now) {
            return Ok(());
        }
        let route = "GET /organizations";
        let url = self.url(&["organizations"], &[("limit", "100")]);
        let answer = self.call(route, Method::GET, url, None, Scoped::Everything).await?;
        let listed: wire::Organizations = wire::decode(route, &answer)?;
        let seen = listed.results.iter().any(|o| o.id.eq_ignore_ascii_case(wanted.as_str()));
        if !seen {
            return Err(JumpCloudError::WrongOrganization { wanted: wanted.clone() });
        }
        *self.0.verified_until.lock().await =
            Some(now.checked_add(VERIFIED).unwrap_or(jiff::Timestamp::MAX));
        Ok(())
    }
}
