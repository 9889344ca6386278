//! What the system knows of a process. Source: proc(5).

use std::fs;
use std::time::Duration;

use crate::stop::Stop;

/// Ticks a second of the times in `/proc`: Linux shows 100 to every process, whatever it counts in.
const TICKS: u64 = 100;

/// Time that all threads of a process, those that ended too, have spent on any core.
pub(crate) fn cpu(process: u32) -> Result<Duration, Stop> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The program's name, which may hold spaces, is in brackets; 11 fields follow it up to the times.
    let (_, behind) = text.rsplit_once(") ").ok_or("/proc/PID/stat has no name")?;
    let times = behind.split(' ').skip(11).take(2).map(str::parse::<u64>);
    let ticks = times.sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS))
}

/// Bytes of memory that a process holds, shared ones too.
pub(crate) fn resident(process: u32) -> Result<u64, Stop> {
    memory(process, "VmRSS:")
}

fn memory(process: u32, name: &str) -> Result<u64, Stop> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kibibytes.ok_or("/proc/PID/status lacks a line")?.parse::<u64>()? << 10)
}

/// What the machine is, in one line.
pub(crate) fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model
        .and_then(|line| line.split_once(": "))
        .map_or("", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{cores} cores, {model}, Linux {}",
        read("/proc/sys/kernel/osrelease").trim()
    )
}

/// Runnable tasks over the last minute, by the system's count.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_spent_time_and_holds_memory() {
        let own = std::process::id();
        assert!(cpu(own).unwrap() < Duration::from_secs(3600));
        assert!(resident(own).unwrap() > 1 << 20);
    }
}
