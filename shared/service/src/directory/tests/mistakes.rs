//! What an operator is told about mistakes.

use super::*;

#[test]
fn an_empty_file_lists_what_must_be_there() {
    assert_snapshot!(wrong(""), @"
    id: is missing
    name: is missing
    secret: is missing
    webhook_secret: is missing
    jumpcloud.scope: is missing: wanted one of application, office_365, or user_groups and users
    entra.tenant_id: is missing
    entra.client_id: is missing
    ");
}

#[test]
fn every_mistake_is_listed_with_its_key() {
    let text = r#"
id = "Corp"
name = ""
secret = "corp/secret"
webhook_secret = 7
nmae = "Corp"

[jumpcloud]
region = "de"
organization = "x"
scope.application = "c1"
scope.office_365 = "65f0000000000000000000c1"
scope.everybody = true
acknowledge_native = "yes"
key = "x"

[entra]
tenant_id = "corp.onmicrosoft.com"
client_id = "a b"
credential = "certificate"
cloud = "mars"
secret = "x"

[upn]
source = "username"
domains = ["corp", 1, "-a.example"]
default_domain = "corp.example"

[attributes]
departement = "export"
givenName = "export"
city = "exports"
state = true

[users]
on_password_expired = "suspended"
on_lockout = 1
on_disabled_in_entra = "suspend"
on_deleted_in_entra = "delete"
revoke_sessions = "true"
exclude = ["ada"]
adopt_privileged = "admin@corp.example"
usage_location = "Germany"

[groups]
enabled = 1
on_disconnect = "remove"
owners = []

[passwords]
enable = true

[import]
email = "both"
state = "staged"

[limits]
deactivations = -1
deactivations_percent = 101
creations = 1.5
deletions = 1

[timing]
lease = 0
settle = "30"
second_looks = [30, 5]
created = -1
poll = 1

[webhooks]
"#;
    assert_snapshot!(wrong(text), @"
    id: not a directory id: wanted 1 to 32 of a-z 0-9 -
    name: is empty
    secret: not a secret id: wanted entra-sync/ and then letters, digits or /_+=.@-
    webhook_secret: wanted a text
    jumpcloud.region: wanted one of: us, eu, in
    jumpcloud.organization: not a JumpCloud organization id: wanted 24 hexadecimal digits
    jumpcloud.acknowledge_native: wanted true or false
    jumpcloud.scope.application: not a JumpCloud object id: wanted 24 hexadecimal digits
    jumpcloud.scope.everybody: is not a known key
    jumpcloud.scope: wanted exactly one of application, office_365, or user_groups and users
    jumpcloud.key: is not a known key
    entra.tenant_id: not a tenant id: wanted a GUID
    entra.client_id: not the id of an app registration: wanted a GUID
    entra.credential: is not supported by this version: use client_secret
    entra.cloud: wanted one of: global, us_gov_l4, us_gov_l5, china
    entra.secret: is not a known key
    upn.source: wanted one of: email, alternateEmail
    upn.domains[0]: not a domain
    upn.domains[1]: wanted a text
    upn.domains[2]: not a domain
    upn.default_domain: has no effect without domains
    attributes.city: wanted one of: export, import, both, off
    attributes.departement: is not a known attribute
    attributes.givenName: is not a known attribute
    attributes.state: wanted one of: export, import, both, off
    users.on_password_expired: wanted one of: maintain, suspend
    users.on_lockout: wanted one of: maintain, suspend
    users.on_disabled_in_entra: wanted one of: report, enable
    users.on_deleted_in_entra: wanted one of: restore, recreate, report
    users.revoke_sessions: wanted true or false
    users.exclude[0]: neither a UPN nor a JumpCloud user id
    users.adopt_privileged: wanted a list of texts
    users.usage_location: wanted a two-letter country code
    groups.enabled: wanted true or false
    groups.on_disconnect: wanted one of: keep, empty, delete
    groups.owners: is not a known key
    passwords.enable: is not a known key
    import.email: wanted one of: upn, mail
    import.state: wanted one of: default, STAGED, ACTIVATED
    limits.deactivations: wanted a whole number from 0 to 1000000
    limits.creations: wanted a whole number from 0 to 1000000
    limits.deactivations_percent: wanted a whole number from 0 to 100
    limits.deletions: is not a known key
    timing.lease: wanted seconds from 1 to 300
    timing.settle: wanted seconds from 0 to 86400
    timing.created: wanted seconds from 0 to 86400
    timing.second_looks: wanted a list of growing seconds from 0 to 900
    timing.poll: is not a known key
    nmae: is not a known key
    webhooks: is not a known key
    ");
}

#[test]
fn a_scope_is_exactly_one_kind_and_names_somebody() {
    let scope = |lines: &str| {
        wrong(&SHORT.replace(r#"scope.application = "65f0000000000000000000c1""#, lines))
    };
    assert_snapshot!(scope("scope = \"all\""), @"jumpcloud.scope: wanted a section");
    assert_snapshot!(scope("[jumpcloud.scope]"), @"jumpcloud.scope: wanted exactly one of application, office_365, or user_groups and users");
    assert_snapshot!(scope("scope.user_groups = []\nscope.users = []"), @"jumpcloud.scope: nobody is listed");
    assert_snapshot!(
        scope("scope.application = \"65f0000000000000000000c1\"\nscope.users = [\"65f000000000000000000001\"]"),
        @"jumpcloud.scope: wanted exactly one of application, office_365, or user_groups and users"
    );
    assert_snapshot!(scope("scope.office_365 = \"65f0000000000000000000c1\""), @"jumpcloud.acknowledge_native: must be true with scope.office_365: JumpCloud's own integration writes too");
}

#[test]
fn what_needs_something_else_says_so() {
    assert_snapshot!(wrong(&with("upn", "default_domain = \"corp.example\"")), @"upn.default_domain: has no effect without domains");
    assert_snapshot!(wrong(&SHORT.replace("entra-sync/corp/webhook", "entra-sync/corp")), @"webhook_secret: must be another secret than `secret`");
    assert_snapshot!(wrong(&with("entra", "credential = \"aws_federation\"")), @"entra.credential: is not supported by this version: use client_secret");
    let without_export = good(&with("users", "usage_location = \"DE\""));
    assert_snapshot!(without_export.warnings.join("\n"), @"users.usage_location: has no effect, since usageLocation is not exported");
}

#[test]
fn a_text_that_is_not_toml_names_the_line() {
    assert_snapshot!(wrong("id = \"corp\"\nname = Corp\n"), @"line 2: not TOML: string values must be quoted, expected literal string");
    assert_snapshot!(wrong("id = \"corp\"\nid = \"corp\"\n"), @"line 2: not TOML: duplicate key");
    assert_snapshot!(wrong("jumpcloud = 1\nentra = []\n[upn]\n[[users]]\n"), @"
    id: is missing
    name: is missing
    secret: is missing
    webhook_secret: is missing
    jumpcloud: wanted a section
    jumpcloud.scope: is missing: wanted one of application, office_365, or user_groups and users
    entra: wanted a section
    entra.tenant_id: is missing
    entra.client_id: is missing
    users: wanted a section
    ");
}
