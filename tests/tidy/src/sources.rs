//! What no file of the project holds: places of one machine, unfinished work, too much at once.

use std::path::Path;

/// A file with more lines than this holds more than one decision.
const LONGEST: usize = 600;

// Put together, so that this file passes its own check.
const MACHINES: &[&str] =
    &[concat!("/", "work"), concat!("/", "home"), concat!("/", "root"), concat!("/", "Users")];
const UNFINISHED: &[&str] = &[
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
];

/// What is wrong with this file.
pub fn problems(path: &Path, text: &str) -> Vec<String> {
    let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
    let mut problems = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let at = || format!("{}:{number}", path.display());
        for place in MACHINES.iter().filter(|place| names(line, place)) {
            problems.push(format!("{} names {place}, a place of one machine", at()));
        }
        if kind == "rs" {
            let marks = UNFINISHED.iter().filter(|mark| line.contains(**mark));
            problems.extend(marks.map(|mark| format!("{} is unfinished: {mark}", at())));
        }
    }
    let lines = text.lines().count();
    if matches!(kind, "rs" | "py" | "sh") && lines > LONGEST {
        problems.push(format!("{} has {lines} lines: look for its parts", path.display()));
    }
    problems
}

/// Whether the line names this absolute path or one below it, rather than a part of another path.
fn names(line: &str, place: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + place.len()..].chars().next();
        !before.is_some_and(|c| word(c) || "}~)*$/".contains(c)) && !after.is_some_and(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        problems(Path::new(path), text)
    }

    #[test]
    fn no_file_names_a_place_of_one_machine() {
        for place in MACHINES {
            for line in [format!("see {place}/x"), format!("'{place}'"), format!("A={place}")] {
                assert_eq!(
                    found("infra/a.sh", &line),
                    [format!("infra/a.sh:1 names {place}, a place of one machine")]
                );
            }
        }
        for other in ["shared/work-queue", "$DIR/home/x", "https://a.example/work", "/worker"] {
            assert_eq!(found("a.sh", other), Vec::<String>::new(), "{other}");
        }
    }

    #[test]
    fn nothing_is_left_unfinished() {
        for mark in UNFINISHED {
            assert_eq!(
                found("a.rs", &format!("x\n{mark}")),
                [format!("a.rs:2 is unfinished: {mark}")]
            );
            assert_eq!(found("a.md", mark), Vec::<String>::new());
        }
    }

    #[test]
    fn a_file_is_short() {
        assert_eq!(found("a.rs", &"x\n".repeat(LONGEST)), Vec::<String>::new());
        let long = "x\n".repeat(LONGEST + 1);
        assert_eq!(found("a.rs", &long), ["a.rs has 601 lines: look for its parts"]);
        assert_eq!(found("Cargo.lock", &long), Vec::<String>::new());
    }
}
