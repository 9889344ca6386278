//! Key ids, and the four ways in which a caller names a key.
//!
//! Source: KMS Developer Guide, "Key identifiers (KeyId)".

use std::fmt;

use ambient::{Entropy, EntropyFailed};
use arn::{Arn, Place};
use crypto::{KeyKind, KeyName};

/// The id of a key within its account and Region: a UUID, or `mrk-` and 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub KeyName);

impl KeyId {
    /// Draws the id of a new key.
    pub fn draw(kind: KeyKind, entropy: &dyn Entropy) -> Result<KeyId, EntropyFailed> {
        KeyName::generate(kind, entropy).map(KeyId)
    }

    /// Parses an id as AWS writes it: lower-case, dashes where they belong, nothing else.
    pub fn parse(text: &str) -> Option<KeyId> {
        text.parse().ok().map(KeyId)
    }

    /// The ARN of this key at `place`.
    pub fn arn(&self, place: &Place) -> Arn {
        place.arn("kms", &format!("key/{self}"))
    }

    /// The id in 17 bytes: its kind, then the UUID.
    pub fn to_bytes(self) -> [u8; 17] {
        let kind = match self.0.kind() {
            KeyKind::SingleRegion => 0,
            KeyKind::MultiRegion => 1,
        };
        let mut bytes = [kind; 17];
        bytes[1..].copy_from_slice(self.0.as_bytes());
        bytes
    }

    /// What [`KeyId::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<KeyId> {
        let (kind, uuid) = bytes.split_first()?;
        let kind = match kind {
            0 => KeyKind::SingleRegion,
            1 => KeyKind::MultiRegion,
            _ => return None,
        };
        Some(KeyId(KeyName::new(kind, uuid.try_into().ok()?)))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An alias name, prefix and all: `alias/` and 1 to 250 of `a-z A-Z 0-9 / _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AliasName(String);

/// What every alias name begins with.
pub const ALIAS_PREFIX: &str = "alias/";

impl AliasName {
    /// Parses a name that a look-up may use; which names may be *made* is CreateAlias's to say.
    pub fn parse(text: &str) -> Option<AliasName> {
        let name = text.strip_prefix(ALIAS_PREFIX)?;
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
        (!name.is_empty() && text.len() <= 256 && name.bytes().all(legal)).then(|| AliasName(text.to_owned()))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether only AWS's services may use it.
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with("alias/aws/")
    }

    /// The ARN of this alias at `place`.
    pub fn arn(&self, place: &Place) -> Arn {
        place.arn("kms", &self.0)
    }
}

impl fmt::Display for AliasName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a caller names a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A key id, in the caller's own account and Region.
    Id(KeyId),
    /// A key ARN.
    Arn(Place, KeyId),
    /// An alias name, in the caller's own account and Region.
    Alias(AliasName),
    /// An alias ARN.
    AliasArn(Place, AliasName),
}

impl Reference {
    /// Parses any of the four forms; `None` for everything else.
    pub fn parse(text: &str) -> Option<Reference> {
        if text.starts_with(ALIAS_PREFIX) {
            return AliasName::parse(text).map(Reference::Alias);
        }
        if !text.starts_with("arn:") {
            return KeyId::parse(text).map(Reference::Id);
        }
        let arn: Arn = text.parse().ok()?;
        if arn.service() != "kms" {
            return None;
        }
        let place = Place {
            account: arn.account()?,
            region: arn.region().parse().ok()?,
        };
        if arn.partition() != place.region.partition() {
            return None;
        }
        match arn.resource().strip_prefix("key/") {
            Some(id) => KeyId::parse(id).map(|id| Reference::Arn(place, id)),
            None => AliasName::parse(arn.resource()).map(|name| Reference::AliasArn(place, name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UUID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn each_form_of_a_reference_is_told_apart() {
        let place = Place {
            account: "111122223333".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
        };
        let id = KeyId::parse(UUID).unwrap();
        assert_eq!(Reference::parse(UUID), Some(Reference::Id(id)));
        assert_eq!(
            Reference::parse(id.arn(&place).as_str()),
            Some(Reference::Arn(place.clone(), id))
        );
        let alias = AliasName::parse("alias/a/b-c_d").unwrap();
        assert_eq!(
            Reference::parse("alias/a/b-c_d"),
            Some(Reference::Alias(alias.clone()))
        );
        assert_eq!(
            Reference::parse(alias.arn(&place).as_str()),
            Some(Reference::AliasArn(place, alias))
        );
    }

    #[test]
    fn what_names_no_key_is_refused() {
        for text in [
            "",
            "1234abcd12ab34cd56ef1234567890ab",
            "1234ABCD-12ab-34cd-56ef-1234567890ab",
            "mrk-1234",
            "alias/",
            "alias/a:b",
            "key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:s3:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:us-east-1:111122223333:grant/1",
            "arn:aws:kms:us-east-1::key/1234abcd-12ab-34cd-56ef-1234567890ab",
        ] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_key_id_survives_its_text_and_its_bytes(random in any::<[u8; 16]>(), multi_region in any::<bool>()) {
            let kind = if multi_region { KeyKind::MultiRegion } else { KeyKind::SingleRegion };
            let id = KeyId(KeyName::new(kind, random));
            prop_assert_eq!(KeyId::parse(&id.to_string()), Some(id));
            prop_assert_eq!(KeyId::from_bytes(&id.to_bytes()), Some(id));
        }

        #[test]
        fn parsing_a_reference_never_panics(text in "(arn:aws:kms:|alias/|mrk-)?[a-z0-9:/é-]{0,60}") {
            let _ = Reference::parse(&text);
        }
    }
}
