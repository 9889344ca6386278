//! TagOpenIDConnectProvider.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::oidc::{ProviderArn, ProviderTarget};
use crate::tags;
use crate::wire::Tag;

/// Gives a provider tags, over those of the same keys.
///
/// Source: IAM API Reference, `TagOpenIDConnectProvider`.
pub struct TagOpenIDConnectProvider;

/// The request.
#[derive(Debug, Shape)]
pub struct TagOpenIDConnectProviderInput {
    /// The provider.
    #[shape(audit = log, rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: ProviderArn,
    /// The tags.
    #[shape(audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
}

impl Operation for TagOpenIDConnectProvider {
    const SPEC: OperationSpec = OperationSpec::writes("TagOpenIDConnectProvider").without_output();
    type Input = TagOpenIDConnectProviderInput;
    type Output = Nothing;
    type Targets = ProviderTarget;
    type Error = IamError;

    fn locate(input: &TagOpenIDConnectProviderInput, view: &View) -> Result<ProviderTarget, Miss<IamError>> {
        Ok(ProviderTarget::of(&input.open_id_connect_provider_arn, view)?)
    }

    fn demands(_: &TagOpenIDConnectProviderInput, provider: &ProviderTarget, _: &View) -> Demands {
        Demands::of(provider.demand("iam:TagOpenIDConnectProvider"))
    }

    fn condition<'c>(
        input: &'c TagOpenIDConnectProviderInput,
        _: &str,
        key: &ConditionKey,
    ) -> Option<Found<'c>> {
        tags::condition(&input.tags, key)
    }

    fn check(
        input: &TagOpenIDConnectProviderInput,
        permit: &Permit<ProviderTarget>,
        _: &View,
    ) -> Result<(), IamError> {
        tags::check(&input.tags, "TagsPerOpenIdConnectProvider")?;
        let held = &permit.targets().held()?.tags;
        tags::check_with(held, &input.tags, "TagsPerOpenIdConnectProvider")
    }

    async fn act(
        input: &TagOpenIDConnectProviderInput,
        permit: &Permit<ProviderTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |provider| {
            for tag in &input.tags {
                identity::set_tag(&mut provider.tags, &tag.key, &tag.value);
            }
        })?;
        Ok(Nothing {})
    }
}
