//! GetAccessKeyLastUsed.

use ambient::Timestamp;
use arn::Arn;
use engine::{Demands, Described, Miss, Operation, Outcome, Permit, Resource, Targets, View, World};
use identity::{AccessKeyId, AccessKeys, Owner};
use model::{OperationSpec, Shape};
use store::Domain;

use crate::IamError;
use crate::holders::Target;
use crate::users::{KeyHolder, demand_on};
use crate::wire::{AccessKeyIdText, UserName};

/// Tells when an access key last signed, for which service and in which Region.
///
/// Source: IAM API Reference, `GetAccessKeyLastUsed`.
pub struct GetAccessKeyLastUsed;

/// The request.
#[derive(Debug, Shape)]
pub struct GetAccessKeyLastUsedInput {
    /// The key.
    #[shape(audit = log)]
    pub access_key_id: AccessKeyIdText,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetAccessKeyLastUsedOutput {
    /// Whose it is; none of the root user's.
    #[shape(audit = omit)]
    pub user_name: Option<UserName>,
    /// When it last signed.
    #[shape(audit = omit)]
    pub access_key_last_used: Option<AccessKeyLastUsed>,
}

/// When an access key last signed.
#[derive(Debug, Shape)]
pub struct AccessKeyLastUsed {
    /// When; absent if it never did.
    #[shape(audit = omit)]
    pub last_used_date: Option<Timestamp>,
    /// For which service; `N/A` if for none.
    #[shape(audit = omit)]
    pub service_name: String,
    /// In which Region; `N/A` if in none.
    #[shape(audit = omit)]
    pub region: String,
}

/// What stands where nothing is known.
const NOTHING: &str = "N/A";

/// The access key that is asked about, with whoever has it.
#[derive(Debug)]
pub struct FoundKey {
    /// `None` where the account has no such key.
    found: Option<(AccessKeyId, KeyHolder)>,
}

impl Targets for FoundKey {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }

    fn described(&self, of: &Arn) -> Option<&dyn Described> {
        self.found.as_ref()?.1.described(of)
    }
}

impl Operation for GetAccessKeyLastUsed {
    const SPEC: OperationSpec = OperationSpec::reads("GetAccessKeyLastUsed");
    type Input = GetAccessKeyLastUsedInput;
    type Output = GetAccessKeyLastUsedOutput;
    type Targets = FoundKey;
    type Error = IamError;

    fn locate(input: &GetAccessKeyLastUsedInput, view: &View) -> Result<FoundKey, Miss<IamError>> {
        let account = view.place().account;
        let nothing = FoundKey { found: None };
        let Ok(id) = input.access_key_id.0.parse::<AccessKeyId>() else {
            return Ok(nothing);
        };
        let key = view
            .store()
            .get::<AccessKeys>(Domain::Installation, &id)
            .map_err(IamError::from)?;
        let holder = match key.and_then(|key| key.owner()) {
            Some(Owner::Root(of)) if of == account => KeyHolder::Root(account),
            Some(Owner::User(of, user)) if of == account => {
                let user = identity::user_of(account, &user, view.store()).map_err(IamError::from)?;
                match user {
                    Some(user) => KeyHolder::User(Target::of(user, account)?),
                    None => return Ok(nothing),
                }
            }
            _ => return Ok(nothing),
        };
        Ok(FoundKey {
            found: Some((id, holder)),
        })
    }

    fn demands(_: &GetAccessKeyLastUsedInput, key: &FoundKey, view: &View) -> Demands {
        let action = "iam:GetAccessKeyLastUsed";
        let account = view.place().account;
        Demands::of(match &key.found {
            Some((_, holder)) => holder.demand(action),
            None => demand_on(action, Arn::root_of(account), account),
        })
    }

    async fn act(
        input: &GetAccessKeyLastUsedInput,
        permit: &Permit<FoundKey>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let Some((id, holder)) = &permit.targets().found else {
            let AccessKeyIdText(text) = &input.access_key_id;
            return Err(IamError::NoSuchEntity(format!(
                "The Access Key with id {text} cannot be found."
            )));
        };
        let last = world.last_call_with(id.as_str());
        Ok(GetAccessKeyLastUsedOutput {
            user_name: holder.name()?.map(|name| UserName(name.to_owned())),
            access_key_last_used: Some(match last {
                Some(last) => AccessKeyLastUsed {
                    last_used_date: Some(last.time),
                    service_name: last.service.to_owned(),
                    region: last.region.to_string(),
                },
                None => AccessKeyLastUsed {
                    last_used_date: None,
                    service_name: NOTHING.to_owned(),
                    region: NOTHING.to_owned(),
                },
            }),
        })
    }
}
