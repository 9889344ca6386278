//! What a client notes of one call.

use serde_json::Value;

use crate::kind::{Kind, family_of};

/// Something that one client alone changes, one value after another, and everybody looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Register {
    /// The state of a key, by its ARN.
    State(String),
    /// A key's tags, as [`tags_text`] writes them.
    Tags(String),
    /// How often a key was rotated on demand, by [`family_of`] it.
    Rotations(String),
    /// Whether a key is rotated automatically, by [`family_of`] it.
    Automatic(String),
    /// The Region of a family's primary, by [`family_of`] it.
    Primary(String),
    /// The ARN of the key that an alias stands for, by the alias's name; empty while there is no such alias.
    Alias(String),
}

impl Register {
    /// [`family_of`] the key that it is of; `None` where it is an alias's.
    pub fn family(&self) -> Option<&str> {
        match self {
            Register::State(key) | Register::Tags(key) => Some(family_of(key)),
            Register::Rotations(family) | Register::Automatic(family) | Register::Primary(family) => {
                Some(family)
            }
            Register::Alias(_) => None,
        }
    }
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
        /// What it can do.
        kind: Kind,
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

/// A ciphertext, a signature or a MAC, as the call that shows that its key is still the one that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The key's ARN.
    pub key: String,
    /// Decrypt, Verify or VerifyMac.
    pub operation: &'static str,
    /// What is asked, but for the key.
    pub body: Value,
    /// The member of the answer that tells.
    pub member: &'static str,
    /// What it must be: the plaintext, or true.
    pub value: Value,
}

impl Proof {
    /// The whole call's body.
    pub fn body(&self) -> Value {
        let mut body = self.body.clone();
        body["KeyId"] = Value::from(self.key.as_str());
        body
    }
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
    /// The ARN of the key that it made.
    pub made: Option<String>,
    /// What it showed.
    pub seen: Vec<(Register, String)>,
    /// ARNs of keys that it showed.
    pub keys_seen: Vec<String>,
    /// The ciphertext, signature or MAC that it gave.
    pub proof: Option<Proof>,
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
