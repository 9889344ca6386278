//! AssumeRoleWithWebIdentity.

use std::sync::Arc;

use arn::{AccountId, Arn};
use engine::{
    Authority, Caller, ConditionKey, Demand, Demands, Described, Failure, Found, Miss, NoWebIdentity,
    Operation, Outcome, Permit, Refused, Rejected, Resource, Targets, Unsigned, View, WebIdentity, WebToken,
    World,
};
use identity::{Role, Session, SessionCredentials, SessionKind, WebFederation};
use model::{OperationSpec, Shape};
use secret::SecretString;
use store::Held;

use crate::StsError;
use crate::passed::{self, Passed};
use crate::wire::{
    AssumedRoleUser, Credentials, LeastTokenSize, PolicyDescriptor, RoleSeconds, SessionName, Tag, TagKey,
    TokenSize,
};

/// Takes a role on, for a while, with the token of an OpenID Connect provider in place of a signature.
///
/// Source: STS API Reference, `AssumeRoleWithWebIdentity`; IAM User Guide, "OIDC federation". Known difference: there are no
/// providers but those that an account registered.
pub struct AssumeRoleWithWebIdentity;

/// The request.
#[derive(Debug, Shape)]
pub struct AssumeRoleWithWebIdentityInput {
    /// The role.
    #[shape(audit = log, length = 20..=2048)]
    pub role_arn: String,
    /// What the session is to be called.
    #[shape(audit = log, condition = "sts:RoleSessionName")]
    pub role_session_name: SessionName,
    /// The token.
    #[shape(sensitive, length = 4..=20_000)]
    pub web_identity_token: SecretString,
    /// The host of a provider of OAuth 2.0; none is known.
    #[shape(audit = log, length = 4..=2048)]
    pub provider_id: Option<String>,
    /// Managed policies that are to bound the session.
    #[shape(default, audit = log)]
    pub policy_arns: Vec<PolicyDescriptor>,
    /// A policy that is to bound the session.
    #[shape(audit = log, length = 1..=2048, pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+")]
    pub policy: Option<String>,
    /// How many seconds the session is to last: 900 to what the role admits, 3600 unless given.
    #[shape(audit = log)]
    pub duration_seconds: Option<RoleSeconds>,
    /// How many characters the token is to have at least.
    #[shape(audit = log)]
    pub minimum_session_token_size: Option<LeastTokenSize>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct AssumeRoleWithWebIdentityOutput {
    /// The credentials.
    #[shape(audit = log)]
    pub credentials: Option<Credentials>,
    /// Whom the provider speaks of.
    #[shape(audit = log, length = 6..=255)]
    pub subject_from_web_identity_token: Option<String>,
    /// The session.
    #[shape(audit = log)]
    pub assumed_role_user: Option<AssumedRoleUser>,
    /// How much of the room for policies and tags is used, in hundredths.
    #[shape(audit = log, range = 0..)]
    pub packed_policy_size: Option<i32>,
    /// The provider's ARN.
    #[shape(audit = log)]
    pub provider: Option<String>,
    /// Whom the token is for.
    #[shape(audit = log)]
    pub audience: Option<String>,
    /// Who is behind the session.
    #[shape(audit = log, length = 2..=64, pattern = "[\\w+=,.@-]*")]
    pub source_identity: Option<String>,
    /// How much of what a token may be it is, in hundredths.
    #[shape(audit = omit, range = 0..)]
    pub session_token_utilization: Option<i32>,
    /// How long the token is, in characters.
    #[shape(audit = omit, range = 0..)]
    pub session_token_size: Option<i32>,
}

/// A role that is to be taken on, and what the token passes to the session.
#[derive(Debug)]
pub struct RoleTarget {
    account: AccountId,
    arn: Arn,
    role: Held<Role>,
    passed: FromToken,
}

/// What a token passes to the session.
#[derive(Debug)]
struct FromToken {
    tags: Vec<Tag>,
    transitive: Vec<TagKey>,
    source_identity: Option<String>,
}

impl Targets for RoleTarget {
    fn resources(&self) -> Vec<Resource> {
        vec![Resource {
            arn: self.arn.clone(),
            kind: "AWS::IAM::Role",
        }]
    }

