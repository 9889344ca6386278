//! UpdateOpenIDConnectProviderThumbprint.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::oidc::{self, ProviderArn, ProviderTarget, Thumbprint};

/// Has a provider's server be known by other certificates, in place of those before.
///
/// Source: IAM API Reference, `UpdateOpenIDConnectProviderThumbprint`.
pub struct UpdateOpenIDConnectProviderThumbprint;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateOpenIDConnectProviderThumbprintInput {
    /// The provider.
    #[shape(audit = log, rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: ProviderArn,
    /// Their thumbprints.
    #[shape(audit = log)]
    pub thumbprint_list: Vec<Thumbprint>,
}

impl Operation for UpdateOpenIDConnectProviderThumbprint {
    const SPEC: OperationSpec =
        OperationSpec::writes("UpdateOpenIDConnectProviderThumbprint").without_output();
    type Input = UpdateOpenIDConnectProviderThumbprintInput;
    type Output = Nothing;
    type Targets = ProviderTarget;
    type Error = IamError;

    fn locate(
        input: &UpdateOpenIDConnectProviderThumbprintInput,
        view: &View,
    ) -> Result<ProviderTarget, Miss<IamError>> {
        Ok(ProviderTarget::of(&input.open_id_connect_provider_arn, view)?)
    }

    fn demands(
        _: &UpdateOpenIDConnectProviderThumbprintInput,
        provider: &ProviderTarget,
        _: &View,
    ) -> Demands {
        Demands::of(provider.demand("iam:UpdateOpenIDConnectProviderThumbprint"))
    }

    fn check(
        input: &UpdateOpenIDConnectProviderThumbprintInput,
        _: &Permit<ProviderTarget>,
        _: &View,
    ) -> Result<(), IamError> {
        oidc::thumbprints(&input.thumbprint_list).map(drop)
    }

    async fn act(
        input: &UpdateOpenIDConnectProviderThumbprintInput,
        permit: &Permit<ProviderTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let thumbprints = oidc::thumbprints(&input.thumbprint_list)?;
        permit
            .targets()
            .change(world, |provider| provider.thumbprints = thumbprints)?;
        Ok(Nothing {})
    }
}
