//! Runs a command and looks at its lines while the person at the terminal sees them too.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus};

use crate::Stop;

/// Runs a command to its end. Standard output and error share one pipe, so lines arrive in the order they were
/// written; each is echoed and handed to `see`.
pub(crate) fn watch(command: &mut Command, mut see: impl FnMut(&str)) -> Result<ExitStatus, Stop> {
    let program = command.get_program().to_string_lossy().into_owned();
    let cannot = |cause: std::io::Error| Stop::new(format!("cannot run {program}: {cause}"));
    let (reader, writer) = std::io::pipe().map_err(cannot)?;
    command.stdout(writer.try_clone().map_err(cannot)?).stderr(writer);
    let mut child = command.spawn().map_err(cannot)?;
    // The command holds our copies of the write end; while it does, the reader would never see the end.
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());

    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(cannot)? > 0 {
        let text = String::from_utf8_lossy(&line);
        print!("{text}");
        see(text.trim_end());
        line.clear();
    }
    child.wait().map_err(cannot)
}
