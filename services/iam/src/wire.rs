//! Shapes that several operations share.

use ambient::Timestamp;
use arn::{AccountId, Arn};
use model::Shape;

use engine::View;

use crate::{IamError, documents};

/// The name of a user that is to be made.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=64, pattern = "[\\w+=,.@-]+")]
pub struct NewUserName(pub String);

/// The name of a user that there is.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=128, pattern = "[\\w+=,.@-]+")]
pub struct UserName(pub String);

impl UserName {
    /// The name of a user that there is or not.
    pub fn of(NewUserName(name): &NewUserName) -> UserName {
        UserName(name.clone())
    }
}

/// The name of a role.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=64, pattern = "[\\w+=,.@-]+")]
pub struct RoleName(pub String);

/// What is said of a role.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = ..=1000, pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*")]
pub struct RoleDescription(pub String);

/// How many seconds sessions of a role may last.
#[derive(Debug, Clone, Copy, Shape)]
#[shape(transparent, range = 3600..=43_200)]
pub struct LongestSession(pub i32);

impl LongestSession {
    /// The seconds.
    pub fn seconds(self) -> u32 {
        // INVARIANT: the range admits no number below zero.
        self.0.unsigned_abs()
    }
}

/// The key of a tag.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=128)]
pub struct TagKey(pub String);

/// The name of an inline or managed policy.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=128, pattern = "[\\w+=,.@-]+")]
pub struct PolicyName(pub String);

/// The name of a group.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=128, pattern = "[\\w+=,.@-]+")]
pub struct GroupName(pub String);

/// The ARN of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq, Shape)]
#[shape(transparent, length = 20..=2048)]
pub struct PolicyArn(pub String);

/// The ARN of a user, a group, a role or a policy.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 20..=2048)]
pub struct EntityArn(pub String);

/// The beginning of the paths of managed policies, or such a path.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=512, pattern = "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/")]
pub struct PolicyPath(pub String);

/// Whose managed policies are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
#[shape(rename_all = "UpperCamel")]
pub enum PolicyScope {
    /// All.
    All,
    /// AWS's.
    #[shape(rename = "AWS")]
    Aws,
    /// The account's own.
    Local,
}

/// How a managed policy is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
#[shape(rename_all = "UpperCamel")]
pub enum PolicyUsage {
    /// It gives.
    PermissionsPolicy,
    /// It bounds.
    PermissionsBoundary,
}

/// Kinds of what has policies, or is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
#[shape(rename_all = "UpperCamel")]
pub enum EntityType {
    /// Users.
    User,
    /// Roles.
    Role,
    /// Groups.
    Group,
    /// The account's own managed policies.
    LocalManagedPolicy,
    /// AWS's managed policies.
    #[shape(rename = "AWSManagedPolicy")]
    AwsManagedPolicy,
}

/// The name of a version of a managed policy.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, pattern = "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?")]
pub struct VersionId(pub String);

/// A managed policy that is attached.
#[derive(Debug, Shape)]
pub struct AttachedPolicy {
    /// Its name.
    #[shape(audit = omit)]
    pub policy_name: Option<PolicyName>,
    /// Its ARN.
    #[shape(audit = omit)]
    pub policy_arn: Option<PolicyArn>,
}

/// A group, as it is told of.
#[derive(Debug, Shape)]
pub struct Group {
    /// Where it stands.
    #[shape(audit = log)]
    pub path: PathText,
    /// Its name.
    #[shape(audit = log)]
    pub group_name: GroupName,
    /// Its unique id.
    #[shape(audit = log, length = 16..=128, pattern = "[\\w]+")]
    pub group_id: String,
    /// Its ARN.
    #[shape(audit = log, length = 20..=2048)]
    pub arn: Arn,
    /// When it was made.
    #[shape(audit = log)]
    pub create_date: Timestamp,
}

impl Group {
    /// A group of an account.
    pub fn told(group: &identity::Group, account: AccountId) -> Result<Group, IamError> {
        Ok(Group {
            path: PathText(group.path.clone()),
            group_name: GroupName(group.name.clone()),
            group_id: group.id().to_string(),
            arn: group.arn(account).ok_or_else(|| IamError::damaged("groups"))?,
            create_date: group.created(),
        })
    }
}

