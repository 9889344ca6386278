//! ListEntitiesForPolicy.

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::{Groups, Roles, UniqueId, Users};
use model::{OperationSpec, Shape};

use crate::IamError;
use crate::holders::Holders;
use crate::paging::{Marker, MaxItems, Paging};
use crate::policies::PolicyTarget;
use crate::wire::{EntityType, GroupName, NewUserName, PathText, PolicyArn, PolicyUsage, RoleName};

/// Lists the users, groups and roles that a managed policy is attached to, or bounds.
///
/// Source: IAM API Reference, `ListEntitiesForPolicy`.
pub struct ListEntitiesForPolicy;

/// The request.
#[derive(Debug, Shape)]
pub struct ListEntitiesForPolicyInput {
    /// The managed policy.
    #[shape(audit = log)]
    pub policy_arn: PolicyArn,
    /// Which kind is wanted alone; none of the managed policies has policies.
    #[shape(audit = log)]
    pub entity_filter: Option<EntityType>,
    /// The beginning of the paths of those that are wanted; all unless given.
    #[shape(audit = log)]
    pub path_prefix: Option<PathText>,
    /// How it is used by those that are wanted.
    #[shape(audit = log)]
    pub policy_usage_filter: Option<PolicyUsage>,
    /// Where the list goes on.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// How many are wanted at most.
    #[shape(audit = log)]
    pub max_items: Option<MaxItems>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListEntitiesForPolicyOutput {
    /// The groups.
    #[shape(audit = omit)]
    pub policy_groups: Option<Vec<PolicyGroup>>,
    /// The users.
    #[shape(audit = omit)]
    pub policy_users: Option<Vec<PolicyUser>>,
    /// The roles.
    #[shape(audit = omit)]
    pub policy_roles: Option<Vec<PolicyRole>>,
    /// Whether there are more.
    #[shape(audit = omit)]
    pub is_truncated: Option<bool>,
    /// Where the list goes on.
    #[shape(audit = omit)]
    pub marker: Option<String>,
}

/// A group in the list.
#[derive(Debug, Shape)]
pub struct PolicyGroup {
    /// Its name.
    #[shape(audit = omit)]
    pub group_name: Option<GroupName>,
    /// Its unique id.
    #[shape(audit = omit, length = 16..=128, pattern = "[\\w]+")]
    pub group_id: Option<String>,
}

/// A user in the list.
#[derive(Debug, Shape)]
pub struct PolicyUser {
    /// Its name.
    #[shape(audit = omit)]
    pub user_name: Option<NewUserName>,
    /// Its unique id.
    #[shape(audit = omit, length = 16..=128, pattern = "[\\w]+")]
    pub user_id: Option<String>,
}

/// A role in the list.
#[derive(Debug, Shape)]
pub struct PolicyRole {
    /// Its name.
    #[shape(audit = omit)]
    pub role_name: Option<RoleName>,
    /// Its unique id.
    #[shape(audit = omit, length = 16..=128, pattern = "[\\w]+")]
    pub role_id: Option<String>,
}

/// An entity that was found: its kind, where it stands, its name and unique id.
struct Entity {
    kind: EntityType,
    place: Vec<u8>,
    name: String,
    id: UniqueId,
}

impl Operation for ListEntitiesForPolicy {
    const SPEC: OperationSpec = OperationSpec::reads("ListEntitiesForPolicy");
    type Input = ListEntitiesForPolicyInput;
    type Output = ListEntitiesForPolicyOutput;
    type Targets = PolicyTarget;
    type Error = IamError;

    fn locate(input: &ListEntitiesForPolicyInput, view: &View) -> Result<PolicyTarget, Miss<IamError>> {
        Ok(PolicyTarget::of(&input.policy_arn, view)?)
    }

    fn demands(_: &ListEntitiesForPolicyInput, target: &PolicyTarget, _: &View) -> Demands {
        Demands::of(target.demand("iam:ListEntitiesForPolicy"))
    }

