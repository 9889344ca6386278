//! GetFederationToken.

use arn::Arn;
use engine::{
    Authority, Caller, ConditionKey, Demand, Demands, Found, Miss, Operation, Outcome, Permit, View, World,
};
use identity::{Session, SessionCredentials, SessionKind};
use model::{OperationSpec, Shape};

use super::NoTarget;
use crate::StsError;
use crate::passed::{self, Passed};
use crate::wire::{Credentials, FederatedUser, LeastTokenSize, PolicyDescriptor, Seconds, Tag, TokenSize};

/// Gives credentials for a while to somebody whom a user, or the root user, speaks for. They have what the caller has and the
/// policies that are passed both allow.
///
/// Source: STS API Reference, `GetFederationToken`.
pub struct GetFederationToken;

/// The request.
#[derive(Debug, Shape)]
pub struct GetFederationTokenInput {
    /// What they are to be called.
    #[shape(audit = log, length = 2..=32, pattern = "[\\w+=,.@-]*")]
    pub name: String,
    /// What they may.
    #[shape(audit = log, length = 1..=2048, pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+")]
    pub policy: Option<String>,
    /// Managed policies that tell what they may.
    #[shape(default, audit = log)]
    pub policy_arns: Vec<PolicyDescriptor>,
    /// How many seconds the credentials are to last: 900 to 129,600, 43,200 unless given; at most 3600 for the root user.
    #[shape(audit = log)]
    pub duration_seconds: Option<Seconds>,
    /// The session's tags.
    #[shape(default, audit = log, length = 0..=50)]
    pub tags: Vec<Tag>,
    /// How many characters the token is to have at least.
    #[shape(audit = log)]
    pub minimum_session_token_size: Option<LeastTokenSize>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetFederationTokenOutput {
    /// The credentials.
    #[shape(audit = log)]
    pub credentials: Option<Credentials>,
    /// Whose they are.
    #[shape(audit = log)]
    pub federated_user: Option<FederatedUser>,
    /// How much of the room for policies and tags is used, in hundredths.
    #[shape(audit = log, range = 0..)]
    pub packed_policy_size: Option<i32>,
    /// How long the token is, in characters.
    #[shape(audit = omit, range = 0..)]
    pub session_token_size: Option<i32>,
    /// How much of what a token may be it is, in hundredths.
    #[shape(audit = omit, range = 0..)]
    pub session_token_utilization: Option<i32>,
}

impl Operation for GetFederationToken {
    const SPEC: OperationSpec = OperationSpec::writes("GetFederationToken");
    type Input = GetFederationTokenInput;
    type Output = GetFederationTokenOutput;
    type Targets = NoTarget;
    type Error = StsError;

    fn locate(input: &GetFederationTokenInput, view: &View) -> Result<NoTarget, Miss<StsError>> {
        super::refuse_session(view, "GetFederationToken")?;
        passed::check_tags(&input.tags)?;
        Ok(NoTarget)
    }

    fn demands(input: &GetFederationTokenInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        let arn = arn_of(account, &input.name);
        let demand = |action| Demand {
            action,
            resource: arn.clone().unwrap_or_else(|| Arn::root_of(account)),
            owner: account,
            authority: Authority::Identity,
        };
        let demands = Demands::of(demand("sts:GetFederationToken"));
        match input.tags.as_slice() {
            [] => demands,
            _ => demands.and(demand("sts:TagSession")),
        }
    }

    fn condition<'c>(input: &'c GetFederationTokenInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        passed::condition(&input.tags, &[], key)
    }

    fn check(input: &GetFederationTokenInput, _: &Permit<NoTarget>, view: &View) -> Result<(), StsError> {
        let account = view.place().account;
        Passed::read(input.policy.as_deref(), &input.policy_arns, account, view).map(drop)
    }

    async fn act(
        input: &GetFederationTokenInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let caller = world
            .caller()
            .map(Caller::principal)
            .ok_or(StsError::NoAccessKey)?;
        let seconds = super::seconds_of(input.duration_seconds, caller);
        let (account, name) = (caller.account, &input.name);
        let mut session = Session::new(
            SessionKind::Federated,
            account,
            &caller.id,
            name,
            world.now(),
            seconds,
        );
        let passed = Passed::read(input.policy.as_deref(), &input.policy_arns, account, world.view())?;
        let packed_policy_size = passed::packed_size(input.policy.as_deref(), &passed.arns, &input.tags);
        session.policy = passed.policy;
        session.policy_arns = passed.arns;
        for Tag { key, value } in &input.tags {
            identity::set_tag(&mut session.tags, &key.0, value);
        }
        let expires = session.expires();
        let least = LeastTokenSize::characters(input.minimum_session_token_size);
        let made = SessionCredentials::of(session, least, world.view().store().snapshot(), world.entropy())?;
        let size = TokenSize::of(&made);
        Ok(GetFederationTokenOutput {
            session_token_size: size.size,
            session_token_utilization: size.utilization,
            credentials: Some(Credentials::told(made, expires)),
            federated_user: arn_of(account, name).map(|arn| FederatedUser {
                federated_user_id: format!("{account}:{name}"),
                arn,
            }),
            packed_policy_size,
        })
    }
}

fn arn_of(account: arn::AccountId, name: &str) -> Option<Arn> {
    format!("arn:aws:sts::{account}:federated-user/{name}")
        .parse()
        .ok()
}
