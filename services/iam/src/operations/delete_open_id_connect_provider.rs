//! DeleteOpenIDConnectProvider.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use identity::OidcProviders;
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::oidc::{ProviderArn, ProviderTarget};

/// Deletes a provider. Roles that trust it stay, and nobody can take them on by its tokens any more.
///
/// Source: IAM API Reference, `DeleteOpenIDConnectProvider`.
pub struct DeleteOpenIDConnectProvider;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteOpenIDConnectProviderInput {
    /// The provider.
    #[shape(audit = log, rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: ProviderArn,
}

impl Operation for DeleteOpenIDConnectProvider {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteOpenIDConnectProvider").without_output();
    type Input = DeleteOpenIDConnectProviderInput;
    type Output = Nothing;
    type Targets = ProviderTarget;
    type Error = IamError;

    fn locate(
        input: &DeleteOpenIDConnectProviderInput,
        view: &View,
    ) -> Result<ProviderTarget, Miss<IamError>> {
        Ok(ProviderTarget::of(&input.open_id_connect_provider_arn, view)?)
    }

    fn demands(_: &DeleteOpenIDConnectProviderInput, provider: &ProviderTarget, _: &View) -> Demands {
        Demands::of(provider.demand("iam:DeleteOpenIDConnectProvider"))
    }

    async fn act(
        _: &DeleteOpenIDConnectProviderInput,
        permit: &Permit<ProviderTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let provider = permit.targets().held()?.row_name();
        let domain = world.view().domain();
        world.change().delete::<OidcProviders>(domain, provider);
        Ok(Nothing {})
    }
}
