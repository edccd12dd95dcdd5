//! The events that AWS hands to the functions, as it writes them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::Sha256;

/// A request that reached the HTTP API.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    path: String,
    headers: Map<String, Value>,
    body: Vec<u8>,
    base64: bool,
}

impl Request {
    /// A request with a body.
    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: Map::new(),
            body: body.into(),
            base64: false,
        }
    }

    /// A request without one.
    pub fn get(path: &str) -> Self {
        Self { method: "GET".to_owned(), ..Self::post(path, "") }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), Value::from(value));
        self
    }

    /// The same with a token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// The same, signed at this time.
    #[must_use]
    pub fn signed(self, key: &str, at: Timestamp) -> Self {
        let time = at.as_second().to_string();
        let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes());
        let mut mac = mac.expect("a key of HMAC may have any length");
        mac.update(format!("{time}.POST {}.", self.path).as_bytes());
        mac.update(&self.body);
        let signature = hex::encode(mac.finalize().into_bytes());
        self.header("x-signature-timestamp", &time)
            .header("x-signature-256", &format!("sha256={signature}"))
    }

    /// The same with its body in base64, as the HTTP API hands on what is no text.
    #[must_use]
    pub fn in_base64(self) -> Self {
        Self { base64: true, ..self }
    }

    /// As the function sees it:
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.
    pub fn event(&self) -> Value {
        let body = if self.base64 {
            BASE64_STANDARD.encode(&self.body)
        } else {
            String::from_utf8_lossy(&self.body).into_owned()
        };
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": self.path, "rawQueryString": "",
            "headers": self.headers, "body": body, "isBase64Encoded": self.base64,
            "requestContext": {
                "accountId": "000000000000", "apiId": "harness", "domainName": "harness",
                "domainPrefix": "harness", "requestId": "harness", "routeKey": "$default",
                "stage": "$default", "time": "01/May/2026:00:00:00 +0000", "timeEpoch": 0,
                "http": {
                    "method": self.method, "path": self.path, "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1", "userAgent": "harness",
                },
            },
        })
    }
}

/// A batch of messages: ids and bodies. They are delivered for the first time.
pub fn batch<'a>(messages: impl IntoIterator<Item = (&'a str, String)>) -> Value {
    let records = messages.into_iter().map(|(id, body)| record(id, &body, "1", id));
    json!({ "Records": records.collect::<Vec<_>>() })
}

/// A message as the function sees it.
pub(crate) fn record(id: &str, body: &str, receives: &str, handle: &str) -> Value {
    json!({
        "messageId": id, "receiptHandle": handle, "body": body,
        "attributes": {
            "ApproximateReceiveCount": receives, "SentTimestamp": "0", "SenderId": "harness",
            "ApproximateFirstReceiveTimestamp": "0",
        },
        "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:harness",
        "awsRegion": "eu-west-1",
    })
}

/// A work item that a webhook's event about a user became.
pub fn user_item(directory: &str, user: &str, event_type: &str, at: Timestamp) -> Value {
    let mut item = json!({
        "v": 1, "directory": directory, "subject": { "user": user },
        "cause": {
            "source": "webhook", "event_type": event_type, "at": at.to_string(),
            "event_id": format!("{user}-{}", at.as_nanosecond()),
        },
    });
    let expect = match event_type {
        "user_suspended" => "suspended",
        "user_delete" => "deleted",
        _ => return item,
    };
    item["expect"] = Value::from(expect);
    item
}

/// A work item that a webhook's event about a group's members, or about the group itself, became.
pub fn group_item(directory: &str, group: &str, members: &[&str], at: Timestamp) -> Value {
    json!({
        "v": 1, "directory": directory, "subject": { "group": group }, "members": members,
        "cause": {
            "source": "webhook", "event_type": "association_change", "at": at.to_string(),
            "event_id": format!("{group}-{}", at.as_nanosecond()),
        },
    })
}

/// A work item that an operator's command about a group became.
pub fn group_bell(directory: &str, group: &str) -> Value {
    json!({
        "v": 1, "directory": directory, "subject": { "group": group },
        "cause": { "source": "operator" },
    })
}
