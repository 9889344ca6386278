//! AssumeRole.

use std::sync::Arc;

use arn::{AccountId, Arn};
use engine::{
    Absent, Authority, Caller, ConditionKey, Demand, Demands, Described, Failure, Found, Miss, Operation,
    Outcome, Permit, Resource, Targets, View, World,
};
use identity::{Kind, Role, Session, SessionCredentials, SessionKind};
use model::{OperationSpec, Shape};
use store::Held;

use crate::StsError;
use crate::passed::{self, Passed};
use crate::wire::{
    AssumedRoleUser, Credentials, LeastTokenSize, PolicyDescriptor, ProvidedContext, RoleSeconds,
    SerialNumber, SessionName, Tag, TagKey, TokenCode, TokenSize,
};

/// Takes a role on, for a while.
///
/// Source: STS API Reference, `AssumeRole`; IAM User Guide, "Policy evaluation logic". Known differences: context assertions
/// are refused.
pub struct AssumeRole;

/// The request.
#[derive(Debug, Shape)]
pub struct AssumeRoleInput {
    /// The role.
    #[shape(audit = log, length = 20..=2048)]
    pub role_arn: String,
    /// What the session is to be called.
    #[shape(audit = log, condition = "sts:RoleSessionName")]
    pub role_session_name: SessionName,
    /// Managed policies that are to bound the session.
    #[shape(default, audit = log)]
    pub policy_arns: Vec<PolicyDescriptor>,
    /// A policy that is to bound the session.
    #[shape(audit = log, length = 1.., pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+")]
    pub policy: Option<String>,
    /// How many seconds the session is to last: 900 to what the role admits, 3600 unless given.
    #[shape(audit = log)]
    pub duration_seconds: Option<RoleSeconds>,
    /// The session's tags.
    #[shape(default, audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
    /// The keys of those that are passed on to the next role.
    #[shape(default, audit = log, length = 0..=50)]
    pub transitive_tag_keys: Vec<TagKey>,
    /// What the role's owner and its taker agreed on.
    #[shape(audit = log, length = 2..=1224, pattern = "[\\w+=,.@:\\/-]*", condition = "sts:ExternalId")]
    pub external_id: Option<String>,
    /// The second factor.
    #[shape(audit = log)]
    pub serial_number: Option<SerialNumber>,
    /// Its code.
    #[shape(audit = omit)]
    pub token_code: Option<TokenCode>,
    /// Who is behind the session.
    #[shape(audit = log, length = 2..=64, pattern = "[\\w+=,.@-]*")]
    pub source_identity: Option<String>,
    /// What others assert of the caller; not taken.
    #[shape(audit = log, length = 1..=5)]
    pub provided_contexts: Option<Vec<ProvidedContext>>,
    /// How many characters the token is to have at least.
    #[shape(audit = log)]
    pub minimum_session_token_size: Option<LeastTokenSize>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct AssumeRoleOutput {
    /// The credentials.
    #[shape(audit = log)]
    pub credentials: Option<Credentials>,
    /// The session.
    #[shape(audit = log)]
    pub assumed_role_user: Option<AssumedRoleUser>,
    /// How much of the room for policies and tags is used, in hundredths.
    #[shape(audit = log, range = 0..)]
    pub packed_policy_size: Option<i32>,
    /// Who is behind the session.
    #[shape(audit = log, length = 2..=64, pattern = "[\\w+=,.@-]*")]
    pub source_identity: Option<String>,
    /// How long the token is, in characters.
    #[shape(audit = omit, range = 0..)]
    pub session_token_size: Option<i32>,
    /// How much of what a token may be it is, in hundredths.
    #[shape(audit = omit, range = 0..)]
    pub session_token_utilization: Option<i32>,
}

/// A role that is to be taken on.
#[derive(Debug)]
pub struct RoleTarget {
    account: AccountId,
    arn: Arn,
    role: Held<Role>,
    /// Who will be behind the session: as the request says, or else as the caller's session does.
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
            "sts:sourceidentity" => Some(self.source_identity.as_deref().map_or(Found::Absent, Found::text)),
            _ => None,
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

impl Operation for AssumeRole {
    const SPEC: OperationSpec = OperationSpec::writes("AssumeRole");
    type Input = AssumeRoleInput;
    type Output = AssumeRoleOutput;
    type Targets = RoleTarget;
    type Error = StsError;

