//! Shapes that several operations share.

use ambient::Timestamp;
use arn::Arn;
use identity::SessionCredentials;
use model::Shape;
use secret::SecretString;

/// A tag.
#[derive(Debug, Clone, Shape)]
pub struct Tag {
    /// 1 to 128 characters.
    #[shape(audit = log)]
    pub key: TagKey,
    /// 0 to 256 characters.
    #[shape(audit = log, length = 0..=256)]
    pub value: String,
}

/// The key of a tag.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=128)]
pub struct TagKey(pub String);

/// A managed policy, by its ARN.
#[derive(Debug, Clone, Shape)]
pub struct PolicyDescriptor {
    /// Its ARN.
    #[shape(audit = log, rename = "arn", length = 20..=2048)]
    pub arn: Option<String>,
}

/// How many seconds a session of a role is to last.
#[derive(Debug, Clone, Copy, Shape)]
#[shape(transparent, range = 900..=43_200)]
pub struct RoleSeconds(pub i32);

/// How many seconds a session is to last.
#[derive(Debug, Clone, Copy, Shape)]
#[shape(transparent, range = 900..=129_600)]
pub struct Seconds(pub i32);

/// What a session of a role is called.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 2..=64, pattern = "[\\w+=,.@-]*")]
pub struct SessionName(pub String);

/// The serial number of a second factor.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 9..=256, pattern = "[\\w+=/:,.@-]*")]
pub struct SerialNumber(pub String);

/// A code of a second factor.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 6..=6, pattern = "[\\d]*")]
pub struct TokenCode(pub String);

/// How many characters a token is to have at least.
#[derive(Debug, Clone, Copy, Shape)]
#[shape(transparent, range = 0..=4096)]
pub struct LeastTokenSize(pub i32);

impl LeastTokenSize {
    /// The characters.
    pub fn characters(of: Option<LeastTokenSize>) -> usize {
        of.and_then(|LeastTokenSize(size)| usize::try_from(size).ok())
            .unwrap_or(0)
    }
}

/// How long a token is, and how much of what it may be.
#[derive(Debug, Clone, Copy)]
pub struct TokenSize {
    /// In characters.
    pub size: Option<i32>,
    /// In hundredths of the most.
    pub utilization: Option<i32>,
}

impl TokenSize {
    /// Of these credentials.
    pub fn of(credentials: &SessionCredentials) -> TokenSize {
        let size = credentials.token.expose().len();
        TokenSize {
            size: i32::try_from(size).ok(),
            utilization: i32::try_from(size * 100 / identity::TOKEN_CHARACTERS).ok(),
        }
    }
}

/// Temporary credentials.
#[derive(Debug, Shape)]
pub struct Credentials {
    /// The access key's id.
    #[shape(audit = log, length = 16..=128, pattern = "[\\w]*")]
    pub access_key_id: String,
    /// The secret access key.
    #[shape(sensitive)]
    pub secret_access_key: SecretString,
    /// What goes with every request.
    #[shape(sensitive)]
    pub session_token: SecretString,
    /// When they end.
    #[shape(audit = log)]
    pub expiration: Timestamp,
}

impl Credentials {
    /// Credentials, told once.
    pub fn told(made: SessionCredentials, expiration: Timestamp) -> Credentials {
        Credentials {
            access_key_id: made.id.to_string(),
            secret_access_key: made.secret,
            session_token: made.token,
            expiration,
        }
    }
}

/// A session of a role.
#[derive(Debug, Shape)]
pub struct AssumedRoleUser {
    /// The role's unique id and the session's name.
    #[shape(audit = log, length = 2..=193, pattern = "[\\w+=,.@:-]*")]
    pub assumed_role_id: String,
    /// The session's ARN.
    #[shape(audit = log, length = 20..=2048)]
    pub arn: Arn,
}

/// Somebody whom a user speaks for.
#[derive(Debug, Shape)]
pub struct FederatedUser {
    /// The account and the name.
    #[shape(audit = log, length = 2..=193, pattern = "[\\w+=,.@\\:-]*")]
    pub federated_user_id: String,
    /// The ARN.
    #[shape(audit = log, length = 20..=2048)]
    pub arn: Arn,
}

/// What somebody else asserts of a caller.
#[derive(Debug, Clone, Shape)]
pub struct ProvidedContext {
    /// Who asserts.
    #[shape(audit = log, length = 20..=2048)]
    pub provider_arn: Option<String>,
    /// What.
    #[shape(audit = omit, length = 4..=2048)]
    pub context_assertion: Option<String>,
}
