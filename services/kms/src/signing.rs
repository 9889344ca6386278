//! Messages that are signed, and how: for Sign and Verify alike.
//!
//! Source: KMS API Reference, `Sign`; KMS Developer Guide, "Key spec reference".

use crypto::backing::Message;
use crypto::specs::{self, KeyUsage, MessageForm};
use model::Shape;

use crate::cipher::incompatible;
use crate::key_kinds::SigningAlgorithm;
use crate::target::KeyTarget;
use crate::{KmsError, state};

/// What of a message the caller gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Shape)]
pub enum MessageType {
    /// The message itself, which is hashed here.
    #[default]
    Raw,
    /// Its digest.
    Digest,
    /// The message representative of ML-DSA.
    ExternalMu,
}

/// A message as a caller gives it.
#[derive(Clone, Copy)]
pub struct Signed<'i> {
    /// Its bytes, or its digest's.
    pub message: &'i [u8],
    /// Which of these.
    pub form: MessageType,
    /// How it is signed.
    pub algorithm: SigningAlgorithm,
}

impl<'i> Signed<'i> {
    /// State first, then usage and algorithm, then whether the algorithm takes the message so.
    pub fn check(
        &self,
        key: &KeyTarget,
        operation: &str,
    ) -> Result<(&'static specs::SigningAlgorithm, Message<'i>), KmsError> {
        key.state.require(state::USABLE, &key.arn)?;
        let spec = key.made_for(KeyUsage::SignVerify, operation)?;
        let name = self.algorithm.as_str();
        let algorithm = spec.signing(name).ok_or_else(|| incompatible(name, spec))?;
        Ok((algorithm, self.message_for(algorithm)?))
    }

    fn message_for(&self, algorithm: &specs::SigningAlgorithm) -> Result<Message<'i>, KmsError> {
        let (message, name) = (self.message, algorithm.name);
        let invalid = |text: String| Err(KmsError::Validation(text));
        for form in algorithm.forms {
            match (self.form, form) {
                (MessageType::Raw, MessageForm::Raw) => return Ok(Message::Raw(message)),
                (MessageType::Digest, MessageForm::Digest(length)) if message.len() == *length => {
                    return Ok(Message::Digest(message));
                }
                (MessageType::Digest, MessageForm::Digest(_)) => {
                    return invalid(format!("Digest is invalid length for algorithm {name}."));
                }
                (MessageType::ExternalMu, MessageForm::ExternalMu) if message.len() == EXTERNAL_MU => {
                    return Ok(Message::ExternalMu(message));
                }
                (MessageType::ExternalMu, MessageForm::ExternalMu) => {
                    return invalid(format!("External mu is invalid length for algorithm {name}."));
                }
                _ => {}
            }
        }
        invalid(format!(
            "MessageType {} is not supported with algorithm {name}.",
            self.form
        ))
    }
}

/// Bytes of FIPS 204's message representative.
const EXTERNAL_MU: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn told(spec: &str, algorithm: SigningAlgorithm, form: MessageType, length: usize) -> String {
        let table = crypto::specs::find(spec).unwrap();
        let signed = Signed {
            message: &[1; 100][..length],
            form,
            algorithm,
        };
        match signed.message_for(table.signing(algorithm.as_str()).unwrap()) {
            Ok(message) => format!("{message:?}"),
            Err(refused) => refused.to_string(),
        }
    }

    #[test]
    fn an_algorithm_takes_a_message_in_its_own_forms_alone() {
        use MessageType::{Digest, ExternalMu, Raw};
        use SigningAlgorithm::{EcdsaSha384, Ed25519PhSha512, Ed25519Sha512, MlDsaShake256, RsassaPssSha256};
        for (spec, algorithm, form, length, expected) in [
            ("RSA_2048", RsassaPssSha256, Raw, 9, "Message(9 bytes)"),
            ("RSA_2048", RsassaPssSha256, Digest, 32, "Message(32 bytes)"),
            (
                "RSA_2048",
                RsassaPssSha256,
                Digest,
                31,
                "Digest is invalid length for algorithm RSASSA_PSS_SHA_256.",
            ),
            (
                "RSA_2048",
                RsassaPssSha256,
                ExternalMu,
                64,
                "MessageType EXTERNAL_MU is not supported with algorithm RSASSA_PSS_SHA_256.",
            ),
            ("ECC_NIST_P384", EcdsaSha384, Digest, 48, "Message(48 bytes)"),
            (
                "ECC_NIST_EDWARDS25519",
                Ed25519Sha512,
                Digest,
                64,
                "MessageType DIGEST is not supported with algorithm ED25519_SHA_512.",
            ),
            (
                "ECC_NIST_EDWARDS25519",
                Ed25519PhSha512,
                Digest,
                64,
                "Message(64 bytes)",
            ),
            (
                "ECC_NIST_EDWARDS25519",
                Ed25519PhSha512,
                Raw,
                64,
                "MessageType RAW is not supported with algorithm ED25519_PH_SHA_512.",
            ),
            ("ML_DSA_44", MlDsaShake256, ExternalMu, 64, "Message(64 bytes)"),
            (
                "ML_DSA_44",
                MlDsaShake256,
                ExternalMu,
                63,
                "External mu is invalid length for algorithm ML_DSA_SHAKE_256.",
            ),
            (
                "ML_DSA_44",
                MlDsaShake256,
                Digest,
                64,
                "MessageType DIGEST is not supported with algorithm ML_DSA_SHAKE_256.",
            ),
        ] {
            assert_eq!(told(spec, algorithm, form, length), expected);
        }
    }
}
