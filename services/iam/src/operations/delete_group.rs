//! DeleteGroup.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::{Groups, Users};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::wire::GroupName;

/// Deletes a group that has no members and policies any more.
///
/// Source: IAM API Reference, `DeleteGroup`.
pub struct DeleteGroup;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteGroupInput {
    /// The group.
    #[shape(audit = log)]
    pub group_name: GroupName,
}

impl Operation for DeleteGroup {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteGroup").without_output();
    type Input = DeleteGroupInput;
    type Output = Nothing;
    type Targets = Target<Groups>;
    type Error = IamError;

    fn locate(input: &DeleteGroupInput, view: &View) -> Result<Target<Groups>, Miss<IamError>> {
        Ok(Target::named(&input.group_name.0, view)?)
    }

    fn demands(_: &DeleteGroupInput, target: &Target<Groups>, _: &View) -> Demands {
        Demands::of(target.demand("iam:DeleteGroup"))
    }

    fn check(_: &DeleteGroupInput, permit: &Permit<Target<Groups>>, view: &View) -> Result<(), IamError> {
        let group = permit.targets().held()?;
        let prefix = [group.id().as_str().as_bytes(), b"\0"].concat();
        let members = view
            .store()
            .count_index::<Users>(view.domain(), Users::BY_GROUP, &prefix, 1)?;
        if members > 0 {
            return Err(IamError::DeleteConflict(
                "Cannot delete entity, must remove users from group first.",
            ));
        }
        if !group.policies.attached.is_empty() {
            return Err(IamError::DeleteConflict(
                "Cannot delete entity, must detach all policies first.",
            ));
        }
        match group.policies.is_empty() {
            true => Ok(()),
            false => Err(IamError::DeleteConflict(
                "Cannot delete entity, must delete policies first.",
            )),
        }
    }

    async fn act(
        _: &DeleteGroupInput,
        permit: &Permit<Target<Groups>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let id = permit.targets().held()?.id();
        let domain = world.view().domain();
        world.change().delete::<Groups>(domain, id);
        Ok(Nothing {})
    }
}
