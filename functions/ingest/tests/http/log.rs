//! One line for each request, and nothing in it that is nobody's business.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::world::{USER, World, events, request, user_event, with_headers, world};

/// Keeps the lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The lines of one request, without their time and target.
async fn lines(world: &World, request: &Value) -> Vec<Value> {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true);
    let subscriber = subscriber.with_writer(lines.clone()).without_time().with_target(false);
    let guard = tracing::subscriber::set_default(subscriber.finish());
    world.send(request).await;
    drop(guard);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn one_line_with_the_counts() {
    let world = world().await;
    let body = json!([user_event("user_update", USER), user_event("something_new", USER), 1]);
    let line = json!({
        "level": "INFO",
        "message": "answered",
        "directory": "corp",
        "status": 202,
        "accepted": 1,
        "ignored": 1,
        "parked": 1,
        "ignored_by": r#"{"unknown_type": 1}"#,
        "ignored_types": r#"{"something_new": 1}"#,
        "duration_ms": 0,
    });
    assert_eq!(lines(&world, &events("corp", &body.to_string())).await, [line]);
}

#[tokio::test]
async fn one_line_for_what_is_refused() {
    let world = world().await;
    let line = |level: &str, directory: Option<&str>, status: u64| {
        let mut line =
            json!({"level": level, "message": "answered", "status": status, "duration_ms": 0});
        if let Some(directory) = directory {
            line["directory"] = json!(directory);
        }
        line
    };
    let secret = "a secret of somebody";
    let wrong = with_headers(events("corp", secret), &[("x-api-key", secret)]);
    assert_eq!(lines(&world, &wrong).await, [line("INFO", Some("corp"), 401)]);
    assert_eq!(lines(&world, &events("corp", secret)).await, [line("INFO", Some("corp"), 400)]);
    assert_eq!(lines(&world, &events("other", "")).await, [line("INFO", Some("other"), 404)]);
    let path = request("GET", "/a%20secret%20path");
    assert_eq!(lines(&world, &path).await, [line("INFO", None, 404)]);
    world.vault.lose();
    let mut failed = line("ERROR", Some("corp"), 503);
    failed["error"] = json!("the secret entra-sync/corp/webhook does not exist");
    assert_eq!(lines(&world, &events("corp", secret)).await, [failed]);
}
