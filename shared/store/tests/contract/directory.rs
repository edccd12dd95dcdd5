//! What a directory keeps beside its subjects: configuration, cursors, locks.

use store::{ConfigRecord, FirstRun, Store, TaskLock};
use sync_core::ids::DirectoryId;

use crate::world::*;

fn config(directory: DirectoryId, version: u64) -> ConfigRecord {
    ConfigRecord {
        text: format!("id = \"{directory}\" # {version}"),
        directory,
        first_run: FirstRun::Pending,
        active: true,
        version,
        applied_at: at(i64::try_from(version).unwrap()),
    }
}

pub(crate) async fn a_configuration_has_versions(store: impl Store) {
    assert_eq!(store.config(&corp()).await.unwrap(), None);
    let (one, two) = (config(corp(), 1), config(corp(), 2));
    assert!(!store.put_config(&two, 1).await.unwrap());
    assert_eq!(store.config(&corp()).await.unwrap(), None);
    assert!(store.put_config(&one, 0).await.unwrap());
    assert_eq!(store.config(&corp()).await.unwrap().as_ref(), Some(&one));
    let other = ConfigRecord { text: "other".into(), ..one.clone() };
    assert!(!store.put_config(&other, 0).await.unwrap());
    let two = ConfigRecord { first_run: FirstRun::Done, active: false, ..two };
    assert!(store.put_config(&two, 1).await.unwrap());
    assert!(!store.put_config(&config(corp(), 2), 1).await.unwrap());
    assert!(!store.put_config(&config(corp(), 4), 3).await.unwrap());
    assert_eq!(store.config(&corp()).await.unwrap(), Some(two));
}

pub(crate) async fn all_configurations_are_listed(store: impl Store) {
    assert_eq!(store.configs().await.unwrap(), []);
    let names = ["a", "corp", "corp-2", "zz"];
    for name in names {
        assert!(store.put_config(&config(directory(name), 1), 0).await.unwrap());
    }
    let listed = store.configs().await.unwrap();
    assert_eq!(listed, names.map(|name| config(directory(name), 1)));
}

pub(crate) async fn a_cursor_moves_from_what_was_seen(store: impl Store) {
    let cursor = async |name| store.cursor(&corp(), name).await.unwrap();
    let moves = async |seen, to| store.move_cursor(&corp(), "insights", seen, to).await.unwrap();
    assert_eq!(cursor("insights").await, None);
    assert!(!moves(Some("a"), "b").await);
    assert!(moves(None, "a").await);
    assert!(!moves(None, "b").await);
    assert!(!moves(Some("b"), "c").await);
    assert_eq!(cursor("insights").await.as_deref(), Some("a"));
    assert!(moves(Some("a"), "b").await);
    assert!(!moves(Some("a"), "b").await);
    assert_eq!(cursor("insights").await.as_deref(), Some("b"));
    assert_eq!(cursor("delta").await, None);
    assert_eq!(store.cursor(&directory("other"), "insights").await.unwrap(), None);
}

fn lock(task: &str, run: &str) -> TaskLock {
    TaskLock { directory: corp(), task: task.into(), run: run.into() }
}

pub(crate) async fn a_lock_ends_and_is_extended_by_its_run(store: impl Store) {
    let (one, two) = (lock("catch_up", "one"), lock("catch_up", "two"));
    assert!(store.lock(&one, at(0), at(60)).await.unwrap());
    assert!(!store.lock(&two, at(59), at(119)).await.unwrap());
    assert!(store.lock(&lock("reconcile", "two"), at(59), at(119)).await.unwrap());
    assert!(store.lock(&one, at(59), at(90)).await.unwrap());
    assert!(!store.lock(&two, at(90), at(150)).await.unwrap());
    assert!(store.lock(&two, millis_later(at(90), 1), at(150)).await.unwrap());
    assert!(!store.lock(&one, at(91), at(151)).await.unwrap());
}

pub(crate) async fn only_its_run_unlocks(store: impl Store) {
    let (one, two) = (lock("catch_up", "one"), lock("catch_up", "two"));
    store.unlock(&one).await.unwrap();
    assert!(store.lock(&one, at(0), at(60)).await.unwrap());
    store.unlock(&two).await.unwrap();
    assert!(!store.lock(&two, at(1), at(61)).await.unwrap());
    store.unlock(&one).await.unwrap();
    assert!(store.lock(&two, at(1), at(61)).await.unwrap());
}
