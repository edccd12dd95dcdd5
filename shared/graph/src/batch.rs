//! Several people read in one request: JSON `$batch`.
//!
//! Each answer inside is judged by itself, with the same classification as an answer of its own:
//! what is throttled, refused or lost is so for that person alone. The envelope is a 200 whatever
//! is in it, so an error of the envelope is one of everybody.
//!
//! <https://learn.microsoft.com/en-us/graph/json-batching>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use sync_core::ids::{EntraUserId, Upn};
use sync_core::observed::EntraUser;
use transport::{Dated, HeaderMap, HeaderName, HeaderValue, Method, Response, Url};

use crate::{Call, Client, GraphError, error, users, wire};

/// The most that Graph takes in one request.
const LARGEST: usize = 20;

const ROUTE: &str = "POST /$batch";

/// Whom to read, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The user with this object id.
    Object(EntraUserId),
    /// The user with this UPN.
    Upn(Upn),
}

/// What became of one read: the user, `None` if Entra answers that there is none.
pub type Read = Result<Dated<Option<EntraUser>>, GraphError>;

#[derive(Deserialize)]
struct Envelope {
    responses: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Json>,
    #[serde(default)]
    body: Json,
}

impl Client {
    /// Reads these users, twenty in a request; the answers are in the order of the wishes.
    pub async fn read_users(&self, wanted: &[Wanted]) -> Result<Vec<Read>, GraphError> {
        let mut reads = Vec::with_capacity(wanted.len());
        for wanted in wanted.chunks(LARGEST) {
            let mut answers = self.batch(wanted).await?;
            for (index, wanted) in wanted.iter().enumerate() {
                let answer = answers.value.remove(&index.to_string());
                reads.push(self.read(wanted, answer, answers.date).await);
            }
        }
        Ok(reads)
    }

    /// The answers by the ids of their requests, which are the places of the wishes.
    async fn batch(
        &self,
        wanted: &[Wanted],
    ) -> Result<Dated<BTreeMap<String, Answer>>, GraphError> {
        let requests: Vec<Json> = wanted
            .iter()
            .enumerate()
            .map(|(index, wanted)| {
                let url = self.relative(&self.wanted_url(wanted));
                json!({ "id": index.to_string(), "method": "GET", "url": url })
            })
            .collect();
        let body = json!({ "requests": requests });
        let url = self.url(&["$batch"], &[]);
        let mut answers = self.envelope(url.clone(), body.clone()).await?;
        // A token may end between the envelope and what is in it: once more with a fresh one.
        if answers.value.values().any(|answer| answer.status == 401) {
            let token = self.token().await?;
            self.forget(&token).await;
            answers = self.envelope(url, body).await?;
        }
        Ok(answers)
    }

    async fn envelope(
        &self,
        url: Url,
        body: Json,
    ) -> Result<Dated<BTreeMap<String, Answer>>, GraphError> {
        let sent = self.exchange(&Call::new(ROUTE, Method::POST, url, Some(body))).await;
        // Nothing but reads is in it, so a lost answer leaves nothing open.
        let answer = sent.map_err(|error| match error {
            GraphError::Transport { source, .. } => GraphError::transport(source, false),
            other => other,
        })?;
        let answer = error::check(ROUTE, &Method::GET, answer, self.now())?;
        let envelope: Envelope = wire::decode(ROUTE, &answer)?;
        let answers = envelope.responses.into_iter().map(|answer| (answer.id.clone(), answer));
        Ok(Dated { value: answers.collect(), date: answer.date })
    }

    async fn read(&self, wanted: &Wanted, answer: Option<Answer>, date: jiff::Timestamp) -> Read {
        let route = wanted.route();
        let answer =
            answer.ok_or_else(|| GraphError::shape(route, "a batch without its answer"))?;
        let answer = answer.response(date);
        let checked = error::check(route, &Method::GET, answer, self.now());
        match wanted {
            Wanted::Object(_) => {
                let value = users::one(route, checked)?;
                Ok(Dated { value, date })
            }
            Wanted::Upn(upn) => {
                let page: wire::Page<wire::User> = wire::decode(route, &checked?)?;
                // The rest of a listing is not worth a batch: whoever has one is read by himself.
                if page.next_link.is_some() {
                    return self.user_by_upn(upn).await;
                }
                Ok(Dated { value: users::only(route, page.value)?, date })
            }
        }
    }

    fn wanted_url(&self, wanted: &Wanted) -> Url {
        match wanted {
            Wanted::Object(id) => self.user_url(id),
            Wanted::Upn(upn) => self.upn_url(upn),
        }
    }

    /// An address as a batch takes it: below the version's root, blanks as `%20`.
    fn relative(&self, url: &Url) -> String {
        let root = self.0.endpoints.graph_url.path().trim_end_matches('/');
        let path = url.path().strip_prefix(root).unwrap_or(url.path());
        match url.query() {
            // Only a form means a blank by `+`; a plus itself is escaped already.
            Some(query) => format!("{path}?{}", query.replace('+', "%20")),
            None => path.to_owned(),
        }
    }
}

impl Wanted {
    fn route(&self) -> &'static str {
        match self {
            Self::Object(_) => users::BY_ID,
            Self::Upn(_) => users::BY_UPN,
        }
    }
}

impl Answer {
    /// The answer as it would have come by itself.
    fn response(self, date: jiff::Timestamp) -> Response {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name.as_str());
            let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
            if let (Ok(name), Some(value)) = (name, value) {
                headers.insert(name, value);
            }
        }
        let body = self.body.to_string().into_bytes();
        Response { status: self.status, headers, date, body }
    }
}
