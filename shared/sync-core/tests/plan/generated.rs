//! Worlds of every kind, made of a row of choices, so that a failing one shrinks to its cause.

use proptest::prelude::*;
use sync_core::attributes::{Attribute, Mapping, Source, TABLE, Value};
use sync_core::desired::{Connection, UserAnswer, UserState};
use sync_core::ids::{JumpCloudUserId, Subject};
use sync_core::observed::Claim;
use sync_core::plan::person::ManagerLink;
use sync_core::policy::OnDeletedInEntra;
use sync_core::record::{Answered, Decided, Expect, Expecting, Unanswered};

use crate::world::*;

/// Any world.
pub(crate) fn worlds() -> impl Strategy<Value = World> {
    prop::collection::vec(any::<u8>(), 160).prop_map(|choices| Choices(choices).world())
}

struct Choices(Vec<u8>);

impl Choices {
    /// One of so many; the first one where nothing is left to choose from.
    fn of(&mut self, count: usize) -> usize {
        usize::from(self.0.pop().unwrap_or_default()) % count
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.of(of.len())].clone()
    }

    /// Seldom true.
    fn seldom(&mut self) -> bool {
        self.of(6) == 5
    }

    fn world(&mut self) -> World {
        let mut world = match self.of(4) {
            0 => newcomer(),
            1 => stranger(),
            2 => member(),
            _ => leaver(),
        };
        self.policy(&mut world);
        self.entra(&mut world);
        self.record(&mut world);
        self.attributes(&mut world);
        self.jumpcloud(&mut world);
        world
    }

    fn policy(&mut self, world: &mut World) {
        let users = &mut world.policy.users;
        users.suspend_on_password_expired = self.of(2) == 1;
        users.suspend_on_lockout = self.of(2) == 1;
        users.enable_disabled_in_entra = self.of(2) == 1;
        users.revoke_sessions = self.of(3) > 0;
        users.on_deleted_in_entra = self.one(&[
            OnDeletedInEntra::Restore,
            OnDeletedInEntra::Recreate,
            OnDeletedInEntra::Report,
        ]);
        if self.seldom() {
            let whom = self.one(&[ADA, "ada@corp.example", "ada.l@corp.example"]);
            users.exclude.insert(whom.into());
        }
        if self.seldom() {
            users.adopt_privileged.insert(upn("ada@corp.example"));
        }
        users.usage_location = self.one(&[None, Some("DE".into())]);
        for row in TABLE {
            let mapping = self.one(&[row.default, row.default, Mapping::Both, Mapping::Off]);
            world.policy.attributes.insert(row.attribute, mapping);
        }
        world.domains[0].federated = self.seldom();
    }

    fn entra(&mut self, world: &mut World) {
        let other = JumpCloudUserId::parse("65f000000000000000000009").unwrap();
        world.privileged = self.seldom();
        world.claim = self.one(&[
            Claim::Free,
            Claim::Own,
            Claim::Tombstone { disabled_by_us: true },
            Claim::Tombstone { disabled_by_us: false },
            Claim::Held(Subject::User(other)),
        ]);
        if let Some(object) = &mut world.entra {
            object.enabled ^= self.seldom();
            object.guest = self.seldom();
            object.on_premises_synced = self.seldom();
            object.created_at = self.one(&[object.created_at, Some(at(-30)), None]);
            if self.seldom() {
                object.upn = upn("lovelace@corp.example");
            }
        }
        if world.record.binding.is_some() && self.seldom() {
            world.deleted = world.entra.take().filter(|_| self.of(2) == 0);
        }
    }

    fn record(&mut self, world: &mut World) {
        let record = &mut world.record;
        if let Some(binding) = &mut record.binding {
            let answered = |value, second| Some(Answered { value, at: at(second) });
            binding.enabled = match self.of(6) {
                0 => None,
                1 => answered(true, -10),
                2 => answered(false, -10),
                _ => binding.enabled,
            };
            binding.disabled_by_us = match binding.enabled {
                Some(answered) => !answered.value,
                None => self.of(2) == 1,
            };
            binding.written_at = self.one(&[binding.written_at, None, Some(at(-10))]);
            binding.created_at = self.one(&[binding.created_at, None, Some(at(-10))]);
            binding.given_up = self.seldom();
        } else if self.of(3) == 2 {
            let end = self.one(&[855, 1, -10]);
            let mut open = intent(-60, end);
            open.meant_disabled = self.of(2) == 1;
            open.meant_enabled = !open.meant_disabled || self.of(2) == 1;
            record.intent = Some(open);
        }
        // Nothing is given up while something is unanswered.
        let bound = record.binding.as_ref().is_some_and(|binding| !binding.given_up);
        if bound && self.seldom() {
            let value = self.of(2) == 1;
            let may_land_until = at(self.one(&[-10, 1, 60]));
            record.unanswered = Some(Unanswered { value, sent_at: at(-20), may_land_until });
        }
        if self.seldom() {
            let read_at = at(self.one(&[-5, -29, -30, -600]));
            record.decided = Some(Decided { enabled: self.of(2) == 1, read_at });
        }
        if bound && self.seldom() {
            record.renaming = [upn(self.one(&["ada@corp.example", "ada.l@corp.example"]))].into();
        }
        record.revoke_pending = bound && self.seldom();
        let expects = [None, None, Some(Expect::Suspended), Some(Expect::Deleted)];
        world.expect = self.one(&expects);
        record.expecting =
            self.one(&expects).map(|expect| Expecting { expect, since: at(self.one(&[-3, -40])) });
        record.locked_since = self.one(&[None, Some(at(-600)), Some(at(-9000))]);
    }

    fn attributes(&mut self, world: &mut World) {
        for row in TABLE {
            let values: [Value; 2] = match row.attribute {
                Attribute::WorkPhone => ["a", "b"].map(|text| Value::List(vec![text.into()])),
                Attribute::AlternateEmail => [&["a"][..], &["x", "b"]].map(|list| {
                    Value::List(list.iter().map(|entry| (*entry).to_owned()).collect())
                }),
                Attribute::CostCenter => [Some("a"), None].map(|cost| Value::OrgData {
                    division: Some("EU".into()),
                    cost_center: cost.map(str::to_owned),
                }),
                Attribute::Manager => [BOSS, OBJECT].map(|id| Value::Text(id.into())),
                _ => ["a", "b"].map(|text| Value::Text(text.into())),
            };
            if let Some(object) = world.entra.as_mut().or(world.deleted.as_mut()) {
                match self.of(4) {
                    0 => _ = object.attributes.remove(&row.attribute),
                    1 => _ = object.attributes.insert(row.attribute, values[0].clone()),
                    2 => _ = object.attributes.insert(row.attribute, values[1].clone()),
                    _ => {}
                }
            }
            if let Some(binding) = &mut world.record.binding {
                let ours = match &values[0] {
                    Value::OrgData { cost_center, .. } => {
                        Value::OrgData { division: None, cost_center: cost_center.clone() }
                    }
                    value => value.clone(),
                };
                match self.of(3) {
                    0 => _ = binding.applied.remove(&row.attribute),
                    1 => _ = binding.applied.insert(row.attribute, ours),
                    _ => {}
                }
            }
            let long = "x".repeat(300);
            let source = match self.of(6) {
                0 => Source::Absent,
                1 => Source::Empty,
                2 => Source::Set("a".into()),
                3 => Source::Set("b".into()),
                4 => Source::Set(long),
                _ => continue,
            };
            match row.attribute {
                Attribute::Manager => {}
                Attribute::DisplayName => world.desired().display_name = source,
                Attribute::AlternateEmail => world.desired().alternate_email = source,
                attribute => _ = world.desired().attributes.insert(attribute, source),
            }
        }
        let boss = JumpCloudUserId::parse("65f000000000000000000002").unwrap();
        (world.desired().manager, world.manager) = match self.of(5) {
            0 => (Source::Absent, ManagerLink::None),
            1 => (Source::Empty, ManagerLink::None),
            2 => (Source::Set(boss.clone()), ManagerLink::Unbound(boss)),
            3 => (Source::Set(boss), ManagerLink::Bound(object(BOSS))),
            _ => (Source::Set(world.user.clone()), ManagerLink::Bound(object(OBJECT))),
        };
        if !world.policy.exports(Attribute::Manager) {
            world.manager = ManagerLink::None;
        }
    }

    fn jumpcloud(&mut self, world: &mut World) {
        let email = self.one(&[
            "ada@corp.example",
            "ada@corp.example",
            "ada.l@corp.example",
            "ada+1@corp.example",
            "ada@left.example",
            "",
        ]);
        let user = world.desired();
        user.email = if email.is_empty() { Source::Empty } else { Source::Set(email.into()) };
        user.state =
            self.one(&[UserState::Staged, UserState::Activated, UserState::Activated, user.state]);
        if self.of(4) == 3 {
            user.state = UserState::Suspended;
        }
        user.locked = self.seldom();
        user.password_expired = self.seldom();
        world.connection = self.one(&[
            Connection::Connected,
            Connection::Connected,
            Connection::NotConnected,
            Connection::Unreadable,
        ]);
        if self.seldom() {
            (world.answer, world.connection) = (UserAnswer::Missing, Connection::NotConnected);
            world.manager = ManagerLink::None;
        }
        world.mailbox.deleted_seen = self.of(3) == 2;
    }
}
