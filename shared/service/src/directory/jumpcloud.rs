//! `[jumpcloud]`: where the organization is, and who is connected.

use std::collections::BTreeSet;

use sync_core::policy::Scope;
use transport::CustomEndpoints;
use url::Url;

use super::section::Section;
use super::{JumpCloudConfig, Notes};

/// The label before `jumpcloud.com`.
const REGIONS: [(&str, &str); 3] = [("us", ""), ("eu", "eu."), ("in", "in.")];
/// An organization is in one place, so its addresses are given all or not at all.
const URLS: [&str; 3] = ["api_url", "insights_url", "token_url"];

/// Reads the section. `None` only where a problem has been noted.
pub(super) fn read(
    mut section: Section<'_>,
    custom: CustomEndpoints,
    notes: &Notes,
) -> Option<(JumpCloudConfig, Scope)> {
    let region = section.choice("region", &REGIONS);
    let given = URLS.map(|key| section.has(key));
    let urls = URLS.map(|key| section.endpoint(key, custom));
    if given.contains(&true) {
        for (key, _) in URLS.iter().zip(given).filter(|(_, given)| !given) {
            section.problem(key, "is missing, since others of these addresses are given");
        }
    }
    let [api_url, insights_url, token_url] = if given.contains(&true) {
        urls
    } else {
        [
            format!("https://console.{region}jumpcloud.com/api"),
            format!("https://api.{region}jumpcloud.com/insights/directory/v1"),
            format!("https://admin-oauth.id.{region}jumpcloud.com/oauth2/token"),
        ]
        .map(|url| Url::parse(&url).ok())
    };
    let organization = section.optional("organization");
    let acknowledged = section.flag("acknowledge_native", false);
    let scope = read_scope(&mut section);
    if matches!(scope, Some(Scope::Office365(_))) {
        if acknowledged {
            notes.warning(
                "jumpcloud.scope.office_365: JumpCloud's own integration writes to the same users",
            );
        } else {
            section.problem(
                "acknowledge_native",
                "must be true with scope.office_365: JumpCloud's own integration writes too",
            );
        }
    }
    section.finish();
    let config = JumpCloudConfig {
        api_url: api_url?,
        insights_url: insights_url?,
        token_url: token_url?,
        organization,
    };
    Some((config, scope?))
}

/// The kinds of scope, as a mistake names them.
const KINDS: &str = "application, office_365, or user_groups and users";

fn read_scope(jumpcloud: &mut Section<'_>) -> Option<Scope> {
    if !jumpcloud.has("scope") {
        jumpcloud.problem("scope", format!("is missing: wanted one of {KINDS}"));
        return None;
    }
    let mut section = jumpcloud.subsection("scope")?;
    let listed = section.has("user_groups") || section.has("users");
    let kinds = [section.has("application"), section.has("office_365"), listed];
    let application = section.optional("application").map(Scope::Application);
    let office_365 = section.optional("office_365").map(Scope::Office365);
    let groups: BTreeSet<_> = section.list("user_groups").into_iter().collect();
    let users: BTreeSet<_> = section.list("users").into_iter().collect();
    section.finish();
    if kinds.iter().filter(|given| **given).count() != 1 {
        jumpcloud.problem("scope", format!("wanted exactly one of {KINDS}"));
        return None;
    }
    if listed && groups.is_empty() && users.is_empty() {
        jumpcloud.problem("scope", "nobody is listed");
    }
    let listed = listed.then_some(Scope::Listed { groups, users });
    application.or(office_365).or(listed)
}