    fn locate(input: &AssumeRoleInput, view: &View) -> Result<RoleTarget, Miss<StsError>> {
        passed::check_tags(&input.tags)?;
        if input.provided_contexts.is_some() {
            return Err(StsError::Validation("ProvidedContexts are not supported.".to_owned()).into());
        }
        let text = &input.role_arn;
        let arn: Option<Arn> = text.parse().ok();
        let role_arn = arn.filter(|arn| arn.service() == "iam" && arn.resource().starts_with("role/"));
        let Some((arn, account)) = role_arn.and_then(|arn| arn.account().map(|account| (arn, account)))
        else {
            return Err(StsError::Validation(format!("{text} is invalid")).into());
        };
        let name = arn.resource().rsplit('/').next().unwrap_or_default();
        let role = match identity::domain_of(account, view.store()) {
            Some(domain) => identity::role_named(name, domain, view.store()).map_err(StsError::from)?,
            None => None,
        };
        match role.filter(|role| role.arn(account).as_ref() == Some(&arn)) {
            Some(role) => {
                let session = view.caller().and_then(Caller::session);
                let inherited = session.and_then(|session| session.source_identity.clone());
                Ok(RoleTarget {
                    account,
                    arn,
                    role,
                    source_identity: input.source_identity.clone().or(inherited),
                })
            }
            None => {
                let caller = view.caller().map(Caller::arn);
                let denied = caller.map(|caller| {
                    format!("User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}")
                });
                Err(Miss::Absent(Absent {
                    owner: account,
                    action: "sts:AssumeRole",
                    answer: Failure::from(StsError::AccessDenied(denied.unwrap_or_default())),
                    resource: arn,
                }))
            }
        }
    }

    fn demands(input: &AssumeRoleInput, role: &RoleTarget, view: &View) -> Demands {
        let mut demands = Demands::of(role.demand("sts:AssumeRole"));
        let inherited = view.caller().and_then(Caller::session);
        let has_tags =
            !input.tags.is_empty() || inherited.is_some_and(|session| !session.transitive.is_empty());
        if has_tags {
            demands = demands.and(role.demand("sts:TagSession"));
        }
        // One that goes on from the session before has to be admitted as well.
        if role.source_identity.is_some() {
            demands = demands.and(role.demand("sts:SetSourceIdentity"));
        }
        demands
    }

    fn condition<'c>(input: &'c AssumeRoleInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        if key.as_str() == "sts:durationseconds" {
            return Some(Found::made(seconds_of(input)));
        }
        passed::condition(&input.tags, &input.transitive_tag_keys, key)
    }

    fn proves_second_factor(input: &AssumeRoleInput) -> bool {
        super::brings_second_factor(input.serial_number.as_ref(), input.token_code.as_ref())
    }

