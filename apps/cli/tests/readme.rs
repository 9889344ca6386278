//! What the README says is so.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split("\n## ").next().unwrap()
}

fn operations() -> BTreeSet<String> {
    let all = [iam::OPERATIONS, kms::OPERATIONS, sts::OPERATIONS];
    let names = all.into_iter().flatten().map(|operation| operation.spec().name);
    names.map(str::to_owned).collect()
}

#[test]
fn the_operations_it_lists_are_those_that_are_built() {
    let text = readme();
    let rows = section(&text, "Operations").lines();
    let cells = rows.filter_map(|row| row.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    let names = cells.skip(1).flat_map(|(_, names)| names.split(", "));
    assert_eq!(names.map(str::to_owned).collect::<BTreeSet<_>>(), operations());
}

#[test]
fn the_aws_commands_it_shows_are_of_operations_that_are_built() {
    let known: BTreeSet<String> = operations().iter().map(|name| name.to_lowercase()).collect();
    let text = readme();
    let shown = text.split("aws kms ").skip(1);
    let shown: Vec<String> = shown
        .map(|rest| rest.split_whitespace().next().unwrap().replace('-', ""))
        .collect();
    assert!(shown.len() > 10, "{shown:?}");
    assert!(shown.iter().all(|name| known.contains(name)), "{shown:?}");
}

#[test]
fn the_files_it_links_to_exist() {
    let text = readme();
    let links = text
        .split("](")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap());
    let files: Vec<&str> = links.filter(|link| !link.starts_with("https://")).collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        assert!(root().join(file).exists(), "{file}");
    }
}

#[test]
fn it_names_the_rust_version_of_the_workspace() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let version = manifest.split("rust-version = \"").nth(1).unwrap();
    let version = version.split('"').next().unwrap();
    assert!(readme().contains(&format!("Rust {version} or later")));
}

#[test]
fn it_quotes_the_last_line_of_the_demo() {
    let screen = std::fs::read_to_string(root().join("apps/cli/tests/golden/demo.txt")).unwrap();
    let last = screen.lines().last().unwrap();
    assert!(readme().contains(&format!("`{last}`")));
}
