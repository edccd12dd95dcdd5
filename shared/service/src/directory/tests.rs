use std::time::Duration;

use insta::assert_snapshot;
use sync_core::attributes::{Attribute, Mapping, default_mappings};
use sync_core::policy::{
    Budget, GroupPolicy, Limits, OnDeletedInEntra, OnDisconnect, Scope, Timing, UpnSource,
};

use super::*;

mod mistakes;

/// The sections that must be there.
const SHORT: &str = r#"
id = "corp"
name = "Corp Microsoft 365"
secret = "entra-sync/corp"
webhook_secret = "entra-sync/corp/webhook"

[jumpcloud]
scope.application = "65f0000000000000000000c1"

[entra]
tenant_id = "8D0B5A0E-2C0F-4D4B-9A1A-0D6F0B1F0001"
client_id = "6731de76-14a6-49ae-97bc-6eba6914391e"
"#;

/// The same with every default spelled out.
const LONG: &str = r#"
id = "corp"
name = "Corp Microsoft 365"
secret = "entra-sync/corp"
webhook_secret = "entra-sync/corp/webhook"

[jumpcloud]
region = "us"
scope.application = "65f0000000000000000000c1"
acknowledge_native = false

[entra]
tenant_id = "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001"
client_id = "6731de76-14a6-49ae-97bc-6eba6914391e"
credential = "client_secret"
cloud = "global"

[upn]
source = "email"
domains = []

[attributes]
workPhone = "export"
mobilePhone = "export"
streetAddress = "export"
city = "export"
state = "export"
postalCode = "export"
country = "export"
department = "export"
jobTitle = "export"
location = "export"
manager = "export"
alternateEmail = "off"
company = "off"
employeeIdentifier = "off"
employeeType = "off"
costCenter = "off"
usageLocation = "off"
immutableId = "off"

[users]
on_password_expired = "maintain"
on_lockout = "maintain"
on_disabled_in_entra = "report"
on_deleted_in_entra = "restore"
revoke_sessions = true
exclude = []
adopt_privileged = []

[groups]
enabled = true
on_disconnect = "keep"

[passwords]
enabled = false
skip_unchanged = true

[import]
email = "upn"
state = "default"
suppress_mail = true

[limits]
deactivations = 25
deactivations_percent = 10
suspensions = 100
member_removals = 200
member_removals_percent = 20
creations = 500
adoptions = 100
upn_changes = 25
attribute_clears = 200

[timing]
lease = 20
settle = 30
second_looks = [5, 30]
own_writes = 300
created = 900
"#;

fn good(text: &str) -> DirectoryConfig {
    super::parse(text, CustomEndpoints::Refused).unwrap()
}

/// What is wrong with a text, a line for each mistake.
fn wrong(text: &str) -> String {
    super::parse(text, CustomEndpoints::Refused).unwrap_err().to_string()
}

/// [`SHORT`] with something put at the end of a section, or with a new section.
fn with(section: &str, lines: &str) -> String {
    let header = format!("[{section}]\n");
    if SHORT.contains(&header) {
        SHORT.replace(&header, &format!("{header}{lines}\n"))
    } else {
        format!("{SHORT}{header}{lines}\n")
    }
}

#[test]
fn a_short_file_means_the_documented_defaults() {
    let config = good(SHORT);
    assert_eq!(config, good(LONG));
    assert_eq!(config.id.as_str(), "corp");
    assert_eq!(config.name, "Corp Microsoft 365");
    assert_eq!(config.webhook_secret.as_str(), "entra-sync/corp/webhook");
    assert_eq!(config.entra.tenant.as_str(), "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001");
    assert_eq!(config.policy.attributes, default_mappings());
    assert_eq!(config.policy.timing, Timing::default());
    assert_eq!(config.policy.limits.deactivations, Budget { absolute: 25, percent: 10 });
    assert!(config.warnings.is_empty());
    let Scope::Application(application) = &config.policy.scope else {
        panic!("{:?}", config.policy.scope);
    };
    assert_eq!(application.as_str(), "65f0000000000000000000c1");
}

