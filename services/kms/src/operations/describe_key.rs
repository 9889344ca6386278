//! DescribeKey.

use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::key_metadata::KeyMetadata;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference};
use crate::{KmsError, action, conditions};

/// Tells all about a key but its material, policy, aliases, tags and rotation.
///
/// Source: KMS API Reference, `DescribeKey`. Known differences: there are no AWS managed keys, so an alias of a service
/// is not found rather than given a key.
pub struct DescribeKey;

/// The request.
#[derive(Debug, Shape)]
pub struct DescribeKeyInput {
    /// Any form of a key's name.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct DescribeKeyOutput {
    /// The key.
    #[shape(audit = omit)]
    pub key_metadata: KeyMetadata,
}

impl Operation for DescribeKey {
    const SPEC: OperationSpec = OperationSpec::reads("DescribeKey");
    type Input = DescribeKeyInput;
    type Output = DescribeKeyOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &DescribeKeyInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find::<action::DescribeKey>(&input.key_id)
    }

    fn demands(_: &DescribeKeyInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::DescribeKey>())
    }

    fn condition<'c>(input: &'c DescribeKeyInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_reference(Some(&input.key_id), key)
    }

    fn check(input: &DescribeKeyInput, _: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)
    }

    async fn act(_: &DescribeKeyInput, permit: &Permit<KeyTarget>, _: &mut World<'_>) -> Outcome<Self> {
        let key = permit.targets();
        let key_metadata = KeyMetadata::of(key.id, &key.place, &key.key, key.state)?;
        Ok(DescribeKeyOutput { key_metadata })
    }
}
