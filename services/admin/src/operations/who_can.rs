//! WhoCan.

use std::collections::BTreeMap;

use arn::{AccountId, Arn};
use engine::{Demands, Explained, Miss, NotExplained, Operation, Outcome, Permit, View, World};
use identity::{Accounts, ByAccount, Principal, Roles, Users};
use model::{OperationSpec, Shape};
use store::Domain;

use super::{PageLength, TheInstallation};
use crate::AdminError;
use crate::access::{self, Decision, GrantDetail, StatementDetail};

/// Lists who may do what to a resource: every principal of every account, and by which statements and grants.
///
/// A page is of so many principals that were looked at; those who may nothing are left out of it.
pub struct WhoCan;

/// The request.
#[derive(Debug, Shape)]
pub struct WhoCanInput {
    /// The ARN of a resource.
    #[shape(audit = log, length = 1..=2048)]
    pub resource: String,
    /// Actions; all that the resource's policy decides unless given.
    #[shape(audit = log, length = 1..=100, member(length = 3..=128))]
    pub actions: Option<Vec<String>>,
    /// Values of condition keys, by the keys.
    #[shape(audit = omit, length = 0..=100)]
    pub context: Option<BTreeMap<String, Vec<String>>>,
    /// Principals that a page looks at: 1 to 1000, 1000 unless given.
    #[shape(audit = log)]
    pub max_results: Option<PageLength>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub next_token: Option<String>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct WhoCanOutput {
    /// The resource, by its ARN.
    #[shape(audit = omit)]
    pub resource: String,
    /// The page.
    #[shape(audit = omit)]
    pub principals: Vec<PrincipalAccess>,
    /// Grants to nobody who is listed: to services, to single sessions, to whoever is gone. On the first page.
    #[shape(audit = omit)]
    pub other_grants: Vec<OtherGrant>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub next_token: Option<String>,
}

/// What a principal may.
#[derive(Debug, Shape)]
pub struct PrincipalAccess {
    /// The principal, by its ARN; a role stands for its sessions.
    #[shape(audit = omit)]
    pub principal: String,
    /// What it may.
    #[shape(audit = omit)]
    pub access: Vec<Access>,
}

/// Actions that the same statements and grants decide.
#[derive(Debug, Shape)]
pub struct Access {
    /// The actions.
    #[shape(audit = omit)]
    pub actions: Vec<String>,
    /// Whether all such calls are allowed.
    #[shape(audit = omit)]
    pub decision: Decision,
    /// The statements that allow it, and those that may deny it.
    #[shape(audit = omit)]
    pub statements: Vec<StatementDetail>,
    /// The grants that allow it.
    #[shape(audit = omit)]
    pub grants: Vec<GrantDetail>,
}

/// A grant to nobody who is listed.
#[derive(Debug, Shape)]
pub struct OtherGrant {
    /// Its id.
    #[shape(audit = omit)]
    pub grant_id: String,
    /// Whom it is for.
    #[shape(audit = omit)]
    pub grantee: String,
    /// What it allows.
    #[shape(audit = omit)]
    pub action: String,
    /// What it is bound to.
    #[shape(audit = omit)]
    pub constraints: Option<String>,
}

impl Operation for WhoCan {
    const SPEC: OperationSpec = OperationSpec::reads("WhoCan");
    type Input = WhoCanInput;
    type Output = WhoCanOutput;
    type Targets = TheInstallation;
    type Error = AdminError;

    fn locate(_: &WhoCanInput, _: &View) -> Result<TheInstallation, Miss<AdminError>> {
        Ok(TheInstallation)
    }

    fn demands(_: &WhoCanInput, target: &TheInstallation, view: &View) -> Demands {
        target.demand("keystead:WhoCan", view)
    }

