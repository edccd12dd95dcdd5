//! The tenant itself: that it is the right one (S4), and its domains (U1).

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use sync_core::ids::TenantId;
use sync_core::upn::Domain;
use transport::Method;

use crate::{Client, GraphError, pages, wire};

/// How long a verified tenant counts (S4).
const VERIFIED: Duration = Duration::from_secs(3600);
/// How long the domains are kept.
const DOMAINS: Duration = Duration::from_secs(300);

/// What is known of the tenant.
#[derive(Debug, Default)]
pub(crate) struct Known {
    verified_until: Option<Timestamp>,
    domains: Option<(Timestamp, Vec<Domain>)>,
}

impl Known {
    /// After a change of credentials nothing is known any more (S4).
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[derive(Deserialize)]
struct Organization {
    id: String,
}

impl Client {
    /// Makes sure that Entra's tenant is the configured one; asks at most once an hour (S4).
    ///
    /// [`GraphError::WrongTenant`] stops the directory.
    pub async fn verify_tenant(&self) -> Result<(), GraphError> {
        let now = self.now();
        if self.0.tenant.lock().await.verified_until.is_some_and(|until| until > now) {
            return Ok(());
        }
        let route = "GET /organization";
        let url = self.url(&["organization"], &[("$select", "id")]);
        let answer = self.call(route, Method::GET, url, None).await?;
        let page: wire::Page<Organization> = wire::decode(route, &answer)?;
        let found = page.value.first().and_then(|found| TenantId::parse(&found.id).ok());
        if found.as_ref() != Some(&self.0.endpoints.tenant) {
            return Err(GraphError::WrongTenant { found });
        }
        let until = now.checked_add(VERIFIED).unwrap_or(Timestamp::MAX);
        self.0.tenant.lock().await.verified_until = Some(until);
        Ok(())
    }

    /// The tenant's domains, verified or not, at most five minutes old.
    ///
    /// A failed read is an error to try again, never an empty list (U6).
    pub async fn domains(&self) -> Result<Vec<Domain>, GraphError> {
        let now = self.now();
        if let Some((until, domains)) = &self.0.tenant.lock().await.domains
            && *until > now
        {
            return Ok(domains.clone());
        }
        let url = self.url(&["domains"], &[]);
        let listed = pages::all::<wire::Domain>(self, "GET /domains", url).await?;
        let domains: Vec<Domain> =
            listed.value.into_inner().into_iter().map(Domain::from).collect();
        let until = now.checked_add(DOMAINS).unwrap_or(Timestamp::MAX);
        self.0.tenant.lock().await.domains = Some((until, domains.clone()));
        Ok(domains)
    }
}
