//! Key material, and the names it goes by.

use std::any::Any;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use ambient::{Entropy, EntropyFailed};
use aws_lc_rs::{constant_time, hmac};
use secret::{LockedKey, SecretBuffer, SecretBytes};

use crate::backing::BackingFailed;

/// Text or bytes that are not what they were taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not a key id.
    #[error("a key id is a UUID in lower case, or mrk- and 32 lower-case hexadecimal digits")]
    KeyName,
    /// Not an id of key material.
    #[error("an id of key material has 64 lower-case hexadecimal digits")]
    MaterialId,
    /// Not encoded key material, or of a kind that this version does not know.
    #[error("stored key material is damaged, or of a newer kind")]
    Material,
}

/// Whether a key lives in one Region alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// One Region: the id is a UUID.
    SingleRegion,
    /// Perhaps several, under one id: `mrk-` and the digits of a UUID.
    MultiRegion,
}

/// A key id. It is the same in all Regions of a multi-Region key, and so all that a ciphertext says of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    kind: KeyKind,
    bytes: [u8; 16],
}

impl KeyName {
    /// The id of these bytes.
    pub fn new(kind: KeyKind, bytes: [u8; 16]) -> KeyName {
        KeyName { kind, bytes }
    }

    /// A new id: a random UUID.
    pub fn generate(kind: KeyKind, entropy: &dyn Entropy) -> Result<KeyName, EntropyFailed> {
        Ok(KeyName::new(kind, entropy.uuid()?.into_bytes()))
    }

    /// Whether the key lives in one Region alone.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The bytes of the UUID.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.bytes
    }
}

impl FromStr for KeyName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<KeyName, ParseError> {
        let (kind, digits) = match text.strip_prefix("mrk-") {
            Some(digits) => (KeyKind::MultiRegion, digits.to_owned()),
            None => {
                let dashes = text.match_indices('-').map(|(at, _)| at);
                if text.len() != 36 || !dashes.eq([8, 13, 18, 23]) {
                    return Err(ParseError::KeyName);
                }
                (KeyKind::SingleRegion, text.replace('-', ""))
            }
        };
        let bytes = lower_hex(&digits).ok_or(ParseError::KeyName)?;
        Ok(KeyName { kind, bytes })
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 32];
        let digits = hex_text(&self.bytes, &mut digits);
        match self.kind {
            KeyKind::MultiRegion => write!(f, "mrk-{digits}"),
            KeyKind::SingleRegion => {
                let part = |from, to| digits.get(from..to).unwrap_or_default();
                for text in [
                    part(0, 8),
                    "-",
                    part(8, 12),
                    "-",
                    part(12, 16),
                    "-",
                    part(16, 20),
                    "-",
                    part(20, 32),
                ] {
                    f.write_str(text)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which of a key's materials: 32 bytes that are no secret, shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaterialId([u8; 32]);

impl MaterialId {
    /// The id of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> MaterialId {
        MaterialId(bytes)
    }

    /// A new random id, for material that is made here.
    pub fn generate(entropy: &dyn Entropy) -> Result<MaterialId, EntropyFailed> {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes)?;
        Ok(MaterialId(bytes))
    }

    /// The id of imported material: the same for the same material of the same key, in every Region and at every import. It
    /// tells nothing of the material: it is a pseudo-random function of the key's id under the material.
    pub fn of_imported(key: &KeyName, material: &Material) -> MaterialId {
        let (kind, bytes) = material.kind_and_bytes();
        let under = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let mut context = hmac::Context::with_key(&under);
        context.update(IMPORTED);
        context.update(&[kind, u8::from(key.kind == KeyKind::MultiRegion)]);
        context.update(&key.bytes);
        let mut id = [0; 32];
        id.copy_from_slice(context.sign().as_ref());
        MaterialId(id)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for MaterialId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<MaterialId, ParseError> {
        lower_hex(text).map(MaterialId).ok_or(ParseError::MaterialId)
    }
}

impl fmt::Display for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(hex_text(&self.0, &mut [0; 64]))
    }
}

impl fmt::Debug for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The secret of one key.
///
/// At rest it is one byte that says the kind and then the secret itself, always sealed: 1 is an AES-256 key of 32 bytes,
/// 2 a MAC key of 28, 32, 48 or 64 bytes, 3 a private key as PKCS#8 in DER. An AES key lies in locked memory.
pub struct Material {
    secret: Secret,
    /// The key as the library wants it, made at its first use: parsing some kinds takes longer than using them.
    parsed: OnceLock<Box<dyn Any + Send + Sync>>,
}

