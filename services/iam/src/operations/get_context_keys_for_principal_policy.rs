//! GetContextKeysForPrincipalPolicy.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::policy_source::Source;
use crate::simulation::{self, ContextKeysOutput};
use crate::wire::{DocumentText, EntityArn};

/// Lists the condition keys that the policies of a user, a group or a role look at, and others beside them.
///
/// Source: IAM API Reference, `GetContextKeysForPrincipalPolicy`.
pub struct GetContextKeysForPrincipalPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct GetContextKeysForPrincipalPolicyInput {
    /// Whose policies.
    #[shape(audit = log)]
    pub policy_source_arn: EntityArn,
    /// Policies beside them.
    #[shape(audit = log)]
    pub policy_input_list: Option<Vec<DocumentText>>,
}

impl Operation for GetContextKeysForPrincipalPolicy {
    const SPEC: OperationSpec = OperationSpec::reads("GetContextKeysForPrincipalPolicy");
    type Input = GetContextKeysForPrincipalPolicyInput;
    type Output = ContextKeysOutput;
    type Targets = Source;
    type Error = IamError;

    fn locate(input: &GetContextKeysForPrincipalPolicyInput, view: &View) -> Result<Source, Miss<IamError>> {
        Ok(Source::of(&input.policy_source_arn.0, view)?)
    }

    fn demands(_: &GetContextKeysForPrincipalPolicyInput, source: &Source, _: &View) -> Demands {
        Demands::of(source.demand("iam:GetContextKeysForPrincipalPolicy"))
    }

    async fn act(
        input: &GetContextKeysForPrincipalPolicyInput,
        permit: &Permit<Source>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let own = permit.targets().policies(world.view())?;
        simulation::context_keys(&own, input.policy_input_list.as_deref().unwrap_or_default())
    }
}
