//! Items that the cases share.

use sync_core::ids::{DirectoryId, JumpCloudUserId, Subject};
use work_queue::{Cause, Source, WorkItem};

pub(crate) fn directory(name: &str) -> DirectoryId {
    DirectoryId::parse(name).unwrap()
}

pub(crate) fn user_id(number: usize) -> JumpCloudUserId {
    JumpCloudUserId::parse(&format!("65f{number:021x}")).unwrap()
}

/// An item about this user of the directory `corp`.
pub(crate) fn item(number: usize) -> WorkItem {
    of("corp", number)
}

pub(crate) fn of(name: &str, number: usize) -> WorkItem {
    let subject = Subject::User(user_id(number));
    WorkItem::new(directory(name), subject, Cause::of(Source::Operator))
}

/// An item whose body has exactly so many bytes.
pub(crate) fn item_of(bytes: usize) -> WorkItem {
    let empty = WorkItem { plan: Some(String::new()), ..item(1) };
    let room = bytes - empty.to_json().len();
    let item = WorkItem { plan: Some("x".repeat(room)), ..empty };
    assert_eq!(item.to_json().len(), bytes);
    item
}

/// The bodies of these items, in an order of their own.
pub(crate) fn sorted<'a>(bodies: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut bodies: Vec<&str> = bodies.collect();
    bodies.sort_unstable();
    bodies
}
