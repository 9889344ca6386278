//! Calls that use keys: what one of them makes, another shows to be right.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::json;

use super::{Actor, Ended};
use crate::call::{Effect, Proof};
use crate::kind::Kind;

impl Actor<'_> {
    /// Encrypts, signs or makes a MAC.
    pub(super) fn make_proof(&mut self) -> Result<(), Ended> {
        let Some(place) = self.pick(&["Enabled"]) else {
            return self.enable_or_disable();
        };
        self.make_proof_by(place)
    }

    /// The same with the key at `place`, in a Region that has it.
    pub(super) fn make_proof_by(&mut self, place: usize) -> Result<(), Ended> {
        let place_of_call = self.anywhere(place);
        let message = BASE64_STANDARD.encode(self.serial());
        let kind = self.keys[place].kind;
        let (operation, body) = match kind {
            Kind::Ecdsa => (
                "Sign",
                json!({"Message": message, "SigningAlgorithm": "ECDSA_SHA_256"}),
            ),
            Kind::MlDsa => (
                "Sign",
                json!({"Message": message, "SigningAlgorithm": "ML_DSA_SHAKE_256"}),
            ),
            Kind::Hmac => (
                "GenerateMac",
                json!({"Message": message, "MacAlgorithm": "HMAC_SHA_256"}),
            ),
            _ if self.chance(2) == 0 => ("Encrypt", json!({"Plaintext": message})),
            _ => ("GenerateDataKey", json!({"KeySpec": "AES_256"})),
        };
        let mut asked = body.clone();
        asked["KeyId"] = json!(place_of_call);
        let context = json!({"round": message});
        if kind.encrypts() {
            asked["EncryptionContext"] = context.clone();
        }
        let Some(answer) = self.call(operation, &asked, Effect::None, None)? else {
            return Ok(());
        };
        let mut shown = body;
        let (operation, member, value) = match operation {
            "Sign" => {
                shown["Signature"] = answer["Signature"].clone();
                ("Verify", "SignatureValid", json!(true))
            }
            "GenerateMac" => {
                shown["Mac"] = answer["Mac"].clone();
                ("VerifyMac", "MacValid", json!(true))
            }
            _ => {
                let plaintext = answer.get("Plaintext").cloned();
                shown = json!({"CiphertextBlob": answer["CiphertextBlob"], "EncryptionContext": context});
                ("Decrypt", "Plaintext", plaintext.unwrap_or(json!(message)))
            }
        };
        let proof = Proof {
            key: place_of_call,
            operation,
            body: shown,
            member,
            value,
        };
        self.last().proof = Some(proof.clone());
        self.proofs.push(proof);
        Ok(())
    }

    /// Proves one of its proofs, in some Region of the key's.
    pub(super) fn prove(&mut self) -> Result<(), Ended> {
        if self.proofs.is_empty() {
            return self.make_proof();
        }
        let chosen = self.chance(self.proofs.len());
        let mut proof = self.proofs[chosen].clone();
        let Some(place) = self.keys.iter().position(|key| key.has(&proof.key)) else {
            return self.make_proof();
        };
        proof.key = self.anywhere(place);
        let refusal = match self.keys[place].state.as_str() {
            // Keys in the second Region are always enabled.
            _ if proof.key != self.keys[place].arn => None,
            "Enabled" => None,
            "Disabled" => Some("DisabledException"),
            _ => Some("KMSInvalidStateException"),
        };
        if let Some(answer) = self.call(proof.operation, &proof.body(), Effect::None, refusal)?
            && answer[proof.member] != proof.value
        {
            let wrong = format!("{} showed something else", self.last().name);
            self.told.surprises.push(wrong);
        }
        Ok(())
    }
}
