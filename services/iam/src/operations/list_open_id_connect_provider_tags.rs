//! ListOpenIDConnectProviderTags.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::oidc::{ProviderArn, ProviderTarget};
use crate::paging::{Marker, MaxItems, Paging};
use crate::tags;
use crate::wire::Tag;

/// Lists the tags of a provider.
///
/// Source: IAM API Reference, `ListOpenIDConnectProviderTags`.
pub struct ListOpenIDConnectProviderTags;

/// The request.
#[derive(Debug, Shape)]
pub struct ListOpenIDConnectProviderTagsInput {
    /// The provider.
    #[shape(audit = log, rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: ProviderArn,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListOpenIDConnectProviderTagsOutput {
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

impl Operation for ListOpenIDConnectProviderTags {
    const SPEC: OperationSpec = OperationSpec::reads("ListOpenIDConnectProviderTags");
    type Input = ListOpenIDConnectProviderTagsInput;
    type Output = ListOpenIDConnectProviderTagsOutput;
    type Targets = ProviderTarget;
    type Error = IamError;

    fn locate(
        input: &ListOpenIDConnectProviderTagsInput,
        view: &View,
    ) -> Result<ProviderTarget, Miss<IamError>> {
        Ok(ProviderTarget::of(&input.open_id_connect_provider_arn, view)?)
    }

    fn demands(_: &ListOpenIDConnectProviderTagsInput, provider: &ProviderTarget, _: &View) -> Demands {
        Demands::of(provider.demand("iam:ListOpenIDConnectProviderTags"))
    }

    async fn act(
        input: &ListOpenIDConnectProviderTagsInput,
        permit: &Permit<ProviderTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let provider = permit.targets().held()?;
        let bound_to = [provider.issuer.as_bytes()];
        let paging = Paging::of(
            world.view(),
            Self::SPEC.name,
            &bound_to,
            input.max_items,
            input.marker.as_ref(),
        )?;
        let page = tags::page(&paging, &provider.tags)?;
        Ok(ListOpenIDConnectProviderTagsOutput {
            tags: page.entries,
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}
