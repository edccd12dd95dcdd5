//! Which addresses may be talked to.

use url::{Host, Url};

/// Whether hosts other than the vendors' and plain http are permitted (local runs and tests).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomEndpoints {
    /// The vendors' hosts over https only.
    Refused,
    /// Anything: `ALLOW_CUSTOM_ENDPOINTS=1`.
    Allowed,
}

/// Why an address is not talked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not an absolute address.
    #[error("not an absolute URL")]
    Invalid,
    /// Not https.
    #[error("wanted https")]
    NotHttps,
    /// Not one of the vendors' hosts.
    #[error("{0} is not one of the vendor's hosts")]
    ForeignHost(String),
}

/// The vendors' hosts, in all clouds and regions.
const VENDOR_HOSTS: [&str; 8] = [
    "jumpcloud.com",
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
];

/// Parses a base address and checks that it may be talked to.
pub fn endpoint(text: &str, custom: CustomEndpoints) -> Result<Url, EndpointError> {
    let url = Url::parse(text).map_err(|_| EndpointError::Invalid)?;
    if url.cannot_be_a_base() || !url.username().is_empty() {
        return Err(EndpointError::Invalid);
    }
    if custom == CustomEndpoints::Allowed {
        return matches!(url.scheme(), "http" | "https")
            .then_some(url)
            .ok_or(EndpointError::Invalid);
    }
    if url.scheme() != "https" {
        return Err(EndpointError::NotHttps);
    }
    match url.host() {
        Some(Host::Domain(host)) if is_vendors(host) && url.port().is_none() => Ok(url),
        host => Err(EndpointError::ForeignHost(host.map_or_else(String::new, |h| h.to_string()))),
    }
}

fn is_vendors(host: &str) -> bool {
    VENDOR_HOSTS.iter().any(|vendor| {
        host == *vendor || (*vendor == "jumpcloud.com" && host.ends_with(".jumpcloud.com"))
    })
}

/// Whether a link that a vendor sent stays with the origin we asked.
pub fn same_origin(asked: &Url, link: &Url) -> bool {
    asked.origin() == link.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_vendors_hosts_over_https() {
        let check = |text| endpoint(text, CustomEndpoints::Refused).map(|_| ());
        assert_eq!(check("https://graph.microsoft.com/v1.0"), Ok(()));
        assert_eq!(check("https://console.eu.jumpcloud.com/api"), Ok(()));
        assert_eq!(check("http://graph.microsoft.com/v1.0"), Err(EndpointError::NotHttps));
        for foreign in [
            "https://graph.microsoft.com.evil.example/",
            "https://evil-jumpcloud.com/",
            "https://127.0.0.1/",
            "https://graph.microsoft.com:8443/",
        ] {
            assert!(matches!(check(foreign), Err(EndpointError::ForeignHost(_))), "{foreign}");
        }
        assert_eq!(check("https://user@graph.microsoft.com/"), Err(EndpointError::Invalid));
        assert!(endpoint("http://127.0.0.1:7001/api", CustomEndpoints::Allowed).is_ok());
        assert!(endpoint("ftp://127.0.0.1/", CustomEndpoints::Allowed).is_err());
    }
}
