//! ListUserTags.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Users;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::paging::{Marker, MaxItems};
use crate::wire::{Tag, UserName};

/// Lists the tags of a user.
///
/// Source: IAM API Reference, `ListUserTags`.
pub struct ListUserTags;

/// The request.
#[derive(Debug, Shape)]
pub struct ListUserTagsInput {
    /// The user.
    #[shape(audit = log)]
    pub user_name: UserName,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListUserTagsOutput {
    /// The tags.
    #[shape(audit = omit, length = 0..=50)]
    pub tags: Vec<Tag>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

impl Operation for ListUserTags {
    const SPEC: OperationSpec = OperationSpec::reads("ListUserTags");
    type Input = ListUserTagsInput;
    type Output = ListUserTagsOutput;
    type Targets = Target<Users>;
    type Error = IamError;

    fn locate(input: &ListUserTagsInput, view: &View) -> Result<Target<Users>, Miss<IamError>> {
        Ok(Target::named(&input.user_name.0, view)?)
    }

    fn demands(_: &ListUserTagsInput, user: &Target<Users>, _: &View) -> Demands {
        Demands::of(user.demand("iam:ListUserTags"))
    }

    async fn act(
        input: &ListUserTagsInput,
        permit: &Permit<Target<Users>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let page = permit.targets().tags(
            world.view(),
            Self::SPEC.name,
            input.max_items,
            input.marker.as_ref(),
        )?;
        Ok(ListUserTagsOutput {
            tags: page.entries,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
