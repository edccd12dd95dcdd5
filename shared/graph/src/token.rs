//! The app's token: fetched when first needed, kept until shortly before it ends.
//!
//! Client credentials flow:
//! <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow>.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use transport::{Body, Freshness, HeaderMap, HeaderValue, Method, Request};

use crate::{Client, EntraCredential, GraphError};

/// How long before its end a token is renewed.
const EARLY: Duration = Duration::from_secs(180);
/// The life of a token whose answer names none.
const DEFAULT_LIFE: u64 = 3599;

/// A bearer token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// The header that carries it, marked so that no log shows it.
    pub(crate) header: HeaderValue,
    renew_at: Timestamp,
}

#[cfg(test)]
impl Token {
    /// One that lasts.
    pub(crate) fn kept(text: &'static str) -> Self {
        Self { header: HeaderValue::from_static(text), renew_at: Timestamp::MAX }
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_codes: Vec<u64>,
}

impl Client {
    /// The token, fetched by one caller at a time.
    pub(crate) async fn token(&self) -> Result<Token, GraphError> {
        let mut kept = self.0.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| token.renew_at > self.now()) {
            return Ok(token.clone());
        }
        let token = match self.fetch(Freshness::Cached).await {
            // A rotated secret needs no deploy: it is read again, once.
            Err(GraphError::CredentialsRefused { .. }) => {
                let token = self.fetch(Freshness::Reread).await?;
                self.0.tenant.lock().await.forget();
                token
            }
            other => other?,
        };
        *kept = Some(token.clone());
        Ok(token)
    }

    /// Drops a token that was refused, unless somebody has replaced it already.
    pub(crate) async fn forget(&self, refused: &Token) {
        let mut kept = self.0.token.lock().await;
        if kept.as_ref().is_some_and(|token| token.header == refused.header) {
            *kept = None;
        }
    }

    async fn fetch(&self, freshness: Freshness) -> Result<Token, GraphError> {
        let route = "POST /token";
        let endpoints = &self.0.endpoints;
        let credential = (self.0.credentials)(freshness).await?;
        let EntraCredential::ClientSecret(secret) = credential;
        let mut url = endpoints.login_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend([endpoints.tenant.as_str(), "oauth2", "v2.0", "token"]);
        }
        let form = vec![
            ("client_id", endpoints.client_id.clone()),
            ("scope", endpoints.scope.clone()),
            ("grant_type", "client_credentials".to_owned()),
            ("client_secret", secret.expose().to_owned()),
        ];
        let request = Request {
            route,
            method: Method::POST,
            url,
            headers: HeaderMap::new(),
            body: Body::Form(form),
            timeout: self.0.timeout,
        };
        let asked = self.now();
        let answer =
            self.0.http.send(request).await.map_err(|error| GraphError::transport(error, false))?;
        if matches!(answer.status, 400 | 401)
            && let Ok(refused) = serde_json::from_slice::<Refused>(&answer.body)
        {
            return Err(GraphError::CredentialsRefused {
                error: refused.error.chars().take(60).collect(),
                codes: refused.error_codes,
            });
        }
        let answer = crate::error::check(route, &Method::GET, answer, self.now())?;
        let answer: Answer = serde_json::from_slice(&answer.body)
            .map_err(|_| GraphError::shape(route, "an answer without a token"))?;
        let life = Duration::from_secs(answer.expires_in.unwrap_or(DEFAULT_LIFE));
        let renew_at =
            asked.checked_add(life.saturating_sub(EARLY).max(life / 2)).unwrap_or(Timestamp::MAX);
        // One that cannot be sent must not be kept: it would fail until its end.
        let mut header = HeaderValue::from_str(&format!("Bearer {}", answer.access_token))
            .map_err(|_| GraphError::shape(route, "a token that fits no header"))?;
        header.set_sensitive(true);
        Ok(Token { header, renew_at })
    }
}
