//! Whether a sender is who it says it is: a token in one of three places, or a signature.
//!
//! Everything is compared in constant time and to the end: neither the place of a difference nor
//! the length or number of secrets can be learnt from how long a refusal takes.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use service::secrets::WebhookSecret;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use transport::Secret;

/// How old a signature may be, in milliseconds.
const OLDEST: i64 = 240_000;
/// How far ahead of ours its sender's clock may be, in milliseconds.
const AHEAD: i64 = 30_000;

/// What a request brings to prove who sent it.
pub(crate) struct Proof {
    tokens: Vec<Secret>,
    signature: Option<Signature>,
}

/// A signature and the time that it covers.
struct Signature {
    /// As it was sent, since that is what was signed.
    timestamp: String,
    seconds: i64,
    digest: [u8; 32],
}

/// What a signature covers beside its time.
pub(crate) struct Signed<'a> {
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
}

impl Proof {
    /// Reads what the headers bring. What cannot be read proves nothing.
    pub(crate) fn of<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Self {
        let tokens =
            [header("authorization").and_then(authorization), header("x-api-key").map(Secret::new)];
        let signature = header("x-signature-timestamp").zip(header("x-signature-256"));
        Self {
            tokens: tokens.into_iter().flatten().collect(),
            signature: signature.and_then(|(timestamp, text)| Signature::parse(timestamp, text)),
        }
    }

    /// Nothing was brought that could prove anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.signature.is_none()
    }

    /// Whether one of the ways holds.
    pub(crate) fn holds(
        &self,
        secret: &WebhookSecret,
        signed: &Signed<'_>,
        now: Timestamp,
    ) -> bool {
        let mut holds = Choice::from(0);
        for brought in &self.tokens {
            let brought = Sha256::digest(brought.expose());
            for token in &secret.tokens {
                holds |= brought.ct_eq(&Sha256::digest(token.expose()));
            }
        }
        if let Some(signature) = self.signature.as_ref().filter(|found| found.is_timely(now)) {
            for key in &secret.signing_keys {
                holds |= signature.digest.ct_eq(&signature.wanted(key, signed));
            }
        }
        holds.into()
    }
}

impl Signature {
    fn parse(timestamp: &str, text: &str) -> Option<Self> {
        let digits = timestamp.bytes().all(|b| b.is_ascii_digit());
        let seconds = timestamp.parse().ok().filter(|_| digits)?;
        let mut digest = [0; 32];
        hex::decode_to_slice(text.strip_prefix("sha256=")?, &mut digest).ok()?;
        Some(Self { timestamp: timestamp.to_owned(), seconds, digest })
    }

    fn is_timely(&self, now: Timestamp) -> bool {
        let age =
            self.seconds.checked_mul(1000).and_then(|sent| now.as_millisecond().checked_sub(sent));
        age.is_some_and(|age| (-AHEAD..=OLDEST).contains(&age))
    }

    fn wanted(&self, key: &Secret, signed: &Signed<'_>) -> [u8; 32] {
        let mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes());
        let mut mac = mac.expect("a key of HMAC may have any length");
        for part in
            [self.timestamp.as_bytes(), b".POST ", signed.path.as_bytes(), b".", signed.body]
        {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// The token of `Bearer T`, or the password of `Basic …`.
fn authorization(value: &str) -> Option<Secret> {
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Secret::new(rest));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(rest).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| Secret::new(password))
}

#[cfg(test)]
mod tests;
