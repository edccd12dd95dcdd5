//! Between the store and the local server: counts requests and spoils answers.

use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of one request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// None; the fault that follows is for a later request.
    Pass,
    /// It takes effect, and the connection is cut before its answer.
    LoseAnswer,
    /// It never arrives; this error is answered.
    Refusal(String),
    /// It never arrives; this is answered as if it had.
    Success(String),
}

#[derive(Debug, Default)]
struct Plan {
    requests: Vec<String>,
    faults: VecDeque<(&'static str, Fault)>,
}

/// A server that passes DynamoDB's requests on.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    plan: Arc<Mutex<Plan>>,
}

impl Proxy {
    pub(crate) async fn start(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let plan = Arc::<Mutex<Plan>>::default();
        let proxy = Self { port, plan: plan.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, server, plan.clone()));
            }
        });
        proxy
    }

    /// Spoils the next request of this operation that no earlier fault is waiting for.
    pub(crate) fn spoil(&self, operation: &'static str, fault: Fault) {
        self.plan.lock().unwrap().faults.push_back((operation, fault));
    }

    /// The operations since the last call. Every fault must have met its request.
    pub(crate) fn requests(&self) -> Vec<String> {
        let mut plan = self.plan.lock().unwrap();
        assert!(plan.faults.is_empty(), "never met: {:?}", plan.faults);
        std::mem::take(&mut plan.requests)
    }
}

async fn pass(mut client: TcpStream, server: u16, plan: Arc<Mutex<Plan>>) -> io::Result<()> {
    let mut request = Vec::new();
    let head = loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if client.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    };
    let headers = String::from_utf8_lossy(&request[..head]).to_lowercase();
    let header = |name: &str| {
        headers
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map(|value| value.trim().to_owned())
    };
    let length: usize = header("content-length:").and_then(|n| n.parse().ok()).unwrap_or(0);
    while request.len() < head + length {
        if client.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let operation = header("x-amz-target:")
        .and_then(|target| target.rsplit_once('.').map(|(_, operation)| operation.to_owned()));
    let operation = operation.expect("a request of DynamoDB");
    let fault = {
        let mut plan = plan.lock().unwrap();
        plan.requests.push(operation.clone());
        let at = plan.faults.iter().position(|(of, _)| of.eq_ignore_ascii_case(&operation));
        at.and_then(|at| plan.faults.remove(at)).map(|(_, fault)| fault)
    };
    let made_up = match &fault {
        Some(Fault::Refusal(body)) => Some(("400 Bad Request", body)),
        Some(Fault::Success(body)) => Some(("200 OK", body)),
        Some(Fault::Pass | Fault::LoseAnswer) | None => None,
    };
    if let Some((status, body)) = made_up {
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        return client.write_all(answer.as_bytes()).await;
    }
    // One request per connection, so that the answer ends where the connection does.
    let first = request.windows(2).position(|window| window == b"\r\n").unwrap_or(0) + 2;
    let mut upstream = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await?;
    upstream.write_all(&request[..first]).await?;
    upstream.write_all(b"connection: close\r\n").await?;
    upstream.write_all(&request[first..]).await?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).await?;
    match fault {
        Some(Fault::LoseAnswer) => Ok(()),
        _ => client.write_all(&answer).await,
    }
}
