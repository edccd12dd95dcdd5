//! The crates of this workspace: who may depend on whom, and on what.

use tidy::{dependencies, layering, read, root};

#[test]
fn dependencies_follow_the_direction() {
    assert_eq!(layering::problems(&layering::members(root())), Vec::<String>::new());
}

#[test]
fn each_dependency_has_a_reason_and_a_user() {
    let manifest = read(&root().join("Cargo.toml"));
    let members = layering::members(root());
    assert_eq!(dependencies::problems(&manifest, &members), Vec::<String>::new());
}
