//! Dependencies between the workspace's crates point one way, from a higher row to a lower one.
//!
//! `apps ▶ services ▶ engine ▶ gate, audit, protocol ▶ identity, policy, sigv4 ▶ store, crypto ▶ model, arn, ambient, secret`

use std::path::Path;

use crate::Stop;
use crate::workspace::{Package, Workspace};

/// The rows of `crates/`, lowest first. A crate's row is its place in the order; `services/` and `apps/` are rows
/// of their own above these, and `store-<name>` stands with `store`.
const ROWS: &[&[&str]] = &[
    &["ambient", "arn", "model", "model-derive", "secret"],
    &["crypto", "store", "attestation", "oidc"],
    &["identity", "policy", "sigv4"],
    &["audit", "gate", "protocol"],
    &["engine"],
];

/// The edges allowed within a row, from and to. `store-*` is any backend of the store.
const WITHIN_ROW: &[(&str, &str)] = &[
    ("model", "model-derive"),
    ("model", "secret"),
    ("model", "arn"),
    ("model", "ambient"),
    ("store", "crypto"),
    ("store-*", "store"),
    ("store-*", "crypto"),
    ("identity", "policy"),
    ("cli", "server"),
];

/// Crates that only one other may depend on, with the reason.
const RESERVED: &[(&str, &str, &str)] = &[(
    "gate",
    "engine",
    "engine alone authorizes; it re-exports what others may see",
)];

/// Where a crate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// In a row of the product.
    Row(usize),
    /// Tests and tools: they may depend on all, and only dev-dependencies lead to them.
    Outside,
}

/// Checks the manifests, and names each edge that goes the wrong way.
pub(crate) fn run() -> Result<(), Stop> {
    let workspace = Workspace::load()?;
    let offences = offences(&workspace);
    if offences.is_empty() {
        println!(
            "layers: {} crates, every dependency points down",
            workspace.packages.len()
        );
        return Ok(());
    }
    Err(Stop::new(offences.join("\n")))
}

fn offences(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in &workspace.packages {
        let from = match place(workspace, package) {
            Ok(from) => from,
            Err(stranger) => {
                found.push(stranger);
                continue;
            }
        };
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_some())
        {
            let Some(target) = workspace
                .packages
                .iter()
                .find(|other| other.name == dependency.name)
            else {
                found.push(format!(
                    "{} ▶ {}: a path outside the workspace",
                    package.name, dependency.name
                ));
                continue;
            };
            // A target without a row is reported once, for itself.
            let Ok(to) = place(workspace, target) else {
                continue;
            };
            if let Some(reason) = offence(&package.name, from, &target.name, to, dependency.kind.as_deref()) {
                found.push(format!("{} ▶ {}: {reason}", package.name, target.name));
            }
        }
    }
    found
}

/// Why this edge may not be; `None` when it may.
fn offence(from_name: &str, from: Place, to_name: &str, to: Place, kind: Option<&str>) -> Option<String> {
    let (from_row, to_row) = match (from, to) {
        (Place::Outside, _) => return None,
        (_, Place::Outside) if kind == Some("dev") => return None,
        (_, Place::Outside) => return Some("tests and tools are for dev-dependencies only".to_owned()),
        (Place::Row(from), Place::Row(to)) => (from, to),
    };
    if let Some((_, only, reason)) = RESERVED
        .iter()
        .find(|(name, only, _)| *name == to_name && *only != from_name)
    {
        return Some(format!("only {only} may depend on it: {reason}"));
    }
    if from_row > to_row {
        return None;
    }
    if from_row < to_row {
        return Some("points up".to_owned());
    }
    let listed = WITHIN_ROW
        .iter()
        .any(|(a, b)| matches(a, from_name) && matches(b, to_name));
    (!listed)
        .then(|| "both stand in one row, and the edge is not in WITHIN_ROW of xtask/src/layers.rs".to_owned())
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == name, |prefix| name.starts_with(prefix))
}

fn place(workspace: &Workspace, package: &Package) -> Result<Place, String> {
    let folder = workspace.folder(package);
    place_of(folder, &package.name)
        .ok_or_else(|| format!("{}: in no row; give it one in xtask/src/layers.rs", package.name))
}

fn place_of(folder: &Path, name: &str) -> Option<Place> {
    let top = folder.components().next()?.as_os_str().to_str()?;
    match top {
        "crates" => ROWS
            .iter()
            .position(|row| row.contains(&name) || (name.starts_with("store-") && row.contains(&"store")))
            .map(Place::Row),
        "services" => Some(Place::Row(ROWS.len())),
        "apps" => Some(Place::Row(ROWS.len() + 1)),
        "tests" | "fuzz" | "xtask" => Some(Place::Outside),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: (&str, &str), to: (&str, &str), kind: Option<&str>) -> Option<String> {
        let place = |(folder, name)| place_of(Path::new(folder), name).unwrap();
        offence(from.1, place(from), to.1, place(to), kind)
    }

    #[test]
    fn a_dependency_on_a_lower_row_is_allowed() {
        assert_eq!(
            edge(("crates/engine", "engine"), ("crates/secret", "secret"), None),
            None
        );
        assert_eq!(
            edge(("services/kms", "kms"), ("crates/engine", "engine"), None),
            None
        );
        assert_eq!(
            edge(
                ("apps/server", "server"),
                ("crates/store-sqlite", "store-sqlite"),
                None
            ),
            None
        );
    }

    #[test]
    fn a_dependency_on_a_higher_row_is_refused_even_for_tests() {
        assert!(edge(("crates/store", "store"), ("crates/engine", "engine"), None).is_some());
        assert!(
            edge(
                ("crates/store", "store"),
                ("crates/engine", "engine"),
                Some("dev")
            )
            .is_some()
        );
    }

    #[test]
    fn services_do_not_know_each_other() {
        assert!(edge(("services/iam", "iam"), ("services/kms", "kms"), None).is_some());
    }

    #[test]
    fn only_engine_depends_on_gate() {
        assert_eq!(
            edge(("crates/engine", "engine"), ("crates/gate", "gate"), None),
            None
        );
        assert!(edge(("services/kms", "kms"), ("crates/gate", "gate"), None).is_some());
    }

    #[test]
    fn within_a_row_only_listed_edges_are_allowed() {
        assert_eq!(
            edge(("crates/store", "store"), ("crates/crypto", "crypto"), None),
            None
        );
        assert!(edge(("crates/crypto", "crypto"), ("crates/store", "store"), None).is_some());
        assert_eq!(
            edge(
                ("crates/store-etcd", "store-etcd"),
                ("crates/store", "store"),
                None
            ),
            None
        );
    }

    #[test]
    fn the_product_reaches_test_crates_through_dev_dependencies_only() {
        assert_eq!(
            edge(("services/kms", "kms"), ("tests/testkit", "testkit"), Some("dev")),
            None
        );
        assert!(edge(("services/kms", "kms"), ("tests/testkit", "testkit"), None).is_some());
    }

    #[test]
    fn a_crate_without_a_row_is_reported() {
        assert_eq!(place_of(Path::new("crates/mystery"), "mystery"), None);
    }
}
