//! AddClientIDToOpenIDConnectProvider.

use engine::{Demands, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::oidc::{self, ClientId, ProviderArn, ProviderTarget};
use crate::{IamError, limits};

/// Lets tokens of a provider be for one more audience; to do it again changes nothing.
///
/// Source: IAM API Reference, `AddClientIDToOpenIDConnectProvider`.
pub struct AddClientIDToOpenIDConnectProvider;

/// The request.
#[derive(Debug, Shape)]
pub struct AddClientIDToOpenIDConnectProviderInput {
    /// The provider.
    #[shape(audit = log, rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: ProviderArn,
    /// The audience.
    #[shape(audit = log, rename = "ClientID")]
    pub client_id: ClientId,
}

impl Operation for AddClientIDToOpenIDConnectProvider {
    const SPEC: OperationSpec = OperationSpec::writes("AddClientIDToOpenIDConnectProvider").without_output();
    type Input = AddClientIDToOpenIDConnectProviderInput;
    type Output = Nothing;
    type Targets = ProviderTarget;
    type Error = IamError;

    fn locate(
        input: &AddClientIDToOpenIDConnectProviderInput,
        view: &View,
    ) -> Result<ProviderTarget, Miss<IamError>> {
        Ok(ProviderTarget::of(&input.open_id_connect_provider_arn, view)?)
    }

    fn demands(_: &AddClientIDToOpenIDConnectProviderInput, provider: &ProviderTarget, _: &View) -> Demands {
        Demands::of(provider.demand("iam:AddClientIDToOpenIDConnectProvider"))
    }

    fn check(
        input: &AddClientIDToOpenIDConnectProviderInput,
        permit: &Permit<ProviderTarget>,
        _: &View,
    ) -> Result<(), IamError> {
        let held = &permit.targets().held()?.client_ids;
        match held.contains(&input.client_id.0) || held.len() < limits::CLIENT_IDS {
            true => Ok(()),
            false => Err(oidc::too_many_client_ids()),
        }
    }

    async fn act(
        input: &AddClientIDToOpenIDConnectProviderInput,
        permit: &Permit<ProviderTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let provider = permit.targets();
        let ClientId(id) = &input.client_id;
        if !provider.held()?.client_ids.contains(id) {
            provider.change(world, |provider| provider.client_ids.push(id.clone()))?;
        }
        Ok(Nothing {})
    }
}