enum Secret {
    Aes256(LockedKey),
    Mac(SecretBytes),
    Private(SecretBytes),
}

const AES_256: u8 = 1;
const MAC: u8 = 2;
const PRIVATE: u8 = 3;

/// What an id of imported material is derived under.
const IMPORTED: &[u8] = b"keystead imported material 1";

impl Material {
    /// A new AES-256 key.
    pub fn generate(entropy: &dyn Entropy) -> Result<Material, EntropyFailed> {
        LockedKey::filled_by(|key| entropy.fill(key)).map(Material::aes_256)
    }

    /// The AES-256 key that this is.
    pub fn aes_256(key: LockedKey) -> Material {
        Material::of(Secret::Aes256(key))
    }

    /// The key for MACs that this is.
    pub(crate) fn mac(key: SecretBytes) -> Material {
        Material::of(Secret::Mac(key))
    }

    /// The private key that this is, as PKCS#8 in the one form that its family gives it.
    pub(crate) fn private(pkcs8: SecretBytes) -> Material {
        Material::of(Secret::Private(pkcs8))
    }

    fn of(secret: Secret) -> Material {
        Material {
            secret,
            parsed: OnceLock::new(),
        }
    }

    /// Writes the material for the store, which seals it.
    pub fn encode(&self, out: &mut SecretBuffer) {
        let (kind, bytes) = self.kind_and_bytes();
        out.extend(&[kind]);
        out.extend(bytes);
    }

    /// Reads what [`Material::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Material, ParseError> {
        match bytes.split_first() {
            Some((&AES_256, key)) => LockedKey::copied_from(key)
                .map(Material::aes_256)
                .ok_or(ParseError::Material),
            Some((&MAC, key)) if matches!(key.len(), 28 | 32 | 48 | 64) => {
                Ok(Material::mac(SecretBytes::copied_from(key)))
            }
            Some((&PRIVATE, key)) if !key.is_empty() => Ok(Material::private(SecretBytes::copied_from(key))),
            _ => Err(ParseError::Material),
        }
    }

    /// Whether this is the same secret, told in constant time for secrets of one length.
    pub fn is(&self, other: &Material) -> bool {
        let [(kind, bytes), (other_kind, other_bytes)] = [self, other].map(Material::kind_and_bytes);
        kind == other_kind && constant_time::verify_slices_are_equal(bytes, other_bytes).is_ok()
    }

    fn kind_and_bytes(&self) -> (u8, &[u8]) {
        match &self.secret {
            Secret::Aes256(key) => (AES_256, key.expose()),
            Secret::Mac(key) => (MAC, key.expose()),
            Secret::Private(key) => (PRIVATE, key.expose()),
        }
    }

    /// The AES-256 key; `None` where the material is of another kind.
    pub(crate) fn as_aes_256(&self) -> Option<&LockedKey> {
        match &self.secret {
            Secret::Aes256(key) => Some(key),
            Secret::Mac(_) | Secret::Private(_) => None,
        }
    }

    /// The key as `parse` makes it of the MAC key's bytes or the private key's PKCS#8; parsed once and kept. Each family
    /// has one type for its parsed keys.
    pub(crate) fn parsed<K: Any + Send + Sync>(
        &self,
        parse: impl FnOnce(&[u8]) -> Result<K, BackingFailed>,
    ) -> Result<&K, BackingFailed> {
        let kept = match self.parsed.get() {
            Some(kept) => kept,
            None => {
                let bytes = match &self.secret {
                    Secret::Aes256(_) => return Err(BackingFailed::Unsupported),
                    Secret::Mac(key) | Secret::Private(key) => key.expose(),
                };
                let made = Box::new(parse(bytes)?);
                self.parsed.get_or_init(|| made)
            }
        };
        kept.downcast_ref().ok_or(BackingFailed::Unsupported)
    }

    /// A private key's PKCS#8, to be given away: for data key pairs alone.
    pub(crate) fn to_pkcs8(&self) -> Result<SecretBytes, BackingFailed> {
        match &self.secret {
            Secret::Private(key) => Ok(SecretBytes::copied_from(key.expose())),
            Secret::Aes256(_) | Secret::Mac(_) => Err(BackingFailed::Unsupported),
        }
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, length) = match &self.secret {
            Secret::Aes256(_) => ("Aes256", 32),
            Secret::Mac(key) => ("Mac", key.len()),
            Secret::Private(key) => ("Private", key.len()),
        };
        write!(f, "Material({kind}, {length} bytes)")
    }
}

