//! How a call proves itself: an administrator's key, or a service account's token.

use std::time::Duration;

use base64::Engine;
use jiff::Timestamp;
use serde::Deserialize;
use transport::{Body, Freshness, HeaderMap, HeaderValue, Method, Request, Secret};

use crate::{Client, JumpCloudCredential, JumpCloudError};

/// How long before its end a token is renewed.
const EARLY: Duration = Duration::from_secs(30);
/// The life of a token whose answer names none.
const DEFAULT_LIFE: u64 = 3600;

/// What a call carries.
#[derive(Debug, Clone)]
pub(crate) struct Auth {
    name: &'static str,
    /// Marked so that no log shows it.
    value: HeaderValue,
    /// `None`: a key, which is used until it is refused.
    renew_at: Option<Timestamp>,
}

impl Auth {
    pub(crate) fn insert_into(&self, headers: &mut HeaderMap) {
        headers.insert(self.name, self.value.clone());
    }
}

/// A header's value that no log shows; `None` if the text fits none.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<u64>,
}

impl Client {
    /// The credential to use, read or fetched by one caller at a time.
    pub(crate) async fn auth(&self) -> Result<Auth, JumpCloudError> {
        let mut kept = self.0.auth.lock().await;
        let usable = |auth: &&Auth| auth.renew_at.is_none_or(|renew_at| renew_at > self.now());
        if let Some(auth) = kept.as_ref().filter(usable) {
            return Ok(auth.clone());
        }
        let auth = match self.fetch(Freshness::Cached).await {
            // A rotated secret needs no deploy: it is read again, once.
            Err(JumpCloudError::CredentialsRefused { .. }) => {
                let auth = self.fetch(Freshness::Reread).await?;
                *self.0.verified_until.lock().await = None;
                auth
            }
            other => other?,
        };
        *kept = Some(auth.clone());
        Ok(auth)
    }

    /// Another credential than the refused one; `None` when there is no other.
    pub(crate) async fn fresh(&self, refused: &Auth) -> Result<Option<Auth>, JumpCloudError> {
        let mut kept = self.0.auth.lock().await;
        if let Some(other) = kept.as_ref().filter(|auth| auth.value != refused.value) {
            return Ok(Some(other.clone()));
        }
        *kept = None;
        let auth = self.fetch(Freshness::Reread).await?;
        *self.0.verified_until.lock().await = None;
        if auth.value == refused.value {
            return Ok(None);
        }
        *kept = Some(auth.clone());
        Ok(Some(auth))
    }

    async fn fetch(&self, freshness: Freshness) -> Result<Auth, JumpCloudError> {
        match (self.0.credentials)(freshness).await? {
            JumpCloudCredential::ApiKey(key) => {
                let value = sensitive(key.expose())
                    .ok_or(JumpCloudError::CredentialsRefused { route: "x-api-key" })?;
                Ok(Auth { name: "x-api-key", value, renew_at: None })
            }
            JumpCloudCredential::ServiceAccount { client_id, client_secret } => {
                self.token(&client_id, &client_secret).await
            }
        }
    }

    async fn token(&self, id: &str, secret: &Secret) -> Result<Auth, JumpCloudError> {
        let route = "POST /oauth2/token";
        let pair = format!("{id}:{}", secret.expose());
        let basic = format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair));
        let value = sensitive(&basic).ok_or(JumpCloudError::CredentialsRefused { route })?;
        let mut headers = HeaderMap::new();
        headers.insert("authorization", value);
        let form =
            vec![("grant_type", "client_credentials".to_owned()), ("scope", "api".to_owned())];
        let asked = self.now();
        let request = Request {
            route,
            method: Method::POST,
            url: self.0.endpoints.token_url.clone(),
            headers,
            body: Body::Form(form),
            timeout: self.0.timeout,
        };
        let answer = self.0.http.send(request).await?;
        if matches!(answer.status, 400 | 401) {
            return Err(JumpCloudError::CredentialsRefused { route });
        }
        let answer = crate::error::check(route, answer, asked)?;
        let answer: Answer = crate::wire::decode(route, &answer)?;
        let life = Duration::from_secs(answer.expires_in.unwrap_or(DEFAULT_LIFE));
        let renew_at = asked.checked_add(life.saturating_sub(EARLY)).unwrap_or(Timestamp::MAX);
        // One that cannot be sent must not be kept: it would fail until its end.
        let value = sensitive(&format!("Bearer {}", answer.access_token))
            .ok_or_else(|| JumpCloudError::shape(route, "a token that fits no header"))?;
        Ok(Auth { name: "authorization", value, renew_at: Some(renew_at) })
    }
}
