//! ListKeyPolicies.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::key_policy::PolicyName;
use crate::paging::Limit;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{KeyReference, Marker};
use crate::{KmsError, action};

/// Lists the names of a key's policies: every key has one, `default`.
///
/// Source: KMS API Reference, `ListKeyPolicies`. Known differences: there is no RAM, so no key has its policy.
pub struct ListKeyPolicies;

/// The request.
#[derive(Debug, Shape)]
pub struct ListKeyPoliciesInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Names on a page: 1 to 1000, 100 unless given.
    #[shape(audit = log)]
    pub limit: Option<Limit>,
    /// Where the page begins.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListKeyPoliciesOutput {
    /// The names.
    #[shape(audit = omit)]
    pub policy_names: Vec<PolicyName>,
    /// Where the next page begins.
    #[shape(audit = omit)]
    pub next_marker: Option<Marker>,
    /// Whether there is a next page.
    #[shape(audit = omit)]
    pub truncated: bool,
}

impl Operation for ListKeyPolicies {
    const SPEC: OperationSpec = OperationSpec::reads("ListKeyPolicies");
    type Input = ListKeyPoliciesInput;
    type Output = ListKeyPoliciesOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &ListKeyPoliciesInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        view.keys().find_by_id::<action::ListKeyPolicies>(&input.key_id)
    }

    fn demands(_: &ListKeyPoliciesInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::ListKeyPolicies>())
    }

    fn check(input: &ListKeyPoliciesInput, _: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        // One name fills no page, so no marker was ever given out.
        match input.marker {
            Some(_) => Err(KmsError::InvalidMarker),
            None => Ok(()),
        }
    }

    async fn act(_: &ListKeyPoliciesInput, _: &Permit<KeyTarget>, _: &mut World<'_>) -> Outcome<Self> {
        Ok(ListKeyPoliciesOutput {
            policy_names: vec![PolicyName::default_policy()],
            next_marker: None,
            truncated: false,
        })
    }
}
