//! UntagRole.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::tags;
use crate::wire::{RoleName, TagKey};

/// Takes tags from a role; those that it has not are passed over.
///
/// Source: IAM API Reference, `UntagRole`.
pub struct UntagRole;

/// The request.
#[derive(Debug, Shape)]
pub struct UntagRoleInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// The keys of the tags.
    #[shape(audit = log, length = 0..=50)]
    pub tag_keys: Vec<TagKey>,
}

impl Operation for UntagRole {
    const SPEC: OperationSpec = OperationSpec::writes("UntagRole").without_output();
    type Input = UntagRoleInput;
    type Output = Nothing;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &UntagRoleInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &UntagRoleInput, role: &Target<Roles>, _: &View) -> Demands {
        Demands::of(role.demand("iam:UntagRole"))
    }

    fn condition<'c>(input: &'c UntagRoleInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        tags::condition_of_keys(&input.tag_keys, key)
    }

    async fn act(
        input: &UntagRoleInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |role| {
            tags::remove(&mut role.tags, &input.tag_keys);
            Ok(())
        })?;
        Ok(Nothing {})
    }
}
