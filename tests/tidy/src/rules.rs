//! The numbered rules: each is written down in `shared/README.md`, and each rule of the record's
//! protocol has a test that carries its number.

use std::ops::RangeInclusive;

/// The rules of the record's protocol.
const PROTOCOL: RangeInclusive<u32> = 1..=12;

/// The rules that `shared/README.md` has to name.
const WRITTEN: &[(char, RangeInclusive<u32>)] =
    &[('R', PROTOCOL), ('U', 1..=7), ('P', 1..=15), ('S', 4..=7)];

/// The rules of the protocol without a test whose name starts with the number, as `r7_…`.
pub fn untested<'a>(sources: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut tested = Vec::new();
    for source in sources {
        for (_, after) in source.match_indices("fn r").map(|(at, m)| (at, &source[at + m.len()..]))
        {
            let number = after.split_once('_').and_then(|(number, _)| number.parse::<u32>().ok());
            tested.extend(number);
        }
    }
    PROTOCOL
        .filter(|rule| !tested.contains(rule))
        .map(|rule| format!("no test is called r{rule}_…"))
        .collect()
}

/// The rules that have neither a row of a table nor an item of a list of their own.
pub fn unwritten(readme: &str) -> Vec<String> {
    let named: Vec<&str> = readme.lines().flat_map(names).collect();
    WRITTEN
        .iter()
        .flat_map(|(letter, numbers)| numbers.clone().map(move |n| format!("{letter}{n}")))
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
        let all: String = PROTOCOL.map(|n| format!("fn r{n}_holds() {{}}\n")).collect();
        assert_eq!(untested([all.as_str()].into_iter()), Vec::<String>::new());
        let without = all.replace("r1_holds", "reads").replace("r12_holds", "r120_holds");
        assert_eq!(
            untested([without.as_str(), "r1_ is no function"].into_iter()),
            ["no test is called r1_…", "no test is called r12_…"]
        );
    }

    #[test]
    fn a_rule_that_is_not_written_down_is_found() {
        let row = |n| format!("| R{n} | says | place |\n");
        let item = |letter: char, n| format!("- **{letter}{n}, {letter}{}** says\n", n + 1);
        let mut text: String = PROTOCOL.map(row).collect();
        text += &(1..=14).map(|n| item('P', n)).collect::<String>();
        text += &(1..=6).map(|n| item('U', n)).collect::<String>();
        text += "- **S4** tenant\n- **S5** failures\n- **S6, S7** first run\n";
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
