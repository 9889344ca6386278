//! Sets of public keys.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::algorithm::{Algorithm, Curve};
use crate::json;
use crate::limits;

/// The keys of an issuer that can verify tokens.
#[derive(Debug, Clone, Default)]
pub struct KeySet(Vec<Key>);

#[derive(Debug, Clone)]
struct Key {
    id: String,
    /// The one algorithm that it is for, where it says so.
    algorithm: Option<String>,
    key: PublicKey,
}

/// A public key.
#[derive(Debug, Clone)]
pub(crate) enum PublicKey {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// An uncompressed point.
    Ec(Curve, Vec<u8>),
    Ed25519(Vec<u8>),
}

/// Why bytes are no set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoKeySet {
    /// They are too many.
    #[error("the key set has more than {} bytes", limits::DOCUMENT_BYTES)]
    TooLong,
    /// It lists too many keys.
    #[error("the key set has more than {} keys", limits::KEYS)]
    TooMany,
    /// They are no JSON object with a list of keys.
    #[error("the key set is malformed")]
    Malformed,
}

impl KeySet {
    /// Reads a JWK set. Keys of other kinds or uses, without an id, and malformed ones are passed over: an issuer may have them
    /// for others. Secret keys are among these.
    pub fn parse(bytes: &[u8]) -> Result<KeySet, NoKeySet> {
        if bytes.len() > limits::DOCUMENT_BYTES {
            return Err(NoKeySet::TooLong);
        }
        let members = json::object(bytes).ok_or(NoKeySet::Malformed)?;
        let listed = members
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(NoKeySet::Malformed)?;
        if listed.len() > limits::KEYS {
            return Err(NoKeySet::TooMany);
        }
        Ok(KeySet(
            listed
                .iter()
                .filter_map(Value::as_object)
                .filter_map(key)
                .collect(),
        ))
    }

    /// Whether no key of the set can be used.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys of this id that the algorithm may use.
    pub(crate) fn of<'k>(&'k self, id: &str, algorithm: Algorithm) -> impl Iterator<Item = &'k PublicKey> {
        let fits = move |key: &&Key| {
            let for_it = key.algorithm.as_ref().is_none_or(|name| name == algorithm.name);
            for_it && algorithm.fits(&key.key)
        };
        self.0
            .iter()
            .filter(move |key| key.id == id)
            .filter(fits)
            .map(|key| &key.key)
    }
}

fn key(members: &Map<String, Value>) -> Option<Key> {
    let id = json::text(members, "kid").filter(|id| !id.is_empty() && id.len() <= limits::KEY_ID)?;
    let verifies = |operations: &Value| {
        operations
            .as_array()
            .is_some_and(|all| all.iter().any(|operation| operation == "verify"))
    };
    let is_for_signatures =
        members.get("use").is_none_or(|value| value == "sig") && members.get("key_ops").is_none_or(verifies);
    if !is_for_signatures {
        return None;
    }
    let algorithm = match members.get("alg") {
        None => None,
        Some(name) => Some(name.as_str()?.to_owned()),
    };
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(json::text(members, name)?).ok();
    let key = match json::text(members, "kty")? {
        "RSA" => {
            let (modulus, exponent) = (number(&bytes("n")?), number(&bytes("e")?));
            let fits = !modulus.is_empty()
                && !exponent.is_empty()
                && modulus.len() <= limits::MODULUS_BYTES
                && exponent.len() <= limits::EXPONENT_BYTES;
            fits.then_some(PublicKey::Rsa { modulus, exponent })?
        }
        "EC" => {
            let curve = Curve::named(json::text(members, "crv")?)?;
            let (x, y) = (bytes("x")?, bytes("y")?);
            let fits = x.len() == curve.width() && y.len() == curve.width();
            fits.then(|| PublicKey::Ec(curve, [&[4], x.as_slice(), y.as_slice()].concat()))?
        }
        "OKP" if json::text(members, "crv")? == "Ed25519" => {
            PublicKey::Ed25519(bytes("x").filter(|x| x.len() == 32)?)
        }
        _ => return None,
    };
    Some(Key {
        id: id.to_owned(),
        algorithm,
        key,
    })
}

/// A number without leading zeros, which some issuers write.
fn number(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}
