//! JumpCloud's events: whom each one rings for (design 4.5, "From event to subject").
//!
//! An event says who, never what: the sync reads both sides again. Payloads are not published, so
//! everything but the type and an id is optional, and what is not understood is told apart: an
//! event that does not concern us is *ignored*, one that should but cannot be read is
//! *unrecognisable* and must not get lost. Nothing here keeps values of an event but ids, type and
//! time.
//!
//! Event types and samples: <https://docs.jumpcloud.com/api/insights/directory/1.0/index.html>.

use jiff::Timestamp;
use serde_json::Value;
use sync_core::ids::{DirectoryId, JumpCloudGroupId, JumpCloudUserId, OrganizationId, Subject};
use sync_core::policy::Scope;
use sync_core::record::Expect;

use crate::item::{Cause, Source, USER_DELETE, WorkItem};

mod association;
mod by_type;
mod fingerprint;

pub use by_type::ByType;

/// The longest id of an event that is kept. JumpCloud's have 24 or 36 characters.
const LONGEST_ID: usize = 64;

/// Whose events are recognised.
#[derive(Debug, Clone, Copy)]
pub struct Watched<'a> {
    /// The directory that is rung for.
    pub directory: &'a DirectoryId,
    /// Its JumpCloud organization; events of another are ignored.
    pub organization: Option<&'a OrganizationId>,
    /// What connects people to it.
    pub scope: &'a Scope,
}

/// What an event came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognised {
    /// At least one item.
    Items(Vec<WorkItem>),
    /// It does not concern the directory.
    Ignored(Ignored),
    /// It should concern the directory but cannot be read: a reason without values of the event.
    Unrecognisable(&'static str),
}

/// Why an event does not concern the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// A type that says nothing about who has which account.
    UnknownType,
    /// A type that announces or reports, while the change itself has an event of its own, or that
    /// tells of changed settings.
    MarkedIgnore,
    /// Another organization's.
    OtherOrganization,
    /// A service whose events of this type are about something else, for example devices.
    OtherService,
    /// About a device or a group of devices.
    Device,
    /// An association whose ends are not ours.
    OtherAssociation,
}

impl Ignored {
    /// The stable spelling, for counts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownType => "unknown_type",
            Self::MarkedIgnore => "marked_ignore",
            Self::OtherOrganization => "other_organization",
            Self::OtherService => "other_service",
            Self::Device => "device",
            Self::OtherAssociation => "other_association",
        }
    }
}

/// The events in a body: at the root, under `di_event`, in an array, or in `{"events":[…]}`.
///
/// Alerts carry the event under `di_event`, so that key is looked for before the root is taken for
/// the event. Whatever is not a wrapper is returned as it is, for [`recognise`] to judge.
pub fn events_in(body: &Value) -> Vec<&Value> {
    match body {
        Value::Array(events) => events.iter().flat_map(events_in).collect(),
        Value::Object(object) => match (object.get("di_event"), object.get("events")) {
            (Some(event @ (Value::Object(_) | Value::Array(_))), _) => events_in(event),
            (_, Some(events @ Value::Array(_))) if !object.contains_key("event_type") => {
                events_in(events)
            }
            _ => vec![body],
        },
        _ => vec![body],
    }
}

/// The type of an event, if it has one.
pub fn event_type(event: &Value) -> Option<&str> {
    event.get("event_type")?.as_str().map(str::trim).filter(|kind| !kind.is_empty())
}

