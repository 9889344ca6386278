//! Shapes that several operations share.

use ambient::Timestamp;
use arn::{AccountId, Arn};
use model::Shape;

use crate::IamError;

/// The name of a user that is to be made.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=64, pattern = "[\\w+=,.@-]+")]
pub struct NewUserName(pub String);

/// The name of a user that there is.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=128, pattern = "[\\w+=,.@-]+")]
pub struct UserName(pub String);

/// The name of an inline or managed policy.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=128, pattern = "[\\w+=,.@-]+")]
pub struct PolicyName(pub String);

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
    /// When it last used a password; there are none.
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
        let tags = user.tags.iter().filter(|_| whole).map(|tag| Tag {
            key: tag.key.clone(),
            value: tag.value.clone(),
        });
        let tags: Vec<Tag> = tags.collect();
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
