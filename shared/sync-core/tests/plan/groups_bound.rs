//! A group that is ours: renamed, restored, let go (G1, G4, G8).

use insta::{allow_duplicates, assert_snapshot};
use sync_core::desired::Connection;
use sync_core::group::{GroupAnswer, GroupKind};
use sync_core::plan::group::{GroupAction, GroupLookup, MembersWanted, ObservedGroup};
use sync_core::policy::OnDisconnect;

use crate::group_world::*;
use crate::world::at;

const WAYS: [OnDisconnect; 3] = [OnDisconnect::Keep, OnDisconnect::Empty, OnDisconnect::Delete];

#[test]
fn g1_a_bound_object_that_became_another_kind_is_not_written_to() {
    let mut world = bound_group();
    world.first().group.kind = GroupKind::Dynamic;
    world.rename("Sales EMEA");
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_not_manageable: 21d00000-0000-4000-8000-000000000001 is a dynamic group
    ");
    allow_duplicates! {
        for way in WAYS {
            let mut world = left(way);
            world.first().group.kind = GroupKind::RoleAssignable;
            assert_snapshot!(world.plan(), @"
            nothing to do
            ! group_not_manageable: 21d00000-0000-4000-8000-000000000001 is a role-assignable group
            let go
            ");
        }
    }
    // Who is connected changes all the same.
    world.record.let_go_at = Some(at(-60));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! group_not_manageable: 21d00000-0000-4000-8000-000000000001 is a dynamic group
    ring the sweep
    ");
}

#[test]
fn g4_a_rename_in_jumpcloud_renames_the_bound_object() {
    let mut world = bound_group();
    assert_snapshot!(world.plan(), @"
    nothing to do
    members as in JumpCloud
    ");
    world.rename("Sales EMEA");
    assert_snapshot!(world.plan(), @r#"
    rename "Sales" -> "Sales EMEA"
    members as in JumpCloud
    "#);
    // Blanks and case make another name.
    world.rename("sales ");
    assert_snapshot!(world.plan(), @r#"
    rename "Sales" -> "sales "
    members as in JumpCloud
    "#);
}

#[test]
fn g4_a_rename_in_entra_is_undone() {
    let mut world = bound_group();
    world.first().group.name = "Vertrieb".into();
    assert_snapshot!(world.plan(), @r#"
    rename "Vertrieb" -> "Sales"
    members as in JumpCloud
    "#);
}

#[test]
fn g4_the_name_we_wrote_lately_counts_over_the_one_read() {
    let mut world = bound_group();
    world.first().group.name = "Sales EMEA".into();
    world.binding().written_at = Some(at(-299));
    assert_snapshot!(world.plan(), @"
    nothing to do
    members as in JumpCloud
    ");
    world.binding().written_at = Some(at(-300));
    assert_snapshot!(world.plan(), @r#"
    rename "Sales EMEA" -> "Sales"
    members as in JumpCloud
    "#);
    // A replica that still shows the name of tomorrow proves nothing either.
    world.rename("Sales EMEA");
    world.binding().written_at = Some(at(-299));
    assert_snapshot!(world.plan(), @r#"
    rename "Sales" -> "Sales EMEA"
    members as in JumpCloud
    "#);
}

#[test]
fn g4_a_bound_group_is_never_looked_up_by_name() {
    let mut world = bound_group();
    world.rename("Support");
    world.entra.push(by_hand(SECOND, "Support"));
    assert_snapshot!(world.plan(), @r#"
    rename "Sales" -> "Support"
    members as in JumpCloud
    "#);
    // Whatever a lookup would have found.
    let named = vec![by_hand(SECOND, "Support")];
    world.observed = Some(ObservedGroup::Lookup(GroupLookup { named, ..GroupLookup::default() }));
    assert!(world.planned().actions.is_empty());
    // And what is read by a binding that is not there is nobody's.
    world.record.binding = None;
    let found = by_hand(FIRST, "Sales").group;
    allow_duplicates! {
        for observed in [ObservedGroup::Bound(found.clone()), ObservedGroup::Gone(Some(found))] {
            world.observed = Some(observed);
            assert_snapshot!(world.plan(), @"nothing to do");
        }
    }
}

#[test]
fn g4_a_group_deleted_in_entra_is_restored() {
    let mut world = deleted_group();
    assert_snapshot!(world.plan(), @"
    restore 21d00000-0000-4000-8000-000000000001
    members as in JumpCloud
    ");
    world.rename("Sales EMEA");
    assert_snapshot!(world.plan(), @r#"
    restore 21d00000-0000-4000-8000-000000000001
    rename "Sales" -> "Sales EMEA"
    members as in JumpCloud
    "#);
    // The name we wrote lately counts here too.
    world.binding().written_at = Some(at(-10));
    world.binding().name = "Sales EMEA".into();
    assert_snapshot!(world.plan(), @"
    restore 21d00000-0000-4000-8000-000000000001
    members as in JumpCloud
    ");
}

#[test]
fn g4_a_group_that_is_gone_for_good_is_created_again_after_a_second_look() {
    let mut world = deleted_group();
    world.deleted = None;
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:32Z
    covers nothing
    ");
    let planned = world.planned();
    world.apply(&planned);
    // The deleted items were late.
    let mut late = GroupWorld { deleted: deleted_group().deleted, ..world.clone() };
    let planned = late.planned();
    late.apply(&planned);
    assert_eq!((late.record.gone_at, late.entra.len()), (None, 1));
    assert_snapshot!(world.plan(), @"
    nothing to do
    unbind, to create it again
    covers nothing
    ");
    let planned = world.planned();
    world.apply(&planned);
    assert_snapshot!(world.plan(), @r#"
    create "Sales" (jumpcloud-65f0000000000000000000b1)
    members as in JumpCloud
    "#);
}

#[test]
fn r11_a_404_of_a_young_group_is_looked_at_again() {
    let mut world = deleted_group();
    world.binding().created_at = Some(at(-899));
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:06Z
    covers nothing
    ");
    world.deleted = None;
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:06Z
    covers nothing
    ");
    world.binding().created_at = Some(at(-900));
    assert_snapshot!(world.plan(), @"
    nothing to do
    look again at 2026-05-01T10:00:32Z
    covers nothing
    ");
}

#[test]
fn r11_a_404_of_a_young_group_does_not_settle_its_disconnection() {
    allow_duplicates! {
        for way in [OnDisconnect::Empty, OnDisconnect::Delete] {
            let mut world = left(way);
            world.entra.clear();
            world.binding().created_at = Some(at(-10));
            assert_snapshot!(world.plan(), @"
            nothing to do
            let go
            look again at 2026-05-01T10:00:06Z
            covers nothing
            ");
        }
    }
    // Nothing was to happen to it anyway.
    let mut world = left(OnDisconnect::Keep);
    world.entra.clear();
    world.binding().created_at = Some(at(-10));
    assert_snapshot!(world.plan(), @"
    nothing to do
    let go
    ");
}

#[test]
fn g8_keep_leaves_the_group_as_it_is() {
    let mut world = leaving(OnDisconnect::Keep);
    world.rename("Sales EMEA");
    assert_snapshot!(world.plan(), @"
    nothing to do
    let go
    ring the sweep
    ");
}

#[test]
fn g8_empty_lets_the_members_go_who_are_ours() {
    // What was not finished stays wanted, however long ago that was.
    let world = left(OnDisconnect::Empty);
    assert_snapshot!(world.plan(), @"
    nothing to do
    members of ours leave
    let go
    ");
}

#[test]
fn g8_delete_deletes_the_group() {
    let mut world = left(OnDisconnect::Delete);
    assert_snapshot!(world.plan(), @"
    delete
    let go
    ");
    let planned = world.planned();
    world.apply(&planned);
    assert_snapshot!(world.plan(), @"
    nothing to do
    let go
    ");
}

#[test]
fn g8_one_read_alone_empties_and_deletes_nothing() {
    let world = leaving(OnDisconnect::Keep);
    assert_snapshot!(world.plan(), @"
    nothing to do
    let go
    ring the sweep
    ");
    allow_duplicates! {
        for way in [OnDisconnect::Empty, OnDisconnect::Delete] {
            let mut world = leaving(way);
            assert_snapshot!(world.plan(), @"
            nothing to do
            let go
            ring the sweep
            look again at 2026-05-01T10:00:32Z
            covers nothing
            ");
            let planned = world.planned();
            world.apply(&planned);
            // Before its time, whoever rings.
            world.now = at(30);
            assert_snapshot!(world.plan(), @"
            nothing to do
            let go
            look again at 2026-05-01T10:00:32Z
            covers nothing
            ");
            // It was a stale read.
            let first = world.clone();
            world.connection = Connection::Connected;
            let planned = world.planned();
            world.apply(&planned);
            assert_eq!(world.record.let_go_at, None);
            world.connection = Connection::NotConnected;
            assert!(world.planned().actions.is_empty());
            // What was read long ago confirms nothing.
            world.record.let_go_at = Some(at(-1000));
            let planned = world.planned();
            assert!(planned.actions.is_empty() && planned.members == MembersWanted::LeftAlone);
            assert_eq!(planned.let_go_at, Some(world.now));
            // It was not.
            world = first;
            world.now = at(31);
            let planned = world.planned();
            assert!(planned.covers && planned.look_again.is_none(), "{planned}");
            let deletes = planned.actions == [GroupAction::Delete];
            assert!(deletes || planned.members == MembersWanted::Nobody, "{planned}");
        }
    }
}

#[test]
fn g8_a_group_deleted_in_jumpcloud_gives_up_the_object() {
    for way in WAYS {
        let mut world = leaving(way);
        world.answer = GroupAnswer::Missing;
        let planned = world.planned();
        assert!(planned.give_up && planned.covers, "{planned}");
        world.apply(&planned);
        assert_eq!(world.record.binding, None);
        assert!(world.planned().actions.is_empty());
        // Its successor adopts what was kept.
        let mut other = GroupWorld { group: group_id(OTHER), entra: world.entra, ..new_group() };
        let planned = other.planned();
        let adopts = matches!(planned.actions[..], [GroupAction::Adopt { .. }]);
        assert_eq!(adopts, way != OnDisconnect::Delete, "{planned}");
        other.apply(&planned);
        assert!(other.record.binding.is_some());
    }
    // Not before what is to happen to it has happened.
    let mut world = leaving(OnDisconnect::Delete);
    world.answer = GroupAnswer::Missing;
    world.entra.clear();
    world.binding().created_at = Some(at(-10));
    let planned = world.planned();
    world.apply(&planned);
    assert!(world.record.binding.is_some(), "{planned}");
}

#[test]
fn g8_a_group_deleted_in_jumpcloud_is_not_connected_whatever_the_scope_says() {
    allow_duplicates! {
        for connection in [Connection::NotConnected, Connection::Unreadable, Connection::Connected] {
            let mut world = left(OnDisconnect::Delete);
            world.answer = GroupAnswer::Missing;
            world.connection = connection;
            assert_snapshot!(world.plan(), @"
            delete
            let go
            give up the claim
            ");
        }
    }
}

#[test]
fn g8_an_unreadable_scope_lets_nothing_go() {
    allow_duplicates! {
        for way in WAYS {
            let mut world = leaving(way);
            world.connection = Connection::Unreadable;
            world.rename("Sales EMEA");
            assert_snapshot!(world.plan(), @"
            nothing to do
            ! scope_unreadable: the scope object cannot be read, so no group counts as disconnected
            covers nothing
            ");
        }
    }
    // Nor does it bring anything back.
    let mut world = deleted_group();
    world.connection = Connection::Unreadable;
    world.record.let_go_at = Some(at(-60));
    assert_snapshot!(world.plan(), @"
    nothing to do
    ! scope_unreadable: the scope object cannot be read, so no group counts as disconnected
    let go
    covers nothing
    ");
}

#[test]
fn g8_a_disconnected_group_that_is_gone_in_entra_is_let_go() {
    allow_duplicates! {
        for way in WAYS {
            let mut world = left(way);
            world.deleted = world.entra.pop().map(|found| found.group);
            assert_snapshot!(world.plan(), @"
            nothing to do
            let go
            ");
            let with_deleted = world.plan();
            world.deleted = None;
            assert_eq!(world.plan(), with_deleted);
        }
    }
}

#[test]
fn g8_a_group_that_is_connected_again_is_kept_up_again() {
    let mut world = bound_group();
    world.record.let_go_at = Some(at(-60));
    assert_snapshot!(world.plan(), @"
    nothing to do
    members as in JumpCloud
    ring the sweep
    ");
    let planned = world.planned();
    world.apply(&planned);
    assert_snapshot!(world.plan(), @"
    nothing to do
    members as in JumpCloud
    ");
    // One that was deleted at the disconnection is restored.
    let mut world = deleted_group();
    world.record.let_go_at = Some(at(-60));
    assert_snapshot!(world.plan(), @"
    restore 21d00000-0000-4000-8000-000000000001
    members as in JumpCloud
    ring the sweep
    ");
}

#[test]
fn g8_a_change_of_connection_rings_the_sweep_once() {
    for way in WAYS {
        let mut world = leaving(way);
        let planned = world.planned();
        assert!(planned.sweep && planned.let_go_at.is_some());
        world.apply(&planned);
        assert!(!world.planned().sweep && world.planned().let_go_at.is_some());
        world.connection = Connection::Connected;
        let planned = world.planned();
        assert!(planned.sweep && planned.let_go_at.is_none());
        world.apply(&planned);
        let planned = world.planned();
        assert!(!planned.sweep && planned.let_go_at.is_none());
        assert_eq!(planned.members, MembersWanted::AsInJumpCloud);
    }
}
