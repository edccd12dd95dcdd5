//! The Entra server as its clients see it: over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails where its helpers do")]

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use simulators::entra::State;
use simulators::{Company, Effect, EntraSim, Fault};

#[path = "support/http.rs"]
mod http;

use http::Answer;

const TENANT: &str = "00000000-0000-4000-8000-0000000000aa";
const CLIENT: &str = "00000000-0000-4000-8000-0000000000c1";

/// A server and what it takes to talk to it.
struct World {
    sim: EntraSim,
    http: reqwest::Client,
    token: String,
}

impl World {
    async fn new(state: State) -> Self {
        let state = state.with_client(CLIENT, "a-secret");
        let sim = EntraSim::start("127.0.0.1:0".parse().unwrap(), state).await.unwrap();
        let mut world = Self { sim, http: http::client(), token: String::new() };
        let answer = world.ask_token("a-secret").await;
        world.token = answer.body["access_token"].as_str().unwrap().to_owned();
        world
    }

    async fn empty() -> Self {
        Self::new(State::new(TENANT, &["corp.example"])).await
    }

    async fn ask_token(&self, secret: &str) -> Answer {
        let url = format!("{}/{TENANT}/oauth2/v2.0/token", self.sim.login_url());
        let form = [
            ("client_id", CLIENT),
            ("client_secret", secret),
            ("grant_type", "client_credentials"),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        http::send(self.http.post(url).form(&form)).await.expect("an answer")
    }

    fn request(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.sim.graph_url());
        let request = self.http.request(method, url).bearer_auth(&self.token);
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        http::send(self.request(method, path, body)).await.expect("an answer")
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    async fn switch(&self, method: Method, path: &str, body: Value) -> Answer {
        let url = format!("{}/_sim/{path}", self.sim.url());
        http::send(self.http.request(method, url).json(&body)).await.expect("an answer")
    }

    fn assert_no_problems(&self) {
        assert_eq!(self.sim.control().problems(), Vec::<String>::new());
    }
}

fn user(name: &str) -> Value {
    json!({
        "accountEnabled": true, "displayName": name, "mailNickname": name,
        "userPrincipalName": format!("{name}@corp.example"),
        "passwordProfile": {"password": "Correct-horse-7", "forceChangePasswordNextSignIn": false},
    })
}

#[tokio::test]
async fn users_are_paged_by_their_next_links() {
    let mut state = State::new(TENANT, &["corp.example"]);
    for n in 0..7 {
        state.add_user(json!({"userPrincipalName": format!("u{n}@corp.example")}));
    }
    let world = World::new(state).await;
    let mut found = Vec::new();
    let mut next = Some("/users?$select=id,userPrincipalName&$top=3".to_owned());
    while let Some(path) = next {
        let page = world.get(&path).await;
        assert_eq!(page.status, 200, "{:?}", page.body);
        found.extend(page.ids("value", "userPrincipalName"));
        let link = page.body["@odata.nextLink"].as_str();
        next = link.map(|link| link.strip_prefix(&world.sim.graph_url()).unwrap().to_owned());
    }
    found.sort();
    let all: Vec<_> = (0..7).map(|n| format!("u{n}@corp.example")).collect();
    assert_eq!(found, all);
    assert_eq!(world.sim.control().counts()["GET /users"], 3);
    world.assert_no_problems();
}

#[tokio::test]
async fn what_graph_does_not_know_is_refused_and_listed() {
    let world = World::empty().await;
    let unknown = world.get("/nothing").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.body["error"]["code"], "Request_ResourceNotFound");
    assert_eq!(world.call(Method::PUT, "/users", None).await.status, 405);
    let mut odd = user("ada");
    odd["nickname"] = json!("Ada");
    assert_eq!(world.post("/users", odd).await.status, 400);
    assert_eq!(world.get("/users?$orderby=id").await.status, 400);
    let problems = world.sim.control().problems();
    assert_eq!(problems.len(), 4, "{problems:#?}");
    assert_eq!(problems[0], "GET /v1.0/nothing: unknown path");
}

#[tokio::test]
async fn what_graph_does_not_describe_is_listed_also_inside_a_batch() {
    let world = World::empty().await;
    let ada = world.sim.state(|s| s.add_user(json!({"userPrincipalName": "ada@corp.example"})));
    let path = format!("/users/{ada}");
    world.patch(&path, json!({"department": 7})).await;
    world.post(&format!("{path}/revokeSignInSessions"), json!({"all": true})).await;
    world.get("/users?$top=many").await;
    let request = json!({"id": "1", "method": "PATCH", "url": path, "body": {"nickname": "Ada"},
        "headers": {"content-type": "application/json"}});
    world.post("/$batch", json!({"requests": [request]})).await;
    let problems = [
        "PATCH /users/{id}: property department is no string",
        "POST /users/{id}/revokeSignInSessions: undescribed body",
        "GET /users: the query option $top is no integer that is allowed",
        "PATCH /users/{id}: property nickname is undescribed",
    ];
    assert_eq!(world.sim.control().problems(), problems);
}

