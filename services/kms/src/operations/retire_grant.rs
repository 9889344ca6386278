//! RetireGrant.

use std::sync::Arc;

use arn::{Arn, Place};
use engine::{
    Absent, Action, Asking, Authority, ConditionKey, Demand, Demands, Described, Failure, Found, Miss,
    Nothing, Operation, Outcome, Permit, Resource, Strength, Targets, View, World, names_in_grants,
};
use model::{OperationSpec, Shape};
use store::{Held, StoreError};

use crate::grants::{self, EQUALS, GrantId, GrantOperation, GrantToken, SUBSET};
use crate::records::{Grant, GrantName, Grants};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action};

/// Ends a grant, by whoever it lets do so: its retiring principal, its grantee where it lists RetireGrant, and the account
/// that made it.
///
/// Source: KMS API Reference, `RetireGrant`.
pub struct RetireGrant;

/// The request.
#[derive(Debug, Shape)]
pub struct RetireGrantInput {
    /// A token of the grant.
    #[shape(audit = omit)]
    pub grant_token: Option<GrantToken>,
    /// The ARN of the grant's key.
    #[shape(audit = log)]
    pub key_id: Option<KeyReference>,
    /// The grant's id.
    #[shape(audit = log)]
    pub grant_id: Option<GrantId>,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
}

/// A grant and its key.
#[derive(Debug)]
pub struct GrantTarget {
    key: KeyTarget,
    grant: Held<Grant>,
    by_token: bool,
}

impl Targets for GrantTarget {
    fn resources(&self) -> Vec<Resource> {
        self.key.resources()
    }

    fn described(&self, _: &Arn) -> Option<&dyn Described> {
        Some(self)
    }

    fn response_of_silent_change(&self) -> Option<String> {
        self.key.response_of_silent_change()
    }
}

impl Described for GrantTarget {
    fn value<'r>(&'r self, key: &ConditionKey, view: &'r store::View) -> Option<Found<'r>> {
        let pairs = self.grant.equals.as_ref().or(self.grant.subset.as_ref());
        Some(match (key.prefix(), pairs) {
            ("kms:grantconstrainttype", Some(_)) => match self.grant.equals {
                Some(_) => Found::text(EQUALS),
                None => Found::text(SUBSET),
            },
            ("kms:encryptioncontextkeys", Some(pairs)) => Found::texts(pairs.keys().map(String::as_str)),
            ("kms:encryptioncontext", Some(pairs)) => {
                let name = key.name()?;
                let found = pairs.iter().find(|(key, _)| key.to_lowercase() == name);
                found.map_or(Found::Absent, |(_, value)| Found::text(value))
            }
            _ => return self.key.value(key, view),
        })
    }

    fn granted(&self, _: &'static str, asking: &Asking<'_>) -> Result<Option<Strength>, StoreError> {
        let names = names_in_grants(asking.caller.principal());
        let named = |id: &str| {
            names
                .iter()
                .find(|(name, _)| name == id)
                .map(|(_, strength)| *strength)
        };
        let Grant {
            grantee,
            retiring,
            operations,
            ..
        } = &**self.grant.record();
        let retiring = retiring.as_ref().filter(|party| !party.is_service);
        let lists = grants::operations(*operations).contains(&GrantOperation::RetireGrant);
        let grantee = (lists && !grantee.is_service).then_some(grantee);
        let issuer = self.grant.issuer().map(|account| account.to_string());
        Ok(retiring
            .and_then(|party| named(&party.id))
            .max(grantee.and_then(|party| named(&party.id)))
            .max(issuer.and_then(|account| named(&account))))
    }
}

impl Operation for RetireGrant {
    const SPEC: OperationSpec = OperationSpec::writes("RetireGrant").without_output();
    type Input = RetireGrantInput;
    type Output = Nothing;
    type Targets = GrantTarget;
    type Error = KmsError;

    fn locate(input: &RetireGrantInput, view: &View) -> Result<GrantTarget, Miss<KmsError>> {
        let by_token = input.grant_token.is_some();
        let (key, id) = match (&input.grant_token, &input.key_id, &input.grant_id) {
            (Some(GrantToken(token)), None, None) => {
                let (account, GrantName { key, id }) = GrantToken::open(token, view)?;
                let place = Place {
                    account,
                    region: view.place().region.clone(),
                };
                let arn = key.arn(&place);
                let found = view
                    .keys()
                    .find_by_id_anywhere::<action::RetireGrant>(arn.as_str())?;
                (found, id)
            }
            (None, Some(key), Some(id)) => {
                let id = id.bytes()?;
                if !key.starts_with("arn:") {
                    return Err(KmsError::InvalidArn(format!("{} is not an ARN of a key.", key.0)).into());
                }
                (view.keys().find_by_id_anywhere::<action::RetireGrant>(key)?, id)
            }
            _ => {
                return Err(KmsError::Validation(
                    "You must specify either GrantToken or both of KeyId and GrantId.".to_owned(),
                )
                .into());
            }
        };
        match grants::find(&key, id, view)? {
            Some(grant) => Ok(GrantTarget { key, grant, by_token }),
            None => Err(Miss::Absent(Absent {
                resource: key.arn.clone(),
                owner: key.place.account,
                action: action::RetireGrant::NAME,
                answer: Failure::from(KmsError::NoGrant(GrantId::of(&id).0)),
            })),
        }
    }

    fn demands(_: &RetireGrantInput, target: &GrantTarget, _: &View) -> Demands {
        let key = &target.key;
        Demands::of(Demand {
            action: action::RetireGrant::NAME,
            resource: key.arn.clone(),
            owner: key.place.account,
            authority: Authority::Grant(Arc::clone(&key.policy)),
        })
    }

    fn is_dry_run(input: &RetireGrantInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(_: &RetireGrantInput, permit: &Permit<GrantTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let GrantTarget { key, grant, by_token } = permit.targets();
        let name = GrantName {
            key: key.id,
            id: grant.id,
        };
        world.change().delete::<Grants>(key.domain, name);
        if *by_token {
            world.note("grantId", GrantId::of(&grant.id).0);
        }
        Ok(Nothing {})
    }
}
