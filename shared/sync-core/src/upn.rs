//! UPN rules U1 to U6: which UPN a JumpCloud user has in this directory, or why none.
//!
//! Never rewrites a character: what Entra forbids is a finding (U4).
//! Limits and characters: <https://learn.microsoft.com/en-us/entra/identity/authentication/concept-sspr-policy>.

use crate::attributes::Source;
use crate::finding::{Finding, FindingCode};
use crate::ids::Upn;
use crate::policy::UpnPolicy;

/// A domain of the tenant, as Entra lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// The name, in lower case.
    pub name: String,
    /// Only verified domains may be used in a UPN.
    pub verified: bool,
    /// Sign-in goes to another identity provider (P14).
    pub federated: bool,
}

/// Resolves the mapped e-mail to a UPN (U1 to U4), or says why there is none.
pub fn resolve(
    policy: &UpnPolicy,
    email: &Source<String>,
    domains: &[Domain],
) -> Result<Upn, Finding> {
    let refuse = |code, message: String| Err(Finding::new(code, message));
    let Some(email) = email.value() else {
        return refuse(FindingCode::UpnMissing, "no e-mail in the mapped source".into());
    };
    let Some((local, domain)) =
        email.rsplit_once('@').filter(|(l, d)| !l.is_empty() && !d.is_empty())
    else {
        return refuse(FindingCode::UpnInvalid, "the mapped e-mail is not an address".into());
    };
    // Of ASCII alone: no other character may become one that Entra allows.
    let domain = domain.to_ascii_lowercase();
    let domain = if policy.domains.is_empty() || policy.domains.contains(&domain) {
        domain
    } else if let Some(default) = &policy.default_domain {
        default.clone()
    } else {
        return refuse(FindingCode::DomainNotListed, format!("domain {domain} is not listed"));
    };
    if let Some(why) = forbidden(local, &domain) {
        return refuse(FindingCode::UpnInvalid, why);
    }
    if !domains.iter().any(|known| known.verified && known.name == domain) {
        return refuse(
            FindingCode::DomainNotVerified,
            format!("domain {domain} is not a verified domain of the tenant"),
        );
    }
    Ok(Upn::parse(&format!("{local}@{domain}")).expect("both parts are not empty"))
}

