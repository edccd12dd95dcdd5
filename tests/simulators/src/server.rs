//! The glue between HTTP and a simulated vendor: routes, faults, journal, cut connections.
//!
//! A request is matched to a route, meets at most one fault, is answered by the vendor under one
//! lock (so each is atomic) and is journalled, with what the vendor's description does not know of
//! it among the problems. Nothing here knows either vendor.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{ConnectInfo, State as Shared};
use axum::http::{HeaderMap, Response};
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::company::Company;
use crate::control::{Control, http_date, pause};
use crate::faults::Effect;
use crate::journal::{Entry, redacted};
use crate::openapi::Description;
use crate::table::View;

mod connection;
mod reply;
mod request;
mod switches;

use connection::{Connection, CuttableListener};
pub(crate) use reply::{Body, Reply};
pub(crate) use request::{Request, Route, find};

/// Requests larger than this are refused; Graph's own limit is 4 MB.
const LARGEST_BODY: usize = 32 << 20;

/// A vendor's table of routes, and the function that finds the handler of one. The vendor's module
/// names the type of its handlers `Handler`.
macro_rules! routes {
    ($($method:literal $path:literal => $handler:expr;)*) => {
        const ROUTES: &[Route] = &[$(Route::new($method, $path)),*];

        fn handler(route: &Route) -> Option<Handler> {
            $(if route.method == $method && route.path == $path {
                return Some($handler);
            })*
            None
        }
    };
}
pub(crate) use routes;

/// One request on its way through a vendor.
pub(crate) struct Call<'a> {
    pub(crate) control: &'a Control,
    pub(crate) request: &'a Request,
    /// `None`: no such route.
    pub(crate) route: Option<&'static Route>,
    pub(crate) parameters: Vec<String>,
    pub(crate) now: Timestamp,
    /// What a read of this request sees. Checks of a write always see the latest.
    pub(crate) view: View,
    /// The row that listings leave out.
    pub(crate) drop_row: Option<usize>,
    pub(crate) batch: bool,
    /// A late effect: it was authenticated when it arrived.
    pub(crate) late: bool,
    pub(crate) base: &'a str,
    pub(crate) id: String,
}

impl Call<'_> {
    pub(crate) fn parameter(&self, index: usize) -> &str {
        self.parameters.get(index).map_or("", String::as_str)
    }

    /// The row itself, unless a fault hides it from the listing.
    pub(crate) fn listed<T>(&self, index: usize, row: T) -> Option<T> {
        (self.drop_row != Some(index)).then_some(row)
    }
}

