//! `[groups]`, `[passwords]` and `[import]`.

use sync_core::policy::{GroupPolicy, OnDisconnect};

use super::Notes;
use super::section::Section;

/// Whether passwords are pushed (design section 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordsConfig {
    /// They are.
    pub enabled: bool,
    /// An unchanged one is not sent again.
    pub skip_unchanged: bool,
}

/// How Entra's users get into JumpCloud (design section 10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportConfig {
    /// What becomes their e-mail.
    pub email: ImportEmail,
    /// The state they are created in.
    pub state: ImportState,
    /// JumpCloud sends them no welcome mail.
    pub suppress_mail: bool,
}

/// The property of an Entra user that becomes the e-mail in JumpCloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportEmail {
    /// `userPrincipalName`.
    Upn,
    /// `mail`.
    Mail,
}

/// The state in which an imported user is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportState {
    /// The organization's default for application imports.
    Default,
    /// `STAGED`.
    Staged,
    /// `ACTIVATED`.
    Activated,
}

pub(super) fn groups(mut section: Section<'_>) -> GroupPolicy {
    let on_disconnect = [
        ("keep", OnDisconnect::Keep),
        ("empty", OnDisconnect::Empty),
        ("delete", OnDisconnect::Delete),
    ];
    let groups = GroupPolicy {
        enabled: section.flag("enabled", true),
        on_disconnect: section.choice("on_disconnect", &on_disconnect),
    };
    section.finish();
    groups
}

pub(super) fn passwords(mut section: Section<'_>, notes: &Notes) -> PasswordsConfig {
    let passwords = PasswordsConfig {
        enabled: section.flag("enabled", false),
        skip_unchanged: section.flag("skip_unchanged", true),
    };
    if passwords.enabled {
        notes.warning("passwords.enabled: has no effect, this version pushes no passwords");
    }
    section.finish();
    passwords
}

pub(super) fn import(mut section: Section<'_>) -> ImportConfig {
    let emails = [("upn", ImportEmail::Upn), ("mail", ImportEmail::Mail)];
    let states = [
        ("default", ImportState::Default),
        ("STAGED", ImportState::Staged),
        ("ACTIVATED", ImportState::Activated),
    ];
    let import = ImportConfig {
        email: section.choice("email", &emails),
        state: section.choice("state", &states),
        suppress_mail: section.flag("suppress_mail", true),
    };
    section.finish();
    import
}