/// The digits of `bytes`, written at once: ids are printed several times in each call.
fn hex_text<'t>(bytes: &[u8], digits: &'t mut [u8]) -> &'t str {
    // INVARIANT: the callers' buffers have two digits for each byte, and digits are ASCII.
    match hex::encode_to_slice(bytes, digits) {
        Ok(()) => str::from_utf8(digits).unwrap_or_default(),
        Err(_) => "",
    }
}

fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SeededEntropy;
    use proptest::prelude::*;

    #[test]
    fn a_key_id_is_a_uuid_or_a_multi_region_id() {
        let single = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let multi = "mrk-1234abcd12ab34cd56ef1234567890ab";
        let [single, multi] = [single, multi].map(|text| {
            let name: KeyName = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
            name
        });
        assert_eq!(
            (single.kind(), multi.kind()),
            (KeyKind::SingleRegion, KeyKind::MultiRegion)
        );
        assert_eq!(single.as_bytes(), multi.as_bytes());
        assert_ne!(single, multi);
    }

    #[test]
    fn what_is_no_key_id_is_refused() {
        for text in [
            "",
            "mrk-",
            "1234abcd12ab34cd56ef1234567890ab",
            "1234ABCD-12ab-34cd-56ef-1234567890ab",
            "1234abcd-12ab-34cd-56ef-1234567890a",
            "1234abcd-12ab-34cd-56ef-1234567890abc",
            "1234abc-d12ab-34cd-56ef-1234567890ab",
            "1234abcd-12ab-34cd-56ef-1234567890ag",
            "mrk-1234abcd-12ab-34cd-56ef-1234567890ab",
            "mrk-1234ABCD12ab34cd56ef1234567890ab",
            "alias/x",
        ] {
            assert_eq!(text.parse::<KeyName>(), Err(ParseError::KeyName), "{text}");
        }
    }

    #[test]
    fn a_material_id_keeps_its_text() {
        let id = MaterialId::generate(&SeededEntropy::new(1)).unwrap();
        assert_eq!(id.to_string().len(), 64);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().to_uppercase().parse::<MaterialId>().is_err());
        assert!("00".parse::<MaterialId>().is_err());
    }

    #[test]
    fn material_survives_the_store() {
        let aes = Material::generate(&SeededEntropy::new(1)).unwrap();
        let secret = |length| SecretBytes::copied_from(&vec![7; length]);
        let (mac, private) = (Material::mac(secret(48)), Material::private(secret(138)));
        for (material, length) in [(&aes, 33), (&mac, 49), (&private, 139)] {
            let mut stored = SecretBuffer::default();
            material.encode(&mut stored);
            assert_eq!(stored.len(), length);
            assert!(Material::decode(stored.expose()).unwrap().is(material));
        }
        assert!(!aes.is(&mac) && !mac.is(&private) && !mac.is(&Material::mac(secret(64))));
    }

    #[test]
    fn imported_material_has_one_id_for_each_key() {
        let [a, b] = [1, 2].map(|seed| Material::generate(&SeededEntropy::new(seed)).unwrap());
        let [single, multi] =
            [KeyKind::SingleRegion, KeyKind::MultiRegion].map(|kind| KeyName::new(kind, [7; 16]));
        let id = MaterialId::of_imported(&single, &a);
        assert_eq!(id, MaterialId::of_imported(&single, &a));
        assert_ne!(id, MaterialId::of_imported(&single, &b));
        assert_ne!(id, MaterialId::of_imported(&multi, &a));
    }

    #[test]
    fn damaged_or_newer_material_is_refused() {
        for bytes in [&[][..], &[1], &[2; 32], &[1; 32], &[1; 34], &[3], &[4; 33]] {
            assert_eq!(Material::decode(bytes).unwrap_err(), ParseError::Material);
        }
    }

    #[test]
    fn material_prints_nothing_of_itself() {
        let material = Material::aes_256(LockedKey::copied_from(&[0xab; 32]).unwrap());
        assert_eq!(format!("{material:?}"), "Material(Aes256, 32 bytes)");
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_a_panic(text in "(mrk-)?[0-9a-fA-F-é]{0,40}") {
            if let Ok(name) = text.parse::<KeyName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
