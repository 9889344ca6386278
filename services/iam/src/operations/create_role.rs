//! CreateRole.

use arn::{AccountId, Arn};
use engine::{
    ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, Resource, Targets, View, World,
};
use identity::{IdKind, Roles, UniqueId};
use model::{OperationSpec, Shape};

use super::create_user::boundary_of;
use crate::holders::arn_of;
use crate::roles;
use crate::users::demand_on;
use crate::wire::{DocumentText, LongestSession, PathText, Role, RoleDescription, RoleName, Tag};
use crate::{IamError, limits, tags};

/// Makes a role, which gives nothing yet.
///
/// Source: IAM API Reference, `CreateRole`.
pub struct CreateRole;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateRoleInput {
    /// Where it is to stand; `/` unless given.
    #[shape(audit = log)]
    pub path: Option<PathText>,
    /// Its name.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// Who may take it on.
    #[shape(audit = log)]
    pub assume_role_policy_document: DocumentText,
    /// What its maker says of it.
    #[shape(audit = log)]
    pub description: Option<RoleDescription>,
    /// How many seconds a session of it may last; 3600 unless given.
    #[shape(audit = log)]
    pub max_session_duration: Option<LongestSession>,
    /// The ARN of the managed policy that is to bound its permissions.
    #[shape(audit = log, length = 20..=2048, condition = "iam:PermissionsBoundary")]
    pub permissions_boundary: Option<String>,
    /// Its tags.
    #[shape(default, audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreateRoleOutput {
    /// The role.
    #[shape(audit = log)]
    pub role: Role,
}

/// A role that is to be made.
#[derive(Debug)]
pub struct NewRole {
    account: AccountId,
    arn: Arn,
}

impl Targets for NewRole {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }
}

impl Operation for CreateRole {
    const SPEC: OperationSpec = OperationSpec::writes("CreateRole");
    type Input = CreateRoleInput;
    type Output = CreateRoleOutput;
    type Targets = NewRole;
    type Error = IamError;

    fn locate(input: &CreateRoleInput, view: &View) -> Result<NewRole, Miss<IamError>> {
        let account = view.place().account;
        let path = input.path.as_ref().map_or("/", |PathText(path)| path);
        let arn = arn_of(account, "role", path, &input.role_name.0)?;
        Ok(NewRole { account, arn })
    }

    fn demands(_: &CreateRoleInput, new: &NewRole, _: &View) -> Demands {
        Demands::of(demand_on("iam:CreateRole", new.arn.clone(), new.account))
    }

    fn condition<'c>(input: &'c CreateRoleInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        tags::condition(&input.tags, key)
    }

    fn check(input: &CreateRoleInput, permit: &Permit<NewRole>, view: &View) -> Result<(), IamError> {
        let RoleName(name) = &input.role_name;
        if identity::role_named(name, view.domain(), view.store())?.is_some() {
            return Err(IamError::AlreadyExists(format!(
                "Role with name {name} already exists."
            )));
        }
        if view.store().snapshot().count::<Roles>(view.domain()) >= limits::ROLES as u64 {
            return Err(IamError::LimitExceeded("RolesPerAccount", limits::ROLES));
        }
        roles::trust(&input.assume_role_policy_document, view)?;
        boundary_of(
            input.permissions_boundary.as_deref(),
            permit.targets().account,
            view,
        )?;
        tags::check(&input.tags, "TagsPerRole")
    }

    async fn act(input: &CreateRoleInput, permit: &Permit<NewRole>, world: &mut World<'_>) -> Outcome<Self> {
        let id = UniqueId::draw(IdKind::Role, world.entropy())?;
        let path = input.path.as_ref().map_or("/", |PathText(path)| path);
        let trust = roles::trust(&input.assume_role_policy_document, world.view())?;
        let mut role = identity::Role::new(&id, &input.role_name.0, path, trust, world.now());
        role.boundary.clone_from(&input.permissions_boundary);
        if let Some(RoleDescription(text)) = &input.description {
            role.description.clone_from(text);
        }
        if let Some(longest) = input.max_session_duration {
            role.longest_session = longest.seconds();
        }
        for tag in &input.tags {
            identity::set_tag(&mut role.tags, &tag.key, &tag.value);
        }
        let told = Role::told(&role, permit.targets().account, true, world.view())?;
        let domain = world.view().domain();
        world.change().put::<Roles>(domain, id, role);
        Ok(CreateRoleOutput { role: told })
    }
}
