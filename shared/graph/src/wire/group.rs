//! A group and its members, as read.

use jiff::Timestamp;
use serde::Deserialize;
use sync_core::group::{EntraGroup, GroupKind, Member};
use sync_core::ids::{EntraGroupId, EntraUserId};

use crate::GraphError;

/// A group as read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    id: String,
    display_name: String,
    unique_name: Option<String>,
    group_types: Option<Vec<String>>,
    mail_enabled: Option<bool>,
    security_enabled: Option<bool>,
    on_premises_sync_enabled: Option<bool>,
    is_assignable_to_role: Option<bool>,
    is_management_restricted: Option<bool>,
    deleted_date_time: Option<String>,
}

impl Group {
    /// The properties that a read of a group selects: some of them are not answered otherwise.
    pub(crate) const SELECTED: &str = "id,displayName,uniqueName,groupTypes,mailEnabled,\
        securityEnabled,onPremisesSyncEnabled,isAssignableToRole,isManagementRestricted";

    pub(crate) fn convert(self, route: &'static str) -> Result<EntraGroup, GraphError> {
        let id = EntraGroupId::parse(&self.id)
            .map_err(|_| GraphError::shape(route, "a group whose id is not a GUID"))?;
        let kind = self.kind();
        Ok(EntraGroup { id, name: self.display_name, unique_name: self.unique_name, kind })
    }

    pub(crate) fn has_unique_name(&self, name: &str) -> bool {
        self.unique_name.as_deref() == Some(name)
    }

    /// When it was deleted, if that is selected and readable.
    pub(crate) fn deleted_at(&self) -> Option<Timestamp> {
        self.deleted_date_time.as_deref().and_then(|text| text.parse().ok())
    }

    /// What is not answered is not known, so it never makes a plain security group.
    ///
    /// <https://learn.microsoft.com/en-us/graph/api/resources/groups-overview>
    fn kind(&self) -> GroupKind {
        let types = self.group_types.as_deref();
        let has = |wanted: &str| {
            types.is_some_and(|types| types.iter().any(|kind| kind.eq_ignore_ascii_case(wanted)))
        };
        if self.on_premises_sync_enabled == Some(true) {
            return GroupKind::OnPremisesSynced;
        }
        if self.is_assignable_to_role == Some(true) {
            return GroupKind::RoleAssignable;
        }
        if self.is_management_restricted == Some(true) {
            return GroupKind::Restricted;
        }
        if has("DynamicMembership") {
            return GroupKind::Dynamic;
        }
        if has("Unified") {
            return GroupKind::Microsoft365;
        }
        match (types, self.mail_enabled, self.security_enabled) {
            (Some([]), Some(false), Some(true)) => GroupKind::Security,
            (_, Some(true), Some(true)) => GroupKind::MailEnabledSecurity,
            (_, Some(true), Some(false)) => GroupKind::Distribution,
            _ => GroupKind::Other,
        }
    }
}

/// A member as listed.
#[derive(Deserialize)]
pub(crate) struct MemberRow {
    id: String,
    #[serde(rename = "@odata.type")]
    kind: Option<String>,
}

impl MemberRow {
    pub(crate) fn convert(self, route: &'static str) -> Result<Member, GraphError> {
        if self.kind.as_deref() != Some("#microsoft.graph.user") {
            return Ok(Member::Other(self.id));
        }
        EntraUserId::parse(&self.id)
            .map(Member::User)
            .map_err(|_| GraphError::shape(route, "a member whose id is not a GUID"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn kind(changes: &Json) -> GroupKind {
        let mut group = json!({
            "id": "8d0b5a0e-0000-4000-8000-000000000001", "displayName": "G",
            "groupTypes": [], "mailEnabled": false, "securityEnabled": true,
        });
        for (name, value) in changes.as_object().unwrap() {
            group[name] = value.clone();
        }
        serde_json::from_value::<Group>(group).unwrap().convert("GET /groups/{id}").unwrap().kind
    }

    #[test]
    fn the_first_kind_that_fits_counts() {
        let mut changes = json!({});
        let mut expect = |name: &str, value: Json, expected| {
            changes[name] = value;
            assert_eq!(kind(&changes), expected, "{changes}");
        };
        expect("isAssignableToRole", false.into(), GroupKind::Security);
        expect("securityEnabled", false.into(), GroupKind::Other);
        expect("mailEnabled", true.into(), GroupKind::Distribution);
        expect("securityEnabled", true.into(), GroupKind::MailEnabledSecurity);
        expect("groupTypes", json!(["Unified"]), GroupKind::Microsoft365);
        expect("groupTypes", json!(["unified", "dynamicmembership"]), GroupKind::Dynamic);
        expect("isManagementRestricted", true.into(), GroupKind::Restricted);
        expect("isAssignableToRole", true.into(), GroupKind::RoleAssignable);
        expect("onPremisesSyncEnabled", true.into(), GroupKind::OnPremisesSynced);
    }

    #[test]
    fn what_is_not_answered_makes_no_security_group() {
        for name in ["groupTypes", "mailEnabled", "securityEnabled"] {
            assert_eq!(kind(&json!({ name: null })), GroupKind::Other, "{name}");
        }
        assert_eq!(kind(&json!({"groupTypes": ["Something new"]})), GroupKind::Other);
        let bare = json!({"id": "8d0b5a0e-0000-4000-8000-000000000001", "displayName": "G"});
        let bare: Group = serde_json::from_value(bare).unwrap();
        assert_eq!(bare.kind(), GroupKind::Other);
    }
}
