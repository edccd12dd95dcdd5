//! `config apply`: whether a file may be stored now, and what that does to the first run.

use std::collections::BTreeSet;

use clock::Clock;
use serde_json::json;
use service::directory::DirectoryConfig;
use store::{ConfigRecord, FirstRun, Store};
use sync_core::ids::DirectoryId;

use super::{activity, facts, first_run};
use crate::answer::{Answer, pretty};
use crate::directory;
use crate::error::AdminError;
use crate::shown::{escape, time};
use crate::table::fields;

/// P14: this version pushes no passwords, so whoever it creates needs one from elsewhere.
const NO_PASSWORDS: &str = "new users of a managed domain cannot sign in until a password reaches \
                            them: this version syncs none";

/// What `--first-run` asks for (S6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstRunWish {
    /// It waits for an approved plan.
    Pending,
    /// It is approved by this very command.
    Apply,
}

/// A configuration that may be stored, and on what that decision rests.
#[derive(Debug)]
pub struct Prepared {
    /// What will be stored, but for the time.
    record: ConfigRecord,
    name: String,
    /// The version that was stored when it was prepared; 0: none.
    expected: u64,
    warnings: Vec<String>,
}

/// Decides whether a valid file may be stored; stores nothing.
///
/// A first run that is done stays done: it never becomes pending again by itself. Applying a
/// deactivated directory makes it active, since there is no other way back.
pub async fn prepare(
    store: &impl Store,
    text: &str,
    config: &DirectoryConfig,
    wish: FirstRunWish,
    clock: &Clock,
) -> Result<Prepared, AdminError> {
    let configured = directory::sorted(store).await?;
    let mut warnings = config.warnings.clone();
    warnings.push(NO_PASSWORDS.to_owned());
    let mut stored = None;
    for record in configured {
        if record.directory == config.id {
            stored = Some(record);
        } else {
            refuse_shared_domains(config, &record)?;
        }
    }
    let done = stored.as_ref().is_some_and(|stored| stored.first_run == FirstRun::Done);
    if let Some(stored) = &stored {
        warnings.extend(changes_of_identity(config, stored));
    }
    let expected = stored.map_or(0, |stored| stored.version);
    let approved = done || wish == FirstRunWish::Apply;
    let record = ConfigRecord {
        directory: config.id.clone(),
        text: text.to_owned(),
        first_run: if approved { FirstRun::Done } else { FirstRun::Pending },
        active: true,
        version: expected + 1,
        applied_at: clock.now(),
    };
    Ok(Prepared { record, name: config.name.clone(), expected, warnings })
}

impl Prepared {
    /// The question to ask before it is stored, without the question mark.
    pub fn question(&self) -> String {
        let ConfigRecord { directory, version, first_run: run, .. } = &self.record;
        format!("Apply version {version} of directory {directory}, first run {}", first_run(*run))
    }

    /// What to say before asking.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Stores what was prepared, unless somebody else was faster.
pub async fn store(
    store: &impl Store,
    prepared: Prepared,
    clock: &Clock,
) -> Result<Applied, AdminError> {
    let Prepared { record, name, expected, warnings } = prepared;
    let record = ConfigRecord { applied_at: clock.now(), ..record };
    if !store.put_config(&record, expected).await? {
        return Err(AdminError::ConfigMoved { directory: record.directory });
    }
    Ok(Applied { record, name, warnings })
}

/// U7: two directories of one tenant may not both claim a domain.
///
/// Who lists no domains claims all of them. A default domain is claimed like a listed one.
fn refuse_shared_domains(config: &DirectoryConfig, other: &ConfigRecord) -> Result<(), AdminError> {
    let holder = directory::read(other)?;
    if holder.entra.tenant != config.entra.tenant {
        return Ok(());
    }
    let held = |domain| Err(AdminError::DomainHeld { holder: other.directory.clone(), domain });
    match (domains(config), domains(&holder)) {
        (None, _) | (_, None) => held(None),
        (Some(ours), Some(theirs)) => match ours.intersection(&theirs).next() {
            Some(domain) => held(Some(domain.clone())),
            None => Ok(()),
        },
    }
}

/// The domains that a directory claims; `None`: all.
fn domains(config: &DirectoryConfig) -> Option<BTreeSet<String>> {
    let upn = &config.policy.upn;
    (!upn.domains.is_empty())
        .then(|| upn.domains.iter().chain(&upn.default_domain).cloned().collect())
}

/// What an operator should think twice about.
fn changes_of_identity(config: &DirectoryConfig, stored: &ConfigRecord) -> Vec<String> {
    let mut warnings = Vec::new();
    if !stored.active {
        warnings.push("the directory was deactivated and becomes active again".to_owned());
    }
    let tenant = directory::read(stored).map(|before| before.entra.tenant);
    if tenant.is_ok_and(|before| before != config.entra.tenant) {
        warnings.push(
            "the tenant changes: everybody bound so far is bound to objects of the old one"
                .to_owned(),
        );
    }
    warnings
}

/// A stored configuration.
#[derive(Debug)]
pub struct Applied {
    /// What is stored now.
    pub record: ConfigRecord,
    name: String,
    warnings: Vec<String>,
}

impl Applied {
    /// The directory.
    pub fn directory(&self) -> &DirectoryId {
        &self.record.directory
    }
}

impl Answer for Applied {
    fn human(&self, width: Option<u16>) -> String {
        let ConfigRecord { directory, first_run: run, active, version, applied_at, .. } =
            &self.record;
        let next = match run {
            FirstRun::Pending => "pending: nothing syncs until it is approved (--first-run=apply)",
            FirstRun::Done => first_run(*run),
        };
        let mut text = fields(
            width,
            [
                ("directory", format!("{directory} ({})", escape(&self.name))),
                ("version", version.to_string()),
                ("state", activity(*active).to_owned()),
                ("first run", next.to_owned()),
                ("applied", time(*applied_at)),
            ],
        );
        for warning in &self.warnings {
            text.push_str(&format!("\nwarning: {}", escape(warning)));
        }
        text
    }

    fn json(&self) -> String {
        let mut applied = facts(&self.record);
        applied["name"] = json!(self.name);
        applied["warnings"] = json!(self.warnings);
        pretty(&applied)
    }
}
