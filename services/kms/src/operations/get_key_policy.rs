//! GetKeyPolicy.

use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};
use store::{StoreError, Table};

use crate::key_policy::{self, PolicyName, PolicyText};
use crate::records::KeyPolicies;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, conditions};

/// Gives the policy of a key, letter by letter as it was written.
///
/// Source: KMS API Reference, `GetKeyPolicy`. Known differences: there is no RAM, so no key has its policy.
pub struct GetKeyPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct GetKeyPolicyInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// `default` unless given.
    #[shape(audit = log, condition = "kms:PolicyName")]
    pub policy_name: Option<PolicyName>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetKeyPolicyOutput {
    /// The text.
    #[shape(audit = omit)]
    pub policy: PolicyText,
    /// Which of the key's policies it is.
    #[shape(audit = omit)]
    pub policy_name: PolicyName,
}

impl Operation for GetKeyPolicy {
    const SPEC: OperationSpec = OperationSpec::reads("GetKeyPolicy");
    type Input = GetKeyPolicyInput;
    type Output = GetKeyPolicyOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &GetKeyPolicyInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find_by_id::<action::GetKeyPolicy>(&input.key_id)
    }

    fn demands(_: &GetKeyPolicyInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::GetKeyPolicy>())
    }

    fn condition<'c>(input: &'c GetKeyPolicyInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::default_of(
            "kms:policyname",
            key_policy::DEFAULT,
            input.policy_name.is_some(),
            key,
        )
    }

    fn check(input: &GetKeyPolicyInput, _: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        PolicyName::check_read(input.policy_name.as_ref())
    }

    async fn act(_: &GetKeyPolicyInput, permit: &Permit<KeyTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let key = permit.targets();
        let policy = world.view().store().get::<KeyPolicies>(key.domain, &key.id)?;
        let policy = policy.ok_or(StoreError::Damaged(KeyPolicies::NAME))?;
        Ok(GetKeyPolicyOutput {
            policy: key_policy::shown(&policy, world.view())?,
            policy_name: PolicyName::default_policy(),
        })
    }
}