/// What Entra would refuse in a UPN of these parts.
fn forbidden(local: &str, domain: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c);
    if let Some(bad) = local.chars().find(|c| !allowed(*c)) {
        return Some(format!("a UPN may not hold {:?}", bad));
    }
    if local.ends_with('.') {
        return Some("a UPN may not have a dot before the @".into());
    }
    if local.len() > 64 {
        return Some("more than 64 characters before the @".into());
    }
    if domain.len() > 48 {
        return Some("more than 48 characters after the @".into());
    }
    // 64 + 48 + the sign is 113, so the total limit holds with the parts.
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (!domain.split('.').all(label)).then(|| format!("{domain:?} is not a domain"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains() -> Vec<Domain> {
        [("corp.example", true), ("other.example", true), ("new.example", false)]
            .map(|(name, verified)| Domain { name: name.into(), verified, federated: false })
            .into()
    }

    fn policy(listed: &[&str], default: Option<&str>) -> UpnPolicy {
        UpnPolicy {
            source: crate::policy::UpnSource::Email,
            domains: listed.iter().map(|d| (*d).to_owned()).collect(),
            default_domain: default.map(str::to_owned),
        }
    }

    fn upn(policy: &UpnPolicy, email: &str) -> Result<String, FindingCode> {
        resolve(policy, &Source::Set(email.into()), &domains())
            .map(|upn| upn.to_string())
            .map_err(|finding| finding.code)
    }

    #[test]
    fn u1_without_domains_any_verified_domain_of_the_tenant_will_do() {
        let policy = policy(&[], None);
        assert_eq!(upn(&policy, "ada@corp.example"), Ok("ada@corp.example".into()));
        assert_eq!(upn(&policy, "ada@new.example"), Err(FindingCode::DomainNotVerified));
        assert_eq!(upn(&policy, "ada@elsewhere.example"), Err(FindingCode::DomainNotVerified));
    }

    #[test]
    fn u2_without_a_default_only_listed_domains_sync() {
        let policy = policy(&["corp.example"], None);
        assert_eq!(upn(&policy, "ada@corp.example"), Ok("ada@corp.example".into()));
        assert_eq!(upn(&policy, "ada@other.example"), Err(FindingCode::DomainNotListed));
    }

    #[test]
    fn u3_the_default_domain_replaces_an_unlisted_one() {
        let policy = policy(&["other.example"], Some("corp.example"));
        assert_eq!(upn(&policy, "ada@other.example"), Ok("ada@other.example".into()));
        assert_eq!(upn(&policy, "ada@private.example"), Ok("ada@corp.example".into()));
    }

    #[test]
    fn u4_domains_compare_without_case_and_upns_are_lower_case() {
        let policy = policy(&["corp.example"], None);
        assert_eq!(upn(&policy, "Ada.L@CORP.Example"), Ok("ada.l@corp.example".into()));
    }

    #[test]
    fn u4_what_entra_forbids_is_a_finding_never_rewritten() {
        let policy = policy(&["corp.example"], None);
        let long = format!("{}@corp.example", "a".repeat(65));
        for bad in [
            "ada+1@corp.example",
            "adá@corp.example",
            "ada.@corp.example",
            "a da@corp.example",
            &long,
        ] {
            assert_eq!(upn(&policy, bad), Err(FindingCode::UpnInvalid), "{bad}");
        }
        assert_eq!(
            upn(&policy, "o'neil-_!#^~@corp.example"),
            Ok("o'neil-_!#^~@corp.example".into())
        );
        assert_eq!(upn(&policy, "not an address"), Err(FindingCode::UpnInvalid));
        for missing in [Source::Empty, Source::Absent] {
            let finding = resolve(&policy, &missing, &domains()).unwrap_err();
            assert_eq!(finding.code, FindingCode::UpnMissing);
        }
        for no_address in ["ada", "@corp.example", "ada@", "@"] {
            assert_eq!(upn(&policy, no_address), Err(FindingCode::UpnInvalid), "{no_address}");
        }
        assert_eq!(upn(&policy, "ada@home@corp.example"), Err(FindingCode::UpnInvalid));
    }

    #[test]
    fn u3_an_invalid_local_part_is_a_finding_under_the_default_domain_too() {
        let policy = policy(&["corp.example"], Some("corp.example"));
        assert_eq!(upn(&policy, "ada+1@private.example"), Err(FindingCode::UpnInvalid));
        assert_eq!(upn(&policy, "@private.example"), Err(FindingCode::UpnInvalid));
        assert_eq!(upn(&policy, "ada@no domain"), Ok("ada@corp.example".into()));
    }

    #[test]
    fn u3_the_default_domain_must_be_verified_as_well() {
        let policy = policy(&["corp.example"], Some("new.example"));
        assert_eq!(upn(&policy, "ada@private.example"), Err(FindingCode::DomainNotVerified));
    }

    #[test]
    fn u4_no_other_letter_becomes_one_that_is_allowed() {
        // The Kelvin sign is a k in lower case.
        let listed = policy(&["\u{212a}orp.example", "korp.example"], None);
        let domain = |name: &str| Domain { name: name.into(), verified: true, federated: false };
        let known = [domain("korp.example"), domain("\u{212a}orp.example")];
        for email in ["ada@\u{212a}orp.example", "\u{212a}im@korp.example"] {
            let finding = resolve(&listed, &Source::Set(email.into()), &known).unwrap_err();
            assert_eq!(finding.code, FindingCode::UpnInvalid, "{email}");
        }
    }

    #[test]
    fn u4_a_dot_is_forbidden_only_before_the_sign() {
        let policy = policy(&["corp.example"], None);
        for dotted in [".ada@corp.example", "a..da@corp.example", "a.d.a@corp.example"] {
            assert_eq!(upn(&policy, dotted), Ok(dotted.into()));
        }
        assert_eq!(upn(&policy, "ada..@corp.example"), Err(FindingCode::UpnInvalid));
    }

    #[test]
    fn u4_the_longest_upn_has_64_and_48_characters() {
        let domain = |length: usize| format!("{}.example", "d".repeat(length - ".example".len()));
        let upn = |local: usize, length: usize| {
            let name = domain(length);
            let email = format!("{}@{name}", "a".repeat(local));
            let known = [Domain { name, verified: true, federated: false }];
            resolve(&policy(&[], None), &Source::Set(email), &known)
                .map(|upn| upn.as_str().len())
                .map_err(|finding| finding.message)
        };
        assert_eq!(upn(64, 48), Ok(113));
        assert_eq!(upn(65, 48), Err("more than 64 characters before the @".into()));
        assert_eq!(upn(64, 49), Err("more than 48 characters after the @".into()));
    }

    #[test]
    fn u4_the_domain_is_made_of_labels() {
        let policy = policy(&[], None);
        for bad in ["a..b", ".a.b", "a.b.", "-a.b", "a-.b", "a_b.c", "a b.c", "é.example"] {
            let email = format!("ada@{bad}");
            assert_eq!(upn(&policy, &email), Err(FindingCode::UpnInvalid), "{email}");
        }
        // What is a domain may still not be verified.
        for good in ["a-b.c1", "localhost", "1.example"] {
            let email = format!("ada@{good}");
            assert_eq!(upn(&policy, &email), Err(FindingCode::DomainNotVerified), "{email}");
        }
    }
}
