//! Somebody who takes webhooks.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Json, Router};
use serde_json::Value;

#[derive(Debug, Default)]
struct Received {
    refusals: u32,
    bodies: Vec<Value>,
    authorization: Option<String>,
}

/// A server that takes webhooks until it is dropped.
pub(crate) struct Receiver {
    url: String,
    received: Arc<Mutex<Received>>,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received = Arc::<Mutex<Received>>::default();
        let app =
            Router::new().route("/hook", axum::routing::post(take)).with_state(received.clone());
        let task = tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, received, task }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Answers 503 to so many deliveries.
    pub(crate) fn refuse(&self, refusals: u32) {
        self.received.lock().unwrap().refusals = refusals;
    }

    /// What was accepted, in order.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.received.lock().unwrap().bodies.clone()
    }

    /// The header of the last delivery.
    pub(crate) fn authorization(&self) -> Option<String> {
        self.received.lock().unwrap().authorization.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(
    State(received): State<Arc<Mutex<Received>>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> StatusCode {
    let mut received = received.lock().unwrap();
    let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
    received.authorization = authorization.map(str::to_owned);
    if received.refusals > 0 {
        received.refusals -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    received.bodies.push(body);
    StatusCode::ACCEPTED
}
