//! The table of a place, as the product's own store reads and writes it.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use clock::Clock;
use store::dynamodb::DynamoStore;
use store::{Claimed, ClaimedThing, Store, StoredSubject};
use sync_core::ids::{
    DirectoryId, EntraGroupId, EntraObjectId, JumpCloudGroupId, Subject, TenantId,
};

use crate::stack::{Place, credentials};
use crate::world::World;

/// How many records are read at once.
const PAGE: usize = 500;

impl Place {
    /// Its table.
    pub fn store(&self) -> DynamoStore {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(credentials())
            .endpoint_url(&self.endpoint)
            .build();
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        DynamoStore::new(client, &self.table, Clock::system())
    }
}

impl World {
    /// What the table remembers, of everybody and everything that was ever rung for.
    ///
    /// # Panics
    ///
    /// If the table cannot be read.
    pub async fn records(&self) -> Vec<StoredSubject> {
        let (store, directory) = (self.place.store(), self.id());
        let mut all: Vec<StoredSubject> = Vec::new();
        loop {
            let last = all.last().map(|stored| stored.subject.clone());
            let page = store.subjects(&directory, last.as_ref(), PAGE).await;
            let page = page.expect("the table can be read");
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    /// What the table remembers of a group; `None` without a record.
    ///
    /// # Panics
    ///
    /// If the table cannot be read.
    pub async fn group_record(&self, group: &str) -> Option<StoredSubject> {
        let stored = self.place.store().peek(&self.id(), &group_subject(group)).await;
        stored.expect("the table can be read")
    }

    /// The object in Entra that a group is bound to.
    pub async fn group_object(&self, group: &str) -> Option<String> {
        let stored = self.group_record(group).await?;
        Some(stored.record.group()?.binding.as_ref()?.object.to_string())
    }

    /// Which of these groups in Entra a group in JumpCloud holds, or held until it was deleted.
    ///
    /// # Panics
    ///
    /// If the table cannot be read, or one of them is no id.
    pub async fn groups_of_ours(&self, objects: BTreeSet<&str>) -> BTreeSet<String> {
        let tenant = self.entra.state(|state| state.tenant());
        let tenant = TenantId::parse(&tenant).expect("a tenant's id");
        let key = |object: &str| {
            let object = EntraGroupId::parse(object).expect("a group's id");
            let what = ClaimedThing::Object(EntraObjectId::from(&object));
            Claimed { tenant: tenant.clone(), what }
        };
        let keys: Vec<Claimed> = objects.iter().map(|object| key(object)).collect();
        let claims = self.place.store().claims(&keys).await.expect("the table can be read");
        let ours = |key: &Claimed| {
            claims.get(key).is_some_and(|claim| {
                let of_group = matches!(claim.holder.subject, Subject::Group(_));
                of_group && claim.holder.directory == self.id()
            })
        };
        let held = objects.into_iter().zip(&keys).filter(|(_, key)| ours(key));
        held.map(|(object, _)| object.to_owned()).collect()
    }

    /// The directory, as the product names it.
    pub fn id(&self) -> DirectoryId {
        DirectoryId::parse(&self.directory).expect("a directory's id")
    }
}

/// A group, as the product names it.
pub(crate) fn group_subject(group: &str) -> Subject {
    Subject::Group(JumpCloudGroupId::parse(group).expect("a group's id"))
}
