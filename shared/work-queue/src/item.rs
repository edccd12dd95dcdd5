//! The work item: whom a message rings for, and why (design 4.5).
//!
//! Its JSON is a fixed interface. Parsing refuses what this version cannot work on and never
//! repeats a value of the body in the reason, since a body may hold anything.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sync_core::ids::{DirectoryId, JumpCloudGroupId, JumpCloudUserId, Subject};
use sync_core::record::{Brings, Expect, Hints};

/// The version of the item's form.
const VERSION: u64 = 1;

/// The type of the event that is evidence of a deletion (P6).
pub(crate) const USER_DELETE: &str = "user_delete";
/// The same for groups.
const GROUP_DELETE: &str = "group_delete";

/// Rings for one subject of one directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkItem {
    /// The directory.
    pub directory: DirectoryId,
    /// Whom it rings for.
    pub subject: Subject,
    /// Why.
    pub cause: Cause,
    /// A state that the event announces; adds looks until it is read.
    pub expect: Option<Expect>,
    /// For a group: the users whose membership changed.
    pub members: Vec<JumpCloudUserId>,
    /// The time of the complete listing that nominated the subject.
    pub listed_at: Option<Timestamp>,
    /// The hash of the approved plan of this subject.
    pub plan: Option<String>,
}

/// Why an item was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Who sent it.
    pub source: Source,
    /// JumpCloud's event type.
    pub event_type: Option<String>,
    /// JumpCloud's event id, or a hash that tells events apart.
    pub event_id: Option<String>,
    /// When the event happened; of a bell for a subject's `due`, that time.
    pub at: Option<Timestamp>,
}

impl Cause {
    /// A cause that is not an event.
    pub fn of(source: Source) -> Self {
        Self { source, event_type: None, event_id: None, at: None }
    }
}

/// As audit events name what caused a change, for example `webhook user_suspended 65f…`.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        for part in [&self.event_type, &self.event_id].into_iter().flatten() {
            write!(f, " {part}")?;
        }
        Ok(())
    }
}

/// Who sends items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// JumpCloud, over HTTP.
    Webhook,
    /// The poll of Directory Insights.
    Insights,
    /// The nightly run.
    Reconcile,
    /// A sweep.
    Sweep,
    /// A person.
    Operator,
    /// The sync of another subject.
    FollowUp,
    /// The subject's own `due`.
    Due,
}

impl Source {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Webhook, "webhook"),
        (Self::Insights, "insights"),
        (Self::Reconcile, "reconcile"),
        (Self::Sweep, "sweep"),
        (Self::Operator, "operator"),
        (Self::FollowUp, "follow_up"),
        (Self::Due, "due"),
    ];

    /// As items spell it.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(source, _)| *source == self)
            .map(|(_, name)| *name)
            .expect("every source has a name")
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(source, _)| *source)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a body is not a work item that this version can work on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Malformed {
    /// A sentence without a full stop and without values of the body.
    pub reason: String,
}

impl WorkItem {
    /// An item without hints.
    pub fn new(directory: DirectoryId, subject: Subject, cause: Cause) -> Self {
        Self {
            directory,
            subject,
            cause,
            expect: None,
            members: Vec::new(),
            listed_at: None,
            plan: None,
        }
    }

    /// What the item brings to the record (R2).
    ///
    /// Only an event with a time, or a bell with the `due` it rings for, may find everything done.
    pub fn brings(&self) -> Brings {
        let deleted = self.expect == Some(Expect::Deleted)
            || [USER_DELETE, GROUP_DELETE].map(Some).contains(&self.cause.event_type.as_deref());
        let event = matches!(self.cause.source, Source::Webhook | Source::Insights);
        let bell = self.cause.source == Source::Due;
        Brings {
            event_at: self.cause.at.filter(|_| event),
            deleted,
            expect: self.expect,
            members: self.hints(bell),
            due: self.cause.at.filter(|_| bell),
            unconditional: self.cause.at.is_none() || !(event || bell),
        }
    }

