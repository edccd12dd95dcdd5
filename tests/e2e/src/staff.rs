//! People and groups that were synced long ago: in both vendors and in the table, without a sync.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::json;
use store::{Acquired, ClaimChange, Claimed, ClaimedThing, Commit, Committed, Store, Terms};
use sync_core::ids::{EntraGroupId, EntraObjectId, EntraUserId, JumpCloudUserId, Subject};
use sync_core::ids::{TenantId, Upn};
use sync_core::record::{
    Answered, Binding, Brings, GroupBinding, GroupRecord, Hints, Origin, Record, Upkeep, UserRecord,
};

use crate::table::group_subject;
use crate::world::{World, upn};

/// How long ago all of it was synced.
const AGO: Duration = Duration::from_secs(2 * 3600);
/// How many records are written at once.
const AT_ONCE: usize = 16;

/// Somebody in both directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// In JumpCloud.
    pub user: String,
    /// In Entra.
    pub object: String,
}

impl World {
    /// So many people, connected to the directory and synced long ago. Nobody is told of them.
    ///
    /// # Panics
    ///
    /// If the table does not take their records.
    pub async fn staff(&self, name: &str, count: usize) -> Vec<Person> {
        let names: Vec<String> = (0..count).map(|number| format!("{name}{number:04}")).collect();
        let people: Vec<Person> = names.iter().map(|name| self.employ(name)).collect();
        self.jumpcloud.state(|state| state.clear_events());
        let (store, then) = (&self.place.store(), self.clock.now() - AGO);
        let records = names.iter().zip(&people).map(|(name, person)| {
            let user = JumpCloudUserId::parse(&person.user).expect("a user's id");
            let object = EntraUserId::parse(&person.object).expect("an object's id");
            let upn = Upn::parse(&upn(name)).expect("a UPN");
            let claims = [
                (ClaimedThing::Upn(upn.clone()), Some(object.clone())),
                (ClaimedThing::Object((&object).into()), None),
            ];
            let record = Record::User(Box::new(bound(object, upn, then)));
            self.remember(store, Subject::User(user), record, claims.into(), then)
        });
        stream::iter(records).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        people
    }

    fn employ(&self, name: &str) -> Person {
        let user = self.hire(name);
        let object = self.entra.state(|state| {
            state.add_user(json!({
                "userPrincipalName": upn(name), "mailNickname": name, "givenName": name,
                "surname": "Example", "displayName": format!("{name} Example"),
                "department": "R&D",
            }))
        });
        Person { user, object }
    }

    /// A connected group of these people, synced long ago. Nobody is told of it.
    ///
    /// # Panics
    ///
    /// If the table does not take its record.
    pub async fn team(&self, name: &str, people: &[Person]) -> String {
        let group = self.group_of(name, people);
        assert!(self.jumpcloud.state(|state| state.connect(Self::APPLICATION, &group)));
        self.jumpcloud.state(|state| state.clear_events());
        let object = self.entra.state(|state| {
            let object = state.add_group(json!({
                "displayName": name, "uniqueName": format!("jumpcloud-{group}"),
            }));
            people.iter().for_each(|person| state.add_member(&object, &person.object));
            object
        });
        let then = self.clock.now() - AGO;
        let object = EntraGroupId::parse(&object).expect("a group's object id");
        let claim = (ClaimedThing::Object(EntraObjectId::from(&object)), None);
        let record = GroupRecord {
            binding: Some(GroupBinding {
                object,
                name: name.to_owned(),
                origin: Origin::Created,
                bound_at: then,
                created_at: Some(then),
                written_at: None,
            }),
            listed_at: Some(then),
            size: Some(people.len() as u64),
            managed: people.len() as u64,
            upkeep: synced(then),
            ..GroupRecord::default()
        };
        let record = Record::Group(Box::new(record));
        self.remember(&self.place.store(), group_subject(&group), record, vec![claim], then).await;
        group
    }

    /// A group of these people that is connected to nothing. Nobody is told of it.
    pub fn group_of(&self, name: &str, people: &[Person]) -> String {
        self.jumpcloud.state(|state| {
            let group = state.add_group(json!({ "name": name }));
            assert!(people.iter().all(|person| state.add_member(&group, &person.user)));
            state.clear_events();
            group
        })
    }

    /// Who is in the group in JumpCloud and has an account, by the objects of the accounts.
    pub fn wanted_members(&self, group: &str, people: &[Person]) -> Vec<String> {
        let wanted = self.jumpcloud.state(|state| state.members(group));
        let wanted: BTreeSet<&String> = wanted.iter().collect();
        let people = people.iter().filter(|person| wanted.contains(&person.user));
        let mut objects: Vec<String> = people.map(|person| person.object.clone()).collect();
        objects.sort();
        objects
    }

    /// Who is in the bound group in Entra, sorted.
    ///
    /// # Panics
    ///
    /// If the group is not bound.
    pub async fn members(&self, group: &str) -> Vec<String> {
        let object = self.group_object(group).await.expect("a bound group");
        let mut members = self.entra.state(|state| state.members(&object));
        members.sort();
        members
    }

    /// Stores a record with its claims, as a sync at that time did.
    async fn remember(
        &self,
        store: &impl Store,
        subject: Subject,
        record: Record,
        claims: Vec<(ClaimedThing, Option<EntraUserId>)>,
        then: Timestamp,
    ) {
        let directory = self.id();
        let lease = Duration::from_secs(20);
        let terms = Terms { now: then, lease, settle: Duration::from_secs(30) };
        let taken = store.acquire(&directory, &subject, &Brings::default(), terms).await;
        let Acquired::Taken(held) = taken.expect("the table can be written") else {
            panic!("{subject} is new")
        };
        let tenant = self.entra.state(|state| state.tenant());
        let tenant = TenantId::parse(&tenant).expect("a tenant's id");
        let take = |(what, object)| ClaimChange::Take {
            key: Claimed { tenant: tenant.clone(), what },
            object,
        };
        let claims: Vec<ClaimChange> = claims.into_iter().map(take).collect();
        let commit = Commit {
            record: &record,
            heard: None,
            members: &Hints::default(),
            due: None,
            audit: &[],
            claims: &claims,
        };
        let committed = store.commit(&held.lease, terms, commit).await;
        assert_eq!(committed.expect("the table can be written"), Committed::Released);
    }
}

fn bound(object: EntraUserId, upn: Upn, then: Timestamp) -> UserRecord {
    UserRecord {
        binding: Some(Binding {
            object,
            upn,
            origin: Origin::Adopted,
            bound_at: then,
            created_at: None,
            enabled: Some(Answered { value: true, at: then }),
            disabled_by_us: false,
            applied: BTreeMap::new(),
            written_at: Some(then),
            given_up: false,
            absent: false,
        }),
        upkeep: synced(then),
        ..UserRecord::default()
    }
}

fn synced(then: Timestamp) -> Upkeep {
    Upkeep { covered: Some(then), synced_at: Some(then), ..Upkeep::default() }
}
