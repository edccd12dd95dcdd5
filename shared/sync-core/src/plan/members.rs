//! The plan for the members of one group: who is to be added, who is nominated to leave (G5 to G7).
//!
//! Works on two complete listings. A nomination is no removal yet: each is confirmed by a direct
//! read of that person (S2).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::group::Member;
use crate::ids::{EntraUserId, JumpCloudUserId};

/// Everything the plan for a group's members depends on.
#[derive(Debug, Clone, Copy)]
pub struct MembersInput<'a> {
    /// The resolved members in JumpCloud, each with the bound object, if there is one.
    pub wanted: &'a BTreeMap<JumpCloudUserId, Option<EntraUserId>>,
    /// The complete listing in Entra.
    pub observed: &'a BTreeSet<Member>,
    /// Of the people observed those who are bound to us.
    pub owners: &'a BTreeMap<EntraUserId, JumpCloudUserId>,
}

/// What to do about the members of one group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "a plan that nobody applies or prints was made for nothing"]
pub struct MembersPlan {
    /// Who is added, in the order of JumpCloud ids; an object is added once.
    pub add: Vec<(JumpCloudUserId, EntraUserId)>,
    /// Who is nominated for removal, in the order of JumpCloud ids.
    pub leave: Vec<(JumpCloudUserId, EntraUserId)>,
    /// G7: who is not bound yet, and waited for.
    pub unbound: BTreeSet<JumpCloudUserId>,
    /// G6: who is not ours, left alone and reported.
    pub foreign: BTreeSet<Member>,
}

/// Plans the members of one group.
pub fn plan_members(input: MembersInput<'_>) -> MembersPlan {
    let MembersInput { wanted, observed, owners } = input;
    let mut plan = MembersPlan::default();
    let mut theirs = BTreeSet::new();
    for (user, object) in wanted {
        match object {
            None => _ = plan.unbound.insert(user.clone()),
            Some(object) if !theirs.insert(object) => {}
            Some(object) if observed.contains(&Member::User(object.clone())) => {}
            Some(object) => plan.add.push((user.clone(), object.clone())),
        }
    }
    for member in observed {
        match (member, owner(member, owners)) {
            (Member::User(object), _) if theirs.contains(object) => {}
            (Member::User(_), Some(user)) if wanted.contains_key(user) => {}
            (Member::User(object), Some(user)) => plan.leave.push((user.clone(), object.clone())),
            (_, _) => _ = plan.foreign.insert(member.clone()),
        }
    }
    plan.leave.sort();
    plan
}

/// Who of ours is behind a member.
fn owner<'a>(
    member: &Member,
    owners: &'a BTreeMap<EntraUserId, JumpCloudUserId>,
) -> Option<&'a JumpCloudUserId> {
    match member {
        Member::User(object) => owners.get(object),
        Member::Other(_) => None,
    }
}

impl fmt::Display for MembersPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { add, leave, unbound, foreign } = self;
        if add.is_empty() && leave.is_empty() {
            writeln!(f, "nobody comes or goes")?;
        }
        add.iter().try_for_each(|(user, object)| writeln!(f, "add {user} ({object})"))?;
        leave.iter().try_for_each(|(user, object)| writeln!(f, "remove {user} ({object})"))?;
        unbound.iter().try_for_each(|user| writeln!(f, "waits for the binding of {user}"))?;
        foreign.iter().try_for_each(|member| match member {
            Member::User(object) => writeln!(f, "leaves alone user {object}"),
            Member::Other(object) => writeln!(f, "leaves alone {object}"),
        })
    }
}
