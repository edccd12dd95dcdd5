//! One directory's configuration: `directory.toml` (design 4.2), validated as a whole.
//!
//! What it says is decided here; what it means for people and groups is decided in `sync-core`.
//! Nothing remote is asked: whether domains, ids and secrets exist is the business of `check`.

use std::cell::RefCell;
use std::fmt;

use sync_core::ids::{DirectoryId, OrganizationId, TenantId};
use sync_core::policy::{Limits, Policy};
use transport::CustomEndpoints;
use url::Url;

use crate::secrets::SecretId;

mod entra;
mod features;
mod jumpcloud;
mod limits;
mod people;
mod section;
mod timing;

pub use features::{ImportConfig, ImportEmail, ImportState, PasswordsConfig};
use section::Section;

/// A validated configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct DirectoryConfig {
    /// Its slug.
    pub id: DirectoryId,
    /// What operators call it.
    pub name: String,
    /// The secret with what the vendors want to see.
    pub secret: SecretId,
    /// The secret with what senders of events prove themselves with.
    pub webhook_secret: SecretId,
    /// Where the organization is.
    pub jumpcloud: JumpCloudConfig,
    /// Where the tenant is.
    pub entra: EntraConfig,
    /// The rules for people.
    pub policy: Policy,
    /// Whether passwords are pushed.
    pub passwords: PasswordsConfig,
    /// How people are imported into JumpCloud.
    pub import: ImportConfig,
    /// What is allowed but worth a second thought.
    pub warnings: Vec<String>,
}

/// Where a JumpCloud organization is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JumpCloudConfig {
    /// v1 and, below `/v2`, v2.
    pub api_url: Url,
    /// Directory Insights.
    pub insights_url: Url,
    /// The token service of service accounts.
    pub token_url: Url,
    /// The organization, where configured.
    pub organization: Option<OrganizationId>,
}

/// Where an Entra tenant is, and who we are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntraConfig {
    /// The tenant.
    pub tenant: TenantId,
    /// The app registration.
    pub client_id: String,
    /// Graph's root with its version.
    pub graph_url: Url,
    /// The token service's root.
    pub login_url: Url,
    /// The scope of the token.
    pub token_scope: String,
    /// How the app proves itself.
    pub credential: CredentialKind,
}

/// How the app registration proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// A client secret.
    ClientSecret,
}

/// One mistake in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, with its section; for a text that is not TOML, the place.
    pub key: String,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.why)
    }
}

/// Every mistake in a configuration, so that one look repairs all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    /// In the order of the sections; never empty.
    pub problems: Vec<Problem>,
}

impl ConfigErrors {
    /// A single mistake.
    pub(crate) fn of(key: impl Into<String>, why: impl Into<String>) -> Self {
        Self { problems: vec![Problem { key: key.into(), why: why.into() }] }
    }
}

/// A line for each mistake.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let end = if at == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// The mistakes and warnings found so far, shared by all sections.
#[derive(Debug, Default)]
struct Notes {
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<String>>,
}

impl Notes {
    fn problem(&self, key: impl Into<String>, why: impl Into<String>) {
        self.problems.borrow_mut().push(Problem { key: key.into(), why: why.into() });
    }

    fn warning(&self, text: impl Into<String>) {
        self.warnings.borrow_mut().push(text.into());
    }
}

/// Reads a configuration, or lists everything that is wrong with it.
pub fn parse(text: &str, custom: CustomEndpoints) -> Result<DirectoryConfig, ConfigErrors> {
    let table = text.parse::<toml::Table>().map_err(|error| not_toml(text, &error))?;
    let notes = Notes::default();
    let config = root(Section::root(table, &notes), custom, &notes);
    let problems = notes.problems.into_inner();
    match config {
        Some(config) if problems.is_empty() => {
            Ok(DirectoryConfig { warnings: notes.warnings.into_inner(), ..config })
        }
        _ => Err(ConfigErrors { problems }),
    }
}

/// `None` only where a problem has been noted.
fn root(mut root: Section<'_>, custom: CustomEndpoints, notes: &Notes) -> Option<DirectoryConfig> {
    let id = root.required("id");
    let name = root.required::<String>("name");
    let secret = root.required::<SecretId>("secret");
    let webhook_secret = root.required::<SecretId>("webhook_secret");
    if secret.is_some() && secret == webhook_secret {
        // The functions' roles are told apart by the secret they may read.
        notes.problem("webhook_secret", "must be another secret than `secret`");
    }
    let jumpcloud = jumpcloud::read(root.section("jumpcloud"), custom, notes);
    let entra = entra::read(root.section("entra"), custom);
    let upn = people::upn(root.section("upn"));
    let attributes = people::attributes(root.section("attributes"));
    let users = people::users(root.section("users"), &attributes, notes);
    let groups = features::groups(root.section("groups"));
    let passwords = features::passwords(root.section("passwords"), notes);
    let import = features::import(root.section("import"));
    let limits = limits::read(root.section("limits"));
    let timing = timing::read(root.section("timing"));
    root.finish();
    let enforced = Limits { member_removals: limits.member_removals, ..Limits::default() };
    if limits != enforced {
        notes.warning("limits: only member_removals is enforced by this version");
    }
    // What the roles of infra/template.yaml go by.
    let webhooks = |secret: &Option<SecretId>| {
        secret.as_ref().is_some_and(|secret| secret.as_str().ends_with("/webhook"))
    };
    if webhook_secret.is_some() && !webhooks(&webhook_secret) {
        notes.warning("webhook_secret: ingest may read it only if its name ends in /webhook");
    }
    if webhooks(&secret) {
        notes.warning("secret: the consumers may not read a name that ends in /webhook");
    }
    let (jumpcloud, scope) = jumpcloud?;
    Some(DirectoryConfig {
        id: id?,
        name: name?,
        secret: secret?,
        webhook_secret: webhook_secret?,
        jumpcloud,
        entra: entra?,
        policy: Policy { scope, upn, users, groups, limits, attributes, timing },
        passwords,
        import,
        warnings: Vec::new(),
    })
}

fn not_toml(text: &str, error: &toml::de::Error) -> ConfigErrors {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    ConfigErrors::of(format!("line {line}"), format!("not TOML: {}", error.message()))
}

#[cfg(test)]
mod tests;
