//! GetSessionToken.

use engine::{Caller, Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::{Kind, Session, SessionCredentials, SessionKind};
use model::{OperationSpec, Shape};

use super::NoTarget;
use crate::StsError;
use crate::wire::{Credentials, LeastTokenSize, Seconds, SerialNumber, TokenCode, TokenSize};

/// Gives a user, or the root user, credentials for a while.
///
/// Source: STS API Reference, `GetSessionToken`: no policy is asked.
pub struct GetSessionToken;

/// The request.
#[derive(Debug, Shape)]
pub struct GetSessionTokenInput {
    /// How many seconds they are to last: 900 to 129,600, 43,200 unless given; at most 3600 for the root user.
    #[shape(audit = log)]
    pub duration_seconds: Option<Seconds>,
    /// The second factor.
    #[shape(audit = log)]
    pub serial_number: Option<SerialNumber>,
    /// Its code.
    #[shape(audit = omit)]
    pub token_code: Option<TokenCode>,
    /// How many characters the token is to have at least.
    #[shape(audit = log)]
    pub minimum_session_token_size: Option<LeastTokenSize>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetSessionTokenOutput {
    /// The credentials.
    #[shape(audit = log)]
    pub credentials: Option<Credentials>,
    /// How long the token is, in characters.
    #[shape(audit = omit, range = 0..)]
    pub session_token_size: Option<i32>,
    /// How much of what a token may be it is, in hundredths.
    #[shape(audit = omit, range = 0..)]
    pub session_token_utilization: Option<i32>,
}

impl Operation for GetSessionToken {
    const SPEC: OperationSpec = OperationSpec::writes("GetSessionToken");
    type Input = GetSessionTokenInput;
    type Output = GetSessionTokenOutput;
    type Targets = NoTarget;
    type Error = StsError;

    fn locate(_: &GetSessionTokenInput, _: &View) -> Result<NoTarget, Miss<StsError>> {
        Ok(NoTarget)
    }

    fn demands(_: &GetSessionTokenInput, _: &NoTarget, _: &View) -> Demands {
        // It gives no more than the caller has, so policies have no say; sessions are kept from it by `check`.
        Demands::public("whoever signs with their own key may have a session of their own")
    }

    fn proves_second_factor(input: &GetSessionTokenInput) -> bool {
        super::brings_second_factor(input.serial_number.as_ref(), input.token_code.as_ref())
    }

    fn check(input: &GetSessionTokenInput, _: &Permit<NoTarget>, view: &View) -> Result<(), StsError> {
        super::refuse_session(view, "GetSessionToken")?;
        refuse_operator(view)?;
        super::check_second_factor(input.serial_number.as_ref(), input.token_code.as_ref())
    }

    async fn act(input: &GetSessionTokenInput, _: &Permit<NoTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let caller = world
            .caller()
            .map(Caller::principal)
            .ok_or(StsError::NoAccessKey)?;
        let seconds = super::seconds_of(input.duration_seconds, caller);
        let mut session = Session::new(
            SessionKind::Own,
            caller.account,
            &caller.id,
            "",
            world.now(),
            seconds,
        );
        super::prove_second_factor(
            input.serial_number.as_ref(),
            input.token_code.as_ref(),
            &mut session,
            world,
        )?;
        let expires = session.expires();
        let least = LeastTokenSize::characters(input.minimum_session_token_size);
        let made = SessionCredentials::of(session, least, world.view().store().snapshot(), world.entropy())?;
        let size = TokenSize::of(&made);
        Ok(GetSessionTokenOutput {
            session_token_size: size.size,
            session_token_utilization: size.utilization,
            credentials: Some(Credentials::told(made, expires)),
        })
    }
}

/// Refuses the operator, of whom there are no sessions.
fn refuse_operator(view: &View) -> Result<(), StsError> {
    match view.caller().map(Caller::principal) {
        Some(caller) if caller.kind == Kind::Operator => Err(StsError::AccessDenied(
            "Cannot call GetSessionToken with the credentials of the operator".to_owned(),
        )),
        _ => Ok(()),
    }
}
