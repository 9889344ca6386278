//! The algorithms that tokens may be signed by: asymmetric ones alone, so that what verifies can't sign.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};

use crate::keys::PublicKey;

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct Algorithm {
    /// Its name in the header of a token.
    pub(crate) name: &'static str,
    way: Way,
}

#[derive(Clone, Copy)]
enum Way {
    Rsa(&'static RsaParameters),
    /// With bytes of a coordinate.
    Ec(&'static EcdsaVerificationAlgorithm, Curve),
    Ed25519,
}

/// The curves of elliptic curve keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(crate) fn named(name: &str) -> Option<Curve> {
        match name {
            "P-256" => Some(Curve::P256),
            "P-384" => Some(Curve::P384),
            "P-521" => Some(Curve::P521),
            _ => None,
        }
    }

    /// Bytes of a coordinate.
    pub(crate) fn width(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }
}

/// Every algorithm, one line each. Source: RFC 7518, section 3.1; RFC 8037.
static ALGORITHMS: [Algorithm; 10] = [
    of("RS256", Way::Rsa(&RSA_PKCS1_2048_8192_SHA256)),
    of("RS384", Way::Rsa(&RSA_PKCS1_2048_8192_SHA384)),
    of("RS512", Way::Rsa(&RSA_PKCS1_2048_8192_SHA512)),
    of("PS256", Way::Rsa(&RSA_PSS_2048_8192_SHA256)),
    of("PS384", Way::Rsa(&RSA_PSS_2048_8192_SHA384)),
    of("PS512", Way::Rsa(&RSA_PSS_2048_8192_SHA512)),
    of("ES256", Way::Ec(&ECDSA_P256_SHA256_FIXED, Curve::P256)),
    of("ES384", Way::Ec(&ECDSA_P384_SHA384_FIXED, Curve::P384)),
    of("ES512", Way::Ec(&ECDSA_P521_SHA512_FIXED, Curve::P521)),
    of("EdDSA", Way::Ed25519),
];

const fn of(name: &'static str, way: Way) -> Algorithm {
    Algorithm { name, way }
}

impl Algorithm {
    /// The algorithm of this name; `None` for `none`, for MACs, and for all that is not known.
    pub(crate) fn named(name: &str) -> Option<Algorithm> {
        ALGORITHMS
            .iter()
            .find(|algorithm| algorithm.name == name)
            .copied()
    }

    /// Whether a key is of the kind that this algorithm is for.
    pub(crate) fn fits(self, key: &PublicKey) -> bool {
        match (self.way, key) {
            (Way::Rsa(_), PublicKey::Rsa { .. }) | (Way::Ed25519, PublicKey::Ed25519(_)) => true,
            (Way::Ec(_, curve), PublicKey::Ec(of_key, _)) => curve == *of_key,
            _ => false,
        }
    }

    /// Whether `signature` is this key's of `message`.
    pub(crate) fn verifies(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let verified = match (self.way, key) {
            (Way::Rsa(parameters), PublicKey::Rsa { modulus, exponent }) => RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            }
            .verify(parameters, message, signature),
            (Way::Ec(algorithm, curve), PublicKey::Ec(of_key, point)) if curve == *of_key => {
                UnparsedPublicKey::new(algorithm, point).verify(message, signature)
            }
            (Way::Ed25519, PublicKey::Ed25519(key)) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}
