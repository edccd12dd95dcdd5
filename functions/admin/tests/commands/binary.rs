//! The program itself, as far as it needs no AWS.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::world::corp;

/// A file of this test's own.
fn written(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entra-sync"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

fn ran(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = program(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_valid_file_needs_no_aws() {
    let file = written("valid.toml", &corp());
    let (code, answer, _) = ran(&["config", "validate", file.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    assert!(answer.ends_with("valid.toml: directory corp (The corp directory) is valid\n"));
}

#[test]
fn a_file_with_problems_is_refused_before_aws_is_asked() {
    let file = written("problems.toml", "id = \"corp\"");
    for command in ["validate", "apply"] {
        let (code, answer, messages) =
            ran(&["config", command, file.to_str().unwrap(), "--json", "--yes"]);
        assert_eq!((code, messages.as_str()), (Some(1), ""));
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["valid"], false);
        assert!(answer["problems"].as_array().unwrap().len() > 1);
    }
}

#[test]
fn a_file_of_another_directory_than_the_named_one_is_bad_usage() {
    let file = written("other.toml", &corp());
    let (code, _, messages) =
        ran(&["config", "validate", file.to_str().unwrap(), "--directory", "dev"]);
    assert_eq!(code, Some(2));
    assert_eq!(messages, "entra-sync: the file is about directory corp, not dev\n");
}

#[test]
fn a_file_that_is_not_there_is_bad_usage() {
    let (code, answer, messages) = ran(&["config", "validate", "no/such.toml"]);
    assert_eq!((code, answer.as_str()), (Some(2), ""));
    assert!(messages.starts_with("entra-sync: no/such.toml cannot be read: "), "{messages}");
}

#[test]
fn without_a_stack_the_variables_must_be_there() {
    let (code, answer, messages) = ran(&["status"]);
    assert_eq!((code, answer.as_str()), (Some(2), ""));
    for wanted in
        ["SYNC_TABLE", "EVENTS_QUEUE_URL", "BULK_QUEUE_URL", "PARKED_QUEUE_URL", "--stack"]
    {
        assert!(messages.contains(wanted), "{wanted}: {messages}");
    }
}

#[test]
fn bad_usage_ends_with_2_and_help_with_0() {
    assert_eq!(ran(&[]).0, Some(2));
    assert_eq!(ran(&["show", "user", "ada"]).0, Some(2));
    for arguments in [&["--help"][..], &["events", "--help"], &["config", "apply", "--help"]] {
        let (code, help, _) = ran(arguments);
        assert_eq!(code, Some(0));
        assert!(help.contains("Example"), "{help}");
    }
}

#[test]
fn who_stops_reading_hears_no_complaint() {
    let file = written("unread.toml", &corp());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = program(&["config", "validate", file.to_str().unwrap()])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!((status.code(), String::from_utf8(stderr).unwrap().as_str()), (Some(0), ""));
}
