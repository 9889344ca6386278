//! GetAccountAuthorizationDetails.

use ambient::Timestamp;
use arn::{AccountId, Arn};
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::{Groups, InlinePolicy, ManagedPolicies, Policies, Roles, UniqueId, Users};
use model::{OperationSpec, Shape};
use store::Table;

use crate::paging::{Marker, MaxItems, Paging};
use crate::policies::{self, Uses};
use crate::users::{NoTarget, demand_on};
use crate::wire::{
    AttachedPermissionsBoundary, AttachedPolicy, DocumentText, EntityType, Group, GroupName, NewUserName,
    PathText, Policy, PolicyArn, PolicyName, PolicyPath, PolicyVersion, Role, RoleName, Tag, User, VersionId,
};
use crate::{IamError, documents};

/// Tells of all users, groups, roles and managed policies of the account, with all that gives them rights.
///
/// Source: IAM API Reference, `GetAccountAuthorizationDetails`.
pub struct GetAccountAuthorizationDetails;

/// The request.
#[derive(Debug, Shape)]
pub struct GetAccountAuthorizationDetailsInput {
    /// What is wanted; all unless given.
    #[shape(default, audit = log)]
    pub filter: Vec<EntityType>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetAccountAuthorizationDetailsOutput {
    /// Users.
    #[shape(audit = omit)]
    pub user_detail_list: Option<Vec<UserDetail>>,
    /// Groups.
    #[shape(audit = omit)]
    pub group_detail_list: Option<Vec<GroupDetail>>,
    /// Roles.
    #[shape(audit = omit)]
    pub role_detail_list: Option<Vec<RoleDetail>>,
    /// Managed policies.
    #[shape(audit = omit)]
    pub policies: Option<Vec<PolicyDetails>>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

/// An inline policy.
#[derive(Debug, Shape)]
pub struct PolicyDetail {
    /// Its name.
    #[shape(audit = omit)]
    pub policy_name: Option<PolicyName>,
    /// What it says, percent-encoded.
    #[shape(audit = omit)]
    pub policy_document: Option<DocumentText>,
}

/// A user.
#[derive(Debug, Shape)]
pub struct UserDetail {
    /// Where it stands.
    #[shape(audit = omit)]
    pub path: Option<PathText>,
    /// Its name.
    #[shape(audit = omit)]
    pub user_name: Option<NewUserName>,
    /// Its unique id.
    #[shape(audit = omit, length = 16..=128, pattern = "[\\w]+")]
    pub user_id: Option<String>,
    /// Its ARN.
    #[shape(audit = omit, length = 20..=2048)]
    pub arn: Option<Arn>,
    /// When it was made.
    #[shape(audit = omit)]
    pub create_date: Option<Timestamp>,
    /// Its inline policies.
    #[shape(audit = omit)]
    pub user_policy_list: Option<Vec<PolicyDetail>>,
    /// The groups that it is in.
    #[shape(audit = omit)]
    pub group_list: Option<Vec<GroupName>>,
    /// The managed policies that are attached to it.
    #[shape(audit = omit)]
    pub attached_managed_policies: Option<Vec<AttachedPolicy>>,
    /// What bounds its permissions.
    #[shape(audit = omit)]
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Its tags.
    #[shape(audit = omit, length = 0..=50)]
    pub tags: Option<Vec<Tag>>,
}

/// A group.
#[derive(Debug, Shape)]
pub struct GroupDetail {
    /// Where it stands.
    #[shape(audit = omit)]
    pub path: Option<PathText>,
    /// Its name.
    #[shape(audit = omit)]
    pub group_name: Option<GroupName>,
    /// Its unique id.
    #[shape(audit = omit, length = 16..=128, pattern = "[\\w]+")]
    pub group_id: Option<String>,
    /// Its ARN.
    #[shape(audit = omit, length = 20..=2048)]
    pub arn: Option<Arn>,
    /// When it was made.
    #[shape(audit = omit)]
    pub create_date: Option<Timestamp>,
    /// Its inline policies.
    #[shape(audit = omit)]
    pub group_policy_list: Option<Vec<PolicyDetail>>,
    /// The managed policies that are attached to it.
    #[shape(audit = omit)]
    pub attached_managed_policies: Option<Vec<AttachedPolicy>>,
}

/// A role.
#[derive(Debug, Shape)]
pub struct RoleDetail {
    /// Where it stands.
    #[shape(audit = omit)]
    pub path: Option<PathText>,
    /// Its name.
    #[shape(audit = omit)]
    pub role_name: Option<RoleName>,
    /// Its unique id.
    #[shape(audit = omit, length = 16..=128, pattern = "[\\w]+")]
    pub role_id: Option<String>,
    /// Its ARN.
    #[shape(audit = omit, length = 20..=2048)]
    pub arn: Option<Arn>,
    /// When it was made.
    #[shape(audit = omit)]
    pub create_date: Option<Timestamp>,
    /// Who may take it on, percent-encoded.
    #[shape(audit = omit)]
    pub assume_role_policy_document: Option<DocumentText>,
    /// Its inline policies.
    #[shape(audit = omit)]
    pub role_policy_list: Option<Vec<PolicyDetail>>,
    /// The managed policies that are attached to it.
    #[shape(audit = omit)]
    pub attached_managed_policies: Option<Vec<AttachedPolicy>>,
    /// What bounds its permissions.
    #[shape(audit = omit)]
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Its tags.
    #[shape(audit = omit, length = 0..=50)]
    pub tags: Option<Vec<Tag>>,
}

/// A managed policy.
#[derive(Debug, Shape)]
pub struct PolicyDetails {
    /// Its name.
    #[shape(audit = omit)]
    pub policy_name: Option<PolicyName>,
    /// Its unique id.
    #[shape(audit = omit, length = 16..=128, pattern = "[\\w]+")]
    pub policy_id: Option<String>,
    /// Its ARN.
    #[shape(audit = omit, length = 20..=2048)]
    pub arn: Option<Arn>,
    /// Where it stands.
    #[shape(audit = omit)]
    pub path: Option<PolicyPath>,
    /// The version that is in force.
    #[shape(audit = omit)]
    pub default_version_id: Option<VersionId>,
    /// To how many entities it is attached.
    #[shape(audit = omit)]
    pub attachment_count: Option<i32>,
    /// How many entities it bounds.
    #[shape(audit = omit)]
    pub permissions_boundary_usage_count: Option<i32>,
    /// Whether it can be attached.
    #[shape(audit = omit)]
    pub is_attachable: Option<bool>,
    /// What its maker says of it.
    #[shape(audit = omit, length = 0..=1000)]
    pub description: Option<String>,
    /// When it was made.
    #[shape(audit = omit)]
    pub create_date: Option<Timestamp>,
    /// When a version of it was last made or put in force.
    #[shape(audit = omit)]
    pub update_date: Option<Timestamp>,
    /// Its versions, the newest first.
    #[shape(audit = omit)]
    pub policy_version_list: Option<Vec<PolicyVersion>>,
}

/// One of all.
enum Detail {
    User(UserDetail),
    Group(GroupDetail),
    Role(RoleDetail),
    Policy(PolicyDetails),
}

impl Operation for GetAccountAuthorizationDetails {
    const SPEC: OperationSpec = OperationSpec::reads("GetAccountAuthorizationDetails");
    type Input = GetAccountAuthorizationDetailsInput;
    type Output = GetAccountAuthorizationDetailsOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &GetAccountAuthorizationDetailsInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &GetAccountAuthorizationDetailsInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on(
            "iam:GetAccountAuthorizationDetails",
            Arn::root_of(account),
            account,
        ))
    }

