//! The two ends of an association, whatever their order and spelling.
//!
//! Which end is `from` is documented for group membership alone, so both are looked at alike.

use serde_json::Value;
use sync_core::ids::{JumpCloudGroupId, JumpCloudUserId, Subject};
use sync_core::policy::Scope;

use super::{Ignored, Rung, Unread, is_device, only_service, spelling};

/// One end, as far as it concerns us.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    User(JumpCloudUserId),
    Group(JumpCloudGroupId),
    /// The object that connects people to the directory.
    Scope,
    Device,
    Other,
}

/// Whom an `association_change` rings for.
pub(super) fn subjects(event: &Value, scope: &Scope) -> Result<Vec<Rung>, Unread> {
    only_service(event, &["directory", "access_management"])?;
    match ends(event, scope)? {
        (End::Device, _) | (_, End::Device) => Err(Unread::Ignored(Ignored::Device)),
        (End::User(user), End::Group(group)) | (End::Group(group), End::User(user)) => {
            Ok(membership(user, group))
        }
        (End::User(user), End::Scope) | (End::Scope, End::User(user)) => {
            Ok(vec![Rung::of(Subject::User(user))])
        }
        (End::Group(group), End::Scope) | (End::Scope, End::Group(group)) => {
            Ok(vec![Rung::of(Subject::Group(group)), Rung::of(Subject::Sweep)])
        }
        (End::Group(one), End::Group(other)) => {
            let mut rung = vec![Rung::of(Subject::Group(one))];
            if rung[0].subject != Subject::Group(other.clone()) {
                rung.push(Rung::of(Subject::Group(other)));
            }
            rung.push(Rung::of(Subject::Sweep));
            Ok(rung)
        }
        _ => Err(Unread::Ignored(Ignored::OtherAssociation)),
    }
}

/// Whom an executed access request rings for: each end that is a person or a group.
pub(super) fn both_ends(event: &Value, scope: &Scope) -> Result<Vec<Rung>, Unread> {
    match subjects(event, scope) {
        Err(Unread::Ignored(Ignored::OtherAssociation)) => {}
        decided => return decided,
    }
    let (from, to) = ends(event, scope)?;
    let rung: Vec<Rung> = [from, to]
        .into_iter()
        .filter_map(|end| match end {
            End::User(id) => Some(Rung::of(Subject::User(id))),
            End::Group(id) => Some(Rung::of(Subject::Group(id))),
            End::Scope | End::Device | End::Other => None,
        })
        .collect();
    if rung.is_empty() { Err(Unread::Ignored(Ignored::OtherAssociation)) } else { Ok(rung) }
}

fn membership(user: JumpCloudUserId, group: JumpCloudGroupId) -> Vec<Rung> {
    let group = Rung { members: vec![user.clone()], ..Rung::of(Subject::Group(group)) };
    vec![Rung::of(Subject::User(user)), group]
}

fn ends(event: &Value, scope: &Scope) -> Result<(End, End), Unread> {
    let connection = event
        .get("association")
        .and_then(|association| association.get("connection"))
        .ok_or(Unread::Unrecognisable("no association.connection"))?;
    let end = |name: &str| {
        let end = connection.get(name).filter(|end| end.is_object());
        read(end.ok_or(Unread::Unrecognisable("an association without two ends"))?, scope)
    };
    Ok((end("from")?, end("to")?))
}

fn read(end: &Value, scope: &Scope) -> Result<End, Unread> {
    let kind = end.get("type").and_then(Value::as_str).map(spelling).unwrap_or_default();
    let id = ["object_id", "objectId", "id"].into_iter().find_map(|key| end.get(key)?.as_str());
    let id = id.unwrap_or_default();
    let invalid = |_| Unread::Unrecognisable("an end's object_id is not an object id");
    Ok(match kind.as_str() {
        "" => return Err(Unread::Unrecognisable("an end without a type")),
        "user" | "systemuser" => End::User(JumpCloudUserId::parse(id).map_err(invalid)?),
        "usergroup" => End::Group(JumpCloudGroupId::parse(id).map_err(invalid)?),
        device if is_device(device) => End::Device,
        _ if is_scope(id, scope) => End::Scope,
        _ => End::Other,
    })
}

/// By its id alone: how events spell the type of a scope object is not documented.
fn is_scope(id: &str, scope: &Scope) -> bool {
    match scope {
        Scope::Application(object) | Scope::Office365(object) => {
            object.as_str().eq_ignore_ascii_case(id)
        }
        Scope::Listed { .. } => false,
    }
}
