//! An SQS that answers what a case wants, one answer a request.

use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Debug, Default)]
struct Script {
    answers: VecDeque<Json>,
    requests: Vec<Json>,
}

/// The server.
#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
}

impl Scripted {
    /// Answers these one after the other, and nothing after them.
    pub(crate) async fn start(answers: impl IntoIterator<Item = Json>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = answers.into_iter().collect();
        let script = Arc::new(Mutex::new(Script { answers, requests: Vec::new() }));
        let server = Self { url, script: Arc::clone(&script) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&script)));
            }
        });
        server
    }

    /// The bodies of the requests. Every answer must have been given.
    pub(crate) fn requests(&self) -> Vec<Json> {
        let script = self.script.lock().unwrap();
        assert!(script.answers.is_empty(), "never asked for: {:?}", script.answers);
        script.requests.clone()
    }
}

async fn answer(mut stream: TcpStream, script: Arc<Mutex<Script>>) -> io::Result<()> {
    let mut request = Vec::new();
    let head = loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    };
    let headers = String::from_utf8_lossy(&request[..head]).to_lowercase();
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    while request.len() < head + length {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let next = {
        let mut script = script.lock().unwrap();
        script.requests.push(serde_json::from_slice(&request[head..]).unwrap());
        script.answers.pop_front()
    };
    // Without an answer the connection is cut.
    let Some(body) = next.map(|answer| answer.to_string()) else { return Ok(()) };
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await
}