    async fn act(
        input: &GetAccountAuthorizationDetailsInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let view = world.view();
        let asked = format!("{:?}", input.filter);
        let bound_to = [asked.as_bytes()];
        let paging = Paging::of(
            view,
            Self::SPEC.name,
            &bound_to,
            input.max_items,
            input.marker.as_ref(),
        )?;
        let page = paging.cut(found(&paging, &input.filter, view)?, |(end, _)| end.clone())?;
        let (mut users, mut groups, mut roles, mut policies) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (_, detail) in page.entries {
            match detail {
                Detail::User(user) => users.push(user),
                Detail::Group(group) => groups.push(group),
                Detail::Role(role) => roles.push(role),
                Detail::Policy(policy) => policies.push(policy),
            }
        }
        Ok(GetAccountAuthorizationDetailsOutput {
            user_detail_list: Some(users),
            group_detail_list: Some(groups),
            role_detail_list: Some(roles),
            policies: Some(policies),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}

/// Enough for a page, with where each stands: the number of its table, then its place in that table's index of names.
fn found(
    paging: &Paging<'_>,
    filter: &[EntityType],
    view: &View,
) -> Result<Vec<(Vec<u8>, Detail)>, IamError> {
    let account = view.place().account;
    let mut all = Vec::new();
    // Tables are gone through in the order of their numbers.
    let mut gathered = Gathered {
        paging,
        filter,
        view,
        all: &mut all,
    };
    gathered.of::<Users>(EntityType::User, Users::BY_NAME, |user| {
        user_detail(user, account, view).map(Detail::User)
    })?;
    gathered.of::<Groups>(EntityType::Group, Groups::BY_NAME, |group| {
        group_detail(group, account).map(Detail::Group)
    })?;
    gathered.of::<Roles>(EntityType::Role, Roles::BY_NAME, |role| {
        role_detail(role, account, view).map(Detail::Role)
    })?;
    gathered.of::<ManagedPolicies>(
        EntityType::LocalManagedPolicy,
        ManagedPolicies::BY_NAME,
        |policy| {
            let arn = policies::own_arn(policy, account)?;
            let uses = policies::uses_of(&arn, view)?;
            policy_detail(policy, arn, uses).map(Detail::Policy)
        },
    )?;
    // Of AWS's policies those that are in use are told of, last.
    if filter.is_empty() || filter.contains(&EntityType::AwsManagedPolicy) {
        for one in policies::of_aws(paging.after(), view) {
            let (place, arn, policy, uses) = one?;
            if all.len() < paging.enough() && uses.attached + uses.bounding > 0 {
                all.push((place, Detail::Policy(policy_detail(policy, arn, uses)?)));
            }
        }
    }
    Ok(all)
}

struct Gathered<'g> {
    paging: &'g Paging<'g>,
    filter: &'g [EntityType],
    view: &'g View,
    all: &'g mut Vec<(Vec<u8>, Detail)>,
}

impl Gathered<'_> {
    fn of<T: Table>(
        &mut self,
        kind: EntityType,
        index: u8,
        detail: impl Fn(&T::Record) -> Result<Detail, IamError>,
    ) -> Result<(), IamError> {
        let table = T::ID.0;
        let after = match self.paging.after().and_then(<[u8]>::split_first) {
            Some((last, _)) if *last > table => return Ok(()),
            Some((last, rest)) if *last == table => Some(rest.to_vec()),
            _ => None,
        };
        let wanted = self.filter.is_empty() || self.filter.contains(&kind);
        let missing = self.paging.enough().saturating_sub(self.all.len());
        if !wanted || missing == 0 {
            return Ok(());
        }
        let found = self
            .paging
            .gather_from::<T, _>(self.view.domain(), index, after, missing, |record| {
                detail(record).map(Some)
            })?;
        let placed = found
            .into_iter()
            .map(|(end, detail)| ([&[table], end.as_slice()].concat(), detail));
        self.all.extend(placed);
        Ok(())
    }
}

fn inline(policies: &Policies) -> Option<Vec<PolicyDetail>> {
    let told = |policy: &InlinePolicy| PolicyDetail {
        policy_name: Some(PolicyName(policy.name.clone())),
        policy_document: Some(DocumentText(documents::encoded(policy.document.text()))),
    };
    Some(policies.inline.iter().map(told).collect())
}

fn attached(policies: &Policies) -> Option<Vec<AttachedPolicy>> {
    let told = |arn: &String| AttachedPolicy {
        policy_name: arn.rsplit('/').next().map(|name| PolicyName(name.to_owned())),
        policy_arn: Some(PolicyArn(arn.clone())),
    };
    Some(policies.attached.iter().map(told).collect())
}

fn user_detail(user: &identity::User, account: AccountId, view: &View) -> Result<UserDetail, IamError> {
    let mut groups = Vec::new();
    for id in &user.groups {
        let group = view.store().get::<Groups>(view.domain(), &UniqueId::kept(id))?;
        groups.extend(group.map(|group| GroupName(group.name.clone())));
    }
    let (inline, attached) = (inline(&user.policies), attached(&user.policies));
    let user = User::told(user, account, true)?;
    Ok(UserDetail {
        path: Some(user.path),
        user_name: Some(user.user_name),
        user_id: Some(user.user_id),
        arn: Some(user.arn),
        create_date: Some(user.create_date),
        user_policy_list: inline,
        group_list: Some(groups),
        attached_managed_policies: attached,
        permissions_boundary: user.permissions_boundary,
        tags: user.tags,
    })
}

fn group_detail(group: &identity::Group, account: AccountId) -> Result<GroupDetail, IamError> {
    let (inline, attached) = (inline(&group.policies), attached(&group.policies));
    let group = Group::told(group, account)?;
    Ok(GroupDetail {
        path: Some(group.path),
        group_name: Some(group.group_name),
        group_id: Some(group.group_id),
        arn: Some(group.arn),
        create_date: Some(group.create_date),
        group_policy_list: inline,
        attached_managed_policies: attached,
    })
}

fn role_detail(role: &identity::Role, account: AccountId, view: &View) -> Result<RoleDetail, IamError> {
    let (inline, attached) = (inline(&role.policies), attached(&role.policies));
    let role = Role::told(role, account, true, view)?;
    Ok(RoleDetail {
        path: Some(role.path),
        role_name: Some(role.role_name),
        role_id: Some(role.role_id),
        arn: Some(role.arn),
        create_date: Some(role.create_date),
        assume_role_policy_document: role.assume_role_policy_document,
        role_policy_list: inline,
        attached_managed_policies: attached,
        permissions_boundary: role.permissions_boundary,
        tags: role.tags,
    })
}

fn policy_detail(policy: &identity::ManagedPolicy, arn: Arn, uses: Uses) -> Result<PolicyDetails, IamError> {
    let versions = policy.versions().iter().rev();
    let versions = versions
        .map(|version| policies::version_told(policy, version, true))
        .collect();
    let told: Policy = policies::told(policy, arn, uses, true)?;
    Ok(PolicyDetails {
        policy_name: told.policy_name,
        policy_id: told.policy_id,
        arn: told.arn,
        path: told.path,
        default_version_id: told.default_version_id,
        attachment_count: told.attachment_count,
        permissions_boundary_usage_count: told.permissions_boundary_usage_count,
        is_attachable: told.is_attachable,
        description: told.description,
        create_date: told.create_date,
        update_date: told.update_date,
        policy_version_list: Some(versions),
    })
}
