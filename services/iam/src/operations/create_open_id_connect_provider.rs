//! CreateOpenIDConnectProvider.

use arn::{AccountId, Arn};
use engine::{
    ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, Resource, Targets, View, World,
};
use identity::{OidcProvider, OidcProviders};
use model::{OperationSpec, Shape};

use crate::oidc::{self, ClientId, ProviderUrl, Thumbprint};
use crate::users::demand_on;
use crate::wire::Tag;
use crate::{IamError, limits, tags};

/// Lets roles of the account trust the tokens of a provider.
///
/// Source: IAM API Reference, `CreateOpenIDConnectProvider`. Known difference: without thumbprints none are fetched, and the
/// provider's server has to be known by a root that the operator trusts.
pub struct CreateOpenIDConnectProvider;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateOpenIDConnectProviderInput {
    /// The issuer of its tokens: `https://`, a host, and maybe a path.
    #[shape(audit = log)]
    pub url: ProviderUrl,
    /// The audiences that its tokens may be for.
    #[shape(default, audit = log, rename = "ClientIDList")]
    pub client_id_list: Vec<ClientId>,
    /// The certificates that its server may be known by.
    #[shape(default, audit = log)]
    pub thumbprint_list: Vec<Thumbprint>,
    /// Its tags.
    #[shape(default, audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreateOpenIDConnectProviderOutput {
    /// The provider's ARN.
    #[shape(audit = log, rename = "OpenIDConnectProviderArn", length = 20..=2048)]
    pub open_id_connect_provider_arn: Option<Arn>,
    /// Its tags.
    #[shape(audit = log, length = 0..=50)]
    pub tags: Option<Vec<Tag>>,
}

/// What is to be made.
#[derive(Debug)]
pub struct New {
    account: AccountId,
    arn: Arn,
}

impl Targets for New {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }
}

impl Operation for CreateOpenIDConnectProvider {
    const SPEC: OperationSpec = OperationSpec::writes("CreateOpenIDConnectProvider");
    type Input = CreateOpenIDConnectProviderInput;
    type Output = CreateOpenIDConnectProviderOutput;
    type Targets = New;
    type Error = IamError;

    fn locate(input: &CreateOpenIDConnectProviderInput, view: &View) -> Result<New, Miss<IamError>> {
        let account = view.place().account;
        let provider = OidcProvider::new(oidc::issuer_of(&input.url)?, view.now());
        let arn = provider
            .arn(account)
            .ok_or_else(|| IamError::damaged("OpenID Connect providers"))?;
        Ok(New { account, arn })
    }

    fn demands(_: &CreateOpenIDConnectProviderInput, new: &New, _: &View) -> Demands {
        Demands::of(demand_on(
            "iam:CreateOpenIDConnectProvider",
            new.arn.clone(),
            new.account,
        ))
    }

    fn condition<'c>(
        input: &'c CreateOpenIDConnectProviderInput,
        _: &str,
        key: &ConditionKey,
    ) -> Option<Found<'c>> {
        tags::condition(&input.tags, key)
    }

    fn check(input: &CreateOpenIDConnectProviderInput, _: &Permit<New>, view: &View) -> Result<(), IamError> {
        oidc::client_ids(&input.client_id_list)?;
        oidc::thumbprints(&input.thumbprint_list)?;
        tags::check(&input.tags, "TagsPerOpenIdConnectProvider")?;
        let issuer = oidc::issuer_of(&input.url)?;
        if identity::oidc_provider_of(issuer, view.domain(), view.store())?.is_some() {
            return Err(IamError::AlreadyExists(format!(
                "Provider with url https://{issuer} already exists."
            )));
        }
        let count = view.store().snapshot().count::<OidcProviders>(view.domain());
        match count < limits::OIDC_PROVIDERS as u64 {
            true => Ok(()),
            false => Err(IamError::LimitExceeded(
                "OpenIdConnectProvidersPerAccount",
                limits::OIDC_PROVIDERS,
            )),
        }
    }

    async fn act(
        input: &CreateOpenIDConnectProviderInput,
        permit: &Permit<New>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let mut provider = OidcProvider::new(oidc::issuer_of(&input.url)?, world.now());
        provider.client_ids = oidc::client_ids(&input.client_id_list)?;
        provider.thumbprints = oidc::thumbprints(&input.thumbprint_list)?;
        for tag in &input.tags {
            identity::set_tag(&mut provider.tags, &tag.key, &tag.value);
        }
        let domain = world.view().domain();
        world
            .change()
            .put::<OidcProviders>(domain, provider.row_name(), provider);
        Ok(CreateOpenIDConnectProviderOutput {
            open_id_connect_provider_arn: Some(permit.targets().arn.clone()),
            tags: Some(input.tags.clone()).filter(|tags| !tags.is_empty()),
        })
    }
}
