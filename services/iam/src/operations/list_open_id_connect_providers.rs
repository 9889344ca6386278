//! ListOpenIDConnectProviders.

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::OidcProviders;
use model::{OperationSpec, Shape};

use crate::users::{NoTarget, demand_on};
use crate::{IamError, limits};

/// Lists the account's OpenID Connect providers.
///
/// Source: IAM API Reference, `ListOpenIDConnectProviders`.
pub struct ListOpenIDConnectProviders;

/// The request.
#[derive(Debug, Shape)]
pub struct ListOpenIDConnectProvidersInput {}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListOpenIDConnectProvidersOutput {
    /// The providers.
    #[shape(audit = omit, rename = "OpenIDConnectProviderList")]
    pub open_id_connect_provider_list: Option<Vec<Listed>>,
}

/// A provider in the list.
#[derive(Debug, Shape)]
pub struct Listed {
    /// Its ARN.
    #[shape(audit = omit, length = 20..=2048)]
    pub arn: Option<Arn>,
}

impl Operation for ListOpenIDConnectProviders {
    const SPEC: OperationSpec = OperationSpec::reads("ListOpenIDConnectProviders");
    type Input = ListOpenIDConnectProvidersInput;
    type Output = ListOpenIDConnectProvidersOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &ListOpenIDConnectProvidersInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &ListOpenIDConnectProvidersInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on(
            "iam:ListOpenIDConnectProviders",
            Arn::root_of(account),
            account,
        ))
    }

    async fn act(
        _: &ListOpenIDConnectProvidersInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let view = world.view();
        let account = view.place().account;
        let rows = view.store().index::<OidcProviders>(
            view.domain(),
            OidcProviders::BY_ISSUER,
            b"",
            None,
            limits::OIDC_PROVIDERS,
        )?;
        let mut listed = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(provider) = view.store().get_row::<OidcProviders>(&row.row)? {
                listed.push(Listed {
                    arn: provider.arn(account),
                });
            }
        }
        Ok(ListOpenIDConnectProvidersOutput {
            open_id_connect_provider_list: Some(listed),
        })
    }
}
