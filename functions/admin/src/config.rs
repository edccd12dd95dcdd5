//! `config`: looking at a directory's configuration, before it is stored and after.
//!
//! What a file may say is decided in `service::directory`; [`prepare`] decides whether it may be
//! stored now.

use serde_json::json;
use service::directory::{self, ConfigErrors, DirectoryConfig};
use store::{ConfigRecord, FirstRun};
use transport::CustomEndpoints;

use crate::answer::{Answer, Exit, pretty};
use crate::shown::{count, escape, escape_lines, json_time, time};
use crate::table::table;

mod apply;
mod deactivate;
mod tenant;

pub use apply::{Applied, FirstRunWish, Prepared, prepare, store};
pub use deactivate::{Deactivated, Deactivating, deactivate, deactivation_question};
pub use tenant::{Graph, TenantError, Tenants};

/// A file that was looked at as a whole.
#[derive(Debug)]
pub struct Validated {
    /// The name it was read by.
    pub file: String,
    /// What it says, or everything that is wrong with it.
    pub result: Result<Box<DirectoryConfig>, ConfigErrors>,
}

/// Looks at the text of a configuration; nothing is stored.
pub fn validate(file: &str, text: &str, custom: CustomEndpoints) -> Validated {
    Validated { file: file.to_owned(), result: directory::parse(text, custom).map(Box::new) }
}

impl Answer for Validated {
    fn human(&self, width: Option<u16>) -> String {
        let file = escape(&self.file);
        match &self.result {
            Ok(config) => {
                let name = escape(&config.name);
                let mut text = format!("{file}: directory {} ({name}) is valid", config.id);
                for warning in &config.warnings {
                    text.push_str(&format!("\nwarning: {}", escape(warning)));
                }
                text
            }
            Err(errors) => {
                let rows = errors.problems.iter();
                let rows = rows.map(|problem| [escape(&problem.key), escape(&problem.why)]);
                let number = count(errors.problems.len() as u64, "problem", "problems");
                format!("{file}: {number}\n{}", table(width, ["key", "problem"], rows))
            }
        }
    }

    fn json(&self) -> String {
        let (config, errors) = match &self.result {
            Ok(config) => (Some(config), None),
            Err(errors) => (None, Some(errors)),
        };
        let problems: Vec<_> = errors
            .into_iter()
            .flat_map(|errors| &errors.problems)
            .map(|problem| json!({ "key": problem.key, "message": problem.why }))
            .collect();
        pretty(&json!({
            "file": self.file,
            "valid": config.is_some(),
            "directory": config.map(|config| config.id.as_str()),
            "name": config.map(|config| config.name.as_str()),
            "problems": problems,
            "warnings": config.map_or(&[][..], |config| &config.warnings),
        }))
    }

    fn exit(&self) -> Exit {
        if self.result.is_ok() { Exit::Ok } else { Exit::Problem }
    }
}

/// A configuration as it is stored.
#[derive(Debug)]
pub struct Stored(pub ConfigRecord);

impl Answer for Stored {
    /// The facts are comments of the file's own language, so the whole can be applied again.
    fn human(&self, _: Option<u16>) -> String {
        let record = &self.0;
        format!(
            "# directory {}: version {}, {}, first run {}, applied {}\n{}",
            record.directory,
            record.version,
            activity(record.active),
            first_run(record.first_run),
            time(record.applied_at),
            escape_lines(record.text.replace("\r\n", "\n").trim_end()),
        )
    }

    fn json(&self) -> String {
        let mut stored = facts(&self.0);
        stored["text"] = json!(self.0.text);
        pretty(&stored)
    }
}

/// What is stored beside the text.
fn facts(record: &ConfigRecord) -> serde_json::Value {
    json!({
        "directory": record.directory.as_str(),
        "version": record.version,
        "first_run": first_run(record.first_run),
        "active": record.active,
        "applied_at": json_time(Some(record.applied_at)),
    })
}

/// As answers spell it.
pub(crate) fn first_run(first_run: FirstRun) -> &'static str {
    match first_run {
        FirstRun::Pending => "pending",
        FirstRun::Done => "done",
    }
}

/// As answers for people spell it.
pub(crate) fn activity(active: bool) -> &'static str {
    if active { "active" } else { "deactivated" }
}