/// A managed policy, as it is told of.
#[derive(Debug, Shape)]
pub struct Policy {
    /// Its name.
    #[shape(audit = log)]
    pub policy_name: Option<PolicyName>,
    /// Its unique id.
    #[shape(audit = log, length = 16..=128, pattern = "[\\w]+")]
    pub policy_id: Option<String>,
    /// Its ARN.
    #[shape(audit = log, length = 20..=2048)]
    pub arn: Option<Arn>,
    /// Where it stands.
    #[shape(audit = log)]
    pub path: Option<PolicyPath>,
    /// The version that is in force.
    #[shape(audit = log)]
    pub default_version_id: Option<VersionId>,
    /// To how many entities it is attached.
    #[shape(audit = log)]
    pub attachment_count: Option<i32>,
    /// How many entities it bounds.
    #[shape(audit = log)]
    pub permissions_boundary_usage_count: Option<i32>,
    /// Whether it can be attached.
    #[shape(audit = log)]
    pub is_attachable: Option<bool>,
    /// What its maker says of it; lists leave it out.
    #[shape(audit = log, length = 0..=1000)]
    pub description: Option<String>,
    /// When it was made.
    #[shape(audit = log)]
    pub create_date: Option<Timestamp>,
    /// When a version of it was last made or put in force.
    #[shape(audit = log)]
    pub update_date: Option<Timestamp>,
    /// Its tags; lists leave them out.
    #[shape(audit = log, length = 0..=50)]
    pub tags: Option<Vec<Tag>>,
}

/// A version of a managed policy, as it is told of.
#[derive(Debug, Shape)]
pub struct PolicyVersion {
    /// What it says, percent-encoded; lists leave it out.
    #[shape(audit = omit)]
    pub document: Option<DocumentText>,
    /// Its name.
    #[shape(audit = log)]
    pub version_id: Option<VersionId>,
    /// Whether it is in force.
    #[shape(audit = log)]
    pub is_default_version: Option<bool>,
    /// When it was made.
    #[shape(audit = log)]
    pub create_date: Option<Timestamp>,
}

/// The document of a policy.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=131_072, pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+")]
pub struct DocumentText(pub String);

/// Where an entity stands.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=512, pattern = "(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)")]
pub struct PathText(pub String);

/// The beginning of the paths of the entities that are wanted.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=512, pattern = "\\u002F[\\u0021-\\u007F]*")]
pub struct PathPrefix(pub String);

/// The id of an access key.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 16..=128, pattern = "[\\w]+")]
pub struct AccessKeyIdText(pub String);

/// Whether an access key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
#[shape(rename_all = "UpperCamel")]
pub enum StatusText {
    /// It may.
    Active,
    /// It may not.
    Inactive,
    /// It was not used for too long; none here is.
    Expired,
}

/// A tag.
#[derive(Debug, Clone, Shape)]
pub struct Tag {
    /// 1 to 128 characters.
    #[shape(audit = log, length = 1..=128)]
    pub key: String,
    /// 0 to 256 characters.
    #[shape(audit = log, length = 0..=256)]
    pub value: String,
}

impl Tag {
    /// A tag as it is told of.
    pub fn told(tag: &identity::Tag) -> Tag {
        Tag {
            key: tag.key.clone(),
            value: tag.value.clone(),
        }
    }
}

/// The policy that bounds an entity's permissions.
#[derive(Debug, Shape)]
pub struct AttachedPermissionsBoundary {
    /// What it is.
    #[shape(audit = log)]
    pub permissions_boundary_type: Option<BoundaryType>,
    /// Which.
    #[shape(audit = log, length = 20..=2048)]
    pub permissions_boundary_arn: Option<String>,
}

/// What bounds an entity's permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum BoundaryType {
    /// A managed policy.
    #[shape(rename = "PermissionsBoundaryPolicy")]
    PermissionsBoundaryPolicy,
}

/// A user, as it is told of.
#[derive(Debug, Shape)]
pub struct User {
    /// Where it stands.
    #[shape(audit = log)]
    pub path: PathText,
    /// Its name.
    #[shape(audit = log)]
    pub user_name: NewUserName,
    /// Its unique id.
    #[shape(audit = log, length = 16..=128, pattern = "[\\w]+")]
    pub user_id: String,
    /// Its ARN.
    #[shape(audit = log, length = 20..=2048)]
    pub arn: Arn,
    /// When it was made.
    #[shape(audit = log)]
    pub create_date: Timestamp,
    /// When it last signed in with a password; there is nowhere to do so yet.
    #[shape(audit = log)]
    pub password_last_used: Option<Timestamp>,
    /// What bounds its permissions.
    #[shape(audit = log)]
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Its tags.
    #[shape(audit = log, length = 0..=50)]
    pub tags: Option<Vec<Tag>>,
}

