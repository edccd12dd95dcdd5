//! `config apply`: whether a file may be stored now, and what that does to the first run.

use clock::Clock;
use serde_json::json;
use service::directory::{DirectoryConfig, Problem};
use store::{ConfigRecord, ConfigStored, Domains, FirstRun, Holding, Store, held_by_another};
use sync_core::ids::DirectoryId;

use super::tenant::{self, Looked, Tenants};
use super::{activity, facts, first_run};
use crate::answer::{Answer, pretty};
use crate::directory;
use crate::error::AdminError;
use crate::shown::{escape, time};
use crate::table::fields;

/// P14: this version pushes no passwords, so whoever it creates needs one from elsewhere.
const NO_PASSWORDS: &str = "new users of a managed domain cannot sign in until a password reaches \
                            them: this version syncs none";

const WAS_OFF: &str = "the directory was deactivated and becomes active again";
const OTHER_TENANT: &str =
    "the tenant changes: everybody bound so far is bound to objects of the old one";

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
    /// What the directory holds from then on (U7).
    holdings: Vec<Holding>,
    findings: Vec<Problem>,
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
    let stored = store.config(&config.id).await?;
    let holders = store.domain_holders(&config.entra.tenant).await?;
    let domains = domains(config);
    if let Some(held) = held_by_another(&holders, &config.id, &domains) {
        return Err(AdminError::DomainHeld(held));
    }
    let mut holdings =
        vec![Holding { tenant: config.entra.tenant.clone(), domains: Some(domains) }];
    let mut warnings = config.warnings.clone();
    warnings.push(NO_PASSWORDS.to_owned());
    let done = stored.as_ref().is_some_and(|stored| stored.first_run == FirstRun::Done);
    if let Some(stored) = &stored {
        if !stored.active {
            warnings.push(WAS_OFF.to_owned());
        }
        match directory::read(stored).map(|before| before.entra.tenant) {
            Ok(before) if before != config.entra.tenant => {
                warnings.push(OTHER_TENANT.to_owned());
                holdings.push(Holding { tenant: before, domains: None });
            }
            Ok(_) => {}
            Err(error) => {
                warnings.push(format!("what it holds in its tenant of before stays held: {error}"))
            }
        }
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
    let name = config.name.clone();
    Ok(Prepared { record, name, expected, holdings, findings: Vec::new(), warnings })
}

impl Prepared {
    /// Compares it with the tenant; what does not fit is told, and stands in nobody's way.
    pub async fn compared(
        mut self,
        tenants: &impl Tenants,
        config: &DirectoryConfig,
        clock: &Clock,
    ) -> Self {
        let Looked { findings, warning } = tenant::look(tenants, config, clock).await;
        self.findings = findings;
        self.warnings.extend(warning);
        self
    }

    /// The question to ask before it is stored, without the question mark.
    pub fn question(&self) -> String {
        let ConfigRecord { directory, version, first_run: run, .. } = &self.record;
        format!("Apply version {version} of directory {directory}, first run {}", first_run(*run))
    }

    /// What to say before asking, a line each.
    pub fn notes(&self) -> Vec<String> {
        notes(&self.findings, &self.warnings)
    }
}

/// Stores what was prepared, unless somebody else was faster.
pub async fn store(
    store: &impl Store,
    prepared: Prepared,
    clock: &Clock,
) -> Result<Applied, AdminError> {
    let Prepared { record, name, expected, holdings, findings, warnings } = prepared;
    let record = ConfigRecord { applied_at: clock.now(), ..record };
    match store.apply_config(&record, expected, &holdings).await? {
        ConfigStored::Stored => Ok(Applied { record, name, findings, warnings }),
        ConfigStored::Moved => Err(AdminError::ConfigMoved { directory: record.directory }),
        ConfigStored::Held(held) => Err(AdminError::DomainHeld(held)),
    }
}

/// The domains that a directory holds (U7): a default domain is held like a listed one.
fn domains(config: &DirectoryConfig) -> Domains {
    let upn = &config.policy.upn;
    if upn.domains.is_empty() {
        return Domains::All;
    }
    Domains::Listed(upn.domains.iter().chain(&upn.default_domain).cloned().collect())
}

fn notes(findings: &[Problem], warnings: &[String]) -> Vec<String> {
    let findings =
        findings.iter().map(|finding| format!("finding: {}", escape(&finding.to_string())));
    let warnings = warnings.iter().map(|warning| format!("warning: {}", escape(warning)));
    findings.chain(warnings).collect()
}

/// A stored configuration.
#[derive(Debug)]
pub struct Applied {
    /// What is stored now.
    pub record: ConfigRecord,
    name: String,
    findings: Vec<Problem>,
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
        for note in notes(&self.findings, &self.warnings) {
            text.push('\n');
            text.push_str(&note);
        }
        text
    }

    fn json(&self) -> String {
        let mut applied = facts(&self.record);
        applied["name"] = json!(self.name);
        let findings = self.findings.iter();
        applied["findings"] =
            findings.map(|finding| json!({ "key": finding.key, "message": finding.why })).collect();
        applied["warnings"] = json!(self.warnings);
        pretty(&applied)
    }
}
