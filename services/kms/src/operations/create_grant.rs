//! CreateGrant.

use std::collections::BTreeMap;

use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::grants::{
    self, EQUALS, GrantConstraints, GrantId, GrantNameText, GrantOperation, GrantToken, PrincipalId, SUBSET,
    ServicePrincipal,
};
use crate::records::{Grant, GrantName, Grants};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{GrantTokens, KeyReference};
use crate::{KmsError, action, limits, state};

/// Lets somebody use a key, beside what policies allow.
///
/// Source: KMS API Reference, `CreateGrant`. Known differences: grants are in force at once.
pub struct CreateGrant;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateGrantInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Who may.
    #[shape(audit = log, condition = "kms:GranteePrincipal")]
    pub grantee_principal: Option<PrincipalId>,
    /// Who else may end it.
    #[shape(audit = log, condition = "kms:RetiringPrincipal")]
    pub retiring_principal: Option<PrincipalId>,
    /// What they may.
    #[shape(audit = log, condition = "kms:GrantOperations")]
    pub operations: Vec<GrantOperation>,
    /// What it asks of a request.
    #[shape(audit = log)]
    pub constraints: Option<GrantConstraints>,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
    /// What it is called; the same call with the same name makes no second grant.
    #[shape(audit = log)]
    pub name: Option<GrantNameText>,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
    /// Which service may.
    #[shape(audit = log, condition = "kms:GranteeServicePrincipal")]
    pub grantee_service_principal: Option<ServicePrincipal>,
    /// Which service may end it.
    #[shape(audit = log, condition = "kms:RetiringServicePrincipal")]
    pub retiring_service_principal: Option<ServicePrincipal>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreateGrantOutput {
    /// A token that stands for the grant.
    #[shape(audit = omit)]
    pub grant_token: GrantToken,
    /// The grant's id.
    #[shape(audit = log)]
    pub grant_id: GrantId,
}

impl CreateGrantInput {
    fn check_principals(&self) -> Result<(), KmsError> {
        let source_arn = self
            .constraints
            .as_ref()
            .and_then(|given| given.source_arn.as_ref());
        let retiring = (&self.retiring_principal, &self.retiring_service_principal);
        let why = match (&self.grantee_principal, &self.grantee_service_principal) {
            (Some(_), Some(_)) | (None, None) => {
                "You must specify exactly one of GranteePrincipal and GranteeServicePrincipal."
            }
            _ if matches!(retiring, (Some(_), Some(_))) => {
                "You can specify RetiringPrincipal or RetiringServicePrincipal, but not both."
            }
            (None, Some(_)) if source_arn.is_none() => {
                "You must specify the SourceArn constraint when you specify GranteeServicePrincipal."
            }
            (None, Some(_)) if matches!(retiring, (None, None)) => {
                "You must specify RetiringPrincipal or RetiringServicePrincipal when you specify \
                 GranteeServicePrincipal."
            }
            _ => return Ok(()),
        };
        Err(KmsError::Validation(why.to_owned()))
    }

    /// The pairs of its constraint, and whether they are the whole context.
    fn pairs(&self) -> Option<(&BTreeMap<String, String>, bool)> {
        let constraints = self.constraints.as_ref()?;
        let equals = constraints
            .encryption_context_equals
            .as_ref()
            .map(|pairs| (pairs, true));
        let subset = constraints.encryption_context_subset.as_ref();
        let (pairs, is_exact) = equals.or_else(|| subset.map(|pairs| (pairs, false)))?;
        Some((pairs.as_map(), is_exact))
    }

    /// The grant that is wanted.
    fn grant(&self, key: &KeyTarget, id: [u8; 32], view: &View) -> Result<Grant, KmsError> {
        let grantee = match (&self.grantee_principal, &self.grantee_service_principal) {
            (Some(principal), _) => grants::party(principal, view)?,
            (None, Some(name)) => grants::service(name),
            (None, None) => return self.check_principals().and(Err(KmsError::Cryptography)),
        };
        let retiring = match (&self.retiring_principal, &self.retiring_service_principal) {
            (Some(principal), _) => Some(grants::party(principal, view)?),
            (None, Some(name)) => Some(grants::service(name)),
            (None, None) => None,
        };
        let constraints = self.constraints.as_ref();
        let pairs = self.pairs();
        let of_kind = |exact| {
            let pairs = pairs.filter(|(_, is_exact)| *is_exact == exact);
            pairs.map(|(pairs, _)| pairs.clone())
        };
        Ok(Grant {
            key: key.id.to_bytes(),
            id,
            name: self.name.as_ref().map(|GrantNameText(name)| name.clone()),
            grantee,
            retiring,
            operations: grants::bits(&self.operations),
            subset: of_kind(false),
            equals: of_kind(true),
            source_arn: constraints.and_then(|given| given.source_arn.clone()),
            issuer: view.place().account.number(),
            created_ms: view.now().milliseconds(),
        })
    }
}

