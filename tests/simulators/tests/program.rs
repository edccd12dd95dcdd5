//! The program: ready line, doors, end.

#![expect(clippy::unwrap_used, reason = "a test fails where its helpers do")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use simulators::Company;

#[path = "support/http.rs"]
mod http;

/// A company with one user who is bound to an application.
fn company() -> Company {
    let mut company = Company::default();
    let user =
        json!({"_id": "65f000000000000000000001", "username": "ada", "email": "a@corp.example"});
    company.insert("jumpcloud/systemusers.json", json!({"totalCount": 1, "results": [user]}));
    let application = json!({"_id": "65f0000000000000000000c1", "name": "scim"});
    company.insert("jumpcloud/applications.json", json!({"results": [application]}));
    let edge = json!({"to": {"type": "user", "id": "65f000000000000000000001"}});
    let edges = "jumpcloud/applications/65f0000000000000000000c1/associations-user.json";
    company.insert(edges, json!([edge]));
    let user = json!({"id": "ada", "userPrincipalName": "ada@corp.example"});
    company.insert("entra/users.json", json!({"value": [user]}));
    company
}

/// The running program, which does not outlive its test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already when the test succeeds.
        let _ = self.0.kill();
    }
}

#[tokio::test]
async fn it_says_where_it_listens_and_leaves_a_dump_when_it_is_ended() {
    let folder = std::env::temp_dir().join(format!("simulators-{}", std::process::id()));
    let (before, after) = (folder.join("before"), folder.join("after"));
    company().write(&before).unwrap();
    let program = Command::new(env!("CARGO_BIN_EXE_simulators"))
        .arg("--company")
        .arg(&before)
        .arg("--state-dir")
        .arg(&after)
        .args(["--jumpcloud-key", "a-key"])
        .stdout(Stdio::piped())
        .spawn();
    let mut program = Program(program.unwrap());
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();

    let users = format!("{}/systemusers", ready["jumpcloud"]["api_url"].as_str().unwrap());
    let answer = http::client().get(&users).header("x-api-key", "a-key");
    let answer = http::send(answer).await.unwrap();
    assert_eq!((answer.status, answer.ids("results", "username")), (200, vec!["ada".to_owned()]));
    assert!(answer.header("content-type").starts_with("application/json"));
    let graph = ready["entra"]["graph_url"].as_str().unwrap();
    let refused = http::send(http::client().get(format!("{graph}/users"))).await.unwrap();
    assert_eq!(refused.status, 401);

    let ended = Command::new("kill").arg(program.0.id().to_string()).status().unwrap();
    assert!(ended.success());
    assert!(program.0.wait().unwrap().success());
    let left = Company::read(&after).unwrap();
    let edges = "jumpcloud/applications/65f0000000000000000000c1/associations-user.json";
    assert_eq!(left.files()[edges][0]["to"]["id"], "65f000000000000000000001");
    assert_eq!(left.files()["entra/users.json"]["value"][0]["id"], "ada");
    std::fs::remove_dir_all(&folder).unwrap();
}
