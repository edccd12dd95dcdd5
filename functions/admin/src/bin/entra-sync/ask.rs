//! Asking before something is changed.

use std::io::{BufRead, Write};

use crate::error::RunError;
use crate::output::Output;

/// Asks the person at the terminal, unless `--yes` has answered.
pub(crate) struct Asker<I> {
    answers: I,
    /// There is somebody to ask.
    terminal: bool,
    /// `--yes`.
    yes: bool,
}

impl<I: BufRead> Asker<I> {
    /// Reads answers from there.
    pub(crate) fn new(answers: I, terminal: bool, yes: bool) -> Self {
        Self { answers, terminal, yes }
    }

    /// Returns if the person agrees. Without a terminal nobody can, so `--yes` is needed.
    pub(crate) fn confirm(
        &mut self,
        question: &str,
        output: &mut Output<impl Write, impl Write>,
    ) -> Result<(), RunError> {
        if self.yes {
            return Ok(());
        }
        if !self.terminal {
            return Err(RunError::NobodyToAsk);
        }
        output.question(&format!("{question}? [y/N] ")).map_err(RunError::Output)?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(RunError::Input)?;
        match line.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(RunError::NotConfirmed),
        }
    }
}

impl<I> std::fmt::Debug for Asker<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Asker {{ terminal: {}, yes: {} }}", self.terminal, self.yes)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn confirm(typed: &str, terminal: bool, yes: bool) -> (Result<(), RunError>, String) {
        let mut messages = Vec::new();
        let mut output = Output::new(io::sink(), &mut messages, false, None);
        let answer = Asker::new(typed.as_bytes(), terminal, yes).confirm("Do it", &mut output);
        (answer, String::from_utf8(messages).unwrap())
    }

    #[test]
    fn a_person_is_asked_and_only_yes_is_yes() {
        let (answer, asked) = confirm("y\n", true, false);
        assert!(answer.is_ok());
        assert_eq!(asked, "Do it? [y/N] ");
        assert!(confirm("YES\n", true, false).0.is_ok());
        for no in ["", "\n", "n\n", "yeah\n"] {
            assert!(matches!(confirm(no, true, false).0, Err(RunError::NotConfirmed)), "{no:?}");
        }
    }

    #[test]
    fn without_a_terminal_only_the_option_agrees() {
        assert!(matches!(confirm("y\n", false, false).0, Err(RunError::NobodyToAsk)));
        let (answer, asked) = confirm("", false, true);
        assert!(answer.is_ok());
        assert_eq!(asked, "");
    }
}
