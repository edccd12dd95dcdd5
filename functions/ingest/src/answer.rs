//! The answers, and their JSON.

use std::collections::BTreeMap;

use aws_lambda_events::event::apigw::ApiGatewayV2httpResponse;
use serde_json::{Value, json};
use transport::HeaderValue;
use work_queue::event::ByType;

/// What became of the events of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Events whose items the queues took.
    pub(crate) accepted: usize,
    /// Events that do not concern the directory.
    pub(crate) ignored: usize,
    /// Events that were put away.
    pub(crate) parked: usize,
    /// Why events were ignored.
    pub(crate) ignored_by: BTreeMap<&'static str, usize>,
    /// Of which types they were.
    pub(crate) ignored_types: ByType,
}

/// An answer. An error says its code and nothing else, since anybody may have asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The function runs.
    Healthy,
    /// Everything has been taken care of.
    Taken(Counts),
    /// No such path, or no such directory.
    NotFound,
    /// The body is too large.
    TooLarge,
    /// Nothing proves who sent it.
    Unauthorized,
    /// The body is not JSON.
    NotJson,
    /// Something was out of reach, for this reason: the sender is to try again.
    Unavailable(String),
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Healthy => 200,
            Self::Taken(_) => 202,
            Self::NotJson => 400,
            Self::Unauthorized => 401,
            Self::NotFound => 404,
            Self::TooLarge => 413,
            Self::Unavailable(_) => 503,
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::Healthy => json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}),
            Self::Taken(Counts { accepted, ignored, parked, .. }) => {
                json!({"accepted": accepted, "ignored": ignored, "parked": parked})
            }
            Self::NotJson => json!({"error": "not_json"}),
            Self::Unauthorized => json!({"error": "unauthorized"}),
            Self::NotFound => json!({"error": "not_found"}),
            Self::TooLarge => json!({"error": "too_large"}),
            Self::Unavailable(_) => json!({"error": "unavailable"}),
        }
    }

    pub(crate) fn response(&self) -> ApiGatewayV2httpResponse {
        let mut response = ApiGatewayV2httpResponse::default();
        response.status_code = self.status().into();
        response.headers.insert("content-type", HeaderValue::from_static("application/json"));
        response.body = Some(self.body().to_string().into());
        response
    }
}
