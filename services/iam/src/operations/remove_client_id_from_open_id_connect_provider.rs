//! RemoveClientIDFromOpenIDConnectProvider.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::oidc::{ClientId, ProviderArn, ProviderTarget};

/// Takes an audience from a provider; one that it has not is passed over.
///
/// Source: IAM API Reference, `RemoveClientIDFromOpenIDConnectProvider`.
pub struct RemoveClientIDFromOpenIDConnectProvider;

/// The request.
#[derive(Debug, Shape)]
pub struct RemoveClientIDFromOpenIDConnectProviderInput {
    /// The provider.
    #[shape(audit = log, rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: ProviderArn,
    /// The audience.
    #[shape(audit = log, rename = "ClientID")]
    pub client_id: ClientId,
}

impl Operation for RemoveClientIDFromOpenIDConnectProvider {
    const SPEC: OperationSpec =
        OperationSpec::writes("RemoveClientIDFromOpenIDConnectProvider").without_output();
    type Input = RemoveClientIDFromOpenIDConnectProviderInput;
    type Output = Nothing;
    type Targets = ProviderTarget;
    type Error = IamError;

    fn locate(
        input: &RemoveClientIDFromOpenIDConnectProviderInput,
        view: &View,
    ) -> Result<ProviderTarget, Miss<IamError>> {
        Ok(ProviderTarget::of(&input.open_id_connect_provider_arn, view)?)
    }

    fn demands(
        _: &RemoveClientIDFromOpenIDConnectProviderInput,
        provider: &ProviderTarget,
        _: &View,
    ) -> Demands {
        Demands::of(provider.demand("iam:RemoveClientIDFromOpenIDConnectProvider"))
    }

    async fn act(
        input: &RemoveClientIDFromOpenIDConnectProviderInput,
        permit: &Permit<ProviderTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let provider = permit.targets();
        let ClientId(id) = &input.client_id;
        if provider.held()?.client_ids.contains(id) {
            provider.change(world, |provider| provider.client_ids.retain(|other| other != id))?;
        }
        Ok(Nothing {})
    }
}
