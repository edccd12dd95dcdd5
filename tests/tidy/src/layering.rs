//! The direction of dependencies (`shared/README.md`): each crate knows the layers below it alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

use crate::{read, tree};

/// The layers of `shared`, the lowest first. The functions stand above them, tests above all.
const SHARED: &[&[&str]] = &[
    &["clock", "sync-core"],
    &["transport"],
    &["graph", "jumpcloud", "store", "work-queue"],
    &["service"],
    &["sync-engine"],
];

/// What a pure crate may use: neither async nor I/O nor a wire format.
const PURE: &[(&str, &[&str])] = &[("sync-core", &["jiff", "unicode-normalization"])];

/// What must not even be reached through others: `ingest` talks to no vendor, and the settings are
/// no place to know one.
const OUT_OF_REACH: &[(&str, &[&str])] =
    &[("ingest", &["graph", "jumpcloud", "sync-engine"]), ("service", &["graph", "jumpcloud"])];

/// Servers of their own, to be believed because they share nothing with what they test.
const INDEPENDENT: &[&str] = &["ministack", "simulators"];

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its folder, such as `shared/store`.
    pub folder: String,
    /// Its manifest.
    pub manifest: Table,
}

impl Member {
    /// The package's name.
    pub fn name(&self) -> &str {
        let package = self.manifest.get("package").and_then(Value::as_table);
        package.and_then(|package| package.get("name")).and_then(Value::as_str).unwrap_or_default()
    }

    /// The dependencies of one of the manifest's tables, those of single targets among them.
    pub fn dependencies(&self, table: &str) -> BTreeMap<&str, &Value> {
        let targets = self.manifest.get("target").and_then(Value::as_table);
        let targets = targets.into_iter().flat_map(|targets| targets.values());
        std::iter::once(&self.manifest)
            .chain(targets.filter_map(Value::as_table))
            .filter_map(|holder| holder.get(table).and_then(Value::as_table))
            .flat_map(|dependencies| dependencies.iter().map(|(name, how)| (name.as_str(), how)))
            .collect()
    }

    /// What it is built from, for whatever purpose but its own tests.
    fn built_from(&self) -> BTreeSet<&str> {
        let tables = ["dependencies", "build-dependencies"];
        tables.into_iter().flat_map(|table| self.dependencies(table).into_keys()).collect()
    }

    fn group(&self) -> &str {
        self.folder.split('/').next().unwrap_or_default()
    }
}

/// Every crate of the workspace.
pub fn members(root: &Path) -> Vec<Member> {
    let groups = ["functions", "shared", "tests"];
    let folders = groups.into_iter().flat_map(|group| {
        tree::names(&root.join(group)).into_iter().map(move |name| format!("{group}/{name}"))
    });
    folders
        .filter(|folder| root.join(folder).is_dir())
        .map(|folder| {
            let path = root.join(&folder).join("Cargo.toml");
            let manifest = read(&path).parse();
            let manifest = manifest.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            Member { folder, manifest }
        })
        .collect()
}

/// Every dependency that the direction forbids.
pub fn problems(members: &[Member]) -> Vec<String> {
    let mut problems = Vec::new();
    for member in members {
        let name = member.name();
        match layer(member) {
            None => problems.push(format!("{name} stands in no layer of tests/tidy")),
            Some(layer) => problems.extend(against_direction(member, layer, members)),
        }
        if let Some((_, allowed)) = PURE.iter().find(|(pure, _)| *pure == name) {
            let impure = member.built_from();
            let impure = impure.iter().filter(|dependency| !allowed.contains(dependency));
            problems.extend(impure.map(|found| format!("{name} is pure, and depends on {found}")));
        }
        if let Some((_, forbidden)) = OUT_OF_REACH.iter().find(|(from, _)| *from == name) {
            let reached = reached(member, members);
            let reached = forbidden.iter().filter(|forbidden| reached.contains(**forbidden));
            problems.extend(reached.map(|found| format!("{name} reaches {found}")));
        }
        problems.extend(form(member));
    }
    problems
}

