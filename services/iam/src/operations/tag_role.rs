//! TagRole.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::tags;
use crate::wire::{RoleName, Tag};

/// Gives a role tags, over those of the same keys.
///
/// Source: IAM API Reference, `TagRole`.
pub struct TagRole;

/// The request.
#[derive(Debug, Shape)]
pub struct TagRoleInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// The tags.
    #[shape(audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
}

impl Operation for TagRole {
    const SPEC: OperationSpec = OperationSpec::writes("TagRole").without_output();
    type Input = TagRoleInput;
    type Output = Nothing;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &TagRoleInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &TagRoleInput, role: &Target<Roles>, _: &View) -> Demands {
        Demands::of(role.demand("iam:TagRole"))
    }

    fn condition<'c>(input: &'c TagRoleInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        tags::condition(&input.tags, key)
    }

    fn check(input: &TagRoleInput, permit: &Permit<Target<Roles>>, _: &View) -> Result<(), IamError> {
        tags::check(&input.tags, "TagsPerRole")?;
        tags::check_with(&permit.targets().held()?.tags, &input.tags, "TagsPerRole")
    }

    async fn act(
        input: &TagRoleInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |role| {
            for tag in &input.tags {
                identity::set_tag(&mut role.tags, &tag.key, &tag.value);
            }
            Ok(())
        })?;
        Ok(Nothing {})
    }
}
