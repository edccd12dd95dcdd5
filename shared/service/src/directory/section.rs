//! Reading one section of the file: every key at most once, every mistake noted, nothing unknown.
//!
//! A value that is missing or wrong is answered by its default, so that reading goes on and finds
//! the other mistakes; the configuration as a whole is refused in the end.

use std::fmt::Display;
use std::str::FromStr;

use toml::{Table, Value};
use transport::CustomEndpoints;
use url::Url;

use super::Notes;

/// A section whose keys are taken out one by one.
pub(super) struct Section<'a> {
    /// Its name and a dot, or nothing for the root.
    prefix: String,
    table: Table,
    notes: &'a Notes,
}

impl<'a> Section<'a> {
    pub(super) fn root(table: Table, notes: &'a Notes) -> Self {
        Self { prefix: String::new(), table, notes }
    }

    /// A section below this one; empty if it is not there.
    pub(super) fn section(&mut self, key: &str) -> Self {
        self.subsection(key).unwrap_or_else(|| self.below(key, Table::new()))
    }

    /// A section below this one that is there.
    pub(super) fn subsection(&mut self, key: &str) -> Option<Self> {
        match self.table.remove(key)? {
            Value::Table(table) => Some(self.below(key, table)),
            _ => {
                self.problem(key, "wanted a section");
                None
            }
        }
    }

    fn below(&self, key: &str, table: Table) -> Self {
        Self { prefix: format!("{}{key}.", self.prefix), table, notes: self.notes }
    }

    /// Notes a mistake of a key of this section.
    pub(super) fn problem(&self, key: &str, why: impl Into<String>) {
        self.notes.problem(format!("{}{key}", self.prefix), why);
    }

    /// Whether the key is there and has not been read yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The next key that has not been read.
    pub(super) fn next_key(&self) -> Option<String> {
        self.table.keys().next().cloned()
    }

    /// Takes a key out without looking at its value.
    pub(super) fn skip(&mut self, key: &str) {
        self.table.remove(key);
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.table.remove(key)? {
            Value::String(text) if text.trim().is_empty() => {
                self.problem(key, "is empty");
                None
            }
            Value::String(text) => Some(text),
            _ => {
                self.problem(key, "wanted a text");
                None
            }
        }
    }

    /// A text that means something.
    pub(super) fn optional<T: FromStr<Err: Display>>(&mut self, key: &str) -> Option<T> {
        let text = self.text(key)?;
        text.parse().map_err(|error: T::Err| self.problem(key, error.to_string())).ok()
    }

    /// A text that means something and must be there.
    pub(super) fn required<T: FromStr<Err: Display>>(&mut self, key: &str) -> Option<T> {
        if !self.has(key) {
            self.problem(key, "is missing");
        }
        self.optional(key)
    }

    /// A list of texts that mean something; absent, it is empty.
    pub(super) fn list<T: FromStr<Err: Display>>(&mut self, key: &str) -> Vec<T> {
        let entries = match self.table.remove(key) {
            None => return Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(_) => {
                self.problem(key, "wanted a list of texts");
                return Vec::new();
            }
        };
        let mut list = Vec::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            match entry.as_str().map(str::parse::<T>) {
                Some(Ok(value)) => list.push(value),
                Some(Err(error)) => self.problem(&format!("{key}[{at}]"), error.to_string()),
                None => self.problem(&format!("{key}[{at}]"), "wanted a text"),
            }
        }
        list
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &str, default: bool) -> bool {
        match self.table.remove(key) {
            None => default,
            Some(Value::Boolean(flag)) => flag,
            Some(_) => {
                self.problem(key, "wanted true or false");
                default
            }
        }
    }

    /// One of these words; the first is the default.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> T {
        let default = choices[0].1;
        if !self.has(key) {
            return default;
        }
        let chosen = self.table.remove(key);
        let chosen = chosen.as_ref().and_then(Value::as_str);
        let found = choices.iter().find(|(word, _)| Some(*word) == chosen);
        found.map_or_else(
            || {
                let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
                self.problem(key, format!("wanted one of: {}", words.join(", ")));
                default
            },
            |(_, value)| *value,
        )
    }

    /// A whole number up to `most`.
    pub(super) fn count(&mut self, key: &str, default: u32, most: u32) -> u32 {
        let Some(value) = self.table.remove(key) else { return default };
        let count = value.as_integer().and_then(|count| u32::try_from(count).ok());
        count.filter(|count| *count <= most).unwrap_or_else(|| {
            self.problem(key, format!("wanted a whole number from 0 to {most}"));
            default
        })
    }

    /// The value as it stands in the file.
    pub(super) fn value(&mut self, key: &str) -> Option<Value> {
        self.table.remove(key)
    }

    /// An address that may be talked to.
    pub(super) fn endpoint(&mut self, key: &str, custom: CustomEndpoints) -> Option<Url> {
        let text = self.text(key)?;
        let checked = transport::endpoint(&text, custom);
        checked.map_err(|error| self.problem(key, error.to_string())).ok()
    }

    /// Notes every key that nobody has read.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            self.problem(key, "is not a known key");
        }
    }
}