/// Reads one event.
///
/// The time of the items is the event's, and none if it has none or is unreadable; the id is the
/// event's, or else a hash over type, time, ends and changes, which tells events apart. An id that
/// no log line or record should bear, for its length or its characters, counts as none.
pub fn recognise(event: &Value, watched: Watched<'_>, source: Source) -> Recognised {
    if !event.is_object() {
        return Recognised::Unrecognisable("not an object");
    }
    let Some(kind) = event_type(event) else {
        return Recognised::Unrecognisable("no event_type");
    };
    if let Some(ours) = watched.organization
        && let Some(theirs) = event.get("organization").and_then(Value::as_str)
        && !theirs.is_empty()
        && !theirs.eq_ignore_ascii_case(ours.as_str())
    {
        return Recognised::Ignored(Ignored::OtherOrganization);
    }
    let kind = kind.to_ascii_lowercase();
    let rung = match Kind::of(&kind) {
        Kind::Unknown => Err(Unread::Ignored(Ignored::UnknownType)),
        Kind::MarkedIgnore => Err(Unread::Ignored(Ignored::MarkedIgnore)),
        Kind::User => user(event, &kind),
        Kind::Group => group(event, &kind),
        Kind::Association => association::subjects(event, watched.scope),
        Kind::Access => association::both_ends(event, watched.scope),
    };
    let rung = match rung {
        Ok(rung) => rung,
        Err(Unread::Ignored(why)) => return Recognised::Ignored(why),
        Err(Unread::Unrecognisable(why)) => return Recognised::Unrecognisable(why),
    };
    let cause = Cause {
        source,
        event_id: Some(id(event).map_or_else(|| fingerprint::of(event, &kind), str::to_owned)),
        at: time(event),
        event_type: Some(kind),
    };
    let item = |rung: Rung| WorkItem {
        expect: rung.expect,
        members: rung.members,
        ..WorkItem::new(watched.directory.clone(), rung.subject, cause.clone())
    };
    Recognised::Items(rung.into_iter().map(item).collect())
}

/// A subject that an event rings for, with the hints it gives.
#[derive(Debug)]
struct Rung {
    subject: Subject,
    expect: Option<Expect>,
    members: Vec<JumpCloudUserId>,
}

impl Rung {
    fn of(subject: Subject) -> Self {
        Self { subject, expect: None, members: Vec::new() }
    }
}

/// Why an event rings for nobody.
enum Unread {
    Ignored(Ignored),
    Unrecognisable(&'static str),
}

/// What an event type is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Group,
    Association,
    /// An access request was executed.
    Access,
    MarkedIgnore,
    Unknown,
}

impl Kind {
    fn of(kind: &str) -> Self {
        match kind {
            "user_create"
            | "user_update"
            | USER_DELETE
            | "user_activated"
            | "user_suspended"
            | "user_unsuspended"
            | "user_lockout"
            | "user_unlocked"
            | "user_password_expired"
            | "user_password_change"
            | "user_password_set" => Self::User,
            "group_create" | "group_update" | "group_delete" => Self::Group,
            "association_change" => Self::Association,
            "access_management_association_change" => Self::Access,
            // Announcements, reports of JumpCloud's own connectors, and sign-ins.
            "user_password_reset_request"
            | "user_password_warning_email"
            | "user_activation_email"
            | "user_activation_schedule_create"
            | "user_activation_schedule_delete"
            | "user_suspension_schedule_create"
            | "user_suspension_schedule_delete"
            | "user_create_provision"
            | "user_update_provision"
            | "user_delete_provision"
            | "user_password_update_provision"
            | "user_deprovision"
            | "user_login_attempt" => Self::MarkedIgnore,
            // Changes of settings: what they mean for people has events of its own.
            "organization_update" => Self::MarkedIgnore,
            kind if SETTINGS.iter().any(|prefix| kind.starts_with(prefix)) => Self::MarkedIgnore,
            _ => Self::Unknown,
        }
    }
}

/// What the types begin with that tell of changed settings of JumpCloud's own connectors.
const SETTINGS: [&str; 3] = ["o365_directory_", "integration_", "integrationattribute_"];

