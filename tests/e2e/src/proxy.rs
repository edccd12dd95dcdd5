//! Between a function and AWS: counts requests and spoils answers.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::stack::Place;
use crate::wait::until;

/// What becomes of a request that is spoilt.
#[derive(Debug, Clone)]
pub enum Spoilt {
    /// It never arrives; this error code is answered, with this status.
    Refused(u16, &'static str),
    /// It never arrives; this body is answered, with this status.
    Answered(u16, String),
    /// It never arrives, and the connection is cut.
    Cut,
    /// It takes effect, and the connection is cut before its answer.
    AnswerLost,
    /// It never arrives and is never answered.
    Held,
}

#[derive(Debug, Default)]
struct Plan {
    requests: Vec<String>,
    spoils: Vec<Spoil>,
    met: usize,
}

#[derive(Debug)]
struct Spoil {
    operation: String,
    spoilt: Spoilt,
    times: Option<usize>,
}

/// A server that passes requests of AWS's JSON protocols on, until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: String,
    plan: Arc<Mutex<Plan>>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Starts one in front of a place.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn start(place: &Place) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a loopback port is free");
        let address = listener.local_addr().expect("a listener has an address").to_string();
        let plan = Arc::<Mutex<Plan>>::default();
        let (shared, server) = (plan.clone(), server(place));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, server.clone(), shared.clone()));
            }
        });
        Self { address, plan, task }
    }

    /// The same place, reached through this proxy.
    pub fn before(&self, place: &Place) -> Place {
        Place { endpoint: format!("http://{}", self.address), ..place.clone() }
    }

    /// Spoils the next so many requests of an operation, such as `DynamoDB.UpdateItem`, or of a
    /// whole service, such as `AmazonSQS`; `None`: all of them until [`Proxy::clear`].
    pub fn spoil(&self, operation: &str, times: Option<usize>, spoilt: Spoilt) {
        self.plan().spoils.push(Spoil { operation: operation.to_owned(), spoilt, times });
    }

    /// Spoils nothing any more.
    pub fn clear(&self) {
        self.plan().spoils.clear();
    }

    /// How many requests were spoilt so far.
    pub fn met(&self) -> usize {
        self.plan().met
    }

    /// Waits until so many were.
    ///
    /// # Panics
    ///
    /// If they never are.
    pub async fn until_met(&self, count: usize) {
        until("requests to spoil", || self.met() >= count).await;
    }

    /// The requests since the last call, counted by operation.
    pub fn requests(&self) -> BTreeMap<String, usize> {
        let requests = std::mem::take(&mut self.plan().requests);
        requests.into_iter().fold(BTreeMap::new(), |mut counts, operation| {
            *counts.entry(operation).or_default() += 1;
            counts
        })
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        lock(&self.plan)
    }
}

fn lock(plan: &Mutex<Plan>) -> MutexGuard<'_, Plan> {
    plan.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Host and port of a place.
fn server(place: &Place) -> String {
    place.endpoint.trim_start_matches("http://").to_owned()
}

impl Plan {
    fn take(&mut self, operation: String) -> Option<Spoilt> {
        let spoil = self.spoils.iter_mut().find(|spoil| {
            spoil.times != Some(0)
                && operation.strip_prefix(&spoil.operation).is_some_and(|rest| {
                    // A service is no prefix of another, nor an operation of another one.
                    rest.is_empty() || rest.starts_with('.')
                })
        });
        self.requests.push(operation);
        let spoil = spoil?;
        if let Some(times) = &mut spoil.times {
            *times -= 1;
        }
        self.met += 1;
        Some(spoil.spoilt.clone())
    }
}

async fn pass(mut client: TcpStream, server: String, plan: Arc<Mutex<Plan>>) -> io::Result<()> {
    let Some((request, operation)) = read(&mut client).await? else { return Ok(()) };
    let spoilt = lock(&plan).take(operation);
    match &spoilt {
        Some(Spoilt::Refused(status, code)) => {
            return answer(&mut client, *status, &format!(r#"{{"__type":"{code}"}}"#)).await;
        }
        Some(Spoilt::Answered(status, body)) => return answer(&mut client, *status, body).await,
        Some(Spoilt::Cut) => return Ok(()),
        // Until the client goes away.
        Some(Spoilt::Held) => return client.read_to_end(&mut Vec::new()).await.map(drop),
        Some(Spoilt::AnswerLost) | None => {}
    }
    // One request per connection, so that the answer ends where the connection does.
    let first = request.windows(2).position(|window| window == b"\r\n").unwrap_or(0) + 2;
    let mut upstream = TcpStream::connect(server).await?;
    upstream.write_all(&request[..first]).await?;
    upstream.write_all(b"connection: close\r\n").await?;
    upstream.write_all(&request[first..]).await?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).await?;
    match spoilt {
        Some(Spoilt::AnswerLost) => Ok(()),
        _ => client.write_all(&answer).await,
    }
}

/// A whole request and its operation; `None`: there was none.
async fn read(client: &mut TcpStream) -> io::Result<Option<(Vec<u8>, String)>> {
    let mut request = Vec::new();
    let head = loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if client.read_buf(&mut request).await? == 0 {
            return Ok(None);
        }
    };
    let headers = String::from_utf8_lossy(&request[..head]).into_owned();
    let header = |name: &str| {
        let named = headers.lines().filter_map(|line| line.split_once(':'));
        let mut values = named.filter(|(header, _)| header.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.trim().to_owned())
    };
    let length: usize = header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    while request.len() < head + length {
        if client.read_buf(&mut request).await? == 0 {
            return Ok(None);
        }
    }
    // `DynamoDB_20120810.UpdateItem`: the version says nothing here.
    let target = header("x-amz-target").unwrap_or_default();
    let (service, operation) = target.rsplit_once('.').unwrap_or((&target, ""));
    let service = service.split('_').next().unwrap_or(service);
    Ok(Some((request, format!("{service}.{operation}"))))
}

async fn answer(client: &mut TcpStream, status: u16, body: &str) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 {status} Spoilt\r\ncontent-type: application/x-amz-json-1.0\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    client.write_all(answer.as_bytes()).await
}