impl User {
    /// A user of an account; lists leave boundary and tags out.
    pub fn told(user: &identity::User, account: AccountId, whole: bool) -> Result<User, IamError> {
        let tags: Vec<Tag> = user.tags.iter().filter(|_| whole).map(Tag::told).collect();
        let boundary = user.boundary.as_ref().filter(|_| whole);
        Ok(User {
            path: PathText(user.path.clone()),
            user_name: NewUserName(user.name.clone()),
            user_id: user.id().to_string(),
            arn: user.arn(account).ok_or_else(|| IamError::damaged("users"))?,
            create_date: user.created(),
            password_last_used: None,
            permissions_boundary: boundary.map(|arn| AttachedPermissionsBoundary {
                permissions_boundary_type: Some(BoundaryType::PermissionsBoundaryPolicy),
                permissions_boundary_arn: Some(arn.clone()),
            }),
            tags: (!tags.is_empty()).then_some(tags),
        })
    }
}

/// A role, as it is told of.
#[derive(Debug, Shape)]
pub struct Role {
    /// Where it stands.
    #[shape(audit = log)]
    pub path: PathText,
    /// Its name.
    #[shape(audit = log)]
    pub role_name: RoleName,
    /// Its unique id.
    #[shape(audit = log, length = 16..=128, pattern = "[\\w]+")]
    pub role_id: String,
    /// Its ARN.
    #[shape(audit = log, length = 20..=2048)]
    pub arn: Arn,
    /// When it was made.
    #[shape(audit = log)]
    pub create_date: Timestamp,
    /// Who may take it on, percent-encoded.
    #[shape(audit = log)]
    pub assume_role_policy_document: Option<DocumentText>,
    /// What its maker says of it.
    #[shape(audit = log)]
    pub description: Option<RoleDescription>,
    /// How many seconds a session of it may last.
    #[shape(audit = log)]
    pub max_session_duration: Option<LongestSession>,
    /// What bounds its permissions.
    #[shape(audit = log)]
    pub permissions_boundary: Option<AttachedPermissionsBoundary>,
    /// Its tags.
    #[shape(audit = log, length = 0..=50)]
    pub tags: Option<Vec<Tag>>,
}

impl Role {
    /// A role of an account; lists leave boundary and tags out. Principals of its trust policy have the ARNs that they have
    /// now.
    pub fn told(
        role: &identity::Role,
        account: AccountId,
        whole: bool,
        view: &View,
    ) -> Result<Role, IamError> {
        let tags: Vec<Tag> = role
            .tags
            .iter()
            .filter(|_| whole)
            .map(|tag| Tag {
                key: tag.key.clone(),
                value: tag.value.clone(),
            })
            .collect();
        let boundary = role.boundary.as_ref().filter(|_| whole);
        let trust = identity::shown(role.trust.text(), role.trust.named(), view.store())?;
        Ok(Role {
            path: PathText(role.path.clone()),
            role_name: RoleName(role.name.clone()),
            role_id: role.id().to_string(),
            arn: role.arn(account).ok_or_else(|| IamError::damaged("roles"))?,
            create_date: role.created(),
            assume_role_policy_document: Some(DocumentText(documents::encoded(&trust))),
            description: Some(RoleDescription(role.description.clone())).filter(|text| !text.0.is_empty()),
            max_session_duration: i32::try_from(role.longest_session).ok().map(LongestSession),
            permissions_boundary: boundary.map(|arn| AttachedPermissionsBoundary {
                permissions_boundary_type: Some(BoundaryType::PermissionsBoundaryPolicy),
                permissions_boundary_arn: Some(arn.clone()),
            }),
            tags: (!tags.is_empty()).then_some(tags),
        })
    }
}

/// The serial number of an MFA device: its ARN.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 9..=256, pattern = "[\\w+=/:,.@-]+")]
pub struct SerialNumber(pub String);

/// A code of an MFA device.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 6..=6, pattern = "[\\d]+")]
pub struct AuthenticationCode(pub String);

/// Another name of an account: 3 to 63 small letters, digits and single hyphens, which don't begin or end it.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 3..=63)]
pub struct AccountAlias(pub String);

impl AccountAlias {
    /// Refuses what no alias can be. The model's pattern looks ahead, which ours can't.
    pub fn check(&self) -> Result<(), IamError> {
        let AccountAlias(alias) = self;
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = alias.bytes().all(legal)
            && !alias.starts_with('-')
            && !alias.ends_with('-')
            && !alias.contains("--");
        if !fits {
            return Err(IamError::Validation(format!(
                "1 validation error detected: Value '{alias}' at 'accountAlias' failed to satisfy constraint: Member must \
                 satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){{1,61}}[a-z0-9]$"
            )));
        }
        // It would be taken for an account.
        match alias.parse::<AccountId>() {
            Err(_) => Ok(()),
            Ok(_) => Err(IamError::Validation(
                "An account alias is no account number.".to_owned(),
            )),
        }
    }
}
