//! Licences, bans and sources of the dependencies, by the rules of `deny.toml`.
//!
//! The file is cargo-deny's, and these are the parts of it that need no network. `docs/decisions/deny.md` says why
//! the check is our own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::Stop;
use crate::spdx;
use crate::workspace::{Workspace, cargo, output};

#[derive(Debug, Deserialize)]
struct Rules {
    graph: Graph,
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Licences {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    /// Absent, as for cargo-deny: one registry alone, cargo's default, which every package of the lock file is from.
    #[serde(default)]
    allow_registry: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    source: Option<String>,
}

/// A crate that is really built for one of the targets.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Used {
    name: String,
    licence: String,
}

/// Checks every crate that is built, and names each offence.
pub(crate) fn run() -> Result<(), Stop> {
    let workspace = Workspace::load()?;
    let mut rules: Rules = read(&workspace.root.join("deny.toml"))?;
    let lock: Lock = read(&workspace.root.join("Cargo.lock"))?;
    if rules.sources.allow_registry.is_empty() {
        let first = lock.package.iter().filter_map(|locked| locked.source.as_deref());
        let first = first.filter_map(|source| source.strip_prefix("registry+")).next();
        rules.sources.allow_registry.extend(first.map(str::to_owned));
    }
    let used = used(&rules.graph.targets)?;

    let mut offences: Vec<String> = Vec::new();
    offences.extend(
        used.iter()
            .filter_map(|used| licence_offence(&rules.licenses, used)),
    );
    offences.extend(used.iter().filter_map(|used| ban_offence(&rules.bans, used)));
    offences.extend(
        lock.package
            .iter()
            .filter_map(|locked| source_offence(&rules.sources, locked)),
    );
    offences.extend(stale(&rules.licenses, &used));
    if offences.is_empty() {
        println!(
            "deny: {} crates, each of an accepted licence and source",
            used.len()
        );
        return Ok(());
    }
    Err(Stop::new(offences.join("\n")))
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, Stop> {
    let told = |cause: &dyn std::fmt::Display| Stop::new(format!("{}: {cause}", path.display()));
    let text = fs::read_to_string(path).map_err(|cause| told(&cause))?;
    toml::from_str(&text).map_err(|cause| told(&cause))
}

/// The crates built for the targets: `cargo tree`, since `cargo metadata` also lists optional ones nobody asks for.
fn used(targets: &[String]) -> Result<BTreeSet<Used>, Stop> {
    let mut tree = cargo();
    tree.args([
        "tree",
        "--locked",
        "--workspace",
        "--prefix",
        "none",
        "--format",
        "{p}\t{l}",
    ]);
    tree.args(["--edges", "normal,build,dev"]);
    for target in targets {
        tree.args(["--target", target]);
    }
    Ok(output(&mut tree)?.lines().filter_map(used_line).collect())
}

/// `serde v1.0.0 (proc-macro)⇥MIT OR Apache-2.0`, perhaps with ` (*)` behind it for one already printed.
fn used_line(line: &str) -> Option<Used> {
    let (package, licence) = line.split_once('\t')?;
    let name = package.split(' ').next()?.to_owned();
    Some(Used {
        name,
        licence: licence.trim_end_matches(" (*)").to_owned(),
    })
}

fn licence_offence(rules: &Licences, used: &Used) -> Option<String> {
    let accepted = |licence: &str| {
        rules.allow.iter().any(|allowed| allowed == licence)
            || rules.exceptions.iter().any(|exception| {
                exception.name == used.name && exception.allow.iter().any(|allowed| allowed == licence)
            })
    };
    (!spdx::satisfied(&used.licence, &accepted)).then(|| {
        format!(
            "{}: licence {:?} is not accepted by deny.toml",
            used.name, used.licence
        )
    })
}

fn ban_offence(rules: &Bans, used: &Used) -> Option<String> {
    let ban = rules.deny.iter().find(|ban| ban.name == used.name)?;
    Some(format!("{}: banned: {}", ban.name, ban.reason))
}

fn source_offence(rules: &Sources, locked: &Locked) -> Option<String> {
    let source = locked.source.as_ref()?;
    let registry = source.strip_prefix("registry+");
    let accepted =
        registry.is_some_and(|registry| rules.allow_registry.iter().any(|allowed| allowed == registry));
    (!accepted).then(|| {
        format!(
            "{}: comes from {source}, which deny.toml does not accept",
            locked.name
        )
    })
}

/// Exceptions for crates that are no longer there.
fn stale(rules: &Licences, used: &BTreeSet<Used>) -> Vec<String> {
    rules
        .exceptions
        .iter()
        .filter(|exception| !used.iter().any(|used| used.name == exception.name))
        .map(|exception| format!("deny.toml: the licence exception for {} is stale", exception.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn licences() -> Licences {
        Licences {
            allow: vec!["MIT".to_owned()],
            exceptions: vec![Exception {
                name: "imbl".to_owned(),
                allow: vec!["MPL-2.0".to_owned()],
            }],
        }
    }

    fn used(name: &str, licence: &str) -> Used {
        Used {
            name: name.to_owned(),
            licence: licence.to_owned(),
        }
    }

    #[test]
    fn a_licence_that_is_not_accepted_is_an_offence() {
        assert_eq!(
            licence_offence(&licences(), &used("serde", "MIT OR Apache-2.0")),
            None
        );
        assert!(licence_offence(&licences(), &used("serde", "GPL-3.0")).is_some());
        assert!(licence_offence(&licences(), &used("serde", "")).is_some());
    }

    #[test]
    fn an_exception_is_for_its_crate_alone() {
        assert_eq!(licence_offence(&licences(), &used("imbl", "MPL-2.0+")), None);
        assert!(licence_offence(&licences(), &used("other", "MPL-2.0+")).is_some());
    }

    #[test]
    fn an_exception_that_nothing_needs_is_stale() {
        assert_eq!(
            stale(&licences(), &BTreeSet::from([used("imbl", "MPL-2.0+")])).len(),
            0
        );
        assert_eq!(stale(&licences(), &BTreeSet::new()).len(), 1);
    }

    #[test]
    fn a_crate_from_elsewhere_is_an_offence() {
        let rules = Sources {
            allow_registry: vec!["https://example.org/index".to_owned()],
        };
        let locked = |source: Option<&str>| Locked {
            name: "x".to_owned(),
            source: source.map(str::to_owned),
        };
        assert_eq!(source_offence(&rules, &locked(None)), None);
        assert_eq!(
            source_offence(&rules, &locked(Some("registry+https://example.org/index"))),
            None
        );
        assert!(source_offence(&rules, &locked(Some("git+https://example.org/x"))).is_some());
    }

    #[test]
    fn a_line_of_the_tree_gives_name_and_licence() {
        assert_eq!(
            used_line("serde v1.0.0 (proc-macro)\tMIT OR Apache-2.0 (*)"),
            Some(used("serde", "MIT OR Apache-2.0"))
        );
    }
}
