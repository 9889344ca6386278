//! PutKeyPolicy.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::key_policy::{self, LockoutBypass, PolicyName, PolicyText};
use crate::records::KeyPolicies;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, conditions};

/// Replaces the policy of a key.
///
/// Source: KMS API Reference, `PutKeyPolicy`. Known differences: none.
pub struct PutKeyPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct PutKeyPolicyInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// `default` unless given.
    #[shape(audit = log, condition = "kms:PolicyName")]
    pub policy_name: Option<PolicyName>,
    /// The text.
    #[shape(audit = log)]
    pub policy: PolicyText,
    /// Whether the caller may lock itself out.
    #[shape(default, audit = log, condition = "kms:BypassPolicyLockoutSafetyCheck")]
    pub bypass_policy_lockout_safety_check: LockoutBypass,
}

impl Operation for PutKeyPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("PutKeyPolicy").without_output();
    type Input = PutKeyPolicyInput;
    type Output = Nothing;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &PutKeyPolicyInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find_by_id::<action::PutKeyPolicy>(&input.key_id)
    }

    fn demands(_: &PutKeyPolicyInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::PutKeyPolicy>())
    }

    fn condition<'c>(input: &'c PutKeyPolicyInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::default_of(
            "kms:policyname",
            key_policy::DEFAULT,
            input.policy_name.is_some(),
            key,
        )
    }

    fn check(input: &PutKeyPolicyInput, _: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        PolicyName::check_write(input.policy_name.as_ref())
    }

    async fn act(
        input: &PutKeyPolicyInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let policy = key_policy::read(&input.policy, world.view())?;
        let bypass = input.bypass_policy_lockout_safety_check;
        key_policy::check_lockout(&policy, &key.arn, key.place.account, key, bypass, world)?;
        world.change().put::<KeyPolicies>(key.domain, key.id, policy);
        Ok(Nothing {})
    }
}
