//! TagUser.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::tags;
use crate::wire::{Tag, UserName};

/// Gives a user tags, over those of the same keys.
///
/// Source: IAM API Reference, `TagUser`.
pub struct TagUser;

/// The request.
#[derive(Debug, Shape)]
pub struct TagUserInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
    /// The tags.
    #[shape(audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
}

impl Operation for TagUser {
    const SPEC: OperationSpec = OperationSpec::writes("TagUser").without_output();
    type Input = TagUserInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &TagUserInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &TagUserInput, user: &Target<Users>, _: &View) -> Demands {
        Demands::of(user.demand("iam:TagUser"))
    }

    fn condition<'c>(input: &'c TagUserInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        tags::condition(&input.tags, key)
    }

    fn check(input: &TagUserInput, permit: &Permit<Target<Users>>, _: &View) -> Result<(), IamError> {
        tags::check(&input.tags, "TagsPerUser")?;
        tags::check_with(&permit.targets().held()?.tags, &input.tags, "TagsPerUser")
    }

    async fn act(
        input: &TagUserInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |user| {
            for tag in &input.tags {
                identity::set_tag(&mut user.tags, &tag.key, &tag.value);
            }
            Ok(())
        })?;
        Ok(Nothing {})
    }
}