    fn described(&self, _: &Arn) -> Option<&dyn Described> {
        Some(self)
    }
}

impl Described for RoleTarget {
    fn value<'r>(&'r self, key: &ConditionKey, _: &'r store::View) -> Option<Found<'r>> {
        match key.prefix() {
            "aws:resourcetag" | "iam:resourcetag" => {
                let value = key.name().and_then(|name| identity::tag(&self.role.tags, name));
                Some(value.map_or(Found::Absent, Found::text))
            }
            "sts:sourceidentity" => Some(
                self.passed
                    .source_identity
                    .as_deref()
                    .map_or(Found::Absent, Found::text),
            ),
            // They are the token's, which is why the request does not tell them.
            _ => passed::condition(&self.passed.tags, &self.passed.transitive, key),
        }
    }
}

impl RoleTarget {
    fn demand(&self, action: &'static str) -> Demand {
        Demand {
            action,
            resource: self.arn.clone(),
            owner: self.account,
            authority: Authority::Resource(Arc::clone(&self.role.trust.compiled())),
        }
    }
}

const ACTION: &str = "sts:AssumeRoleWithWebIdentity";
/// Seconds that a session lasts unless it is asked for.
const USUAL: u32 = 3600;
/// Tags that a token may pass. Source: IAM User Guide, "Pass session tags in AWS STS".
const TAGS: usize = 50;

impl Operation for AssumeRoleWithWebIdentity {
    const SPEC: OperationSpec = OperationSpec::writes("AssumeRoleWithWebIdentity");
    type Input = AssumeRoleWithWebIdentityInput;
    type Output = AssumeRoleWithWebIdentityOutput;
    type Targets = RoleTarget;
    type Error = StsError;
    const UNSIGNED: Option<Unsigned<AssumeRoleWithWebIdentityInput>> = Some(Unsigned {
        token: presented,
        refusal: refusal_of,
    });

    fn locate(input: &AssumeRoleWithWebIdentityInput, view: &View) -> Result<RoleTarget, Miss<StsError>> {
        let (arn, account) = role_arn(input)?;
        let web = web_identity(view)?;
        let passed = FromToken::read(web)?;
        let name = arn.resource().rsplit('/').next().unwrap_or_default();
        let role = match identity::domain_of(account, view.store()) {
            Some(domain) => identity::role_named(name, domain, view.store()).map_err(StsError::from)?,
            None => None,
        };
        let role = role.filter(|role| role.arn(account).as_ref() == Some(&arn));
        // Which roles there are is not told.
        let role =
            role.ok_or_else(|| StsError::AccessDenied(format!("Not authorized to perform {ACTION}")))?;
        Ok(RoleTarget {
            account,
            arn,
            role,
            passed,
        })
    }

    fn demands(_: &AssumeRoleWithWebIdentityInput, role: &RoleTarget, _: &View) -> Demands {
        let mut demands = Demands::of(role.demand(ACTION));
        if !role.passed.tags.is_empty() {
            demands = demands.and(role.demand("sts:TagSession"));
        }
        if role.passed.source_identity.is_some() {
            demands = demands.and(role.demand("sts:SetSourceIdentity"));
        }
        demands
    }

    fn condition<'c>(
        input: &'c AssumeRoleWithWebIdentityInput,
        _: &str,
        key: &ConditionKey,
    ) -> Option<Found<'c>> {
        (key.as_str() == "sts:durationseconds").then(|| Found::made(seconds_of(input)))
    }

    fn check(
        input: &AssumeRoleWithWebIdentityInput,
        permit: &Permit<RoleTarget>,
        view: &View,
    ) -> Result<(), StsError> {
        let target = permit.targets();
        if seconds_of(input) > target.role.longest_session {
            return Err(StsError::Validation(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.".to_owned(),
            ));
        }
        Passed::read(input.policy.as_deref(), &input.policy_arns, target.account, view).map(drop)
    }

    async fn act(
        input: &AssumeRoleWithWebIdentityInput,
        permit: &Permit<RoleTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let target = permit.targets();
        let (account, role, view) = (target.account, &target.role, world.view());
        let web = web_identity(view)?;
        let SessionName(name) = &input.role_session_name;
        let id = role.id();
        let seconds = seconds_of(input);
        let mut session = Session::new(
            SessionKind::Role,
            account,
            id.as_str(),
            name,
            world.now(),
            seconds,
        );
        let passed = Passed::read(input.policy.as_deref(), &input.policy_arns, account, view)?;
        let packed_policy_size =
            passed::packed_size(input.policy.as_deref(), &passed.arns, &target.passed.tags);
        session.policy = passed.policy;
        session.policy_arns = passed.arns;
        for Tag { key, value } in &target.passed.tags {
            identity::set_tag(&mut session.tags, &key.0, value);
        }
        session.transitive = target
            .passed
            .transitive
            .iter()
            .map(|TagKey(key)| key.clone())
            .collect();
        session.source_identity.clone_from(&target.passed.source_identity);
        session.web = Some(WebFederation {
            provider: web.provider().to_string(),
            audience: web.audience().to_owned(),
            subject: web.subject().to_owned(),
        });
        let expires = session.expires();
        let least = LeastTokenSize::characters(input.minimum_session_token_size);
        let made = SessionCredentials::of(session, least, view.store().snapshot(), world.entropy())?;
        let size = TokenSize::of(&made);
        let arn = role
            .session_arn(account, name)
            .ok_or(store::StoreError::Damaged("roles"))?;
        Ok(AssumeRoleWithWebIdentityOutput {
            credentials: Some(Credentials::told(made, expires)),
            subject_from_web_identity_token: Some(web.subject().to_owned()),
            assumed_role_user: Some(AssumedRoleUser {
                assumed_role_id: format!("{id}:{name}"),
                arn,
            }),
            packed_policy_size,
            provider: Some(web.provider().to_string()),
            audience: Some(web.audience().to_owned()),
            source_identity: target.passed.source_identity.clone(),
            session_token_utilization: size.utilization,
            session_token_size: size.size,
        })
    }
}