/// A vendor: its routes, its state, its words for failures.
pub(crate) trait Vendor: Send + 'static {
    const ROUTES: &'static [Route];

    /// What describes the requests on a route; `None` for the token endpoints, which only OAuth's
    /// own standard describes.
    fn description(route: &Route) -> Option<&'static Description>;

    /// Answers a request on one of its routes.
    fn answer(&mut self, call: &Call<'_>) -> Reply;

    /// The vendor's body for a status, as documented.
    fn failure(&self, call: &Call<'_>, status: u16) -> Reply;

    /// Adds the headers every answer carries.
    fn finish(&self, call: &Call<'_>, reply: &mut Reply);

    fn set_now(&mut self, now: Timestamp);

    fn dump(&self) -> Company;

    fn load(&mut self, company: &Company) -> Result<(), String>;

    /// A switch of its own below `/_sim/`; `None`: unknown.
    fn switch(&mut self, method: &str, path: &str, body: &Value) -> Option<Result<Value, String>>;

    /// Sends what happened on to whoever listens.
    fn deliver(&mut self) {}
}

/// Lets one request through the vendor, faults and journal included.
pub(crate) fn serve<V: Vendor>(
    vendor: &mut V,
    control: &Control,
    base: &str,
    request: &Request,
    batch: bool,
) -> Reply {
    let matched = find(V::ROUTES, request);
    let (route, parameters) = match matched {
        Some((route, parameters)) => (Some(route), parameters),
        None => (None, Vec::new()),
    };
    let now = control.now();
    vendor.set_now(now);
    let mut call = Call {
        control,
        request,
        route,
        parameters,
        now,
        view: control.view(Duration::ZERO),
        drop_row: None,
        batch,
        late: false,
        base,
        id: uuid::Uuid::new_v4().to_string(),
    };
    let mut reply = match route {
        Some(route) => {
            let effect = control.take_fault(&request.method, route.name(), &request.text());
            faulty(vendor, &mut call, effect)
        }
        None => {
            let problem = if V::ROUTES.iter().any(|route| route.matches(request).is_some()) {
                "unknown method"
            } else {
                "unknown path"
            };
            let status = if problem == "unknown method" { 405 } else { 404 };
            vendor.failure(&call, status).with_problem(problem)
        }
    };
    vendor.finish(&call, &mut reply);
    let name = route.map_or_else(
        || format!("{} {}", request.method, request.path),
        |route| format!("{} {}", route.method, route.name()),
    );
    let described = route.and_then(|route| Some((route, V::description(route)?)));
    let undescribed = described
        .map(|(route, description)| description.undescribed(route, request))
        .unwrap_or_default();
    let own = reply.problem.take();
    // What is not described is mostly the very thing that the vendor refused.
    let problem = if undescribed.is_empty() { own } else { Some(undescribed.join("; ")) };
    if let Some(problem) = problem {
        control.problem(format!("{name}: {problem}"));
    }
    control.record(Entry {
        method: request.method.clone(),
        route: name,
        path: request.path.clone(),
        query: request.query_text(),
        body: request.any_body().map(redacted),
        status: if reply.cut { 0 } else { reply.status },
        at: now,
        batch,
    });
    reply
}

fn faulty<V: Vendor>(vendor: &mut V, call: &mut Call<'_>, effect: Option<Effect>) -> Reply {
    let Some(effect) = effect else { return vendor.answer(call) };
    match effect {
        Effect::Status { status, retry_after, body } => {
            let mut reply = vendor.failure(call, status);
            if let Some(body) = body {
                reply.body = Body::Json(body);
            }
            if let Some(value) = retry_after {
                reply.headers.push(("retry-after".to_owned(), value));
            }
            reply
        }
        Effect::CutBefore => Reply::cut(),
        Effect::CutAfter => Reply { cut: true, ..vendor.answer(call) },
        Effect::StatusAfter { status } => {
            let done = vendor.answer(call);
            Reply { cut: done.cut, problem: done.problem, ..vendor.failure(call, status) }
        }
        Effect::Stale { for_ms } => {
            call.view = call.control.view(Duration::from_millis(for_ms));
            vendor.answer(call)
        }
        Effect::Late { ms } => {
            call.control.postpone(call.request.clone(), Duration::from_millis(ms));
            Reply::cut()
        }
        Effect::Html => Reply::html(502),
        Effect::Truncate => vendor.answer(call).truncated(),
        Effect::Delay { ms } => {
            let mut reply = vendor.answer(call);
            reply.delay += Duration::from_millis(ms);
            reply
        }
        Effect::DropRow { n } => {
            call.drop_row = Some(n);
            vendor.answer(call)
        }
    }
}

/// Lets the late requests take effect whose time has come.
fn catch_up<V: Vendor>(vendor: &mut V, control: &Control, base: &str) {
    for (due, request) in control.due() {
        let Some((route, parameters)) = find(V::ROUTES, &request) else { continue };
        vendor.set_now(due);
        vendor.answer(&Call {
            control,
            request: &request,
            route: Some(route),
            parameters,
            now: due,
            view: control.view(Duration::ZERO),
            drop_row: None,
            batch: false,
            late: true,
            base,
            id: uuid::Uuid::new_v4().to_string(),
        });
    }
    vendor.set_now(control.now());
}

struct Core<V> {
    vendor: Mutex<V>,
    control: Control,
    base: String,
}

impl<V: Vendor> Core<V> {
    fn with<R>(&self, work: impl FnOnce(&mut V) -> R) -> R {
        let mut vendor = self.vendor.lock().unwrap_or_else(PoisonError::into_inner);
        catch_up(&mut *vendor, &self.control, &self.base);
        let result = work(&mut vendor);
        vendor.deliver();
        result
    }
}

/// A simulated vendor that listens; it stops when this is dropped.
pub(crate) struct Server<V: Vendor> {
    core: Arc<Core<V>>,
    task: JoinHandle<io::Result<()>>,
}

impl<V: Vendor> Server<V> {
    pub(crate) async fn start(listen: SocketAddr, vendor: V) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let control = Control::new(V::ROUTES);
        let core = Arc::new(Core { vendor: Mutex::new(vendor), control, base });
        let app = axum::Router::new()
            .fallback(handle::<V>)
            .with_state(core.clone())
            .into_make_service_with_connect_info::<Connection>();
        let serving = axum::serve(CuttableListener(listener), app);
        let task = tokio::spawn(async move { serving.await });
        Ok(Self { core, task })
    }

    pub(crate) fn base(&self) -> &str {
        &self.core.base
    }

    pub(crate) fn control(&self) -> &Control {
        &self.core.control
    }

    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut V) -> R) -> R {
        self.core.with(work)
    }
}

impl<V: Vendor> Drop for Server<V> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn handle<V: Vendor>(
    Shared(core): Shared<Arc<Core<V>>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: axum::extract::Request,
) -> Response<HttpBody> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return into_http(&core.control, Reply::json(413, Value::Null));
    };
    let request = Request::new(&parts.method, &parts.uri, parts.headers, body);
    let reply = if let Some(path) = request.path.strip_prefix("/_sim/") {
        core.with(|vendor| switches::answer(vendor, &core.control, path, &request))
    } else {
        core.with(|vendor| serve(vendor, &core.control, &core.base, &request, false))
    };
    if !reply.delay.is_zero() {
        pause(reply.delay).await;
    }
    if reply.cut {
        connection.cut();
    }
    into_http(&core.control, reply)
}

fn into_http(control: &Control, reply: Reply) -> Response<HttpBody> {
    let mut response =
        Response::builder().status(reply.status).header("date", http_date(control.now()));
    for (name, value) in &reply.headers {
        response = response.header(name.as_str(), value.as_str());
    }
    let body = match reply.body {
        Body::Empty => Bytes::new(),
        Body::Json(value) => {
            response = response.header("content-type", "application/json; charset=utf-8");
            Bytes::from(value.to_string())
        }
        Body::Raw { content_type, text } => {
            response = response.header("content-type", content_type);
            Bytes::from(text)
        }
    };
    response.body(HttpBody::from(body)).unwrap_or_else(|_| {
        // A header that a fault made up and HTTP does not allow.
        let mut response = Response::new(HttpBody::from("a fault's header is not valid HTTP"));
        *response.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// The headers of a request that was made up here, for the inside of a batch.
pub(crate) fn no_headers() -> HeaderMap {
    HeaderMap::new()
}
