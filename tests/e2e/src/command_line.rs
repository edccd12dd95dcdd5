//! The command line `entra-sync`, as an operator would use it.

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;

use crate::built;
use crate::stack::Place;

/// The program, pointed at a place.
#[derive(Debug, Clone)]
pub struct CommandLine {
    environment: Vec<(String, String)>,
    directory: String,
}

impl CommandLine {
    pub(crate) fn new(place: &Place, directory: &str) -> Self {
        Self { environment: place.environment(), directory: directory.to_owned() }
    }

    /// Runs it to its end.
    async fn output(&self, arguments: &[&str]) -> Output {
        Command::new(built::binary("entra-sync"))
            .args(arguments)
            .args(["--directory", &self.directory])
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .expect("a built binary can be started")
    }

    /// What it prints.
    ///
    /// # Panics
    ///
    /// If it ends with an error.
    pub async fn run(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.output(arguments).await;
        let said = String::from_utf8_lossy(&stdout).into_owned();
        let error = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "entra-sync {}: {said}{error}", arguments.join(" "));
        said
    }

    /// What it answers for programs, also with exit status 1: a problem was found.
    ///
    /// # Panics
    ///
    /// If it answers no JSON.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        match self.try_json(arguments).await {
            Ok(answer) => answer,
            Err(said) => panic!("entra-sync {}: {said}", arguments.join(" ")),
        }
    }

    /// What it answers for programs, or what it says instead.
    pub async fn try_json(&self, arguments: &[&str]) -> Result<Value, String> {
        let Output { stdout, stderr, .. } = self.output(&[arguments, &["--json"]].concat()).await;
        serde_json::from_slice(&stdout).map_err(|_| String::from_utf8_lossy(&stderr).into_owned())
    }
}
