//! `[entra]`: where the tenant is, and who we are there.

use transport::CustomEndpoints;
use url::Url;

use super::section::Section;
use super::{CredentialKind, EntraConfig};

/// The hosts of one of Microsoft's clouds.
#[derive(Debug, Clone, Copy)]
struct Cloud {
    graph: &'static str,
    login: &'static str,
}

/// <https://learn.microsoft.com/en-us/graph/deployments>.
const CLOUDS: [(&str, Cloud); 4] = [
    (
        "global",
        Cloud { graph: "https://graph.microsoft.com", login: "https://login.microsoftonline.com" },
    ),
    (
        "us_gov_l4",
        Cloud { graph: "https://graph.microsoft.us", login: "https://login.microsoftonline.us" },
    ),
    (
        "us_gov_l5",
        Cloud {
            graph: "https://dod-graph.microsoft.us",
            login: "https://login.microsoftonline.us",
        },
    ),
    (
        "china",
        Cloud {
            graph: "https://microsoftgraph.chinacloudapi.cn",
            login: "https://login.chinacloudapi.cn",
        },
    ),
];

/// What the app may prove itself with; not every version can do each.
const CREDENTIALS: [(&str, Option<CredentialKind>); 3] = [
    ("client_secret", Some(CredentialKind::ClientSecret)),
    ("certificate", None),
    ("aws_federation", None),
];

/// Tokens go to the same tenant as the calls, so both addresses are given or none.
const URLS: [&str; 2] = ["graph_url", "login_url"];

/// Reads the section. `None` only where a problem has been noted.
pub(super) fn read(mut section: Section<'_>, custom: CustomEndpoints) -> Option<EntraConfig> {
    let tenant = section.required("tenant_id");
    let client_id = section.required::<String>("client_id");
    let plain = |id: &String| id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if client_id.as_ref().is_some_and(|id| !plain(id)) {
        section.problem("client_id", "not the id of an app registration: wanted a GUID");
    }
    let credential = section.choice("credential", &CREDENTIALS);
    if credential.is_none() {
        section.problem("credential", "is not supported by this version: use client_secret");
    }
    let cloud = section.choice("cloud", &CLOUDS);
    let given = URLS.map(|key| section.has(key));
    let urls = URLS.map(|key| section.endpoint(key, custom));
    if given.contains(&true) {
        for (key, _) in URLS.iter().zip(given).filter(|(_, given)| !given) {
            section.problem(key, "is missing, since the other address is given");
        }
    }
    let [graph_url, login_url] = if given.contains(&true) {
        urls
    } else {
        [Url::parse(&format!("{}/v1.0", cloud.graph)).ok(), Url::parse(cloud.login).ok()]
    };
    section.finish();
    Some(EntraConfig {
        tenant: tenant?,
        client_id: client_id?,
        graph_url: graph_url?,
        login_url: login_url?,
        token_scope: format!("{}/.default", cloud.graph),
        credential: credential?,
    })
}
