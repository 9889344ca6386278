//! GetCallerIdentity.

use arn::{AccountId, Arn};
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use super::NoTarget;
use crate::StsError;

/// Tells callers who they are.
///
/// Source: STS API Reference, `GetCallerIdentity`: no policy can deny it.
pub struct GetCallerIdentity;

/// The request.
#[derive(Debug, Shape)]
pub struct GetCallerIdentityInput {}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetCallerIdentityOutput {
    /// The caller's unique id.
    #[shape(audit = omit)]
    pub user_id: Option<String>,
    /// The caller's account.
    #[shape(audit = omit)]
    pub account: Option<AccountId>,
    /// The caller's ARN.
    #[shape(audit = omit, length = 20..=2048)]
    pub arn: Option<Arn>,
}

impl Operation for GetCallerIdentity {
    const SPEC: OperationSpec = OperationSpec::reads("GetCallerIdentity");
    type Input = GetCallerIdentityInput;
    type Output = GetCallerIdentityOutput;
    type Targets = NoTarget;
    type Error = StsError;

    fn locate(_: &GetCallerIdentityInput, _: &View) -> Result<NoTarget, Miss<StsError>> {
        Ok(NoTarget)
    }

    fn demands(_: &GetCallerIdentityInput, _: &NoTarget, _: &View) -> Demands {
        Demands::public("whoever signs may know who they are")
    }

    async fn act(_: &GetCallerIdentityInput, _: &Permit<NoTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let caller = world.caller().map(engine::Caller::principal);
        Ok(GetCallerIdentityOutput {
            user_id: caller.map(|caller| caller.id.clone()),
            account: caller.map(|caller| caller.account),
            arn: caller.map(|caller| caller.arn.clone()),
        })
    }
}