    /// Whose membership of a group is to be looked at (G9).
    ///
    /// What names nobody may concern anybody, but for a bell: the record says why it is due.
    fn hints(&self, bell: bool) -> Hints {
        match self.subject {
            Subject::Group(_) if self.members.is_empty() && !bell => Hints::Many,
            Subject::Group(_) => Hints::of(self.members.iter().cloned()),
            Subject::User(_) | Subject::Sweep => Hints::default(),
        }
    }

    /// Whether it may take access away from somebody: in a backlog such items go first.
    pub fn may_remove(&self) -> bool {
        const MAY: [&str; 6] = [
            USER_DELETE,
            "user_suspended",
            "user_lockout",
            "user_password_expired",
            "association_change",
            "access_management_association_change",
        ];
        let kind = self.cause.event_type.as_deref();
        self.expect.is_some() || kind.is_some_and(|kind| MAY.contains(&kind))
    }

    /// The body of the message.
    pub fn to_json(&self) -> String {
        let mut cause = Map::new();
        cause.insert("source".into(), self.cause.source.as_str().into());
        let mut optional = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                cause.insert(key.into(), value.into());
            }
        };
        optional("event_type", self.cause.event_type.clone());
        optional("event_id", self.cause.event_id.clone());
        optional("at", self.cause.at.map(|at| at.to_string()));

        let mut item = Map::new();
        item.insert("v".into(), VERSION.into());
        item.insert("directory".into(), self.directory.as_str().into());
        item.insert(
            "subject".into(),
            match &self.subject {
                Subject::User(id) => json!({ "user": id.as_str() }),
                Subject::Group(id) => json!({ "group": id.as_str() }),
                Subject::Sweep => json!({ "sweep": true }),
            },
        );
        item.insert("cause".into(), cause.into());
        if let Some(expect) = self.expect {
            item.insert("expect".into(), expect_name(expect).into());
        }
        if !self.members.is_empty() {
            let members: Vec<&str> = self.members.iter().map(JumpCloudUserId::as_str).collect();
            item.insert("members".into(), members.into());
        }
        if let Some(listed_at) = self.listed_at {
            item.insert("listed_at".into(), listed_at.to_string().into());
        }
        if let Some(plan) = &self.plan {
            item.insert("plan".into(), plan.as_str().into());
        }
        Value::Object(item).to_string()
    }

    /// Reads the body of a message. What it does not know of optional fields it ignores.
    pub fn parse(body: &str) -> Result<Self, Malformed> {
        let value: Value = serde_json::from_str(body).map_err(|_| malformed("not JSON"))?;
        let item = value.as_object().ok_or_else(|| malformed("not a JSON object"))?;
        if item.get("v").and_then(Value::as_u64) != Some(VERSION) {
            return Err(malformed("v is not 1"));
        }
        let directory = text(item, "directory")?.ok_or_else(|| malformed("no directory"))?;
        let directory = DirectoryId::parse(&directory).map_err(|e| wrong("directory", &e))?;
        let cause = item.get("cause").and_then(Value::as_object);
        let cause = cause.ok_or_else(|| malformed("no cause"))?;
        let source = text(cause, "source")?.ok_or_else(|| malformed("no cause.source"))?;
        Ok(Self {
            directory,
            subject: subject(item)?,
            cause: Cause {
                source: Source::parse(&source)
                    .ok_or_else(|| malformed("cause.source is not known"))?,
                event_type: text(cause, "event_type")?,
                event_id: text(cause, "event_id")?,
                at: time(cause, "at")?,
            },
            expect: match text(item, "expect")?.as_deref() {
                None => None,
                Some("suspended") => Some(Expect::Suspended),
                Some("deleted") => Some(Expect::Deleted),
                Some(_) => return Err(malformed("expect is neither suspended nor deleted")),
            },
            members: members(item)?,
            listed_at: time(item, "listed_at")?,
            plan: text(item, "plan")?,
        })
    }
}

