//! GetOpenIDConnectProvider.

use ambient::Timestamp;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::oidc::{ClientId, ProviderArn, ProviderTarget, ProviderUrl, Thumbprint};
use crate::wire::Tag;

/// Tells of a provider.
///
/// Source: IAM API Reference, `GetOpenIDConnectProvider`.
pub struct GetOpenIDConnectProvider;

/// The request.
#[derive(Debug, Shape)]
pub struct GetOpenIDConnectProviderInput {
    /// The provider.
    #[shape(audit = log, rename = "OpenIDConnectProviderArn")]
    pub open_id_connect_provider_arn: ProviderArn,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetOpenIDConnectProviderOutput {
    /// The issuer of its tokens, without `https://`.
    #[shape(audit = omit)]
    pub url: Option<ProviderUrl>,
    /// The audiences that its tokens may be for.
    #[shape(audit = omit, rename = "ClientIDList")]
    pub client_id_list: Option<Vec<ClientId>>,
    /// The certificates that its server may be known by.
    #[shape(audit = omit)]
    pub thumbprint_list: Option<Vec<Thumbprint>>,
    /// When it was made.
    #[shape(audit = omit)]
    pub create_date: Option<Timestamp>,
    /// Its tags.
    #[shape(audit = omit, length = 0..=50)]
    pub tags: Option<Vec<Tag>>,
}

impl Operation for GetOpenIDConnectProvider {
    const SPEC: OperationSpec = OperationSpec::reads("GetOpenIDConnectProvider");
    type Input = GetOpenIDConnectProviderInput;
    type Output = GetOpenIDConnectProviderOutput;
    type Targets = ProviderTarget;
    type Error = IamError;

    fn locate(input: &GetOpenIDConnectProviderInput, view: &View) -> Result<ProviderTarget, Miss<IamError>> {
        Ok(ProviderTarget::of(&input.open_id_connect_provider_arn, view)?)
    }

    fn demands(_: &GetOpenIDConnectProviderInput, provider: &ProviderTarget, _: &View) -> Demands {
        Demands::of(provider.demand("iam:GetOpenIDConnectProvider"))
    }

    async fn act(
        _: &GetOpenIDConnectProviderInput,
        permit: &Permit<ProviderTarget>,
        _: &mut World<'_>,
    ) -> Outcome<Self> {
        let provider = permit.targets().held()?;
        let tags = provider.tags.iter().map(|tag| Tag {
            key: tag.key.clone(),
            value: tag.value.clone(),
        });
        Ok(GetOpenIDConnectProviderOutput {
            url: Some(ProviderUrl(provider.issuer.clone())),
            client_id_list: Some(provider.client_ids.iter().cloned().map(ClientId).collect()),
            thumbprint_list: Some(provider.thumbprints.iter().cloned().map(Thumbprint).collect()),
            create_date: Some(provider.created()),
            tags: Some(tags.collect()),
        })
    }
}
