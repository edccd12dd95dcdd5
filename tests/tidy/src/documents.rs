//! That what the documents point at is there.

use std::path::{Path, PathBuf};

/// The links and the names of source files in this document that lead nowhere.
///
/// A name in code letters may leave out the beginning of its path: `plan/switch.rs` is enough.
pub fn dead_ends(document: &Path, text: &str, files: &[PathBuf]) -> Vec<String> {
    let folder = document.parent().unwrap_or(Path::new(""));
    let there = |path: &Path| files.iter().any(|file| file.starts_with(path));
    let links = links(text).filter(|link| !there(&resolved(folder, link)));
    let names = code(text)
        .filter(|name| name.ends_with(".rs") && !name.contains(['*', '{', ' ']))
        .filter(|name| !files.iter().any(|file| file.ends_with(name)));
    links.chain(names).map(|end| format!("{}: there is no {end}", document.display())).collect()
}

/// The targets of the links to files, without anchors.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains(':'))
}

/// What stands between single backticks; fenced blocks are left out.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let outside = text.split("```").step_by(2);
    outside.flat_map(|part| part.split('`').skip(1).step_by(2))
}

fn resolved(folder: &Path, link: &str) -> PathBuf {
    let mut path = folder.to_path_buf();
    for part in link.trim_end_matches('/').split('/') {
        match part {
            ".." => drop(path.pop()),
            "." => {}
            part => path.push(part),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_names_lead_somewhere() {
        let files: Vec<PathBuf> =
            ["README.md", "infra/README.md", "shared/sync-core/src/plan/switch.rs"]
                .iter()
                .map(PathBuf::from)
                .collect();
        let text = "[a](../README.md#start) [b](https://a.example/x) [c](#here) [d](runbook.md)\n\
                    `plan/switch.rs` `plan/*.rs` `gone.rs` [e](../shared/sync-core)\n\
                    ```\n`not/looked/at.rs`\n```\n";
        assert_eq!(
            dead_ends(Path::new("infra/README.md"), text, &files),
            ["infra/README.md: there is no runbook.md", "infra/README.md: there is no gone.rs"]
        );
    }
}