/// The role that is asked for, and its account, to which the token is presented.
fn role_arn(input: &AssumeRoleWithWebIdentityInput) -> Result<(Arn, AccountId), StsError> {
    let text = &input.role_arn;
    let arn: Option<Arn> = text.parse().ok();
    arn.filter(|arn| arn.service() == "iam" && arn.resource().starts_with("role/"))
        .and_then(|arn| arn.account().map(|account| (arn, account)))
        .ok_or_else(|| StsError::Validation(format!("{text} is invalid")))
}

fn presented(input: &AssumeRoleWithWebIdentityInput) -> Result<WebToken<'_>, Failure> {
    if input.provider_id.is_some() {
        return Err(StsError::Validation("There are no providers of OAuth 2.0 here.".to_owned()).into());
    }
    let (_, account) = role_arn(input)?;
    Ok(WebToken {
        account,
        token: input.web_identity_token.expose(),
    })
}

/// What whoever sent a token hears that is not believed.
fn refusal_of(refused: NoWebIdentity) -> Failure {
    use engine::NotVerified;
    match refused {
        NoWebIdentity::Refused(Refused::Unreachable) => StsError::ProviderUnreachable,
        NoWebIdentity::Refused(Refused::Token(NotVerified::Malformed)) => StsError::InvalidToken(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)".to_owned(),
        ),
        NoWebIdentity::Refused(Refused::Token(NotVerified::UnknownKey)) => StsError::InvalidToken(
            "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity \
             documentation for requirements"
                .to_owned(),
        ),
        NoWebIdentity::Refused(Refused::Token(NotVerified::Algorithm)) => {
            StsError::InvalidToken("The token's signing algorithm is not supported".to_owned())
        }
        NoWebIdentity::Refused(Refused::Token(NotVerified::Signature)) => {
            StsError::InvalidToken("The token's signature is not valid".to_owned())
        }
        NoWebIdentity::Rejected(expired @ Rejected::Expired { .. }) => StsError::TokenExpired(expired.to_string()),
        NoWebIdentity::Rejected(rejected) => StsError::InvalidToken(rejected.to_string()),
        unknown @ NoWebIdentity::NoProvider(_) => StsError::InvalidToken(unknown.to_string()),
        NoWebIdentity::Store(error) => StsError::Store(error),
    }
    .into()
}

impl FromToken {
    /// Reads it; refuses tags and a source identity that no session can have.
    fn read(web: &WebIdentity) -> Result<FromToken, StsError> {
        let rejected = |_| StsError::RejectedClaim;
        let passed = web.claims().session_tags().map_err(rejected)?;
        let tags = passed.tags.into_iter().map(|(key, value)| Tag {
            key: TagKey(key),
            value,
        });
        let tags: Vec<Tag> = tags.collect();
        let transitive: Vec<TagKey> = passed.transitive.into_iter().map(TagKey).collect();
        let source_identity = web.claims().source_identity().map_err(rejected)?;
        let fits =
            |tag: &Tag| (1..=128).contains(&tag.key.0.chars().count()) && tag.value.chars().count() <= 256;
        let is_set = |key: &TagKey| tags.iter().any(|tag| tag.key.0.eq_ignore_ascii_case(&key.0));
        let names_somebody = |text: &str| {
            let legal = |letter: char| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter);
            (2..=64).contains(&text.len()) && text.chars().all(legal)
        };
        let acceptable = tags.len() <= TAGS
            && tags.iter().all(fits)
            && transitive.iter().all(is_set)
            && source_identity.is_none_or(names_somebody);
        if !acceptable {
            return Err(StsError::RejectedClaim);
        }
        passed::check_tags(&tags)?;
        Ok(FromToken {
            tags,
            transitive,
            source_identity: source_identity.map(str::to_owned),
        })
    }
}

/// Whom the provider speaks for. There is no other caller of this operation.
fn web_identity(view: &View) -> Result<&WebIdentity, StsError> {
    let web = view.caller().and_then(Caller::web_identity);
    web.ok_or_else(|| StsError::AccessDenied(format!("Not authorized to perform {ACTION}")))
}

fn seconds_of(input: &AssumeRoleWithWebIdentityInput) -> u32 {
    input
        .duration_seconds
        .map_or(USUAL, |RoleSeconds(seconds)| seconds.unsigned_abs())
}
