//! Kinds of keys, and what keys of a kind can do.

use serde_json::{Value, json};

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Encrypts, in one Region, with material of the server's.
    Usual,
    /// Encrypts, in one Region, with material of the client's.
    Imported,
    /// Encrypts, and can have a replica. It is made as the primary of its family.
    Family,
    /// The key of such a family in the other Region.
    Replica,
    /// Signs with ECDSA.
    Ecdsa,
    /// Signs with ML-DSA.
    MlDsa,
    /// Makes MACs.
    Hmac,
}

impl Kind {
    /// What CreateKey has to be told.
    pub fn members(self) -> Value {
        match self {
            Kind::Usual => json!({}),
            Kind::Imported => json!({"Origin": "EXTERNAL"}),
            Kind::Family | Kind::Replica => json!({"MultiRegion": true}),
            Kind::Ecdsa => json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}),
            Kind::MlDsa => json!({"KeySpec": "ML_DSA_44", "KeyUsage": "SIGN_VERIFY"}),
            Kind::Hmac => json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}),
        }
    }

    /// The state of a new key.
    pub fn first_state(self) -> &'static str {
        match self {
            Kind::Imported => "PendingImport",
            _ => "Enabled",
        }
    }

    /// Whether keys of this kind encrypt.
    pub fn encrypts(self) -> bool {
        !matches!(self, Kind::Ecdsa | Kind::MlDsa | Kind::Hmac)
    }

    /// Whether the server makes new material for them.
    pub fn rotates(self) -> bool {
        matches!(self, Kind::Usual | Kind::Family | Kind::Replica)
    }
}

/// What two keys of a family have in common: the id of a multi-Region key, and of any other key its whole ARN.
pub fn family_of(arn: &str) -> &str {
    match arn.rsplit_once('/') {
        Some((_, id)) if id.starts_with("mrk-") => id,
        _ => arn,
    }
}

/// The Region in an ARN.
pub fn region_of(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    (parts.next() == Some("arn")).then(|| parts.nth(2)).flatten()
}

/// The ARN of a key with the same id in another Region.
pub fn in_region(arn: &str, region: &str) -> String {
    let mut parts: Vec<&str> = arn.split(':').collect();
    parts[3] = region;
    parts.join(":")
}
