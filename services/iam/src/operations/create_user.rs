//! CreateUser.

use arn::{AccountId, Arn};
use engine::{
    ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, Resource, Targets, View, World,
};
use identity::{IdKind, UniqueId, Users};
use model::{OperationSpec, Shape};

use crate::holders::arn_of;
use crate::users::demand_on;
use crate::wire::{NewUserName, PathText, Tag, User};
use crate::{IamError, limits, tags};

/// Makes a user, who may do nothing yet.
///
/// Source: IAM API Reference, `CreateUser`.
pub struct CreateUser;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateUserInput {
    /// Where it is to stand; `/` unless given.
    #[shape(audit = log)]
    pub path: Option<PathText>,
    /// Its name.
    #[shape(audit = log)]
    pub user_name: NewUserName,
    /// The ARN of the managed policy that is to bound its permissions.
    #[shape(audit = log, length = 20..=2048, condition = "iam:PermissionsBoundary")]
    pub permissions_boundary: Option<String>,
    /// Its tags.
    #[shape(default, audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreateUserOutput {
    /// The user.
    #[shape(audit = log)]
    pub user: Option<User>,
}

/// A user that is to be made.
#[derive(Debug)]
pub struct NewUser {
    account: AccountId,
    arn: Arn,
}

impl Targets for NewUser {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }
}

impl Operation for CreateUser {
    const SPEC: OperationSpec = OperationSpec::writes("CreateUser");
    type Input = CreateUserInput;
    type Output = CreateUserOutput;
    type Targets = NewUser;
    type Error = IamError;

    fn locate(input: &CreateUserInput, view: &View) -> Result<NewUser, Miss<IamError>> {
        let account = view.place().account;
        let path = input.path.as_ref().map_or("/", |PathText(path)| path);
        let arn = arn_of(account, "user", path, &input.user_name.0)?;
        Ok(NewUser { account, arn })
    }

    fn demands(_: &CreateUserInput, new: &NewUser, _: &View) -> Demands {
        Demands::of(demand_on("iam:CreateUser", new.arn.clone(), new.account))
    }

    fn condition<'c>(input: &'c CreateUserInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        tags::condition(&input.tags, key)
    }

    fn check(input: &CreateUserInput, permit: &Permit<NewUser>, view: &View) -> Result<(), IamError> {
        let NewUserName(name) = &input.user_name;
        if identity::user_named(name, view.domain(), view.store())?.is_some() {
            return Err(IamError::AlreadyExists(format!(
                "User with name {name} already exists."
            )));
        }
        if view.store().snapshot().count::<Users>(view.domain()) >= limits::USERS as u64 {
            return Err(IamError::LimitExceeded("UsersPerAccount", limits::USERS));
        }
        let bounds = input.permissions_boundary.as_deref();
        boundary_of(bounds, permit.targets().account, view)?;
        tags::check(&input.tags, "TagsPerUser")
    }

    async fn act(input: &CreateUserInput, permit: &Permit<NewUser>, world: &mut World<'_>) -> Outcome<Self> {
        let id = UniqueId::draw(IdKind::User, world.entropy())?;
        let path = input.path.as_ref().map_or("/", |PathText(path)| path);
        let mut user = identity::User::new(&id, &input.user_name.0, path, world.now());
        user.boundary.clone_from(&input.permissions_boundary);
        for tag in &input.tags {
            identity::set_tag(&mut user.tags, &tag.key, &tag.value);
        }
        let told = User::told(&user, permit.targets().account, true)?;
        let domain = world.view().domain();
        world.change().put::<Users>(domain, id, user);
        Ok(CreateUserOutput { user: Some(told) })
    }
}

/// Refuses a boundary that is no managed policy.
pub(super) fn boundary_of(arn: Option<&str>, account: AccountId, view: &View) -> Result<(), IamError> {
    let Some(text) = arn else {
        return Ok(());
    };
    let parsed: Arn = text
        .parse()
        .map_err(|_| IamError::Validation("Invalid ARN:  Could not be parsed!".to_owned()))?;
    match identity::managed_policy_of(&parsed, account, view.domain(), view.store())? {
        Some(_) => Ok(()),
        None => Err(IamError::NoSuchEntity(format!(
            "Scope ARN: {text} does not exist or is not attachable."
        ))),
    }
}
