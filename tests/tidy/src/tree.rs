//! The shape of the tree: a fixed top level, and the files that belong to the project.

use std::path::{Path, PathBuf};

use crate::read;

/// What the top level holds, beside dotfiles. Cargo adds its lock file by itself.
const TOP_LEVEL: &[&str] =
    &["Cargo.lock", "Cargo.toml", "Makefile", "README.md", "functions", "infra", "shared", "tests"];

/// What stands at the top level and should not, and what is missing there.
pub fn top_level_problems(found: &[String]) -> Vec<String> {
    let extra = found
        .iter()
        .filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()))
        .map(|name| format!("{name} does not belong at the top level"));
    let missing = TOP_LEVEL
        .iter()
        .filter(|name| !found.iter().any(|found| found == *name))
        .map(|name| format!("{name} is missing at the top level"));
    extra.chain(missing).collect()
}

/// The top-level folders without a README.
pub fn folders_without_readme(files: &[PathBuf]) -> Vec<String> {
    TOP_LEVEL
        .iter()
        .filter(|name| !name.contains('.') && **name != "Makefile")
        .filter(|folder| !files.contains(&Path::new(folder).join("README.md")))
        .map(|folder| format!("{folder} has no README.md"))
        .collect()
}

/// The names in a folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .filter_map(Result::ok);
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Every file that is in the repository or would be added to it, relative to its root.
///
/// The tree is walked, so that the checks also run where there is no git. What `.gitignore` names
/// is left out.
pub fn files(root: &Path) -> Vec<PathBuf> {
    let ignored = Ignored::parse(&read(&root.join(".gitignore")));
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for name in names(&root.join(&folder)) {
            let path = folder.join(&name);
            let is_folder = root.join(&path).is_dir();
            if name == ".git" || ignored.holds(&path, &name) {
                continue;
            }
            if is_folder { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// The patterns of `.gitignore`, as far as this repository uses them.
struct Ignored {
    at_root: Vec<String>,
    anywhere: Vec<String>,
    /// How names end: `*.pending-snap`.
    endings: Vec<String>,
}

impl Ignored {
    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim);
        let patterns = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut ignored = Self { at_root: Vec::new(), anywhere: Vec::new(), endings: Vec::new() };
        for pattern in patterns {
            let name = pattern.trim_matches('/');
            if let Some(ending) = name.strip_prefix('*').filter(|ending| !ending.contains('/')) {
                assert!(!ending.contains(['*', '!', '[']), "{pattern}: teach tidy this pattern");
                ignored.endings.push(ending.to_owned());
                continue;
            }
            assert!(!name.contains(['*', '!', '[']), "{pattern}: teach tidy this pattern");
            match pattern.trim_end_matches('/').contains('/') {
                true => ignored.at_root.push(name.to_owned()),
                false => ignored.anywhere.push(name.to_owned()),
            }
        }
        ignored
    }

    fn holds(&self, path: &Path, name: &str) -> bool {
        self.at_root.iter().any(|ignored| Path::new(ignored) == path)
            || self.anywhere.iter().any(|ignored| ignored == name)
            || self.endings.iter().any(|ending| name.ends_with(ending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_top_level_is_exactly_the_agreed_one() {
        let mut found = owned(TOP_LEVEL);
        found.push(".rustfmt.toml".to_owned());
        assert_eq!(top_level_problems(&found), Vec::<String>::new());
        found.retain(|name| name != "Makefile");
        found.push("docs".to_owned());
        assert_eq!(
            top_level_problems(&found),
            ["docs does not belong at the top level", "Makefile is missing at the top level"]
        );
    }

    #[test]
    fn each_top_level_folder_explains_itself() {
        let files = ["functions/README.md", "infra/README.md", "shared/README.md"];
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        assert_eq!(folders_without_readme(&files), ["tests has no README.md"]);
    }

    #[test]
    fn ignored_is_what_the_patterns_name() {
        let ignored = Ignored::parse("# built\n/.local/\n__pycache__/\n*.pending-snap\n");
        assert!(ignored.holds(Path::new(".local"), ".local"));
        assert!(!ignored.holds(Path::new("infra/.local"), ".local"));
        assert!(ignored.holds(Path::new("infra/local/__pycache__"), "__pycache__"));
        assert!(ignored.holds(Path::new("shared/.x.rs.pending-snap"), ".x.rs.pending-snap"));
        assert!(!ignored.holds(Path::new("shared/pending-snap"), "pending-snap"));
    }
}
