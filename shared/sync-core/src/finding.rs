//! What a plan wants an operator to know: bad data is a finding, never an error.

use std::fmt;

/// The kinds of findings. Their spelling is stable: scripts match on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingCode {
    /// U4: no e-mail in the mapped source.
    UpnMissing,
    /// U4: Entra forbids this UPN.
    UpnInvalid,
    /// U2: the e-mail's domain is not listed.
    DomainNotListed,
    /// U1: the domain is not verified in the tenant.
    DomainNotVerified,
    /// U5: another subject holds the UPN.
    UpnHeld,
    /// P4: the object is a guest.
    Guest,
    /// P4: the object is mastered on-premises.
    OnPremisesSynced,
    /// P4: the configuration excludes the user.
    Excluded,
    /// P4: another living subject holds the object.
    ObjectHeld,
    /// P4: the object is an administrator's.
    Privileged,
    /// P11: a value Entra would refuse was left out.
    ValueRefused,
    /// P5: a sensitive property could not be written.
    SensitiveDenied,
    /// P6: the user answers 404 without evidence of a deletion.
    DeletionUndecided,
    /// P6: an excluded bound user should be switched off.
    ExcludedShouldBeOff,
    /// P6: the scope object cannot be read, so nobody counts as disconnected.
    ScopeUnreadable,
    /// P9: the bound object is gone in Entra.
    GoneInEntra,
    /// P12: disabled in Entra by somebody else.
    DisabledInEntra,
    /// P13: the manager is not bound yet.
    ManagerNotBound,
    /// P14: the domain is federated and `immutableId` is not exported.
    FederatedDomain,
    /// G1: the object is no plain security group.
    GroupNotManageable,
    /// G2: another subject holds the group.
    GroupHeld,
    /// G2: several groups have the name.
    GroupAmbiguous,
    /// G2: a group's name differs in case or surrounding blanks alone.
    GroupNameVariant,
    /// G4: Entra would refuse the name.
    GroupNameInvalid,
    /// G6: members who are not ours.
    MembersLeftAlone,
    /// G7: members who are not bound yet.
    MembersNotBound,
    /// G5: Entra refuses a member for good.
    MemberRefused,
    /// S1: removals of members exceed the budget.
    RemovalsHeld,
    /// S5: Entra refused the change for good.
    Refused,
}

impl FindingCode {
    /// The stable spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UpnMissing => "upn_missing",
            Self::UpnInvalid => "upn_invalid",
            Self::DomainNotListed => "domain_not_listed",
            Self::DomainNotVerified => "domain_not_verified",
            Self::UpnHeld => "upn_held",
            Self::Guest => "guest",
            Self::OnPremisesSynced => "on_premises_synced",
            Self::Excluded => "excluded",
            Self::ObjectHeld => "object_held",
            Self::Privileged => "privileged",
            Self::ValueRefused => "value_refused",
            Self::SensitiveDenied => "sensitive_denied",
            Self::DeletionUndecided => "deletion_undecided",
            Self::ExcludedShouldBeOff => "excluded_should_be_off",
            Self::ScopeUnreadable => "scope_unreadable",
            Self::GoneInEntra => "gone_in_entra",
            Self::DisabledInEntra => "disabled_in_entra",
            Self::ManagerNotBound => "manager_not_bound",
            Self::FederatedDomain => "federated_domain",
            Self::GroupNotManageable => "group_not_manageable",
            Self::GroupHeld => "group_held",
            Self::GroupAmbiguous => "group_ambiguous",
            Self::GroupNameVariant => "group_name_variant",
            Self::GroupNameInvalid => "group_name_invalid",
            Self::MembersLeftAlone => "members_left_alone",
            Self::MembersNotBound => "members_not_bound",
            Self::MemberRefused => "member_refused",
            Self::RemovalsHeld => "removals_held",
            Self::Refused => "refused",
        }
    }

    /// Every code, for whoever reads a stored finding back.
    pub const ALL: [Self; 29] = [
        Self::UpnMissing,
        Self::UpnInvalid,
        Self::DomainNotListed,
        Self::DomainNotVerified,
        Self::UpnHeld,
        Self::Guest,
        Self::OnPremisesSynced,
        Self::Excluded,
        Self::ObjectHeld,
        Self::Privileged,
        Self::ValueRefused,
        Self::SensitiveDenied,
        Self::DeletionUndecided,
        Self::ExcludedShouldBeOff,
        Self::ScopeUnreadable,
        Self::GoneInEntra,
        Self::DisabledInEntra,
        Self::ManagerNotBound,
        Self::FederatedDomain,
        Self::GroupNotManageable,
        Self::GroupHeld,
        Self::GroupAmbiguous,
        Self::GroupNameVariant,
        Self::GroupNameInvalid,
        Self::MembersLeftAlone,
        Self::MembersNotBound,
        Self::MemberRefused,
        Self::RemovalsHeld,
        Self::Refused,
    ];

    /// The code of this spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something an operator should know about one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub code: FindingCode,
    /// A sentence without a full stop, with the ids and limits that matter.
    pub message: String,
}

impl Finding {
    /// A finding of this kind.
    pub fn new(code: FindingCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}
