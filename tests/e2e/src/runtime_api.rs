//! A built function behind a Runtime API of ours.
//!
//! It answers what AWS only tells in its consequences: the exact bytes of each answer. The
//! protocol: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use clock::Clock;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

use crate::built;
use crate::wait::PATIENCE;

/// What a function made of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Its response.
    Response(String),
    /// Its error.
    Error(String),
    /// The process ended instead.
    Ended,
}

impl Answer {
    /// The bytes of a response.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn response(self) -> String {
        match self {
            Self::Response(response) => response,
            other => panic!("no response: {other:?}"),
        }
    }

    /// The JSON of a response.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn json(self) -> Value {
        serde_json::from_str(&self.response()).expect("a response of a function is JSON")
    }
}

/// A running function. Dropping it kills the process.
#[derive(Debug)]
pub struct Function {
    api: Arc<Api>,
    kill: Arc<Notify>,
    ended: watch::Receiver<bool>,
    log: PathBuf,
    tasks: [JoinHandle<()>; 2],
}

/// An event under way.
#[derive(Debug)]
pub struct Invocation {
    answer: oneshot::Receiver<Answer>,
    ended: watch::Receiver<bool>,
    left: Duration,
    log: PathBuf,
}

/// What the process and its test share.
#[derive(Debug, Default)]
struct Api {
    state: Mutex<Waiting>,
    came: Notify,
    polled: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Event>,
    answers: HashMap<String, oneshot::Sender<Answer>>,
}

#[derive(Debug)]
struct Event {
    id: String,
    body: String,
    left: Duration,
}

impl Function {
    /// Starts a binary with this environment and nothing else of ours.
    ///
    /// # Panics
    ///
    /// If it does not ask for its first event.
    pub async fn start(binary: &str, environment: &[(String, String)]) -> Self {
        match Self::try_start(binary, environment).await {
            Ok(function) => function,
            Err(said) => panic!("{binary} does not start:\n{said}"),
        }
    }

    /// Starts a binary, or answers what it says when it ends instead.
    pub async fn try_start(binary: &str, environment: &[(String, String)]) -> Result<Self, String> {
        let program = built::binary(binary);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a loopback port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        let api = Arc::<Api>::default();
        let server = tokio::spawn(serve(listener, api.clone()));

        let log = built::scratch_file(&format!("{binary}.log"));
        let said = File::create(&log).expect("the target folder can be written to");
        let said_too = said.try_clone().expect("a file can be written by two");
        let child = Command::new(program)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{port}"))
            .env("AWS_LAMBDA_FUNCTION_NAME", binary)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "harness")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", binary)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(said)
            .stderr(said_too)
            .kill_on_drop(true)
            .spawn()
            .expect("a built binary can be started");
        let (over, ended) = watch::channel(false);
        let kill = Arc::<Notify>::default();
        let keeper = tokio::spawn(keep(child, kill.clone(), over));
        let function = Self { api, kill, ended, log, tasks: [server, keeper] };
        function.asked_for_an_event().await.map(|()| function)
    }

    async fn asked_for_an_event(&self) -> Result<(), String> {
        let (mut polled, mut ended) = (self.api.polled.subscribe(), self.ended.clone());
        let asked = async {
            tokio::select! {
                _ = polled.wait_for(|polled| *polled) => true,
                _ = ended.wait_for(|ended| *ended) => false,
            }
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.log()),
            Err(_) => Err(format!("it asks for no event:\n{}", self.log())),
        }
    }

    /// Hands it an event with so much time, and waits for its answer.
    ///
    /// # Panics
    ///
    /// If there is none long after the deadline.
    pub async fn invoke(&self, event: &Value, left: Duration) -> Answer {
        self.begin(event, left).answer().await
    }

    /// Hands it an event. The deadline counts from when the process takes it.
    pub fn begin(&self, event: &Value, left: Duration) -> Invocation {
        static EVENTS: AtomicU64 = AtomicU64::new(0);
        let id = format!("00000000-0000-4000-8000-{:012}", EVENTS.fetch_add(1, Ordering::Relaxed));
        let (sender, answer) = oneshot::channel();
        let mut waiting = self.api.waiting();
        waiting.answers.insert(id.clone(), sender);
        waiting.events.push_back(Event { id, body: event.to_string(), left });
        drop(waiting);
        self.api.came.notify_one();
        Invocation { answer, ended: self.ended.clone(), left, log: self.log.clone() }
    }

    /// Kills the process, whatever it is at, and waits until it is gone.
    pub async fn kill(&self) {
        self.kill.notify_one();
        let mut ended = self.ended.clone();
        // Whoever kept the process has let go of it, too.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Whether the process is gone.
    pub fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // The process goes with the task that holds it.
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Invocation {
    /// Waits for the answer.
    ///
    /// # Panics
    ///
    /// If there is none long after the deadline.
    pub async fn answer(mut self) -> Answer {
        let answered = async {
            tokio::select! {
                biased;
                answer = &mut self.answer => answer.unwrap_or(Answer::Ended),
                _ = self.ended.wait_for(|ended| *ended) => Answer::Ended,
            }
        };
        match tokio::time::timeout(self.left + PATIENCE, answered).await {
            Ok(answer) => answer,
            Err(_) => {
                panic!("no answer:\n{}", std::fs::read_to_string(&self.log).unwrap_or_default())
            }
        }
    }
}

/// Holds the process until it ends or is to be killed.
async fn keep(mut child: Child, kill: Arc<Notify>, over: watch::Sender<bool>) {
    tokio::select! {
        _ = child.wait() => {}
        () = kill.notified() => {
            // An error says that it has ended by itself.
            let _ = child.kill().await;
        }
    }
    over.send_replace(true);
}

impl Api {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self, id: &str, answer: Answer) -> StatusCode {
        let Some(sender) = self.waiting().answers.remove(id) else { return StatusCode::NOT_FOUND };
        // A test may have stopped waiting.
        let _ = sender.send(answer);
        StatusCode::ACCEPTED
    }
}

async fn serve(listener: TcpListener, api: Arc<Api>) {
    let runtime = "/2018-06-01/runtime";
    let router = Router::new()
        .route(&format!("{runtime}/invocation/next"), get(next))
        .route(&format!("{runtime}/invocation/{{id}}/response"), post(response))
        .route(&format!("{runtime}/invocation/{{id}}/error"), post(error))
        .route(&format!("{runtime}/init/error"), post(init_error))
        // A sender's largest body comes back as an answer of the same size at most.
        .layer(axum::extract::DefaultBodyLimit::max(6 * 1024 * 1024))
        .with_state(api);
    // Only a broken listener ends it, and then the function's test says that it got no answer.
    let _ = axum::serve(listener, router).await;
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    api.polled.send_replace(true);
    let event = loop {
        let came = api.came.notified();
        if let Some(event) = api.waiting().events.pop_front() {
            break event;
        }
        came.await;
    };
    let left = jiff::SignedDuration::try_from(event.left).unwrap_or_default();
    let deadline = Clock::system().now().saturating_add(left).unwrap_or_default();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", event.id),
        ("lambda-runtime-deadline-ms", deadline.as_millisecond().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:000000000000:function:harness".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000".to_owned()),
    ];
    (headers, event.body).into_response()
}

async fn response(State(api): State<Arc<Api>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    api.answered(&id, Answer::Response(text(&body)))
}

async fn error(State(api): State<Arc<Api>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    api.answered(&id, Answer::Error(text(&body)))
}

/// The process ends right after it, which is what the test sees.
async fn init_error() -> StatusCode {
    StatusCode::ACCEPTED
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}
