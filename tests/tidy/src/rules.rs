//! The numbered rules: each is written down in `shared/README.md`, and each one of the record's
//! protocol, of the UPNs, of people and of groups has a test that carries its number.

use std::ops::RangeInclusive;

/// A family of rules.
type Family = (char, RangeInclusive<u32>);

/// The rules that need a test of their name: of the record's protocol, of UPNs, people and groups.
const TESTED: [Family; 4] = [('R', 1..=12), ('U', 1..=7), ('P', 1..=15), ('G', 1..=10)];

/// The rules that are written down without one: their tests carry the name of what they guard.
const ONLY_WRITTEN: [Family; 2] = [('S', 1..=2), ('S', 4..=7)];

fn numbered(families: impl IntoIterator<Item = Family>) -> impl Iterator<Item = (char, u32)> {
    families.into_iter().flat_map(|(letter, numbers)| numbers.map(move |number| (letter, number)))
}

/// The rules without a test whose name starts with the number, as `r7_…`.
pub fn untested<'a>(sources: impl Iterator<Item = &'a str>) -> Vec<String> {
    let tested: Vec<(char, u32)> = sources.flat_map(numbers_of_tests).collect();
    numbered(TESTED)
        .filter(|rule| !tested.contains(rule))
        .map(|(letter, number)| format!("no test is called {}{number}_…", lower(letter)))
        .collect()
}

/// The rules that the functions of a source are named after.
fn numbers_of_tests(source: &str) -> Vec<(char, u32)> {
    let names = source.split("fn ").skip(1);
    let rule = |name: &str| {
        let (rule, _) = name.split_once('_')?;
        let (letter, _) =
            TESTED.into_iter().find(|(letter, _)| rule.starts_with(lower(*letter)))?;
        Some((letter, rule[1..].parse().ok()?))
    };
    names.filter_map(rule).collect()
}

fn lower(letter: char) -> char {
    letter.to_ascii_lowercase()
}

/// The rules that have neither a row of a table nor an item of a list of their own.
pub fn unwritten(readme: &str) -> Vec<String> {
    let named: Vec<&str> = readme.lines().flat_map(names).collect();
    numbered(TESTED.into_iter().chain(ONLY_WRITTEN))
        .map(|(letter, number)| format!("{letter}{number}"))
        .filter(|rule| !named.contains(&rule.as_str()))
        .map(|rule| format!("{rule} is not written down in shared/README.md"))
        .collect()
}

/// The rules that a line is about: `| R1 | …` or `- **P1, P2** …`.
fn names(line: &str) -> Vec<&str> {
    let row = line.strip_prefix("| ").and_then(|rest| rest.split_once(" |"));
    let item = line.strip_prefix("- **").and_then(|rest| rest.split_once("**"));
    row.or(item).map(|(names, _)| names.split(", ").collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_without_its_test_is_found() {
        let name = |(letter, number)| format!("async fn {}{number}_holds() {{}}\n", lower(letter));
        let all: String = numbered(TESTED).map(name).collect();
        assert_eq!(untested([all.as_str()].into_iter()), Vec::<String>::new());
        let without = all
            .replace("r1_holds", "reads")
            .replace("r12_holds", "r120_holds")
            .replace("u5_holds", "u_5_holds")
            .replace("p15_holds", "r15_holds");
        assert_eq!(
            untested([without.as_str(), "r1_ is no function", "fn "].into_iter()),
            [
                "no test is called r1_…",
                "no test is called r12_…",
                "no test is called u5_…",
                "no test is called p15_…"
            ]
        );
    }

    #[test]
    fn a_rule_that_is_not_written_down_is_found() {
        let row = |n| format!("| R{n} | says | place |\n");
        let item = |letter: char, n| format!("- **{letter}{n}, {letter}{}** says\n", n + 1);
        let mut text: String = (1..=12).map(row).collect();
        text += &(1..=14).map(|n| item('P', n)).collect::<String>();
        text += &(1..=6).map(|n| item('U', n)).collect::<String>();
        text += &(1..=9).map(|n| item('G', n)).collect::<String>();
        text +=
            "- **S1, S2** members\n- **S4** tenant\n- **S5** failures\n- **S6, S7** first run\n";
        assert_eq!(unwritten(&text), Vec::<String>::new());
        let text = text.replace("| R7 |", "| r7 |").replace("- **S5**", "S5");
        assert_eq!(
            unwritten(&text),
            [
                "R7 is not written down in shared/README.md",
                "S5 is not written down in shared/README.md"
            ]
        );
    }
}
