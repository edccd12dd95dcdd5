//! The deletions that may go out; whatever else has that method is refused before it is sent.
//!
//! A removal from a group that lacks its last segment, `$ref`, deletes the member itself:
//! <https://learn.microsoft.com/en-us/graph/api/group-delete-members>. So this is a list of what
//! is allowed, letter by letter, not one of what is dangerous.

use sync_core::ids::EntraUserId;
use transport::Url;

/// Whether a DELETE of this address is one that the client has a call for.
pub(crate) fn is_ours(root: &Url, url: &Url) -> bool {
    let root = root.path().trim_end_matches('/');
    let Some(path) = url.path().strip_prefix(root) else { return false };
    let is_id = |segment: &str| EntraUserId::parse(segment).is_ok();
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "users", user, "manager", "$ref"] => is_id(user),
        ["", "groups", group] => is_id(group),
        ["", "groups", group, "members", member, "$ref"] => is_id(group) && is_id(member),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use clock::Clock;
    use futures_util::FutureExt;
    use jiff::Timestamp;
    use sync_core::disposition::Disposition;
    use sync_core::ids::TenantId;
    use transport::{Http, Method, Secret};

    use super::*;
    use crate::{Call, Client, Endpoints, EntraCredential, GraphError, token::Token};

    const GROUP: &str = "8d0b5a0e-0000-4000-8000-0000000000b1";
    const USER: &str = "8d0b5a0e-0000-4000-8000-000000000001";

    /// What must never be sent.
    fn dangerous() -> Vec<String> {
        let paths = [
            "groups/x/members/y",
            "groups/G/members/U",
            "groups/G/members/U/",
            "groups/G/Members/U",
            "Groups/G/MEMBERS/U",
            "groups/G/members/U/$ref/",
            "groups/G/members/U/$ref/more",
            "groups/G/members/U/more",
            "groups/G/members/microsoft.graph.user/U",
            "groups/G/members//$ref",
            "groups/G/members/$ref",
            "groups/G/members/U?x=/$ref",
            "groups/G/members/U#/$ref",
            "groups/G/%6Dembers/U",
            "groups/G/members%2FU",
            "groups/G/members/U%2F$ref",
            "groups/G/members/U/$ref/../",
            "groups/G/transitiveMembers/U",
            "groups(uniqueName='x')/members/U",
            "groups/members",
            "groups/",
            "groups",
            "users/U",
            "users/U/manager",
            "directory/deletedItems/U",
            "directoryObjects/U",
            "",
        ];
        paths.map(|path| path.replace('G', GROUP).replace('U', USER)).to_vec()
    }

    fn address(path: &str) -> Url {
        Url::parse(&format!("http://127.0.0.1:1/v1.0/{path}")).unwrap()
    }

    fn client(root: Url) -> Client {
        let login_url = root.clone();
        let endpoints = Endpoints {
            graph_url: root,
            login_url,
            scope: String::new(),
            tenant: TenantId::parse(GROUP).unwrap(),
            client_id: String::new(),
        };
        let secret = || Ok(EntraCredential::ClientSecret(Secret::new("secret")));
        let credentials = Arc::new(move |_| std::future::ready(secret()).boxed());
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        Client::new(Http::new(clock), endpoints, credentials, Duration::from_secs(1))
    }

    #[tokio::test]
    async fn a_deletion_that_is_none_of_ours_is_not_sent() {
        let client = client(address(""));
        let token = Token::kept("token");
        for path in dangerous() {
            let call = Call::new("DELETE /it", Method::DELETE, address(&path), None);
            let error = client.send(&call, &token, Duration::from_secs(1)).await.unwrap_err();
            assert!(matches!(error, GraphError::ForbiddenDeletion { .. }), "{path}: {error}");
            assert_eq!(error.disposition(), Disposition::Fail);
            assert!(!error.is_unanswered());
        }
        assert_eq!(client.requests(), 0);
    }

    #[tokio::test]
    async fn a_removal_is_sent_as_one() {
        let client = client(address(""));
        let url = address(&format!("groups/{GROUP}/members/{USER}/$ref"));
        let call = Call::new("DELETE /it", Method::DELETE, url, None);
        let error = client.send(&call, &Token::kept("token"), Duration::from_secs(1)).await;
        assert!(matches!(error, Err(GraphError::Transport { .. })), "{error:?}");
        assert_eq!(client.requests(), 1);
    }

    #[test]
    fn the_root_is_part_of_the_address() {
        let removal = format!("groups/{GROUP}/members/{USER}/$ref");
        let below = |root: &str| Url::parse(&format!("https://graph.example{root}")).unwrap();
        for root in ["/v1.0", "/v1.0/", "/", ""] {
            let root = below(root);
            let mut url = root.clone();
            url.path_segments_mut().unwrap().pop_if_empty().extend(removal.split('/'));
            assert!(is_ours(&root, &url), "{url}");
        }
        let other = below(&format!("/v1.0-beta/{removal}"));
        assert!(!is_ours(&below("/v1.0"), &other));
        assert!(!is_ours(&below("/beta"), &other));
    }
}
