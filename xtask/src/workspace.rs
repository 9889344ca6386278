//! What cargo knows about the workspace.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::Stop;

/// The members of the workspace, as their manifests declare them.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    /// The workspace's own crates.
    pub(crate) packages: Vec<Package>,
    /// The folder of the root manifest.
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
}

/// One crate of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Where its `Cargo.toml` is.
    pub(crate) manifest_path: PathBuf,
    /// What it asks for, of every kind: normal, build and dev.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a manifest's dependency tables.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// The crate asked for, by its own name.
    pub(crate) name: String,
    /// `dev`, `build`, or nothing for a normal one.
    pub(crate) kind: Option<String>,
    /// Its folder, when it is not from a registry.
    pub(crate) path: Option<PathBuf>,
}

impl Workspace {
    /// Asks cargo for the workspace this tool was built in.
    pub(crate) fn load() -> Result<Workspace, Stop> {
        let text = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
        serde_json::from_str(&text)
            .map_err(|cause| Stop::new(format!("cargo metadata is not as expected: {cause}")))
    }

    /// The folder of a crate, relative to the root.
    pub(crate) fn folder<'a>(&self, package: &'a Package) -> &'a Path {
        let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
        folder.strip_prefix(&self.root).unwrap_or(folder)
    }
}

/// The cargo that runs this tool, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The manifest's folder is fixed when the tool is built; cargo rebuilds it when the workspace moves.
    command.current_dir(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .unwrap_or(Path::new(".")),
    );
    command
}

/// Runs a command and returns what it printed; its complaints go where ours go.
pub(crate) fn output(command: &mut Command) -> Result<String, Stop> {
    let program = command.get_program().to_string_lossy().into_owned();
    let done = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|cause| Stop::new(format!("cannot run {program}: {cause}")))?;
    if !done.status.success() {
        return Err(Stop::new(format!("{program} failed: {}", done.status)));
    }
    String::from_utf8(done.stdout)
        .map_err(|_| Stop::new(format!("{program} printed something that is not text")))
}
