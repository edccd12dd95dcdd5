//! The one place that prints.

use std::error::Error;
use std::io::{self, ErrorKind, Write};

use admin::{Answer, escape};

/// Where answers and messages go.
///
/// Whoever reads the answers may stop reading, as `head` does: that is no error, and nothing more
/// is written then.
pub(crate) struct Output<O, E> {
    answers: O,
    messages: E,
    json: bool,
    width: Option<u16>,
    closed: bool,
}

/// The width of the terminal that answers go to, if they go to one.
pub(crate) fn width() -> Option<u16> {
    comfy_table::Table::new().width()
}

impl<O: Write, E: Write> Output<O, E> {
    /// Answers to one, messages to people to the other.
    pub(crate) fn new(answers: O, messages: E, json: bool, width: Option<u16>) -> Self {
        Self { answers, messages, json, width, closed: false }
    }

    /// Prints an answer in the chosen form.
    pub(crate) fn answer(&mut self, answer: &impl Answer) -> io::Result<()> {
        let text = if self.json { answer.json() } else { answer.human(self.width) };
        self.write(&text)
    }

    /// Prints an answer that goes on: one that people read is made by `human`.
    pub(crate) fn part(
        &mut self,
        answer: &impl Answer,
        human: impl FnOnce() -> String,
    ) -> io::Result<()> {
        let text = if self.json { answer.json() } else { human() };
        self.write(&text)
    }

    /// Nobody reads the answers any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Tells the person something that is not the answer.
    pub(crate) fn message(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.messages, "{text}")
    }

    /// Asks the person, leaving the cursor behind the question.
    pub(crate) fn question(&mut self, text: &str) -> io::Result<()> {
        write!(self.messages, "{text}")?;
        self.messages.flush()
    }

    /// Tells why it did not work, with every cause.
    pub(crate) fn error(&mut self, error: &dyn Error) -> io::Result<()> {
        let mut text = escape(&error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&escape(&cause.to_string()));
            source = cause.source();
        }
        self.message(&format!("entra-sync: {text}"))
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        // No events in JSON are no lines, not an empty one.
        if self.closed || text.is_empty() {
            return Ok(());
        }
        match writeln!(self.answers, "{text}").and_then(|()| self.answers.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            written => written,
        }
    }
}
