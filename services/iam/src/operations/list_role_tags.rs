//! ListRoleTags.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::Roles;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Target;
use crate::paging::{Marker, MaxItems};
use crate::wire::{RoleName, Tag};

/// Lists the tags of a role.
///
/// Source: IAM API Reference, `ListRoleTags`.
pub struct ListRoleTags;

/// The request.
#[derive(Debug, Shape)]
pub struct ListRoleTagsInput {
    /// The role.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListRoleTagsOutput {
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

impl Operation for ListRoleTags {
    const SPEC: OperationSpec = OperationSpec::reads("ListRoleTags");
    type Input = ListRoleTagsInput;
    type Output = ListRoleTagsOutput;
    type Targets = Target<Roles>;
    type Error = IamError;

    fn locate(input: &ListRoleTagsInput, view: &View) -> Result<Target<Roles>, Miss<IamError>> {
        Ok(Target::named(&input.role_name.0, view)?)
    }

    fn demands(_: &ListRoleTagsInput, role: &Target<Roles>, _: &View) -> Demands {
        Demands::of(role.demand("iam:ListRoleTags"))
    }

    async fn act(
        input: &ListRoleTagsInput,
        permit: &Permit<Target<Roles>>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let page = permit.targets().tags(
            world.view(),
            Self::SPEC.name,
            input.max_items,
            input.marker.as_ref(),
        )?;
        Ok(ListRoleTagsOutput {
            tags: page.entries,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
