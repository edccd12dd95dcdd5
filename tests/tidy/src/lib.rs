//! What a reviewer should not have to look for: layering, the shape of the tree, documents that
//! keep up with the code.
//!
//! Each module is one kind of check: a function of what was read that answers the problems, one
//! sentence each. Its unit tests show that it finds them; `tests/` applies it to this repository,
//! where every list has to be empty. Nothing here builds or runs any of our code.
#![warn(missing_docs)]

use std::path::Path;

pub mod dependencies;
pub mod documents;
pub mod layering;
pub mod rules;
pub mod settings;
pub mod sources;
pub mod tree;

/// The repository's folder.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A file's text.
///
/// # Panics
///
/// If it cannot be read, with its name.
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
