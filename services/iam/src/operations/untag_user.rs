//! UntagUser.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::tags;
use crate::wire::{TagKey, UserName};

/// Takes tags from a user; those that it has not are passed over.
///
/// Source: IAM API Reference, `UntagUser`.
pub struct UntagUser;

/// The request.
#[derive(Debug, Shape)]
pub struct UntagUserInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
    /// The keys of the tags.
    #[shape(audit = log, length = 0..=50)]
    pub tag_keys: Vec<TagKey>,
}

impl Operation for UntagUser {
    const SPEC: OperationSpec = OperationSpec::writes("UntagUser").without_output();
    type Input = UntagUserInput;
    type Output = Nothing;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &UntagUserInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &UntagUserInput, user: &Target<Users>, _: &View) -> Demands {
        Demands::of(user.demand("iam:UntagUser"))
    }

    fn condition<'c>(input: &'c UntagUserInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        tags::condition_of_keys(&input.tag_keys, key)
    }

    async fn act(
        input: &UntagUserInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |user| {
            tags::remove(&mut user.tags, &input.tag_keys);
            Ok(())
        })?;
        Ok(Nothing {})
    }
}