    async fn act(
        input: &ListEntitiesForPolicyInput,
        permit: &Permit<PolicyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (target, view) = (permit.targets(), world.view());
        target.held()?;
        let prefix = input.path_prefix.as_ref().map_or("/", |PathText(prefix)| prefix);
        let asked = format!(
            "{} {:?} {:?} {prefix}",
            target.arn, input.entity_filter, input.policy_usage_filter
        );
        let bound_to = [asked.as_bytes()];
        let paging = Paging::of(
            view,
            Self::SPEC.name,
            &bound_to,
            input.max_items,
            input.marker.as_ref(),
        )?;
        let mut search = Search {
            input,
            prefix,
            policy: &target.arn,
            view,
            paging: &paging,
            found: Vec::new(),
        };
        // In the order of their places.
        search.through::<Groups>(EntityType::Group, 0, Groups::BY_POLICY)?;
        search.through::<Users>(EntityType::User, 1, Users::BY_POLICY)?;
        search.through::<Roles>(EntityType::Role, 2, Roles::BY_POLICY)?;
        let page = paging.cut(search.found, |entity| entity.place.clone())?;
        let (mut groups, mut users, mut roles) = (Vec::new(), Vec::new(), Vec::new());
        for Entity { kind, name, id, .. } in page.entries {
            let id = Some(id.to_string());
            match kind {
                EntityType::User => users.push(PolicyUser {
                    user_name: Some(NewUserName(name)),
                    user_id: id,
                }),
                EntityType::Role => roles.push(PolicyRole {
                    role_name: Some(RoleName(name)),
                    role_id: id,
                }),
                _ => groups.push(PolicyGroup {
                    group_name: Some(GroupName(name)),
                    group_id: id,
                }),
            }
        }
        Ok(ListEntitiesForPolicyOutput {
            policy_groups: Some(groups),
            policy_users: Some(users),
            policy_roles: Some(roles),
            is_truncated: Some(page.next.is_some()),
            marker: page.next,
        })
    }
}

struct Search<'s> {
    input: &'s ListEntitiesForPolicyInput,
    prefix: &'s str,
    policy: &'s Arn,
    view: &'s View,
    paging: &'s Paging<'s>,
    found: Vec<Entity>,
}

impl Search<'_> {
    /// Goes through the entities of one kind that have to do with the policy, from where the page begins.
    fn through<H: Holders>(&mut self, kind: EntityType, order: u8, index: u8) -> Result<(), IamError> {
        if self.input.entity_filter.is_some_and(|wanted| wanted != kind) {
            return Ok(());
        }
        let account = self.view.place().account;
        let below = [self.policy.as_str().as_bytes(), b"\0"].concat();
        let rows = self
            .view
            .store()
            .index::<H>(self.view.domain(), index, &below, None, usize::MAX)?;
        for row in rows {
            let place = [&[order], row.bytes.as_slice()].concat();
            let is_before = self.paging.after().is_some_and(|after| place.as_slice() <= after);
            if is_before || self.found.len() >= self.paging.enough() {
                continue;
            }
            let Some(one) = self.view.store().get_row::<H>(&row.row)? else {
                continue;
            };
            let policy = self.policy.as_str();
            let is_attached = H::policies(&one).attached.iter().any(|arn| arn == policy);
            let is_bound = H::boundary(&one) == Some(policy);
            let is_used = match self.input.policy_usage_filter {
                Some(PolicyUsage::PermissionsPolicy) => is_attached,
                Some(PolicyUsage::PermissionsBoundary) => is_bound,
                None => is_attached || is_bound,
            };
            let arn = H::arn(&one, account).ok_or_else(|| IamError::damaged(H::NAME))?;
            let path = arn.resource().strip_prefix(H::KIND).unwrap_or_default();
            if is_used && path.starts_with(self.prefix) {
                self.found.push(Entity {
                    kind,
                    place,
                    name: H::name(&one).to_owned(),
                    id: H::id(&one),
                });
            }
        }
        Ok(())
    }
}