fn layer(member: &Member) -> Option<usize> {
    match member.group() {
        "shared" => SHARED.iter().position(|layer| layer.contains(&member.name())),
        "functions" => Some(SHARED.len()),
        _ => Some(SHARED.len() + 1),
    }
}

fn against_direction(member: &Member, layer_of: usize, members: &[Member]) -> Vec<String> {
    let name = member.name();
    let ours = |dependency: &str| members.iter().find(|other| other.name() == dependency);
    let mut problems = Vec::new();
    let independent = INDEPENDENT.contains(&name);
    for other in member.built_from().into_iter().filter_map(ours) {
        let below = layer(other).is_some_and(|layer| layer < layer_of);
        let tested = member.group() == "tests" && other.group() == "tests";
        if independent || !(below || tested) {
            problems.push(format!("{name} depends on {}", other.name()));
        }
    }
    // Tests may use simulators, and what the crate itself may use; never what stands above.
    for other in member.dependencies("dev-dependencies").into_keys().filter_map(ours) {
        let not_above = other.group() == "tests" || layer(other).is_some_and(|l| l <= layer_of);
        if independent || !not_above {
            problems.push(format!("{name} depends on {} in its tests", other.name()));
        }
    }
    problems
}

/// Every crate of ours that this one is built from, directly or through others.
fn reached<'a>(member: &'a Member, members: &'a [Member]) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![member];
    while let Some(member) = open.pop() {
        for dependency in member.built_from() {
            if reached.insert(dependency) {
                open.extend(members.iter().find(|other| other.name() == dependency));
            }
        }
    }
    reached
}

