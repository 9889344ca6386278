//! GetContextKeysForCustomPolicy.

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::simulation::{self, ContextKeysOutput};
use crate::users::{NoTarget, demand_on};
use crate::wire::DocumentText;

/// Lists the condition keys that policies look at.
///
/// Source: IAM API Reference, `GetContextKeysForCustomPolicy`.
pub struct GetContextKeysForCustomPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct GetContextKeysForCustomPolicyInput {
    /// The policies.
    #[shape(audit = log)]
    pub policy_input_list: Vec<DocumentText>,
}

impl Operation for GetContextKeysForCustomPolicy {
    const SPEC: OperationSpec = OperationSpec::reads("GetContextKeysForCustomPolicy");
    type Input = GetContextKeysForCustomPolicyInput;
    type Output = ContextKeysOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &GetContextKeysForCustomPolicyInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &GetContextKeysForCustomPolicyInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        let action = "iam:GetContextKeysForCustomPolicy";
        Demands::of(demand_on(action, Arn::root_of(account), account))
    }

    async fn act(
        input: &GetContextKeysForCustomPolicyInput,
        _: &Permit<NoTarget>,
        _: &mut World<'_>,
    ) -> Outcome<Self> {
        simulation::context_keys(&[], &input.policy_input_list)
    }
}