#[test]
fn every_choice_arrives_where_it_belongs() {
    let config = good(
        r#"
id = "c-2"
name = "Zwei"
secret = "entra-sync/c-2"
webhook_secret = "entra-sync/c-2/webhook"
[jumpcloud]
organization = "65F0000000000000000000AA"
acknowledge_native = true
scope.office_365 = "65f0000000000000000000c2"
[entra]
tenant_id = "8d0b5a0e-2c0f-4d4b-9a1a-0d6f0b1f0001"
client_id = "app"
[upn]
source = "alternateEmail"
domains = ["Corp.example", "other.example"]
default_domain = "CORP.example"
[attributes]
department = "both"
jobTitle = "import"
city = "off"
usageLocation = "export"
[users]
on_password_expired = "suspend"
on_lockout = "suspend"
on_disabled_in_entra = "enable"
on_deleted_in_entra = "recreate"
revoke_sessions = false
exclude = ["Boss@Corp.example", "65F000000000000000000001"]
adopt_privileged = ["Admin@corp.example"]
usage_location = "de"
[groups]
enabled = false
on_disconnect = "delete"
[passwords]
enabled = true
skip_unchanged = false
[import]
email = "mail"
state = "STAGED"
suppress_mail = false
[limits]
deactivations = 1
deactivations_percent = 2
suspensions = 3
member_removals = 4
member_removals_percent = 5
creations = 6
adoptions = 7
upn_changes = 8
attribute_clears = 9
[timing]
lease = 2.5
settle = 0
second_looks = [0.5, 2]
own_writes = 3
created = 4
"#,
    );
    assert_eq!(config.jumpcloud.organization.unwrap().as_str(), "65f0000000000000000000aa");
    let policy = config.policy;
    assert!(
        matches!(&policy.scope, Scope::Office365(id) if id.as_str() == "65f0000000000000000000c2")
    );
    assert_eq!(policy.upn.source, UpnSource::AlternateEmail);
    let domains: Vec<&str> = policy.upn.domains.iter().map(String::as_str).collect();
    assert_eq!(domains, ["corp.example", "other.example"]);
    assert_eq!(policy.upn.default_domain.as_deref(), Some("corp.example"));
    let mapping = |attribute| policy.attributes[&attribute];
    assert_eq!(mapping(Attribute::Department), Mapping::Both);
    assert_eq!(mapping(Attribute::JobTitle), Mapping::Import);
    assert_eq!(mapping(Attribute::City), Mapping::Off);
    assert_eq!(mapping(Attribute::UsageLocation), Mapping::Export);
    assert_eq!(mapping(Attribute::GivenName), Mapping::Export);
    let users = policy.users;
    assert!(users.suspend_on_password_expired && users.suspend_on_lockout);
    assert!(users.enable_disabled_in_entra && !users.revoke_sessions);
    assert_eq!(users.on_deleted_in_entra, OnDeletedInEntra::Recreate);
    let exclude: Vec<&str> = users.exclude.iter().map(String::as_str).collect();
    assert_eq!(exclude, ["65f000000000000000000001", "boss@corp.example"]);
    let privileged: Vec<&str> = users.adopt_privileged.iter().map(|upn| upn.as_str()).collect();
    assert_eq!(privileged, ["admin@corp.example"]);
    assert_eq!(users.usage_location.as_deref(), Some("DE"));
    assert_eq!(policy.groups, GroupPolicy { enabled: false, on_disconnect: OnDisconnect::Delete });
    assert_eq!(config.passwords, PasswordsConfig { enabled: true, skip_unchanged: false });
    let import =
        ImportConfig { email: ImportEmail::Mail, state: ImportState::Staged, suppress_mail: false };
    assert_eq!(config.import, import);
    let limits = Limits {
        deactivations: Budget { absolute: 1, percent: 2 },
        suspensions: 3,
        member_removals: Budget { absolute: 4, percent: 5 },
        creations: 6,
        adoptions: 7,
        upn_changes: 8,
        attribute_clears: 9,
    };
    assert_eq!(policy.limits, limits);
    let seconds = Duration::from_secs;
    let timing = Timing {
        lease: Duration::from_millis(2500),
        settle: Duration::ZERO,
        second_looks: vec![Duration::from_millis(500), seconds(2)],
        own_writes: seconds(3),
        created: seconds(4),
    };
    assert_eq!(policy.timing, timing);
    assert_snapshot!(config.warnings.join("\n"), @"
    jumpcloud.scope.office_365: JumpCloud's own integration writes to the same users
    passwords.enabled: has no effect, this version pushes no passwords
    limits: only member_removals is enforced by this version
    ");
}

#[test]
fn a_secret_whose_name_the_roles_do_not_fit_is_a_warning() {
    let text = SHORT
        .replace("entra-sync/corp/webhook", "entra-sync/corp-hook")
        .replace(r#"secret = "entra-sync/corp""#, r#"secret = "entra-sync/x/webhook""#);
    assert_snapshot!(good(&text).warnings.join("\n"), @"
    webhook_secret: ingest may read it only if its name ends in /webhook
    secret: the consumers may not read a name that ends in /webhook
    ");
}

#[test]
fn people_and_groups_may_be_listed_as_the_scope() {
    let listed = r#"scope.user_groups = ["65F0000000000000000000B1"]
scope.users = ["65f000000000000000000001"]"#;
    let text = SHORT.replace(r#"scope.application = "65f0000000000000000000c1""#, listed);
    let Scope::Listed { groups, users } = good(&text).policy.scope else { panic!("not listed") };
    assert_eq!(groups.first().unwrap().as_str(), "65f0000000000000000000b1");
    assert_eq!(users.first().unwrap().as_str(), "65f000000000000000000001");
}

#[test]
fn regions_and_clouds_are_the_vendors_hosts() {
    let urls = |section: &str, line: &str| {
        let DirectoryConfig { jumpcloud: j, entra: e, .. } = good(&with(section, line));
        if section == "jumpcloud" {
            format!("{} {} {}", j.api_url, j.insights_url, j.token_url)
        } else {
            format!("{} {} {}", e.graph_url, e.login_url, e.token_scope)
        }
    };
    let regions = ["us", "eu", "in"].map(|name| urls("jumpcloud", &format!("region = {name:?}")));
    assert_snapshot!(regions.join("\n"), @"
    https://console.jumpcloud.com/api https://api.jumpcloud.com/insights/directory/v1 https://admin-oauth.id.jumpcloud.com/oauth2/token
    https://console.eu.jumpcloud.com/api https://api.eu.jumpcloud.com/insights/directory/v1 https://admin-oauth.id.eu.jumpcloud.com/oauth2/token
    https://console.in.jumpcloud.com/api https://api.in.jumpcloud.com/insights/directory/v1 https://admin-oauth.id.in.jumpcloud.com/oauth2/token
    ");
    let clouds = ["global", "us_gov_l4", "us_gov_l5", "china"]
        .map(|name| urls("entra", &format!("cloud = {name:?}")));
    assert_snapshot!(clouds.join("\n"), @"
    https://graph.microsoft.com/v1.0 https://login.microsoftonline.com/ https://graph.microsoft.com/.default
    https://graph.microsoft.us/v1.0 https://login.microsoftonline.us/ https://graph.microsoft.us/.default
    https://dod-graph.microsoft.us/v1.0 https://login.microsoftonline.us/ https://dod-graph.microsoft.us/.default
    https://microsoftgraph.chinacloudapi.cn/v1.0 https://login.chinacloudapi.cn/ https://microsoftgraph.chinacloudapi.cn/.default
    ");
}

#[test]
fn other_hosts_only_where_they_are_permitted() {
    let jumpcloud = r#"api_url = "http://127.0.0.1:7001/api"
insights_url = "http://127.0.0.1:7001/insights/directory/v1"
token_url = "http://127.0.0.1:7001/oauth2/token""#;
    let entra = r#"[entra]
graph_url = "http://127.0.0.1:7002/v1.0"
login_url = "https://login.example"
"#;
    let text = with("jumpcloud", jumpcloud).replace("[entra]\n", entra);
    let config = super::parse(&text, CustomEndpoints::Allowed).unwrap();
    assert_eq!(config.jumpcloud.api_url.as_str(), "http://127.0.0.1:7001/api");
    assert_eq!(config.entra.graph_url.as_str(), "http://127.0.0.1:7002/v1.0");
    assert_eq!(config.entra.token_scope, "https://graph.microsoft.com/.default");
    assert_snapshot!(wrong(&text), @"
    jumpcloud.api_url: wanted https
    jumpcloud.insights_url: wanted https
    jumpcloud.token_url: wanted https
    entra.graph_url: wanted https
    entra.login_url: login.example is not one of the vendor's hosts
    ");
    let some = with("jumpcloud", "api_url = \"https://console.eu.jumpcloud.com/api\"")
        .replace("[entra]\n", "[entra]\nlogin_url = \"https://login.microsoftonline.us\"\n");
    assert_snapshot!(wrong(&some), @"
    jumpcloud.insights_url: is missing, since others of these addresses are given
    jumpcloud.token_url: is missing, since others of these addresses are given
    entra.graph_url: is missing, since the other address is given
    ");
}
