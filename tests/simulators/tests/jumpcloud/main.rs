//! The JumpCloud server as its clients see it: over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails where its helpers do")]

use reqwest::Method;
use serde_json::{Value, json};
use simulators::JumpCloudSim;
use simulators::jumpcloud::State;

mod access;
mod faults;
mod groups;
mod insights;
mod switches;
mod users;
mod webhook;

#[path = "../support/http.rs"]
mod http;
#[path = "../support/receiver.rs"]
mod receiver;

use http::Answer;

const ORGANIZATION: &str = "65f0000000000000000000aa";
const KEY: &str = "a-key";

/// A server and what it takes to talk to it.
struct World {
    sim: JumpCloudSim,
    http: reqwest::Client,
}

impl World {
    async fn new(state: State) -> Self {
        let sim =
            JumpCloudSim::start("127.0.0.1:0".parse().unwrap(), state.with_key(KEY)).await.unwrap();
        Self { sim, http: http::client() }
    }

    async fn empty() -> Self {
        Self::new(State::new(ORGANIZATION)).await
    }

    /// An organization with so many users, and their ids.
    async fn with_users(count: usize) -> (Self, Vec<String>) {
        let mut state = State::new(ORGANIZATION);
        let user = |n| json!({"username": format!("u{n}"), "email": format!("u{n}@corp.example")});
        let ids = (0..count).map(|n| state.add_user(user(n))).collect();
        (Self::new(state).await, ids)
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}{path}", self.sim.url());
        let mut request = self.http.request(method, url).header("x-api-key", KEY);
        if let Some(body) = body {
            request = request.json(&body);
        }
        http::send(request).await.expect("an answer")
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// The types of the events since the last time, which are forgotten then.
    fn events(&self) -> Vec<String> {
        self.sim.state(|state| {
            let events = state.events();
            state.clear_events();
            events.iter().map(|event| event["event_type"].as_str().unwrap().to_owned()).collect()
        })
    }

    fn assert_no_problems(&self) {
        assert_eq!(self.sim.control().problems(), Vec::<String>::new());
    }
}

fn user(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@corp.example")})
}
