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
pub(crate) enum Auth {
    Key(Secret),
    Token { secret: Secret, renew_at: Timestamp },
}

impl Auth {
    fn secret(&self) -> &str {
        match self {
            Self::Key(secret) | Self::Token { secret, .. } => secret.expose(),
        }
    }

    pub(crate) fn insert_into(
        &self,
        headers: &mut HeaderMap,
        route: &'static str,
    ) -> Result<(), JumpCloudError> {
        let (name, text) = match self {
            Self::Key(secret) => ("x-api-key", secret.expose().to_owned()),
            Self::Token { secret, .. } => ("authorization", format!("Bearer {}", secret.expose())),
        };
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| JumpCloudError::CredentialsRefused { route })?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok(())
    }
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
        let usable = kept.as_ref().filter(|auth| match auth {
            Auth::Key(_) => true,
            Auth::Token { renew_at, .. } => *renew_at > self.now(),
        });
        if let Some(auth) = usable {
            return Ok(auth.clone());
        }
        let auth = self.fetch(Freshness::Cached).await?;
        *kept = Some(auth.clone());
        Ok(auth)
    }

    /// Another credential than the refused one; `None` when there is no other.
    pub(crate) async fn fresh(&self, refused: &Auth) -> Result<Option<Auth>, JumpCloudError> {
        let mut kept = self.0.auth.lock().await;
        if let Some(other) = kept.as_ref().filter(|auth| auth.secret() != refused.secret()) {
            return Ok(Some(other.clone()));
        }
        *kept = None;
        let auth = self.fetch(Freshness::Reread).await?;
        *self.0.verified_until.lock().await = None;
        if auth.secret() == refused.secret() {
            return Ok(None);
        }
        *kept = Some(auth.clone());
        Ok(Some(auth))
    }

    async fn fetch(&self, freshness: Freshness) -> Result<Auth, JumpCloudError> {
        match (self.0.credentials)(freshness).await? {
            JumpCloudCredential::ApiKey(key) => Ok(Auth::Key(key)),
            JumpCloudCredential::ServiceAccount { client_id, client_secret } => {
                self.token(&client_id, &client_secret).await
            }
        }
    }

    async fn token(&self, id: &str, secret: &Secret) -> Result<Auth, JumpCloudError> {
        let route = "POST /oauth2/token";
        let pair = format!("{id}:{}", secret.expose());
        let basic = format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair));
        let mut value = HeaderValue::from_str(&basic)
            .map_err(|_| JumpCloudError::CredentialsRefused { route })?;
        value.set_sensitive(true);
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
        Ok(Auth::Token { secret: Secret::new(answer.access_token), renew_at })
    }
}
