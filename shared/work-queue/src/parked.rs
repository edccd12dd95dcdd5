//! What a parked message looks like: the body as it came, and the reason beside it.

use std::borrow::Cow;

/// The longest reason that is stored, in bytes.
const LONGEST_REASON: usize = 512;

/// Room for the attributes of a message, which count towards its size.
const ATTRIBUTES: usize = 2 * 1024;

/// The largest body that is parked as it came.
pub(crate) const LARGEST_BODY: usize = crate::LARGEST_MESSAGE - ATTRIBUTES;

/// A body as a queue can take it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parked {
    /// The body, whole unless `cut_from` says otherwise.
    pub(crate) body: String,
    /// A short reason.
    pub(crate) reason: String,
    /// How many bytes the whole body had, if it did not fit.
    pub(crate) cut_from: Option<usize>,
}

impl Parked {
    pub(crate) fn new(body: &str, reason: &str) -> Self {
        let whole = permitted(body);
        let kept = cut(&whole, LARGEST_BODY);
        let cut_from = (kept.len() < whole.len()).then_some(whole.len());
        // SQS takes neither an empty message nor an empty attribute.
        let kept = if kept.is_empty() { " " } else { kept };
        let reason = permitted(reason);
        let reason = if reason.is_empty() { "unknown" } else { cut(&reason, LONGEST_REASON) };
        Self { body: kept.to_owned(), reason: reason.to_owned(), cut_from }
    }
}

fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// Replaces the characters that SQS refuses by JSON's escape for them.
///
/// In JSON they occur inside strings alone, so the body keeps its meaning.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn permitted(text: &str) -> Cow<'_, str> {
    let refused = |c: char| {
        (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if !text.contains(refused) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if refused(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_kept_as_it_came() {
        let parked = Parked::new("{\"a\":\"é\"}", "no event_type");
        assert_eq!(parked.body, "{\"a\":\"é\"}");
        assert_eq!(parked.reason, "no event_type");
        assert_eq!(parked.cut_from, None);
    }

    #[test]
    fn what_sqs_refuses_is_escaped_as_json_does_it() {
        let body = "[\"\u{ffff}\u{fffe}\"]";
        let parked = Parked::new(body, "x");
        assert_eq!(parked.body, "[\"\\uffff\\ufffe\"]");
        let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(same(&parked.body), same(body));
        assert_eq!(Parked::new("a\u{0}\t\n", "x").body, "a\\u0000\t\n");
    }

    #[test]
    fn what_does_not_fit_is_cut_between_characters_and_says_so() {
        let body = "é".repeat(LARGEST_BODY);
        let parked = Parked::new(&body, &"r".repeat(10_000));
        assert!(parked.body.len() <= LARGEST_BODY && parked.body.len() > LARGEST_BODY - 2);
        assert_eq!(parked.cut_from, Some(body.len()));
        assert_eq!(parked.reason.len(), LONGEST_REASON);
    }

    #[test]
    fn nothing_is_ever_empty() {
        let parked = Parked::new("", "");
        assert_eq!((parked.body.as_str(), parked.reason.as_str()), (" ", "unknown"));
        assert_eq!(parked.cut_from, None);
    }
}
