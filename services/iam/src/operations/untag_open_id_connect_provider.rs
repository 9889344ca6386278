//! UntagOpenIDConnectProvider.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::oidc::{ProviderArn, ProviderTarget};
use crate::tags;
use crate::wire::TagKey;

/// Takes tags from a provider; those that it has not are passed over.
///
/// Source: IAM API Reference, `UntagOpenIDConnectProvider`.
pub struct UntagOpenIDConnectProvider;

/// The request.
#[derive(Debug, Shape)]
pub struct UntagOpenIDConnectProviderInput {
    /// The provider.
    #[shape(audit = log, rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: ProviderArn,
    /// The keys of the tags.
    #[shape(audit = log, length = 0..=50)]
    pub tag_keys: Vec<TagKey>,
}

impl Operation for UntagOpenIDConnectProvider {
    const SPEC: OperationSpec = OperationSpec::writes("UntagOpenIDConnectProvider").without_output();
    type Input = UntagOpenIDConnectProviderInput;
    type Output = Nothing;
    type Targets = ProviderTarget;
    type Error = IamError;

    fn locate(
        input: &UntagOpenIDConnectProviderInput,
        view: &View,
    ) -> Result<ProviderTarget, Miss<IamError>> {
        Ok(ProviderTarget::of(&input.open_id_connect_provider_arn, view)?)
    }

    fn demands(_: &UntagOpenIDConnectProviderInput, provider: &ProviderTarget, _: &View) -> Demands {
        Demands::of(provider.demand("iam:UntagOpenIDConnectProvider"))
    }

    fn condition<'c>(
        input: &'c UntagOpenIDConnectProviderInput,
        _: &str,
        key: &ConditionKey,
    ) -> Option<Found<'c>> {
        tags::condition_of_keys(&input.tag_keys, key)
    }

    async fn act(
        input: &UntagOpenIDConnectProviderInput,
        permit: &Permit<ProviderTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        permit.targets().change(world, |provider| {
            tags::remove(&mut provider.tags, &input.tag_keys)
        })?;
        Ok(Nothing {})
    }
}