impl Operation for CreateGrant {
    const SPEC: OperationSpec = OperationSpec::writes("CreateGrant");
    type Input = CreateGrantInput;
    type Output = CreateGrantOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &CreateGrantInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        input.check_principals()?;
        if input.operations.is_empty()
            || input
                .operations
                .iter()
                .all(|one| *one == GrantOperation::CreateGrant)
        {
            return Err(KmsError::Validation(
                "Grants must not contain only the CreateGrant operation.".to_owned(),
            )
            .into());
        }
        view.keys()
            .find_by_id_anywhere::<action::CreateGrant>(&input.key_id)
    }

    fn demands(_: &CreateGrantInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::CreateGrant>())
    }

    fn condition<'c>(input: &'c CreateGrantInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        let constraints = input.constraints.as_ref();
        Some(match key.as_str() {
            "kms:grantisforawsresource" => Found::boolean(false),
            "kms:grantconstrainttype" => match input.pairs() {
                Some((_, true)) => Found::text(EQUALS),
                Some((_, false)) => Found::text(SUBSET),
                None => Found::Absent,
            },
            "kms:grantconstraintsourcearn" => {
                let source_arn = constraints.and_then(|given| given.source_arn.as_deref());
                source_arn.map_or(Found::Absent, Found::text)
            }
            _ => return None,
        })
    }

    fn encryption_context<'c>(input: &'c CreateGrantInput, _: &str) -> Option<&'c BTreeMap<String, String>> {
        input.pairs().map(|(pairs, _)| pairs)
    }

    fn check(input: &CreateGrantInput, permit: &Permit<KeyTarget>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let key = permit.targets();
        key.state.require(state::USABLE, &key.arn)?;
        grants::check_operations(key, &input.operations)?;
        if let Some(constraints) = &input.constraints {
            grants::check_constraints(key, constraints)?;
        }
        // Whom it names has to exist.
        input.grant(key, [0; 32], view)?;
        let most = limits::GRANTS_A_KEY;
        let prefix = key.id.to_bytes();
        let count = view
            .store()
            .count_index::<Grants>(key.domain, Grants::BY_KEY, &prefix, most)?;
        if count < most || same_grant(input, key, view)?.is_some() {
            return Ok(());
        }
        Err(KmsError::LimitExceeded(format!(
            "{} has {most} grants, and may have no more.",
            key.arn
        )))
    }

    fn is_dry_run(input: &CreateGrantInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(
        input: &CreateGrantInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let id = match same_grant(input, key, world.view())? {
            Some(id) => id,
            None => {
                let id = GrantId::draw(world.entropy())?;
                let grant = input.grant(key, id, world.view())?;
                let name = GrantName { key: key.id, id };
                world.change().put::<Grants>(key.domain, name, grant);
                id
            }
        };
        let name = GrantName { key: key.id, id };
        Ok(CreateGrantOutput {
            grant_token: GrantToken::of(name, key.place.account, world.view())?,
            grant_id: GrantId::of(&id),
        })
    }
}

/// The grant of the same name that says the same, if there is one: calling again makes no second.
fn same_grant(input: &CreateGrantInput, key: &KeyTarget, view: &View) -> Result<Option<[u8; 32]>, KmsError> {
    let Some(GrantNameText(name)) = &input.name else {
        return Ok(None);
    };
    let wanted = input.grant(key, [0; 32], view)?;
    let prefix = Grants::of_name(&wanted.key, name);
    let entries = view
        .store()
        .index::<Grants>(key.domain, Grants::BY_NAME, &prefix, None, usize::MAX)?;
    for entry in entries {
        let Some(grant) = view.store().get_row::<Grants>(&entry.row)? else {
            continue;
        };
        if wanted.says_the_same(&grant) {
            return Ok(Some(grant.id));
        }
    }
    Ok(None)
}
