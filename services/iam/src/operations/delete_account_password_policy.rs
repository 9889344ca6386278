//! DeleteAccountPasswordPolicy.

use arn::Arn;
use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::users::{NoTarget, demand_on};
use crate::{IamError, account};

/// Has passwords be what is usual again.
///
/// Source: IAM API Reference, `DeleteAccountPasswordPolicy`.
pub struct DeleteAccountPasswordPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteAccountPasswordPolicyInput {}

impl Operation for DeleteAccountPasswordPolicy {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteAccountPasswordPolicy").without_output();
    type Input = DeleteAccountPasswordPolicyInput;
    type Output = Nothing;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &DeleteAccountPasswordPolicyInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &DeleteAccountPasswordPolicyInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on(
            "iam:DeleteAccountPasswordPolicy",
            Arn::root_of(account),
            account,
        ))
    }

    async fn act(
        _: &DeleteAccountPasswordPolicyInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let mut settings = account::settings(world.view())?;
        if settings.password_policy.take().is_none() {
            return Err(IamError::NoSuchEntity(
                "The account policy with name PasswordPolicy cannot be found.".to_owned(),
            ));
        }
        account::keep(world, settings);
        Ok(Nothing {})
    }
}