/// Folder and package share a name, lints and dependencies come from the workspace.
fn form(member: &Member) -> Vec<String> {
    let Member { folder, manifest } = member;
    let mut problems = Vec::new();
    if !folder.ends_with(&format!("/{}", member.name())) {
        problems.push(format!("{folder} holds a package called {:?}", member.name()));
    }
    let lints = manifest.get("lints").and_then(Value::as_table);
    if lints.and_then(|lints| lints.get("workspace")) != Some(&Value::Boolean(true)) {
        problems.push(format!("{folder} does not take the workspace's lints"));
    }
    for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (dependency, how) in member.dependencies(table) {
            if how.get("workspace") != Some(&Value::Boolean(true)) {
                problems.push(format!("{folder} takes {dependency} past the workspace's list"));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(folder: &str, dependencies: &[&str], tests: &[&str]) -> Member {
        let name = folder.split('/').next_back().unwrap();
        let list = |names: &[&str]| {
            names.iter().map(|name| format!("{name}.workspace = true\n")).collect::<String>()
        };
        let manifest = format!(
            "[package]\nname = \"{name}\"\n[lints]\nworkspace = true\n\
             [dependencies]\n{}\n[dev-dependencies]\n{}",
            list(dependencies),
            list(tests),
        );
        Member { folder: folder.to_owned(), manifest: manifest.parse().unwrap() }
    }

    /// A small workspace in which everything is right.
    fn workspace() -> Vec<Member> {
        vec![
            member("functions/ingest", &["service", "store", "work-queue"], &["simulators"]),
            member("functions/consumer", &["sync-engine", "store", "tokio"], &[]),
            member("shared/sync-engine", &["graph", "jumpcloud", "service", "store"], &[]),
            member("shared/graph", &["transport", "sync-core"], &["simulators"]),
            member("shared/jumpcloud", &["transport", "sync-core"], &["simulators"]),
            member("shared/service", &["store", "transport", "sync-core"], &[]),
            member("shared/store", &["sync-core", "clock"], &[]),
            member("shared/work-queue", &["sync-core", "clock"], &[]),
            member("shared/transport", &["clock"], &[]),
            member("shared/sync-core", &["jiff"], &["insta"]),
            member("shared/clock", &["tokio"], &[]),
            member("tests/simulators", &["axum"], &[]),
            member("tests/e2e", &["simulators", "consumer"], &[]),
        ]
    }

    /// The problems when this crate depends on that one, too.
    fn with(folder: &str, table: &str, dependency: &str) -> Vec<String> {
        let mut members = workspace();
        let member = members.iter_mut().find(|member| member.folder == folder).unwrap();
        let table = member.manifest[table].as_table_mut().unwrap();
        table.insert(dependency.to_owned(), Value::Table("workspace = true".parse().unwrap()));
        problems(&members)
    }

    #[test]
    fn what_is_right_has_no_problem() {
        assert_eq!(problems(&workspace()), Vec::<String>::new());
        let used_in_tests = with("shared/store", "dev-dependencies", "work-queue");
        assert_eq!(used_in_tests, Vec::<String>::new());
    }

    #[test]
    fn no_arrow_is_reversed() {
        for (folder, dependency) in [
            ("shared/store", "sync-engine"),
            ("shared/graph", "jumpcloud"),
            ("shared/work-queue", "service"),
            ("shared/transport", "graph"),
            ("shared/clock", "sync-core"),
            ("shared/store", "simulators"),
            ("functions/consumer", "ingest"),
            ("functions/consumer", "e2e"),
            ("tests/simulators", "clock"),
        ] {
            let problems = with(folder, "dependencies", dependency);
            let (_, name) = folder.split_once('/').unwrap();
            let expected = format!("{name} depends on {dependency}");
            assert!(problems.contains(&expected), "{expected}: {problems:?}");
        }
    }

    #[test]
    fn tests_do_not_reverse_one_either() {
        let forbidden =
            |folder, dependency| with(folder, "dev-dependencies", dependency).join(", ");
        assert_eq!(
            forbidden("shared/store", "sync-engine"),
            "store depends on sync-engine in its tests"
        );
        assert_eq!(
            forbidden("tests/simulators", "sync-core"),
            "simulators depends on sync-core in its tests"
        );
    }

    #[test]
    fn the_heart_stays_pure() {
        for impure in ["tokio", "serde", "reqwest", "serde_json"] {
            let problems = with("shared/sync-core", "dependencies", impure);
            assert_eq!(problems, [format!("sync-core is pure, and depends on {impure}")]);
        }
        let problems = with("shared/sync-core", "dependencies", "clock");
        assert!(problems.contains(&"sync-core depends on clock".to_owned()), "{problems:?}");
    }

    #[test]
    fn what_talks_to_no_vendor_cannot_reach_one() {
        let of_service = with("shared/service", "dependencies", "graph");
        assert_eq!(of_service, ["ingest reaches graph", "service reaches graph"]);
        assert_eq!(with("functions/ingest", "dependencies", "graph"), ["ingest reaches graph"]);
        let through_others = with("functions/ingest", "dependencies", "sync-engine");
        assert_eq!(
            through_others,
            ["ingest reaches graph", "ingest reaches jumpcloud", "ingest reaches sync-engine"]
        );
    }

    #[test]
    fn a_new_crate_needs_a_layer_and_a_fitting_form() {
        let mut members = workspace();
        let mut odd = member("shared/odd", &[], &[]);
        odd.manifest = "[package]\nname = \"even\"\n[dependencies]\nserde = \"1\"\n\
                        [target.'cfg(unix)'.dependencies]\nnix = \"1\""
            .parse()
            .unwrap();
        members.push(odd);
        assert_eq!(
            problems(&members),
            [
                "even stands in no layer of tests/tidy",
                "shared/odd holds a package called \"even\"",
                "shared/odd does not take the workspace's lints",
                "shared/odd takes nix past the workspace's list",
                "shared/odd takes serde past the workspace's list",
            ]
        );
    }
}
