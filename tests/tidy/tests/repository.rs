//! The files of this repository: where they are, what they say, what they must not say.

use std::path::{Path, PathBuf};

use tidy::{documents, read, root, rules, settings, sources, tree};

fn files() -> Vec<PathBuf> {
    tree::files(root())
}

/// The files of this kind with their texts.
fn texts(kind: &str) -> Vec<(PathBuf, String)> {
    let named = files().into_iter().filter(|file| file.extension().is_some_and(|k| k == kind));
    named.map(|file| (file.clone(), read(&root().join(file)))).collect()
}

#[test]
fn the_top_level_is_the_agreed_one() {
    assert_eq!(tree::top_level_problems(&tree::names(root())), Vec::<String>::new());
    assert_eq!(tree::folders_without_readme(&files()), Vec::<String>::new());
}

#[test]
fn files_are_finished_short_and_of_no_machine() {
    let problems = files().into_iter().flat_map(|file| {
        // What is no text names no path that anybody follows.
        let text = String::from_utf8(std::fs::read(root().join(&file)).unwrap());
        text.map(|text| sources::problems(&file, &text)).unwrap_or_default()
    });
    assert_eq!(problems.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn documents_point_at_what_is_there() {
    let files = files();
    let dead_ends =
        texts("md").into_iter().flat_map(|(file, text)| documents::dead_ends(&file, &text, &files));
    assert_eq!(dead_ends.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn each_rule_is_written_down() {
    assert_eq!(rules::unwritten(&read(&root().join("shared/README.md"))), Vec::<String>::new());
}

#[test]
fn each_rule_has_a_test_of_its_name() {
    let sources = texts("rs");
    let sources = sources.iter().filter(|(file, _)| !file.starts_with("tests/tidy"));
    let untested = rules::untested(sources.map(|(_, text)| text.as_str()));
    assert_eq!(untested, Vec::<String>::new());
}

#[test]
fn the_template_sets_what_the_functions_read() {
    let text = |file: &str| read(&root().join(Path::new(file)));
    let differences = settings::differences(
        &text("shared/service/src/settings.rs"),
        &text("infra/template.yaml"),
    );
    assert_eq!(differences, Vec::<String>::new());
}
