//! How values are shown to people.
//!
//! Names, UPNs and attribute values come from two directories that others write to. What could
//! move a terminal's cursor or turn the reading direction is shown by its code instead.

use std::time::Duration;

use jiff::Timestamp;
use sync_core::ids::Subject;

/// The text with control, bidirectional and invisible characters shown by their codes.
pub fn escape(text: &str) -> String {
    lines(text, false)
}

/// As [`escape`], but lines stay lines and tabs stay tabs: for whole files.
pub(crate) fn escape_lines(text: &str) -> String {
    lines(text, true)
}

fn lines(text: &str, keep: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' if keep => shown.push(c),
            c if c.is_control() || is_hidden(c) => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// The kind and the id of a subject, as keys and values of answers.
pub(crate) fn kind(subject: &Subject) -> (&'static str, &str) {
    match subject {
        Subject::User(user) => ("user", user.as_str()),
        Subject::Group(group) => ("group", group.as_str()),
        Subject::Sweep => ("directory", "sweep"),
    }
}

/// The document with the same meaning and the characters that JSON itself leaves raw escaped.
///
/// Outside of texts a document holds none of them, but for the ends of lines.
pub(crate) fn escape_json(document: &str) -> String {
    let mut escaped = String::with_capacity(document.len());
    for c in document.chars() {
        if c != '\n' && (c.is_control() || is_hidden(c)) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Characters that turn the reading direction, end a line or cannot be seen.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// A time in whole seconds of UTC.
pub(crate) fn time(at: Timestamp) -> String {
    if at == Timestamp::MAX {
        return "never by itself".to_owned();
    }
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time with how far it lies from now.
pub(crate) fn time_and_distance(at: Timestamp, now: Timestamp) -> String {
    if at == Timestamp::MAX {
        return time(at);
    }
    let span = Duration::try_from(at.duration_since(now).abs()).unwrap_or_default();
    let distance = match (span.as_secs(), at <= now) {
        (0, _) => "now".to_owned(),
        (_, true) => format!("{} ago", rough(span)),
        (_, false) => format!("in {}", rough(span)),
    };
    format!("{} ({distance})", time(at))
}

/// A span in its largest whole unit.
pub(crate) fn rough(span: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let seconds = span.as_secs();
    let (size, unit) = UNITS.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1, "s"));
    format!("{} {unit}", seconds / size)
}

/// A time for programs; what never comes by itself is null.
pub(crate) fn json_time(at: Option<Timestamp>) -> serde_json::Value {
    at.filter(|at| *at != Timestamp::MAX).map(|at| at.to_string()).into()
}

/// A subject in a sentence: what it is, and its id in JumpCloud.
pub(crate) fn named(subject: &Subject) -> String {
    subject.to_string().replacen(':', " ", 1)
}

/// One or many of something.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_could_move_or_mislead_it() {
        assert_eq!(escape("Ada\u{1b}[2J\u{7}"), r"Ada\u{1b}[2J\u{7}");
        assert_eq!(escape("a\u{202e}cod.exe"), r"a\u{202e}cod.exe");
        assert_eq!(escape("one\ntwo\tthree"), r"one\ntwo\tthree");
        assert_eq!(escape("zero\u{200b}width \u{9b}1m"), r"zero\u{200b}width \u{9b}1m");
        assert_eq!(escape("Åsa Öberg, 東京"), "Åsa Öberg, 東京");
        assert_eq!(escape_lines("id = 1\n\t# \u{2066}x"), "id = 1\n\t# \\u{2066}x");
    }

    #[test]
    fn json_means_the_same_without_them() {
        let value = serde_json::json!({ "na\u{202e}me": ["a\u{9b}b\u{7f}", "\u{e0041}", "é\n"] });
        let document = escape_json(&format!("{value:#}"));
        assert!(!document.contains(|c: char| c != '\n' && (c.is_control() || is_hidden(c))));
        assert!(document.contains(r#""a\u009bb\u007f""#), "{document}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&document).unwrap(), value);
    }

    #[test]
    fn distances_are_rough() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let shown = |then, now| time_and_distance(at(then), at(now));
        assert_eq!(shown(0, 0), "1970-01-01 00:00:00 (now)");
        assert_eq!(shown(0, 59), "1970-01-01 00:00:00 (59 s ago)");
        assert_eq!(shown(0, 3599), "1970-01-01 00:00:00 (59 min ago)");
        assert_eq!(shown(86_400, 0), "1970-01-02 00:00:00 (in 1 d)");
        assert_eq!(time_and_distance(Timestamp::MAX, at(0)), "never by itself");
    }
}
