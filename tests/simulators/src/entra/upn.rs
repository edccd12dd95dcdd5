//! What Entra takes as a user principal name.

use crate::limits::GRAPH as LIMITS;
use crate::server::{Call, Reply};

use super::State;
use super::errors::error;

/// Checks signs, lengths, domain and uniqueness.
pub(super) fn check(
    state: &State,
    call: &Call<'_>,
    upn: &str,
    owner: Option<&str>,
) -> Result<(), Reply> {
    let Some((local, domain)) = upn.split_once('@') else {
        return Err(error(call, "upn_invalid", &[]));
    };
    let allowed = |sign: char| sign.is_ascii_alphanumeric() || "'.-_!#^~".contains(sign);
    let fits = (1..=LIMITS.of("upn", "local")).contains(&local.chars().count())
        && (1..=LIMITS.of("upn", "domain")).contains(&domain.chars().count())
        && local.chars().all(allowed)
        && !local.ends_with('.')
        && domain.chars().all(|sign| sign.is_ascii_alphanumeric() || ".-".contains(sign));
    if !fits {
        return Err(error(call, "upn_invalid", &[]));
    }
    if !state.is_verified(domain) {
        return Err(error(call, "domain_invalid", &[]));
    }
    match state.id_of_upn(upn, crate::table::View::Latest) {
        Some(other) if Some(other.as_str()) != owner => Err(error(call, "upn_taken", &[])),
        _ => Ok(()),
    }
}
