//! What a request asks for, read out of the event of an HTTP API or a function URL.
//!
//! Both send the same form:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sync_core::ids::DirectoryId;

/// The largest body, decoded (design 4.4).
const LARGEST_BODY: usize = 256 * 1024;

/// The stage whose name is not part of the path.
const DEFAULT_STAGE: &str = "$default";

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `GET /health`.
    Health,
    /// `POST /events/{directory}`, if that could be the name of a directory.
    Events(DirectoryId),
    /// Anything else.
    Unknown,
}

impl Route {
    pub(crate) fn of(event: &ApiGatewayV2httpRequest) -> Self {
        let path = within_stage(event);
        match (event.request_context.http.method.as_str(), path) {
            ("GET", "/health") => Self::Health,
            ("POST", path) => path
                .strip_prefix("/events/")
                .and_then(|slug| DirectoryId::parse(slug).ok())
                .map_or(Self::Unknown, Self::Events),
            _ => Self::Unknown,
        }
    }

    /// The directory that is asked for.
    pub(crate) fn directory(&self) -> Option<&DirectoryId> {
        match self {
            Self::Events(directory) => Some(directory),
            Self::Health | Self::Unknown => None,
        }
    }
}

/// The path as the sender wrote it, the stage included: what a signature covers.
pub(crate) fn path(event: &ApiGatewayV2httpRequest) -> &str {
    event.raw_path.as_deref().unwrap_or_default()
}

fn within_stage(event: &ApiGatewayV2httpRequest) -> &str {
    let path = path(event);
    match event.request_context.stage.as_deref() {
        None | Some(DEFAULT_STAGE) => path,
        Some(stage) => path
            .strip_prefix('/')
            .and_then(|path| path.strip_prefix(stage))
            .filter(|rest| rest.starts_with('/'))
            .unwrap_or(path),
    }
}

/// A header's value. AWS joins one that came twice by a comma, and then it proves nothing.
pub(crate) fn header<'a>(event: &'a ApiGatewayV2httpRequest, name: &str) -> Option<&'a str> {
    std::str::from_utf8(event.headers.get(name)?.as_bytes()).ok()
}

/// The body as the sender sent it.
#[derive(Debug)]
pub(crate) enum Body {
    /// Its bytes.
    Read(Vec<u8>),
    /// More than is read.
    TooLarge,
    /// What API Gateway calls base64 and is not.
    Undecodable,
}

impl Body {
    pub(crate) fn of(event: &ApiGatewayV2httpRequest) -> Self {
        let text = event.body.as_deref().unwrap_or_default();
        if !event.is_base64_encoded {
            return Self::of_bytes(text.as_bytes().to_vec());
        }
        // Measured before it is decoded: four characters are at most three bytes.
        if text.len() / 4 * 3 > LARGEST_BODY + 3 {
            return Self::TooLarge;
        }
        BASE64_STANDARD.decode(text).map_or(Self::Undecodable, Self::of_bytes)
    }

    fn of_bytes(bytes: Vec<u8>) -> Self {
        if bytes.len() > LARGEST_BODY { Self::TooLarge } else { Self::Read(bytes) }
    }

    pub(crate) fn is_too_large(&self) -> bool {
        matches!(self, Self::TooLarge)
    }

    /// What was read; nothing, if nothing could be.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Read(bytes) => bytes,
            Self::TooLarge | Self::Undecodable => &[],
        }
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.bytes()).ok()
    }
}
