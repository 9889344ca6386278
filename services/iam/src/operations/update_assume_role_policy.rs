//! UpdateAssumeRolePolicy.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::roles;
use crate::wire::{DocumentText, RoleName};

/// Changes who may take a role on. Sessions that are open go on.
///
/// Source: IAM API Reference, `UpdateAssumeRolePolicy`.
pub struct UpdateAssumeRolePolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateAssumeRolePolicyInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// Who may.
    #[shape(audit = log)]
    pub policy_document: DocumentText,
}

impl Operation for UpdateAssumeRolePolicy {
    const SPEC: OperationSpec = OperationSpec::writes("UpdateAssumeRolePolicy").without_output();
    type Input = UpdateAssumeRolePolicyInput;
    type Output = Nothing;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &UpdateAssumeRolePolicyInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &UpdateAssumeRolePolicyInput, role: &Target<Roles>, _: &View) -> Demands {
        Demands::of(role.demand("iam:UpdateAssumeRolePolicy"))
    }

    fn check(
        input: &UpdateAssumeRolePolicyInput,
        permit: &Permit<Target<Roles>>,
        view: &View,
    ) -> Result<(), IamError> {
        permit.targets().held()?;
        roles::trust(&input.policy_document, view).map(drop)
    }

    async fn act(
        input: &UpdateAssumeRolePolicyInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let trust = roles::trust(&input.policy_document, world.view())?;
        permit.targets().change(world, |role| {
            role.trust = trust;
            Ok(())
        })?;
        Ok(Nothing {})
    }
}
