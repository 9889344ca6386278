//! What a client notes of one call.

use serde_json::Value;

/// Something that one client alone changes, one value after another, and everybody looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Register {
    /// The state of a key, by its id.
    State(String),
    /// A key's tags, as [`tags_text`] writes them.
    Tags(String),
    /// How often a key was rotated on demand.
    Rotations(String),
    /// Whether a key is rotated automatically.
    Automatic(String),
    /// The key that an alias stands for, by the alias's name; empty while there is no such alias.
    Alias(String),
}

/// What a call is to bring about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// A register's new value.
    Write(Register, String),
    /// A key with this description, which no other has, and these tags.
    Create {
        /// Unique.
        description: String,
        /// As [`tags_text`] writes them.
        tags: String,
    },
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was acknowledged.
    Done,
    /// It was refused, by this code.
    Refused(String),
    /// No answer came, or one that leaves open whether the call had its effect.
    Unknown(String),
}

/// A ciphertext and what it must open to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The key's id.
    pub key: String,
    /// In base64.
    pub ciphertext: String,
    /// In base64.
    pub plaintext: String,
    /// The encryption context.
    pub context: Value,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its name, unique, in the record as the user agent.
    pub name: String,
    /// The operation.
    pub operation: &'static str,
    /// When it was sent: a tick of the clock that all clients share.
    pub sent: u64,
    /// When its answer was there.
    pub answered: Option<u64>,
    /// The last step of the disk before it was sent.
    pub sent_at: u64,
    /// The last step of the disk when its answer was there.
    pub answered_at: Option<u64>,
    /// The answer's request id.
    pub request_id: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// What it was to bring about.
    pub effect: Effect,
    /// The key that it made.
    pub made: Option<String>,
    /// What it showed.
    pub seen: Vec<(Register, String)>,
    /// Key ids that it showed.
    pub keys_seen: Vec<String>,
    /// The ciphertext that it gave.
    pub sealed: Option<Sealed>,
}

/// Tags in one canonical line.
pub fn tags_text<'t>(tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> String {
    let mut pairs: Vec<String> = tags
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.sort_unstable();
    pairs.join(",")
}
