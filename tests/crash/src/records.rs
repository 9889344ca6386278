//! The audit log, as a checker reads it.

use std::path::Path;

use audit::{EventType, Reader, Start};
use serde_json::Value;

/// What matters of one audit record.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its place in the log.
    pub sequence: u64,
    /// The request id; service events have none.
    pub request_id: Option<String>,
    /// The call's name.
    pub agent: String,
    /// The operation.
    pub operation: String,
    /// The code of the refusal.
    pub error: Option<String>,
    /// The ARN of the key that CreateKey or ReplicateKey made.
    pub made: Option<String>,
}

/// The records with this sequence number or a higher one.
pub fn read(data: &Path, from: u64) -> Result<Vec<Record>, String> {
    let reader =
        Reader::open(&data.join("audit"), Start::Sequence(from)).map_err(|error| error.to_string())?;
    let mut records = Vec::new();
    for frame in reader {
        let frame = frame.map_err(|error| error.to_string())?;
        let entry = frame.entry().map_err(|error| error.to_string())?;
        if entry.event_type == EventType::ApiCall && entry.request_id.is_none() {
            return Err(format!("record {} has no request id", frame.sequence));
        }
        let response: Value = entry
            .response_elements
            .map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
        records.push(Record {
            sequence: frame.sequence,
            request_id: entry.request_id.map(|id| id.to_string()),
            agent: entry.user_agent.unwrap_or_default().to_owned(),
            operation: entry.event_name.to_owned(),
            error: entry.error_code.map(str::to_owned),
            made: ["keyMetadata", "replicaKeyMetadata"]
                .iter()
                .find_map(|metadata| response[*metadata]["arn"].as_str())
                .map(str::to_owned),
        });
    }
    Ok(records)
}
