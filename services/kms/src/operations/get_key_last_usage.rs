//! GetKeyLastUsage.

use ambient::Timestamp;
use engine::{Demands, LastUse, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action};

/// Tells of the last cryptographic operation with a key, as far as the audit log goes back. Replicas of a multi-Region key are
/// told of each for itself.
///
/// Source: KMS API Reference, `GetKeyLastUsage`. Known differences: uses are known since the audit log began.
pub struct GetKeyLastUsage;

/// The request.
#[derive(Debug, Shape)]
pub struct GetKeyLastUsageInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetKeyLastUsageOutput {
    /// The key's id.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: String,
    /// The last use; empty if there was none since uses are known.
    #[shape(audit = omit)]
    pub key_last_usage: KeyLastUsageData,
    /// From when on uses are known.
    #[shape(audit = omit)]
    pub tracking_start_date: Timestamp,
    /// When the key was made.
    #[shape(audit = omit)]
    pub key_creation_date: Timestamp,
}

/// One use of a key.
#[derive(Debug, Default, Shape)]
pub struct KeyLastUsageData {
    /// What was done.
    #[shape(audit = omit)]
    pub operation: Option<TrackedOperation>,
    /// When.
    #[shape(audit = omit)]
    pub timestamp: Option<Timestamp>,
    /// The event that records it.
    #[shape(audit = omit)]
    pub cloud_trail_event_id: Option<String>,
    /// The call's request id.
    #[shape(audit = omit)]
    pub kms_request_id: Option<String>,
}

/// The operations that count as uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
#[shape(rename_all = "UpperCamel")]
pub enum TrackedOperation {
    /// Decrypt.
    Decrypt,
    /// DeriveSharedSecret.
    DeriveSharedSecret,
    /// Encrypt.
    Encrypt,
    /// GenerateDataKey.
    GenerateDataKey,
    /// GenerateDataKeyPair.
    GenerateDataKeyPair,
    /// GenerateDataKeyPairWithoutPlaintext.
    GenerateDataKeyPairWithoutPlaintext,
    /// GenerateDataKeyWithoutPlaintext.
    GenerateDataKeyWithoutPlaintext,
    /// GenerateMac.
    GenerateMac,
    /// ReEncrypt, of the key that it decrypts under and of the one that it encrypts under.
    ReEncrypt,
    /// Sign.
    Sign,
    /// Verify.
    Verify,
    /// VerifyMac.
    VerifyMac,
    /// Encapsulate.
    Encapsulate,
    /// Decapsulate.
    Decapsulate,
}

impl KeyLastUsageData {
    fn of(last: &LastUse) -> KeyLastUsageData {
        KeyLastUsageData {
            operation: last.operation.parse().ok(),
            timestamp: Some(last.time),
            cloud_trail_event_id: Some(last.event_id.to_string()),
            kms_request_id: Some(last.request_id.to_string()),
        }
    }
}

impl Operation for GetKeyLastUsage {
    const SPEC: OperationSpec = OperationSpec::reads("GetKeyLastUsage");
    type Input = GetKeyLastUsageInput;
    type Output = GetKeyLastUsageOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &GetKeyLastUsageInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find_by_id::<action::GetKeyLastUsage>(&input.key_id)
    }

    fn demands(_: &GetKeyLastUsageInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::GetKeyLastUsage>())
    }

    async fn act(
        _: &GetKeyLastUsageInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let last = world.last_use(&key.arn);
        Ok(GetKeyLastUsageOutput {
            key_id: key.id.to_string(),
            key_last_usage: last.as_ref().map(KeyLastUsageData::of).unwrap_or_default(),
            tracking_start_date: key.key.created().max(world.uses_known_since()),
            key_creation_date: key.key.created(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_that_counts_is_known_by_its_name() {
        let counted: Vec<&str> = crate::OPERATIONS
            .iter()
            .map(|operation| operation.spec())
            .filter(|spec| spec.uses_resources)
            .map(|spec| spec.name)
            .collect();
        assert_eq!(counted.len(), TrackedOperation::ALL.len());
        for name in counted {
            assert!(name.parse::<TrackedOperation>().is_ok(), "{name}");
        }
    }
}
