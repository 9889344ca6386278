//! `cargo xtask compatibility`: the page that says which operations and kinds of key there are.

use std::process::Command;

use crate::Stop;
use crate::python;
use crate::workspace::{Workspace, cargo};

/// Builds what the page is made of, and writes it.
pub(crate) fn run() -> Result<(), Stop> {
    let workspace = Workspace::load()?;
    let python = python::environment(&workspace)?;
    python::run(cargo().args(["build", "--locked", "--bin", "schemas"]))?;
    python::run(
        Command::new(python)
            .arg(workspace.root.join("tests/conformance/compatibility.py"))
            .env("KEYSTEAD_SCHEMAS", workspace.target.join("debug/schemas"))
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    )
}
