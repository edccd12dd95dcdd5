//! The workspace's list of dependencies: each with its reason, and none that nobody uses.

use std::collections::BTreeSet;

use crate::layering::Member;

/// The packages that were agreed on from the start; all others say why they are here.
const AGREED: &[&str] = &[
    "aws-sdk-dynamodb",
    "aws-sdk-secretsmanager",
    "aws-sdk-sqs",
    "aws_lambda_events",
    "lambda_runtime",
    "reqwest",
    "serde",
    "serde_json",
    "tokio",
    "tracing",
];

/// What is wrong with the list in this root manifest.
pub fn problems(manifest: &str, members: &[Member]) -> Vec<String> {
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let used: BTreeSet<&str> = members
        .iter()
        .flat_map(|member| tables.map(|table| member.dependencies(table)))
        .flat_map(std::collections::BTreeMap::into_keys)
        .collect();
    let mut problems = Vec::new();
    for (name, rest) in listed(manifest) {
        let has_reason = rest.rsplit_once(" #").is_some_and(|(_, why)| why.trim().len() > 10);
        if !has_reason && !rest.contains("path =") && !AGREED.contains(&name) {
            problems.push(format!("{name} is listed without its reason"));
        }
        if !used.contains(name) {
            problems.push(format!("{name} is listed and nobody uses it"));
        }
    }
    problems
}

/// Name and rest of each line of `[workspace.dependencies]`.
fn listed(manifest: &str) -> impl Iterator<Item = (&str, &str)> {
    manifest
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_has_a_reason_and_a_user() {
        let manifest = r#"
[workspace.dependencies]
# Ours.
store = { path = "shared/store" }
tokio = { version = "1", features = ["net"] }
hex = "0.4"      # signatures and plan hashes
rand = "0.10"
url = "2"        #

[profile.dev]
debug = 0
"#;
        let text = "[dependencies]\nstore.workspace = true\nhex.workspace = true\n\
                    rand.workspace = true\n[dev-dependencies]\nurl.workspace = true";
        let member = Member { folder: "x/y".into(), manifest: text.parse().unwrap() };
        assert_eq!(
            problems(manifest, &[member]),
            [
                "tokio is listed and nobody uses it",
                "rand is listed without its reason",
                "url is listed without its reason",
            ]
        );
    }
}