fn expect_name(expect: Expect) -> &'static str {
    match expect {
        Expect::Suspended => "suspended",
        Expect::Deleted => "deleted",
    }
}

fn malformed(reason: impl Into<String>) -> Malformed {
    Malformed { reason: reason.into() }
}

fn wrong(key: &str, why: &dyn fmt::Display) -> Malformed {
    malformed(format!("{key} is {why}"))
}

fn text(object: &Map<String, Value>, key: &str) -> Result<Option<String>, Malformed> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(key, &"not a text")),
    }
}

fn time(object: &Map<String, Value>, key: &str) -> Result<Option<Timestamp>, Malformed> {
    let Some(text) = text(object, key)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| wrong(key, &"not an RFC 3339 time"))
}

fn subject(item: &Map<String, Value>) -> Result<Subject, Malformed> {
    let subject = item.get("subject").and_then(Value::as_object);
    let subject = subject.ok_or_else(|| malformed("no subject"))?;
    let (Some((kind, value)), 1) = (subject.iter().next(), subject.len()) else {
        return Err(malformed("subject is not exactly one"));
    };
    let id = || value.as_str().unwrap_or_default();
    match kind.as_str() {
        "user" => {
            JumpCloudUserId::parse(id()).map(Subject::User).map_err(|e| wrong("subject.user", &e))
        }
        "group" => JumpCloudGroupId::parse(id())
            .map(Subject::Group)
            .map_err(|e| wrong("subject.group", &e)),
        "sweep" if *value == Value::Bool(true) => Ok(Subject::Sweep),
        "sweep" => Err(malformed("subject.sweep is not true")),
        kind @ ("password" | "import") => {
            Err(malformed(format!("{kind} subjects are not supported by this version")))
        }
        _ => Err(malformed("subject is of an unknown kind")),
    }
}

fn members(item: &Map<String, Value>) -> Result<Vec<JumpCloudUserId>, Malformed> {
    let members = match item.get("members") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(members)) => members,
        Some(_) => return Err(wrong("members", &"not a list")),
    };
    members
        .iter()
        .map(|member| JumpCloudUserId::parse(member.as_str().unwrap_or_default()))
        .collect::<Result<_, _>>()
        .map_err(|e| wrong("members", &e))
}

/// Makes one item of several for one subject, where nothing gets lost by it.
///
/// The cause of the youngest event stays, with its time; evidence, expectations and members add
/// up. Items without a time, with a plan or of different sources stay apart: without a time an
/// item is never covered (R5), and beside one that is it could be. The order of subjects is kept.
pub fn coalesce(items: Vec<WorkItem>) -> Vec<WorkItem> {
    let mut merged: Vec<WorkItem> = Vec::with_capacity(items.len());
    let mut place: BTreeMap<(DirectoryId, Subject, Source), usize> = BTreeMap::new();
    for item in items {
        if item.cause.at.is_none() || item.plan.is_some() {
            merged.push(item);
            continue;
        }
        let key = (item.directory.clone(), item.subject.clone(), item.cause.source);
        match place.get(&key) {
            Some(&at) => add(&mut merged[at], item),
            None => {
                place.insert(key, merged.len());
                merged.push(item);
            }
        }
    }
    merged
}

fn add(kept: &mut WorkItem, item: WorkItem) {
    let deleted = kept.brings().deleted || item.brings().deleted;
    kept.expect = if deleted { Some(Expect::Deleted) } else { kept.expect.max(item.expect) };
    // About a group, what names nobody concerns everybody, whatever else is named.
    let everybody = [&kept.hints(false), &item.hints(false)].contains(&&Hints::Many);
    if everybody {
        kept.members.clear();
    }
    for member in item.members {
        if !everybody && !kept.members.contains(&member) {
            kept.members.push(member);
        }
    }
    kept.listed_at = kept.listed_at.max(item.listed_at);
    if item.cause.at > kept.cause.at {
        kept.cause = item.cause;
    }
}
