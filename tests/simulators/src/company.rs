//! A company in files: the vendors' own list answers, as they come.
//!
//! The names are paths relative to the company's folder, such as `jumpcloud/systemusers.json`.
//! A file may be split into `name-1.json`, `name-2.json` …, one per page that was saved.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

/// The files of a company, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Company(BTreeMap<String, Value>);

impl Company {
    /// Reads every JSON file below the folder.
    ///
    /// # Errors
    ///
    /// If the folder or a file cannot be read, or is not JSON; the file is named.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut company = Self::default();
        company.read_below(folder, folder)?;
        Ok(company)
    }

    fn read_below(&mut self, root: &Path, folder: &Path) -> io::Result<()> {
        let named = |path: &Path, error: &dyn std::fmt::Display| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display()))
        };
        for entry in fs::read_dir(folder).map_err(|error| named(folder, &error))? {
            let path = entry?.path();
            if path.is_dir() {
                self.read_below(root, &path)?;
            } else if path.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&path).map_err(|error| named(&path, &error))?;
                let value = serde_json::from_str(&text).map_err(|error| named(&path, &error))?;
                let name = path.strip_prefix(root).unwrap_or(&path);
                let parts: Vec<_> =
                    name.iter().map(|part| part.to_string_lossy().into_owned()).collect();
                self.0.insert(parts.join("/"), value);
            }
        }
        Ok(())
    }

    /// Writes every file below the folder, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// If a folder or file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        for (name, value) in &self.0 {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, format!("{value:#}\n"))?;
        }
        Ok(())
    }

    /// The company in one JSON object, `{"file name": content}`.
    ///
    /// # Errors
    ///
    /// If it is not an object.
    pub fn from_json(value: Value) -> Result<Self, String> {
        match value {
            Value::Object(files) => Ok(Self(files.into_iter().collect())),
            _ => Err("expected an object of files by name".to_owned()),
        }
    }

    /// The files, by name.
    pub fn files(&self) -> &BTreeMap<String, Value> {
        &self.0
    }

    /// Adds a file or replaces it.
    pub fn insert(&mut self, name: impl Into<String>, content: Value) {
        self.0.insert(name.into(), content);
    }

    /// The rows of a listing: of `name.json`, then of `name-1.json`, `name-2.json` …
    pub(crate) fn rows(&self, name: &str) -> Result<Vec<Map<String, Value>>, String> {
        let mut rows = Vec::new();
        let parts = (1..).map(|part| format!("{name}-{part}.json"));
        let files = std::iter::once(format!("{name}.json")).chain(parts);
        for (index, file) in files.enumerate() {
            let Some(content) = self.0.get(&file) else {
                if index == 0 {
                    continue;
                }
                break;
            };
            let list = content
                .as_array()
                .or_else(|| content["results"].as_array())
                .or_else(|| content["value"].as_array())
                .ok_or_else(|| format!("{file}: expected a list, `results` or `value`"))?;
            for (row, value) in list.iter().enumerate() {
                let value = value.as_object();
                rows.push(value.ok_or_else(|| format!("{file}: row {row} is no object"))?.clone());
            }
        }
        Ok(rows)
    }

    /// The names of the folders directly below a folder that hold files of ours.
    pub(crate) fn folders(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<_> = self
            .0
            .keys()
            .filter_map(|name| name.strip_prefix(folder)?.strip_prefix('/')?.split_once('/'))
            .map(|(name, _)| name.to_owned())
            .collect();
        names.dedup();
        names
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

/// The text a row has under this name.
pub(crate) fn text(row: &Map<String, Value>, name: &str) -> Option<String> {
    row.get(name).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_split_file_is_one_listing() {
        let mut company = Company::default();
        company.insert("x/users-1.json", json!({"value": [{"id": "1"}]}));
        company.insert("x/users-2.json", json!([{"id": "2"}]));
        company.insert("x/users-4.json", json!([{"id": "4"}]));
        assert_eq!(company.rows("x/users").unwrap().len(), 2);
        assert_eq!(company.rows("x/missing").unwrap().len(), 0);
    }

    #[test]
    fn the_folders_below_a_folder_are_named_once() {
        let mut company = Company::default();
        company.insert("a/groups.json", json!([]));
        company.insert("a/groups/g1/members.json", json!([]));
        company.insert("a/groups/g1/owners.json", json!([]));
        company.insert("a/groups/g2/members.json", json!([]));
        assert_eq!(company.folders("a/groups"), ["g1", "g2"]);
    }
}