    async fn act(input: &WhoCanInput, _: &Permit<TheInstallation>, world: &mut World<'_>) -> Outcome<Self> {
        let most = input.max_results.map_or(1000, PageLength::entries);
        let start = input.next_token.as_deref().map(Place::parse).transpose()?;
        let (explained, actions) = explained(input, world)?;
        let values = access::values(input.context.as_ref());
        let view = world.view();
        let (looked_at, next) = principals(start.as_ref(), most, view)?;
        let mut principals = Vec::new();
        for principal in looked_at {
            let access = access_of(&principal, &explained, &actions, &values, view)?;
            if !access.is_empty() {
                principals.push(PrincipalAccess {
                    principal: shown(&principal),
                    access,
                });
            }
        }
        Ok(WhoCanOutput {
            principals,
            other_grants: match start {
                None => others(&explained, &actions, view)?,
                Some(_) => Vec::new(),
            },
            resource: explained.resource,
            next_token: next.map(|place| place.to_string()),
        })
    }
}

/// The resource, and what is asked of it.
fn explained(input: &WhoCanInput, world: &World<'_>) -> Result<(Explained, Vec<String>), AdminError> {
    // Whose policies decide matters only of what nobody owns.
    let nobody = world.view().place().account;
    if let Some(actions) = &input.actions {
        let services = actions.iter().map(|action| access::service_of(action, world));
        let services = services.collect::<Result<Vec<_>, _>>()?;
        let service = services
            .first()
            .filter(|first| services.iter().all(|one| one.name == first.name));
        // INVARIANT: the model admits no empty list.
        let service = service.ok_or_else(|| AdminError::NoAction(actions.join(", ")))?;
        let first = actions.first().map(String::as_str);
        let explained = (service.explain)(first, &input.resource, nobody, world.view())?;
        return Ok((explained, actions.clone()));
    }
    if input.resource.parse::<Arn>().is_err() {
        return Err(AdminError::NotArn(input.resource.clone()));
    }
    let mut missing = AdminError::NameActions;
    for service in world.services() {
        match (service.explain)(None, &input.resource, nobody, world.view()) {
            Ok(explained) if explained.actions.is_empty() => {}
            Ok(explained) => {
                let actions = explained
                    .actions
                    .iter()
                    .map(|action| (*action).to_owned())
                    .collect();
                return Ok((explained, actions));
            }
            Err(NotExplained::NotOfAction(_)) => {}
            Err(error) => missing = error.into(),
        }
    }
    Err(missing)
}

/// A principal by its ARN; a role for its sessions.
fn shown(principal: &Principal) -> String {
    match &principal.issuer {
        Some(role) => role.arn.to_string(),
        None => principal.arn.to_string(),
    }
}

fn access_of(
    principal: &Principal,
    explained: &Explained,
    actions: &[String],
    values: &BTreeMap<String, Vec<String>>,
    view: &View,
) -> Result<Vec<Access>, AdminError> {
    let examined = access::examined(principal, view)?;
    let mut found: BTreeMap<(Decision, Vec<StatementDetail>, Vec<GrantDetail>), Vec<String>> =
        BTreeMap::new();
    for action in actions {
        let explanation = examined.explain(explained.wanted(action), explained.supposed(values, view))?;
        let decision = explanation.outcome.into();
        if decision != Decision::Denied {
            let grants = access::grants_of(&explanation);
            let by = (decision, access::statements_of(explanation.statements), grants);
            found.entry(by).or_default().push(action.clone());
        }
    }
    let access = found
        .into_iter()
        .map(|((decision, statements, grants), actions)| Access {
            actions,
            decision,
            statements,
            grants,
        });
    Ok(access.collect())
}

/// Grants to nobody who is listed.
fn others(explained: &Explained, actions: &[String], view: &View) -> Result<Vec<OtherGrant>, AdminError> {
    let mut others = Vec::new();
    // Many grants may be to one grantee.
    let mut listed: BTreeMap<&str, bool> = BTreeMap::new();
    for grant in &explained.grants {
        if !actions.iter().any(|action| action == grant.action) {
            continue;
        }
        let is_listed = match listed.get(grant.grantee.as_str()) {
            Some(is_listed) => *is_listed,
            None => *listed
                .entry(&grant.grantee)
                .or_insert(is_listed(&grant.grantee, view)?),
        };
        if is_listed {
            continue;
        }
        others.push(OtherGrant {
            grant_id: grant.id.clone(),
            grantee: grant.grantee.clone(),
            action: grant.action.to_owned(),
            constraints: grant.constraints.clone(),
        });
    }
    Ok(others)
}

/// Whether somebody is an account, or a user or a role of one here.
fn is_listed(id: &str, view: &View) -> Result<bool, AdminError> {
    if id.parse::<AccountId>().is_ok() {
        return Ok(true);
    }
    if id.contains([':', '.']) {
        return Ok(false);
    }
    for account in identity::accounts(view.store())? {
        if identity::principal_of_id(id, account, view.store())?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where a list of principals goes on: behind a user or a role of an account, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    account: AccountId,
    stage: Stage,
    behind: String,
}

/// Users come before roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Users,
    Roles,
}

impl Place {
    fn parse(token: &str) -> Result<Place, AdminError> {
        let mut parts = token.splitn(3, '/');
        let account = parts.next().and_then(|account| account.parse().ok());
        let stage = match parts.next() {
            Some("user") => Some(Stage::Users),
            Some("role") => Some(Stage::Roles),
            _ => None,
        };
        match (account, stage, parts.next()) {
            (Some(account), Some(stage), Some(behind)) => Ok(Place {
                account,
                stage,
                behind: behind.to_owned(),
            }),
            _ => Err(AdminError::InvalidNextToken),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stage = match self.stage {
            Stage::Users => "user",
            Stage::Roles => "role",
        };
        write!(f, "{}/{stage}/{}", self.account, self.behind)
    }
}

/// Up to so many principals from a place on, and where the list goes on.
fn principals(
    start: Option<&Place>,
    most: usize,
    view: &View,
) -> Result<(Vec<Principal>, Option<Place>), AdminError> {
    let store = view.store();
    let mut found = Vec::new();
    let mut accounts = identity::accounts(store)?;
    accounts.sort_unstable();
    for account in accounts {
        let here = start.filter(|start| start.account == account);
        if start.is_some_and(|start| account < start.account) {
            continue;
        }
        let record = store.get::<Accounts>(Domain::Installation, &ByAccount(account))?;
        let Some(domain) = identity::domain_of(account, store) else {
            continue;
        };
        if record.is_none_or(|record| record.is_operator()) {
            continue;
        }
        if here.is_none() {
            found.push(Principal::root(account));
        }
        for stage in [Stage::Users, Stage::Roles] {
            if here.is_some_and(|here| stage < here.stage) {
                continue;
            }
            let behind = here.filter(|here| here.stage == stage);
            let mut after = behind.map(|place| place.behind.clone().into_bytes());
            loop {
                let room = most.saturating_sub(found.len());
                let rows = match stage {
                    Stage::Users => {
                        store.index::<Users>(domain, Users::BY_NAME, b"", after.as_deref(), room)?
                    }
                    Stage::Roles => {
                        store.index::<Roles>(domain, Roles::BY_NAME, b"", after.as_deref(), room)?
                    }
                };
                for row in &rows {
                    found.extend(match stage {
                        Stage::Users => {
                            let user = store.get_row::<Users>(&row.row)?;
                            user.and_then(|user| Principal::user(&user, account))
                        }
                        Stage::Roles => {
                            let role = store.get_row::<Roles>(&row.row)?;
                            role.and_then(|role| Principal::of_role(&role, account))
                        }
                    });
                }
                if let Some(last) = rows.last() {
                    after = Some(last.bytes.clone());
                }
                if found.len() >= most {
                    let behind = after.unwrap_or_default();
                    let behind = String::from_utf8_lossy(&behind).into_owned();
                    return Ok((
                        found,
                        Some(Place {
                            account,
                            stage,
                            behind,
                        }),
                    ));
                }
                if rows.len() < room {
                    break;
                }
            }
        }
    }
    Ok((found, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_where_the_list_goes_on_and_nothing_else_is_one() {
        let place = Place {
            account: "111122223333".parse().unwrap(),
            stage: Stage::Roles,
            behind: "a/b".to_owned(),
        };
        assert_eq!(Place::parse(&place.to_string()).unwrap(), place);
        for bad in [
            "",
            "111122223333",
            "111122223333/group/a",
            "x/user/a",
            "111122223333/user",
        ] {
            assert!(Place::parse(bad).is_err(), "{bad}");
        }
    }
}