fn user(event: &Value, kind: &str) -> Result<Vec<Rung>, Unread> {
    // The service `systems` reports lockouts and passwords of device accounts under the same names.
    only_service(event, &["directory"])?;
    match resource_type(event).as_deref() {
        None | Some("user" | "systemuser") => {}
        Some(other) if is_device(other) => return Err(Unread::Ignored(Ignored::Device)),
        Some(_) => return Err(Unread::Unrecognisable("a user event about something else")),
    }
    let id = resource_id(event).ok_or(Unread::Unrecognisable("no resource.id"))?;
    let id = JumpCloudUserId::parse(id)
        .map_err(|_| Unread::Unrecognisable("resource.id is not an object id"))?;
    let expect = match kind {
        USER_DELETE => Some(Expect::Deleted),
        "user_suspended" => Some(Expect::Suspended),
        "user_update" if suspends(event) => Some(Expect::Suspended),
        _ => None,
    };
    Ok(vec![Rung { expect, ..Rung::of(Subject::User(id)) }])
}

fn group(event: &Value, kind: &str) -> Result<Vec<Rung>, Unread> {
    only_service(event, &["directory"])?;
    match resource_type(event).as_deref() {
        // Groups of people and of devices share their event types; without a type the read decides.
        None | Some("usergroup" | "group") => {}
        Some(other) if is_device(other) => return Err(Unread::Ignored(Ignored::Device)),
        Some(_) => return Err(Unread::Unrecognisable("a group event about something else")),
    }
    let id = resource_id(event).ok_or(Unread::Unrecognisable("no resource.id"))?;
    let id = JumpCloudGroupId::parse(id)
        .map_err(|_| Unread::Unrecognisable("resource.id is not an object id"))?;
    let mut rung = vec![Rung::of(Subject::Group(id))];
    if kind == "group_delete" {
        rung.push(Rung::of(Subject::Sweep));
    }
    Ok(rung)
}

fn only_service(event: &Value, services: &[&str]) -> Result<(), Unread> {
    match event.get("service").and_then(Value::as_str) {
        Some(service)
            if !service.is_empty()
                && !services.iter().any(|known| known.eq_ignore_ascii_case(service)) =>
        {
            Err(Unread::Ignored(Ignored::OtherService))
        }
        _ => Ok(()),
    }
}

/// A type of object in one spelling: JumpCloud writes `user_group`, `USER_GROUP` and `systemuser`.
fn spelling(kind: &str) -> String {
    kind.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn is_device(spelling: &str) -> bool {
    matches!(spelling, "system" | "systemgroup" | "device" | "devicegroup")
}

fn resource_type(event: &Value) -> Option<String> {
    let kind = event.get("resource")?.get("type")?.as_str()?;
    Some(spelling(kind)).filter(|kind| !kind.is_empty())
}

/// `resource.id`, or `resource_id` as a workflow's own body may spell it.
fn resource_id(event: &Value) -> Option<&str> {
    let nested = event.get("resource").and_then(|resource| resource.get("id"));
    nested.or_else(|| event.get("resource_id"))?.as_str()
}

/// The event's own id: opaque, but it goes into work items, records and audit events.
fn id(event: &Value) -> Option<&str> {
    let id = event.get("id")?.as_str()?;
    let fits = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    fits.then_some(id)
}

/// When an event happened: RFC 3339 with up to nine fraction digits; `None` if that is unreadable.
pub fn time(event: &Value) -> Option<Timestamp> {
    event.get("timestamp")?.as_str()?.parse().ok()
}

/// Whether the changes of a `user_update` hold a suspension: some paths emit no `user_suspended`.
fn suspends(event: &Value) -> bool {
    let Some(changes) = event.get("changes").and_then(Value::as_array) else { return false };
    changes.iter().any(|change| {
        let field = change.get("field").and_then(Value::as_str).unwrap_or_default();
        match (field, change.get("to")) {
            ("state", Some(Value::String(to))) => to.eq_ignore_ascii_case("SUSPENDED"),
            ("suspended", Some(Value::Bool(to))) => *to,
            ("suspended", Some(Value::String(to))) => to.eq_ignore_ascii_case("true"),
            _ => false,
        }
    })
}
