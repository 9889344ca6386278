//! GetAccessKeyInfo.

use arn::AccountId;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::{AccessKeyId, AccessKeys};
use model::{OperationSpec, Shape};
use store::Domain;

use super::NoTarget;
use crate::StsError;

/// Tells which account an access key belongs to.
///
/// Source: STS API Reference, `GetAccessKeyInfo`. Known differences: AWS reads the account off the id itself, so it answers
/// for keys of every account, also for deleted ones; here the key has to exist.
pub struct GetAccessKeyInfo;

/// The request.
#[derive(Debug, Shape)]
pub struct GetAccessKeyInfoInput {
    /// The access key's id.
    #[shape(audit = log, length = 16..=128, pattern = "[\\w]*")]
    pub access_key_id: String,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetAccessKeyInfoOutput {
    /// The account.
    #[shape(audit = omit)]
    pub account: Option<AccountId>,
}

impl Operation for GetAccessKeyInfo {
    const SPEC: OperationSpec = OperationSpec::reads("GetAccessKeyInfo");
    type Input = GetAccessKeyInfoInput;
    type Output = GetAccessKeyInfoOutput;
    type Targets = NoTarget;
    type Error = StsError;

    fn locate(_: &GetAccessKeyInfoInput, _: &View) -> Result<NoTarget, Miss<StsError>> {
        Ok(NoTarget)
    }

    fn demands(_: &GetAccessKeyInfoInput, _: &NoTarget, view: &View) -> Demands {
        Demands::of(engine::Demand {
            action: "sts:GetAccessKeyInfo",
            resource: arn::Arn::root_of(view.place().account),
            owner: view.place().account,
            authority: engine::Authority::Identity,
        })
    }

    async fn act(
        input: &GetAccessKeyInfoInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let id: AccessKeyId = input.access_key_id.parse().map_err(|_| StsError::NoAccessKey)?;
        let found = world
            .view()
            .store()
            .get::<AccessKeys>(Domain::Installation, &id)?;
        let owner = found.and_then(|key| key.owner()).ok_or(StsError::NoAccessKey)?;
        Ok(GetAccessKeyInfoOutput {
            account: Some(owner.account()),
        })
    }
}
