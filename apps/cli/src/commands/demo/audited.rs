//! The audit records of the demo's calls, as a table.

use std::path::Path;
use std::time::Duration;

use ambient::Clock;
use audit::{Entry, EventType, Reader, Start};
use serde_json::Value;

use super::error::DemoError;
use super::page::short;

/// How long the records of answered calls may take to be readable; they are durable already.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(10);

/// What the columns show.
pub(super) fn heading() -> String {
    columns("time", "event", "caller", "outcome", "key material")
}

/// All records of the log in `dir`, once those with `request_ids` are among them.
pub(super) async fn rows(
    dir: &Path,
    request_ids: &[String],
    clock: &dyn Clock,
) -> Result<Vec<String>, DemoError> {
    let mut reader = Reader::open(dir, Start::Oldest)?;
    let mut rows = Vec::new();
    let mut awaited: Vec<&str> = request_ids.iter().map(String::as_str).collect();
    while !awaited.is_empty() {
        let frame = tokio::time::timeout(PATIENCE, reader.follow(clock, LOOK)).await;
        let frame = frame.map_err(|_| DemoError::wrong("a call has no audit record"))??;
        let entry = entry_of(&frame)?;
        let id = entry.request_id.map(|id| id.to_string()).unwrap_or_default();
        awaited.retain(|awaited| *awaited != id);
        rows.push(row(&entry));
    }
    while let Some(frame) = reader.read()? {
        rows.push(row(&entry_of(&frame)?));
    }
    Ok(rows)
}

fn entry_of(frame: &audit::Frame) -> Result<Entry<'_>, DemoError> {
    frame
        .entry()
        .map_err(|cause| DemoError::wrong(format!("an audit record can't be read ({cause})")))
}

fn row(entry: &Entry<'_>) -> String {
    let user = entry.identity.arn.and_then(|arn| arn.split_once(":user/"));
    let caller = match (entry.event_type, user) {
        (EventType::ServiceEvent, _) => "Keystead",
        (_, Some((_, name))) => name,
        (_, None) => "root user",
    };
    let time = entry.time.calendar().strftime("%H:%M:%S").to_string();
    let outcome = entry.error_code.unwrap_or("ok");
    columns(&time, entry.event_name, caller, outcome, &material(entry))
}

/// The key material that was used, or that replaced other.
fn material(entry: &Entry<'_>) -> String {
    let member = |text: Option<&str>, name: &str| {
        let json: Value = serde_json::from_str(text?).ok()?;
        Some(short(json.get(name)?.as_str()?))
    };
    let details = entry.service_event_details;
    if let Some(used) = member(entry.additional, "keyMaterialId") {
        return used;
    }
    match (
        member(details, "previousKeyMaterialId"),
        member(details, "currentKeyMaterialId"),
    ) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        _ => String::new(),
    }
}

fn columns(time: &str, event: &str, caller: &str, outcome: &str, material: &str) -> String {
    let text = format!("{time:<10}{event:<22}{caller:<10}{outcome:<17}{material}");
    text.trim_end().to_owned()
}
