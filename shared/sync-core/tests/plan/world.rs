//! One person's small world. Each test changes what it is about; the rest stays ordinary.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sync_core::attributes::{Attribute, Source, Value, default_mappings};
use sync_core::desired::{Connection, Desired, DesiredUser, UserAnswer, UserState};
use sync_core::ids::{EntraUserId, JumpCloudUserId, ScopeObjectId, Upn};
use sync_core::observed::{Candidate, Claim, EntraUser, Lookup, Observed};
use sync_core::plan::Planned;
use sync_core::plan::person::ManagerLink;
use sync_core::plan::user::{Target, UserInput, may_be_restored, plan_user, target};
use sync_core::policy::{
    GroupPolicy, Limits, OnDeletedInEntra, OnDisconnect, Policy, Scope, Timing, UpnPolicy,
    UpnSource, UserPolicy,
};
use sync_core::record::{Answered, Binding, Expect, Intent, Mailbox, Origin, UserRecord};
use sync_core::upn::Domain;

pub(crate) const ADA: &str = "65f000000000000000000001";
pub(crate) const OBJECT: &str = "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001";
pub(crate) const BOSS: &str = "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0002";

/// Seconds into the test's day; everything happens around 10:00:00.
pub(crate) fn at(second: i64) -> Timestamp {
    let base: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
    base.checked_add(jiff::SignedDuration::from_secs(second)).unwrap()
}

pub(crate) fn upn(text: &str) -> Upn {
    Upn::parse(text).unwrap()
}

pub(crate) fn object(text: &str) -> EntraUserId {
    EntraUserId::parse(text).unwrap()
}

#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) policy: Policy,
    pub(crate) user: JumpCloudUserId,
    pub(crate) record: UserRecord,
    pub(crate) mailbox: Mailbox,
    pub(crate) expect: Option<Expect>,
    pub(crate) read_at: Timestamp,
    pub(crate) answer: UserAnswer,
    pub(crate) connection: Connection,
    /// The person's object in Entra, if there is one.
    pub(crate) entra: Option<EntraUser>,
    /// It is in the deleted items instead.
    pub(crate) deleted: Option<EntraUser>,
    pub(crate) claim: Claim,
    pub(crate) privileged: bool,
    pub(crate) domains: Vec<Domain>,
    pub(crate) domains_are_read: bool,
    pub(crate) manager: ManagerLink,
    pub(crate) now: Timestamp,
    /// When a lookup by UPN is answered, if not at once.
    pub(crate) lookup_at: Option<Timestamp>,
}

/// Something that happens to a world.
pub(crate) type Happens = fn(&mut World);

/// Ada is active and connected; Entra does not know her.
pub(crate) fn newcomer() -> World {
    let user = JumpCloudUserId::parse(ADA).unwrap();
    World {
        policy: Policy {
            scope: Scope::Application(ScopeObjectId::parse("65f0000000000000000000c1").unwrap()),
            upn: UpnPolicy {
                source: UpnSource::Email,
                domains: Default::default(),
                default_domain: None,
            },
            users: UserPolicy {
                suspend_on_password_expired: false,
                suspend_on_lockout: false,
                enable_disabled_in_entra: false,
                on_deleted_in_entra: OnDeletedInEntra::Restore,
                revoke_sessions: true,
                exclude: Default::default(),
                adopt_privileged: Default::default(),
                usage_location: None,
            },
            groups: GroupPolicy { enabled: true, on_disconnect: OnDisconnect::Keep },
            limits: Limits::default(),
            attributes: default_mappings(),
            timing: Timing::default(),
        },
        record: UserRecord::default(),
        mailbox: Mailbox::default(),
        expect: None,
        read_at: at(0),
        answer: UserAnswer::Found(Box::new(DesiredUser {
            id: user.clone(),
            state: UserState::Activated,
            locked: false,
            password_expired: false,
            email: Source::Set("ada@corp.example".into()),
            alternate_email: Source::Empty,
            display_name: Source::Set("Ada L.".into()),
            manager: Source::Empty,
            attributes: BTreeMap::from([
                (Attribute::GivenName, Source::Set("Ada".into())),
                (Attribute::Surname, Source::Set("Lovelace".into())),
                (Attribute::Department, Source::Set("R&D".into())),
            ]),
        })),
        user,
        connection: Connection::Connected,
        entra: None,
        deleted: None,
        claim: Claim::Free,
        privileged: false,
        domains: vec![Domain { name: "corp.example".into(), verified: true, federated: false }],
        domains_are_read: true,
        manager: ManagerLink::None,
        now: at(1),
        lookup_at: None,
    }
}