#[tokio::test]
async fn a_user_is_created_changed_and_restored_but_never_deleted() {
    let world = World::empty().await;
    let created = world.post("/users", user("ada")).await;
    assert_eq!(created.status, 201);
    let path = format!("/users/{}", created.body["id"].as_str().unwrap());
    assert!(created.header("location").ends_with(&path));
    assert_eq!(world.patch(&path, json!({"department": "R&D"})).await.status, 204);
    let shown = world.get(&format!("{path}?$select=department")).await;
    assert_eq!(shown.body["department"], "R&D");
    let again = world.post("/users", user("ada")).await;
    assert_eq!(again.status, 400);
    assert_eq!(again.body["error"]["details"][0]["code"], "ObjectConflict");
    assert_eq!(world.sim.control().problems(), Vec::<String>::new());
    assert_eq!(world.call(Method::DELETE, &path, None).await.status, 403);
    assert_eq!(world.sim.control().problems().len(), 1, "a sync deletes nobody");
    assert!(world.sim.state(|state| state.delete_user(&path["/users/".len()..])));
    assert_eq!(world.get(&path).await.status, 404);
    let deleted = format!("/directory/deletedItems/{}", &path["/users/".len()..]);
    assert_eq!(world.get(&deleted).await.status, 200);
    let restored = world.call(Method::POST, &format!("{deleted}/restore"), None).await;
    assert_eq!(restored.status, 200);
    assert_eq!(world.get(&path).await.status, 200);
    let journal = serde_json::to_string(&world.sim.control().journal()).unwrap();
    assert!(!journal.contains("Correct-horse-7") && !journal.contains("a-secret"));
}

#[tokio::test]
async fn tokens_end_and_secrets_are_checked() {
    let world = World::empty().await;
    let wrong = world.ask_token("wrong").await;
    assert_eq!((wrong.status, &wrong.body["error"]), (400, &json!("invalid_client")));
    world.sim.control().advance(Duration::from_secs(3600));
    let expired = world.get("/users").await;
    assert_eq!(expired.status, 401);
    assert_eq!(expired.body["error"]["code"], "InvalidAuthenticationToken");
}

#[tokio::test]
async fn reads_lag_while_checks_of_writes_do_not() {
    let world = World::empty().await;
    let control = world.sim.control();
    control.set_lag(Duration::from_secs(60));
    let created = world.post("/users", user("ada")).await;
    let path = format!("/users/{}", created.body["id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.status, 404);
    assert_eq!(world.post("/users", user("ada")).await.status, 400);
    control.advance(Duration::from_secs(61));
    assert_eq!(world.get(&path).await.status, 200);
}

#[tokio::test]
async fn an_answer_may_be_lost_after_or_before_the_write_or_the_write_be_late() {
    let world = World::empty().await;
    let control = world.sim.control();
    control.set_time(control.now());
    let users = || world.sim.state(|state| state.users().len());
    let create = |name: &str| http::send(world.request(Method::POST, "/users", Some(user(name))));
    control.add_fault(Fault::once("POST /users", Effect::CutBefore));
    assert!(create("ada").await.is_none());
    assert_eq!(users(), 0);
    control.add_fault(Fault::once("POST /users", Effect::CutAfter));
    assert!(create("ada").await.is_none());
    assert_eq!(users(), 1);
    control.add_fault(Fault::once("POST /users", Effect::Late { ms: 1000 }));
    assert!(create("bob").await.is_none());
    assert_eq!(users(), 1);
    control.advance(Duration::from_secs(1));
    assert_eq!(users(), 2);
}

#[tokio::test]
async fn faults_are_set_over_http_and_answer_like_graph() {
    let world = World::empty().await;
    let faults = json!([
        {"route": "GET /users", "times": 1,
         "effect": {"kind": "status", "status": 429, "retry_after": "9"}},
        {"route": "GET /users", "times": 1, "effect": {"kind": "truncate"}},
        {"route": "POST /users", "times": 1, "effect": {"kind": "status_after", "status": 503}},
    ]);
    assert_eq!(world.switch(Method::POST, "faults", faults).await.status, 200);
    let throttled = world.get("/users").await;
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, "9"));
    assert_eq!(throttled.body["error"]["code"], "TooManyRequests");
    let half = world.get("/users").await;
    assert_eq!((half.status, half.body), (200, Value::Null));
    assert_eq!(world.post("/users", user("ada")).await.status, 503);
    assert_eq!(world.sim.state(|state| state.users().len()), 1);
    let journal = world.switch(Method::GET, "journal", Value::Null).await;
    assert_eq!(journal.body["counts"]["GET /users"], 2);
    let wrong = json!({"route": "GET /user", "effect": {"kind": "html"}});
    assert_eq!(world.switch(Method::POST, "faults", wrong).await.status, 400);
}

