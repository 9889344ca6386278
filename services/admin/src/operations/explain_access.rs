//! ExplainAccess.

use std::collections::BTreeMap;

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use super::TheInstallation;
use crate::AdminError;
use crate::access::{self, Decision, GrantDetail, StatementDetail};

/// Tells whether a principal may do something to a resource, and which statements and grants say so.
///
/// The decision is made as it is for calls. What only a call can tell, such as its encryption context, may be given.
pub struct ExplainAccess;

/// The request.
#[derive(Debug, Shape)]
pub struct ExplainAccessInput {
    /// The ARN of a user, a role, a session of a role or a root user, or the number of an account.
    #[shape(audit = log, length = 1..=2048)]
    pub principal: String,
    /// An action, such as `kms:Decrypt`.
    #[shape(audit = log, length = 3..=128)]
    pub action: String,
    /// The ARN of a resource; `*` unless given.
    #[shape(audit = log, length = 1..=2048)]
    pub resource: Option<String>,
    /// Values of condition keys, by the keys.
    #[shape(audit = omit, length = 0..=100)]
    pub context: Option<BTreeMap<String, Vec<String>>>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ExplainAccessOutput {
    /// What the decision comes to.
    #[shape(audit = omit)]
    pub decision: Decision,
    /// Which policy denies, or would.
    #[shape(audit = omit)]
    pub denied_by: Option<String>,
    /// Which of its statements; none where it is that nothing allows.
    #[shape(audit = omit)]
    pub denied_by_statement: Option<String>,
    /// The resource, by its ARN.
    #[shape(audit = omit)]
    pub resource: String,
    /// The statements that speak of it.
    #[shape(audit = omit)]
    pub statements: Vec<StatementDetail>,
    /// The grants that allow it.
    #[shape(audit = omit)]
    pub grants: Vec<GrantDetail>,
    /// The condition keys that it depends on and that no value was given for.
    #[shape(audit = omit)]
    pub unknown_keys: Vec<String>,
}

impl Operation for ExplainAccess {
    const SPEC: OperationSpec = OperationSpec::reads("ExplainAccess");
    type Input = ExplainAccessInput;
    type Output = ExplainAccessOutput;
    type Targets = TheInstallation;
    type Error = AdminError;

    fn locate(_: &ExplainAccessInput, _: &View) -> Result<TheInstallation, Miss<AdminError>> {
        Ok(TheInstallation)
    }

    fn demands(_: &ExplainAccessInput, target: &TheInstallation, view: &View) -> Demands {
        target.demand("keystead:ExplainAccess", view)
    }

    async fn act(
        input: &ExplainAccessInput,
        _: &Permit<TheInstallation>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let view = world.view();
        let principal = access::principal(&input.principal, view)?;
        let resource = input.resource.as_deref().unwrap_or("*");
        let service = access::service_of(&input.action, world)?;
        let explained = (service.explain)(Some(&input.action), resource, principal.account, view)?;
        let values = access::values(input.context.as_ref());
        let examined = access::examined(&principal, view)?;
        let explanation =
            examined.explain(explained.wanted(&input.action), explained.supposed(&values, view))?;
        let decided_by = explanation.cause.as_ref().map(|cause| cause.decided_by());
        Ok(ExplainAccessOutput {
            decision: explanation.outcome.into(),
            denied_by: decided_by.map(|by| by.policy.to_owned()),
            denied_by_statement: decided_by.and_then(|by| by.statement).map(str::to_owned),
            grants: access::grants_of(&explanation),
            statements: access::statements_of(explanation.statements),
            unknown_keys: explanation.unknown,
            resource: explained.resource,
        })
    }
}
