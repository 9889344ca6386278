//! RevokeGrant.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::grants::{self, GrantId};
use crate::records::{GrantName, Grants};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action};

/// Ends a grant, by whoever may do so by the key's policy.
///
/// Source: KMS API Reference, `RevokeGrant`. Known differences: it is over at once.
pub struct RevokeGrant;

/// The request.
#[derive(Debug, Shape)]
pub struct RevokeGrantInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// The grant's id.
    #[shape(audit = log)]
    pub grant_id: GrantId,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
}

impl Operation for RevokeGrant {
    const SPEC: OperationSpec = OperationSpec::writes("RevokeGrant").without_output();
    type Input = RevokeGrantInput;
    type Output = Nothing;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &RevokeGrantInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        input.grant_id.bytes()?;
        view.keys()
            .find_by_id_anywhere::<action::RevokeGrant>(&input.key_id)
    }

    fn demands(_: &RevokeGrantInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::RevokeGrant>())
    }

    fn condition<'c>(_: &'c RevokeGrantInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        (key.as_str() == "kms:grantisforawsresource").then(|| Found::boolean(false))
    }

    fn check(input: &RevokeGrantInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        match grants::find(permit.targets(), input.grant_id.bytes()?, view)? {
            Some(_) => Ok(()),
            None => Err(KmsError::NoGrant(input.grant_id.0.clone())),
        }
    }

    fn is_dry_run(input: &RevokeGrantInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(
        input: &RevokeGrantInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let name = GrantName {
            key: key.id,
            id: input.grant_id.bytes()?,
        };
        world.change().delete::<Grants>(key.domain, name);
        Ok(Nothing {})
    }
}
