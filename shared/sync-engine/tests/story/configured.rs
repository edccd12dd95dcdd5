//! The directory of a world, as it is configured when nothing else is said.

use std::sync::Arc;

use clock::Clock;
use simulators::{EntraSim, JumpCloudSim};
use sync_core::attributes::default_mappings;
use sync_core::ids::{DirectoryId, OrganizationId, ScopeObjectId, TenantId};
use sync_core::policy::{
    GroupPolicy, Limits, OnDeletedInEntra, OnDisconnect, Policy, Scope, Timing, UpnPolicy,
    UpnSource, UserPolicy,
};
use sync_engine::Directory;
use transport::{Freshness, Http, Secret, Url};

pub(crate) const ORGANIZATION: &str = "65f0000000000000000000aa";
pub(crate) const APPLICATION: &str = "65f0000000000000000000c1";
pub(crate) const TENANT: &str = "8d0b5a0e-0000-4000-8000-0000000000aa";

/// Its rules and its two clients.
pub(crate) fn directory(
    policy: Policy,
    clock: &Clock,
    jumpcloud: &JumpCloudSim,
    entra: &EntraSim,
) -> Directory {
    let url = |text: String| Url::parse(&text).unwrap();
    let timeout = policy.timing.vendor_timeout();
    let tenant = TenantId::parse(TENANT).unwrap();
    let http = Http::new(clock.clone());
    Directory {
        id: DirectoryId::parse("corp").unwrap(),
        tenant: tenant.clone(),
        policy,
        graph: graph::Client::new(
            http.clone(),
            graph::Endpoints {
                graph_url: url(entra.graph_url()),
                login_url: url(entra.login_url()),
                scope: "https://graph.microsoft.com/.default".into(),
                tenant,
                client_id: "client".into(),
            },
            Arc::new(|_: Freshness| {
                let secret = graph::EntraCredential::ClientSecret(Secret::new("secret"));
                Box::pin(async move { Ok(secret) })
            }),
            timeout,
        ),
        jumpcloud: jumpcloud::Client::new(
            http,
            jumpcloud::Endpoints {
                api_url: url(jumpcloud.api_url()),
                insights_url: url(jumpcloud.insights_url()),
                token_url: url(jumpcloud.token_url()),
                organization: Some(OrganizationId::parse(ORGANIZATION).unwrap()),
            },
            Arc::new(|_: Freshness| {
                let key = jumpcloud::JumpCloudCredential::ApiKey(Secret::new("key"));
                Box::pin(async move { Ok(key) })
            }),
            timeout,
        ),
    }
}

/// The defaults, for everybody who is connected to one application.
pub(crate) fn policy() -> Policy {
    Policy {
        scope: Scope::Application(ScopeObjectId::parse(APPLICATION).unwrap()),
        upn: UpnPolicy {
            source: UpnSource::Email,
            domains: Default::default(),
            default_domain: None,
        },
        users: UserPolicy {
            suspend_on_password_expired: false,
            suspend_on_lockout: false,
            enable_disabled_in_entra: false,
            on_deleted_in_entra: OnDeletedInEntra::Restore,
            revoke_sessions: true,
            exclude: Default::default(),
            adopt_privileged: Default::default(),
            usage_location: None,
        },
        groups: GroupPolicy { enabled: true, on_disconnect: OnDisconnect::Keep },
        limits: Limits::default(),
        attributes: default_mappings(),
        timing: Timing::default(),
    }
}
