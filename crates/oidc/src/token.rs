//! Tokens, before anything of them is believed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::algorithm::Algorithm;
use crate::claims::Claims;
use crate::json;
use crate::keys::KeySet;
use crate::limits;

/// A token that was taken apart, and may be anybody's.
#[derive(Debug)]
pub struct Unverified<'t> {
    /// What is signed.
    signed: &'t str,
    signature: Vec<u8>,
    header: Header,
    claims: Map<String, Value>,
}

#[derive(Debug)]
struct Header {
    algorithm: String,
    key: Option<String>,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    /// It is no signed token.
    #[error("the token is no JWT")]
    Malformed,
    /// It is signed in a way that is not taken, or not at all.
    #[error("the token is signed by an algorithm that is not taken")]
    Algorithm,
    /// Its issuer has no such key.
    #[error("the token's issuer has no key that it names")]
    UnknownKey,
    /// The signature is not its issuer's.
    #[error("the token's signature is not its issuer's")]
    Signature,
}

impl<'t> Unverified<'t> {
    /// Takes a token apart.
    pub fn parse(text: &'t str) -> Result<Unverified<'t>, NotVerified> {
        let malformed = NotVerified::Malformed;
        if text.len() > limits::TOKEN_BYTES {
            return Err(malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(malformed)?;
        // A further dot fits no alphabet of base 64.
        let object = |part: &str| json::object(&URL_SAFE_NO_PAD.decode(part).ok()?);
        let header = object(header).and_then(header_of).ok_or(malformed)?;
        let claims = object(claims).ok_or(malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed)?;
        Ok(Unverified {
            signed,
            signature,
            header,
            claims,
        })
    }

    /// Who is said to have issued it: enough to look for the keys that tell.
    pub fn claimed_issuer(&self) -> Option<&str> {
        json::text(&self.claims, "iss")
    }

    /// What it says, once a key of the set has verified it.
    pub fn verify(&self, keys: &KeySet) -> Result<Claims, NotVerified> {
        let algorithm = Algorithm::named(&self.header.algorithm).ok_or(NotVerified::Algorithm)?;
        let id = self.header.key.as_deref().ok_or(NotVerified::UnknownKey)?;
        let mut tried = false;
        for key in keys.of(id, algorithm) {
            tried = true;
            if algorithm.verifies(key, self.signed.as_bytes(), &self.signature) {
                return Ok(Claims::believed(self.claims.clone()));
            }
        }
        Err(match tried {
            true => NotVerified::Signature,
            false => NotVerified::UnknownKey,
        })
    }

    /// Whether it could be verified by some key at all, so that keys are worth being fetched for it.
    pub(crate) fn is_worth_keys(&self) -> Result<(), NotVerified> {
        if Algorithm::named(&self.header.algorithm).is_none() {
            return Err(NotVerified::Algorithm);
        }
        match self.header.key {
            Some(_) => Ok(()),
            None => Err(NotVerified::UnknownKey),
        }
    }
}

fn header_of(members: Map<String, Value>) -> Option<Header> {
    // What has to be understood and is not known here: RFC 7515, section 4.1.11. `b64` is among it.
    if members.contains_key("crit") || members.contains_key("b64") {
        return None;
    }
    let key = match members.get("kid") {
        None => None,
        Some(id) => Some(id.as_str().filter(|id| id.len() <= limits::KEY_ID)?.to_owned()),
    };
    Some(Header {
        algorithm: json::text(&members, "alg")?.to_owned(),
        key,
    })
}