#[tokio::test]
async fn a_batch_answers_each_request_and_journals_it() {
    let world = World::empty().await;
    world.sim.control().clear_journal();
    let requests = json!({"requests": [
        {"id": "1", "method": "POST", "url": "/users", "body": user("ada"),
         "headers": {"content-type": "application/json"}},
        {"id": "2", "method": "GET", "url": "/users/nobody@corp.example"},
    ]});
    let answer = world.post("/$batch", requests).await;
    assert_eq!(answer.status, 200);
    let mut statuses: Vec<_> = answer.body["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|response| (response["id"].as_str().unwrap(), response["status"].as_u64().unwrap()))
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [("1", 201), ("2", 404)]);
    let counts = world.sim.control().counts();
    let counts: Vec<_> = counts.iter().map(|(route, n)| (route.as_str(), *n)).collect();
    assert_eq!(counts, [("GET /users/{id}", 1), ("POST /$batch", 1), ("POST /users", 1)]);
    world.assert_no_problems();
}

#[tokio::test]
async fn members_are_added_in_one_patch_and_removed_by_reference() {
    let world = World::empty().await;
    let (ada, bob, group) = world.sim.state(|state| {
        let ada = state.add_user(json!({"userPrincipalName": "ada@corp.example"}));
        let bob = state.add_user(json!({"userPrincipalName": "bob@corp.example"}));
        (ada, bob, state.add_group(json!({"displayName": "Engineering"})))
    });
    let path = format!("/groups/{group}");
    let link = |id: &str| format!("{}/directoryObjects/{id}", world.sim.graph_url());
    let members = json!({"members@odata.bind": [link(&ada), link(&bob)]});
    assert_eq!(world.patch(&path, members.clone()).await.status, 204);
    assert_eq!(world.patch(&path, members).await.status, 400, "they are members already");
    let removed = format!("{path}/members/{ada}/$ref");
    assert_eq!(world.call(Method::DELETE, &removed, None).await.status, 204);
    assert_eq!(world.get(&format!("{path}/members?$select=id")).await.ids("value", "id"), [bob]);
    assert!(world.sim.state(|state| state.user(&ada)).is_some());
    world.assert_no_problems();
}

#[tokio::test]
async fn a_company_survives_dump_and_load() {
    let mut state = State::new(TENANT, &["corp.example"]);
    let ada = state.add_user(json!({"userPrincipalName": "ada@corp.example"}));
    let bob = state.add_user(json!({"userPrincipalName": "bob@corp.example"}));
    state.set_manager(&bob, Some(&ada));
    let group = state.add_group(json!({"displayName": "Engineering"}));
    state.add_member(&group, &bob);
    let role = state.add_role(json!({"displayName": "Global Administrator"}));
    state.add_member(&role, &ada);
    let gone = state.add_user(json!({"userPrincipalName": "gone@corp.example"}));
    state.delete_user(&gone);
    let world = World::new(state).await;
    let dump = world.switch(Method::GET, "dump", Value::Null).await.body;
    let company = Company::from_json(dump.clone()).unwrap();
    assert_eq!(State::load(&company).unwrap().dump(), company);
    let other = World::empty().await;
    assert_eq!(other.switch(Method::POST, "load", dump.clone()).await.status, 200);
    assert_eq!(other.switch(Method::GET, "dump", Value::Null).await.body, dump);
    let manager = other.get("/users/bob@corp.example/manager").await;
    assert_eq!(manager.body["id"], json!(ada));
}

#[tokio::test]
async fn a_write_quota_names_the_time_to_wait() {
    let world = World::empty().await;
    let control = world.sim.control();
    control.set_time(control.now());
    let quota = json!({"writes": 1, "per_ms": 10_000});
    assert_eq!(world.switch(Method::PUT, "entra/quota", quota).await.status, 200);
    assert_eq!(world.post("/users", user("ada")).await.status, 201);
    let refused = world.post("/users", user("bob")).await;
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    control.advance(Duration::from_secs(wait));
    assert_eq!(world.post("/users", user("bob")).await.status, 201);
}