    fn check(input: &AssumeRoleInput, permit: &Permit<RoleTarget>, view: &View) -> Result<(), StsError> {
        let target = permit.targets();
        let caller = view.caller();
        if caller.is_some_and(Caller::is_root) {
            return Err(StsError::AccessDenied(
                "Roles may not be assumed by root accounts.".to_owned(),
            ));
        }
        let chained = caller.is_some_and(|caller| caller.principal().kind == Kind::AssumedRole);
        let seconds = seconds_of(input);
        if chained && seconds > CHAINED {
            return Err(StsError::Validation(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
                    .to_owned(),
            ));
        }
        if seconds > target.role.longest_session {
            return Err(StsError::Validation(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.".to_owned(),
            ));
        }
        let is_set = |key: &TagKey| {
            input
                .tags
                .iter()
                .any(|tag| tag.key.0.eq_ignore_ascii_case(&key.0))
        };
        if !input.transitive_tag_keys.iter().all(is_set) {
            return Err(StsError::InvalidParameter(
                "The specified transitive tag key must be included in the requested tags.",
            ));
        }
        let inherited = caller.and_then(Caller::session);
        let conflicts = |tag: &Tag| {
            let held = inherited.map_or(&[][..], |session| &session.transitive);
            held.iter().any(|key| key.eq_ignore_ascii_case(&tag.key.0))
        };
        if input.tags.iter().any(conflicts) {
            return Err(StsError::InvalidParameter(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key \
                 from the calling session.",
            ));
        }
        let identity = inherited.and_then(|session| session.source_identity.as_ref());
        if identity.is_some() && input.source_identity.is_some() && identity != input.source_identity.as_ref()
        {
            return Err(StsError::AccessDenied(
                "The source identity of a session can't be changed.".to_owned(),
            ));
        }
        super::check_second_factor(input.serial_number.as_ref(), input.token_code.as_ref())?;
        Passed::read(input.policy.as_deref(), &input.policy_arns, target.account, view).map(drop)
    }

    async fn act(
        input: &AssumeRoleInput,
        permit: &Permit<RoleTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let RoleTarget { account, role, .. } = permit.targets();
        let view = world.view();
        let caller = world.caller();
        let inherited = caller.and_then(Caller::session);
        let SessionName(name) = &input.role_session_name;
        let id = role.id();
        let seconds = seconds_of(input);
        let mut session = Session::new(
            SessionKind::Role,
            *account,
            id.as_str(),
            name,
            world.now(),
            seconds,
        );
        let passed = Passed::read(input.policy.as_deref(), &input.policy_arns, *account, view)?;
        let packed_policy_size = passed::packed_size(input.policy.as_deref(), &passed.arns, &input.tags);
        session.policy = passed.policy;
        session.policy_arns = passed.arns;
        if let Some(former) = inherited {
            for key in &former.transitive {
                if let Some(value) = identity::tag(&former.tags, key) {
                    identity::set_tag(&mut session.tags, key, value);
                }
            }
            session.transitive.clone_from(&former.transitive);
        }
        for Tag { key, value } in &input.tags {
            identity::set_tag(&mut session.tags, &key.0, value);
        }
        let transitive = input.transitive_tag_keys.iter().map(|TagKey(key)| key.clone());
        session.transitive.extend(transitive);
        session.source_identity = permit.targets().source_identity.clone();
        session.is_chained = caller.is_some_and(|caller| caller.principal().kind == Kind::AssumedRole);
        let source_identity = session.source_identity.clone();
        super::prove_second_factor(
            input.serial_number.as_ref(),
            input.token_code.as_ref(),
            &mut session,
            world,
        )?;
        let expires = session.expires();
        let least = LeastTokenSize::characters(input.minimum_session_token_size);
        let made = SessionCredentials::of(session, least, view.store().snapshot(), world.entropy())?;
        let size = TokenSize::of(&made);
        let arn = role
            .session_arn(*account, name)
            .ok_or(store::StoreError::Damaged("roles"))?;
        Ok(AssumeRoleOutput {
            session_token_size: size.size,
            session_token_utilization: size.utilization,
            credentials: Some(Credentials::told(made, expires)),
            assumed_role_user: Some(AssumedRoleUser {
                assumed_role_id: format!("{id}:{name}"),
                arn,
            }),
            packed_policy_size,
            source_identity,
        })
    }
}

/// Seconds that a session lasts unless it is asked for, and at most where it is begun from another role's.
const CHAINED: u32 = 3600;

fn seconds_of(input: &AssumeRoleInput) -> u32 {
    input
        .duration_seconds
        .map_or(CHAINED, |RoleSeconds(seconds)| seconds.unsigned_abs())
}
