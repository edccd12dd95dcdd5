//! What a schedule or an operator may ask for (design 4.6).

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use sync_core::ids::DirectoryId;

/// A checked input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// The directory; without one, all.
    pub(crate) directory: Option<DirectoryId>,
    /// What to do in it.
    pub(crate) task: Task,
}

/// The tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Task {
    /// Poll from the cursor, or this window of time, and ring for due subjects.
    CatchUp {
        /// Instead of the cursor.
        from: Option<Timestamp>,
        /// Instead of the present.
        until: Option<Timestamp>,
    },
    /// The whole directory.
    Reconcile {
        /// Whether the plan is applied.
        mode: Mode,
    },
}

impl Task {
    /// As input and answer spell it; the name of its lock.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::CatchUp { .. } => "catch_up",
            Self::Reconcile { .. } => "reconcile",
        }
    }
}

/// What becomes of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is applied.
    Apply,
    /// It is only told.
    Plan,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Plan => "plan",
        }
    }
}

/// Why an input asks for nothing that can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidInput(String);

/// The fields of both tasks. An unknown one is refused: a mistyped window would widen the poll.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    task: String,
    directory: Option<String>,
    from: Option<String>,
    until: Option<String>,
    mode: Option<String>,
    full: Option<bool>,
}

impl Input {
    /// Reads an input.
    pub(crate) fn parse(input: &Value) -> Result<Self, InvalidInput> {
        let fields = Fields::deserialize(input)
            .map_err(|why| InvalidInput(format!("the input is not a task: {why}")))?;
        let directory = fields
            .directory
            .map(|id| DirectoryId::parse(&id).map_err(|why| invalid("directory", &why)))
            .transpose()?;
        let task = match fields.task.as_str() {
            "catch_up" => {
                absent("mode", fields.mode.is_none(), "catch_up")?;
                absent("full", fields.full.is_none(), "catch_up")?;
                let from = time("from", fields.from)?;
                let until = time("until", fields.until)?;
                if let (Some(from), Some(until)) = (from, until)
                    && from >= until
                {
                    return Err(InvalidInput("from does not lie before until".to_owned()));
                }
                Task::CatchUp { from, until }
            }
            "reconcile" => {
                absent("from", fields.from.is_none(), "reconcile")?;
                absent("until", fields.until.is_none(), "reconcile")?;
                let mode = match fields.mode.as_deref() {
                    None | Some("apply") => Mode::Apply,
                    Some("plan") => Mode::Plan,
                    Some(_) => return Err(invalid("mode", &"neither apply nor plan")),
                };
                Task::Reconcile { mode }
            }
            _ => return Err(invalid("task", &"neither catch_up nor reconcile")),
        };
        Ok(Self { directory, task })
    }
}

fn invalid(field: &str, why: &dyn std::fmt::Display) -> InvalidInput {
    InvalidInput(format!("{field} is {why}"))
}

fn absent(field: &str, is_absent: bool, task: &str) -> Result<(), InvalidInput> {
    if is_absent { Ok(()) } else { Err(InvalidInput(format!("{task} takes no {field}"))) }
}

fn time(field: &str, text: Option<String>) -> Result<Option<Timestamp>, InvalidInput> {
    let parse = |text: String| text.parse().map_err(|_| invalid(field, &"not an RFC 3339 time"));
    text.map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(input: Value) -> String {
        Input::parse(&input).unwrap_err().to_string()
    }

    #[test]
    fn what_the_schedules_send() {
        let window = |from: Option<&str>, until: Option<&str>| Task::CatchUp {
            from: from.map(|text| text.parse().unwrap()),
            until: until.map(|text| text.parse().unwrap()),
        };
        assert_eq!(
            Input::parse(&json!({ "task": "catch_up", "directory": null })),
            Ok(Input { directory: None, task: window(None, None) })
        );
        let (from, until) = ("2026-05-01T00:00:00Z", "2026-05-01T01:00:00+00:00");
        assert_eq!(
            Input::parse(&json!({
                "task": "catch_up", "directory": "corp", "from": from, "until": until,
            })),
            Ok(Input {
                directory: Some(DirectoryId::parse("corp").unwrap()),
                task: window(Some(from), Some(until)),
            })
        );
        assert_eq!(
            Input::parse(&json!({ "task": "reconcile", "mode": "plan", "full": true })),
            Ok(Input { directory: None, task: Task::Reconcile { mode: Mode::Plan } })
        );
    }

    #[test]
    fn bad_input_is_refused_with_its_field() {
        assert_eq!(refused(json!({ "task": "sleep" })), "task is neither catch_up nor reconcile");
        assert_eq!(
            refused(json!({ "task": "catch_up", "directory": "Corp" })),
            "directory is not a directory id: wanted 1 to 32 of a-z 0-9 -"
        );
        assert_eq!(
            refused(json!({ "task": "catch_up", "from": "yesterday" })),
            "from is not an RFC 3339 time"
        );
        let (from, until) = ("2026-05-01T01:00:00Z", "2026-05-01T00:00:00Z");
        assert_eq!(
            refused(json!({ "task": "catch_up", "from": from, "until": until })),
            "from does not lie before until"
        );
        assert_eq!(
            refused(json!({ "task": "catch_up", "mode": "plan" })),
            "catch_up takes no mode"
        );
        assert_eq!(
            refused(json!({ "task": "reconcile", "mode": "dry" })),
            "mode is neither apply nor plan"
        );
        assert_eq!(
            refused(json!({ "directory": null })),
            "the input is not a task: missing field `task`"
        );
        assert!(refused(json!({ "task": "catch_up", "form": from })).contains("unknown field"));
        assert!(refused(json!("catch_up")).starts_with("the input is not a task: "));
    }
}