/// Ada's account as we would have made it.
pub(crate) fn account() -> EntraUser {
    EntraUser {
        id: object(OBJECT),
        upn: upn("ada@corp.example"),
        enabled: true,
        guest: false,
        on_premises_synced: false,
        created_at: Some(at(-86_400)),
        attributes: applied(),
    }
}

pub(crate) fn applied() -> BTreeMap<Attribute, Value> {
    [
        (Attribute::GivenName, "Ada"),
        (Attribute::Surname, "Lovelace"),
        (Attribute::DisplayName, "Ada L."),
        (Attribute::Department, "R&D"),
    ]
    .map(|(attribute, value)| (attribute, Value::Text(value.into())))
    .into()
}

/// Ada's account exists and is in step, but nobody bound it.
pub(crate) fn stranger() -> World {
    World { entra: Some(account()), ..newcomer() }
}

/// Ada's account was created by us yesterday and is in step.
pub(crate) fn member() -> World {
    let binding = Binding {
        object: object(OBJECT),
        upn: upn("ada@corp.example"),
        origin: Origin::Created,
        bound_at: at(-86_400),
        created_at: Some(at(-86_400)),
        enabled: Some(Answered { value: true, at: at(-86_400) }),
        disabled_by_us: false,
        applied: applied(),
        written_at: Some(at(-86_400)),
        given_up: false,
        absent: false,
    };
    World { record: UserRecord { binding: Some(binding), ..UserRecord::default() }, ..stranger() }
}

/// Ada is suspended and we switched her account off yesterday.
pub(crate) fn leaver() -> World {
    let mut world = member();
    world.desired().state = UserState::Suspended;
    world.binding().enabled = Some(Answered { value: false, at: at(-86_400) });
    world.binding().disabled_by_us = true;
    world.entra().enabled = false;
    world
}

pub(crate) fn intent(since: i64, open_until: i64) -> Intent {
    Intent {
        upn: upn("ada@corp.example"),
        since: at(since),
        meant_enabled: true,
        meant_disabled: false,
        open_until: at(open_until),
    }
}

impl World {
    pub(crate) fn desired(&mut self) -> &mut DesiredUser {
        match &mut self.answer {
            UserAnswer::Found(user) => user,
            UserAnswer::Missing => panic!("JumpCloud does not know the user in this world"),
        }
    }

    pub(crate) fn set(&mut self, attribute: Attribute, value: &str) {
        self.desired().attributes.insert(attribute, Source::Set(value.into()));
    }

    pub(crate) fn binding(&mut self) -> &mut Binding {
        self.record.binding.as_mut().expect("bound in this world")
    }

    pub(crate) fn entra(&mut self) -> &mut EntraUser {
        self.entra.as_mut().expect("Entra knows the user in this world")
    }

    fn domains(&self) -> Option<&[Domain]> {
        self.domains_are_read.then_some(&self.domains)
    }

    /// Plans as the engine would: reads what the plan's own `target` names.
    pub(crate) fn planned(&self) -> Planned {
        let desired = Desired {
            read_at: self.read_at,
            user: self.answer.clone(),
            connection: self.connection.clone(),
        };
        let observed = match target(&self.policy, &self.record, &desired, self.domains()) {
            Target::Nothing => Observed::Nothing,
            Target::Object(_) => match &self.entra {
                Some(user) => Observed::Bound(Box::new(user.clone())),
                None => {
                    let asked = may_be_restored(
                        &self.policy,
                        &self.record,
                        &desired,
                        &self.mailbox,
                        self.now,
                    );
                    let deleted = self.deleted.clone().filter(|_| asked);
                    Observed::Gone(deleted.map(Box::new))
                }
            },
            Target::Upn(upn) => {
                let found = self.entra.clone().filter(|user| user.upn == upn).map(|user| {
                    Candidate { user, claim: self.claim.clone(), privileged: self.privileged }
                });
                let read_at = self.lookup_at.unwrap_or(self.now);
                Observed::Lookup(Box::new(Lookup { upn, read_at, found }))
            }
        };
        plan_user(
            UserInput {
                policy: &self.policy,
                user: &self.user,
                record: &self.record,
                mailbox: &self.mailbox,
                expect: self.expect,
                desired: &desired,
                observed: &observed,
                domains: self.domains(),
                manager: &self.manager,
            },
            self.now,
        )
    }

    pub(crate) fn plan(&self) -> String {
        self.planned().to_string()
    }
}
