//! Unique ids: what tells an entity from another of the same name that was there before.

use std::fmt;

use ambient::{Entropy, EntropyFailed};
use store::{NameBuffer, Names, RowName};

/// What has unique ids, by the four letters that they begin with.
///
/// Source: IAM User Guide, "Unique identifiers".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// A user: `AIDA`.
    User,
    /// A group: `AGPA`.
    Group,
    /// A role: `AROA`.
    Role,
    /// A managed policy: `ANPA`.
    Policy,
}

/// `AIDA` and its likes, and 17 letters and digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UniqueId(Box<str>);

/// Letters of generated ids: base32.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const DRAWN: usize = 17;

impl IdKind {
    fn prefix(self) -> &'static str {
        match self {
            IdKind::User => "AIDA",
            IdKind::Group => "AGPA",
            IdKind::Role => "AROA",
            IdKind::Policy => "ANPA",
        }
    }
}

impl UniqueId {
    /// Draws an id.
    pub fn draw(kind: IdKind, entropy: &dyn Entropy) -> Result<UniqueId, EntropyFailed> {
        let mut random = [0; DRAWN];
        entropy.fill(&mut random)?;
        let mut id = String::from(kind.prefix());
        // The alphabet is a power of two long, so every letter is as likely as any other.
        let letters = random.iter().map(|byte| LETTERS.get(usize::from(byte % 32)));
        id.extend(letters.map(|letter| char::from(letter.copied().unwrap_or(b'A'))));
        Ok(UniqueId(id.into()))
    }

    /// An id as it was kept.
    pub fn kept(text: &str) -> UniqueId {
        UniqueId(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RowName for UniqueId {
    /// In clear: an id is no secret, and stands in policies and records.
    fn encode(&self, _: &Names<'_>, out: &mut NameBuffer) {
        out.extend(self.0.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SystemEntropy;

    #[test]
    fn a_drawn_id_has_the_form_of_aws() {
        for (kind, prefix) in [
            (IdKind::User, "AIDA"),
            (IdKind::Group, "AGPA"),
            (IdKind::Role, "AROA"),
            (IdKind::Policy, "ANPA"),
        ] {
            let id = UniqueId::draw(kind, &SystemEntropy).unwrap();
            assert!(id.as_str().starts_with(prefix) && id.as_str().len() == 21, "{id}");
            assert_ne!(id, UniqueId::draw(kind, &SystemEntropy).unwrap());
        }
    }
}
