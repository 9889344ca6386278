//! One file for each operation.

mod assume_role;
mod assume_role_with_web_identity;
mod decode_authorization_message;
mod get_access_key_info;
mod get_caller_identity;
mod get_federation_token;
mod get_session_token;

use engine::{AnyOperation, Caller, Targets, View, World};
use identity::{Kind, Principal, Session};

use crate::StsError;
use crate::wire::{Seconds, SerialNumber, TokenCode};

/// Every operation, one line each.
pub static OPERATIONS: &[&dyn AnyOperation] = &[
    &assume_role::AssumeRole,
    &assume_role_with_web_identity::AssumeRoleWithWebIdentity,
    &decode_authorization_message::DecodeAuthorizationMessage,
    &get_access_key_info::GetAccessKeyInfo,
    &get_caller_identity::GetCallerIdentity,
    &get_federation_token::GetFederationToken,
    &get_session_token::GetSessionToken,
];

/// What calls are about that concern no resource.
#[derive(Debug, Clone, Copy)]
pub struct NoTarget;

impl Targets for NoTarget {
    fn resources(&self) -> Vec<engine::Resource> {
        Vec::new()
    }
}

/// Refuses callers whose credentials are those of a session.
fn refuse_session(view: &View, operation: &str) -> Result<(), StsError> {
    match view.caller().and_then(Caller::session) {
        None => Ok(()),
        Some(_) => Err(StsError::AccessDenied(format!(
            "Cannot call {operation} with session credentials"
        ))),
    }
}

/// How long a session lasts that a user, or the root user, opens; the root user's is cut.
fn seconds_of(wanted: Option<Seconds>, caller: &Principal) -> u32 {
    let most = match caller.kind {
        Kind::Root | Kind::Operator => 3600,
        _ => 129_600,
    };
    wanted
        .map_or(43_200, |Seconds(seconds)| seconds.unsigned_abs())
        .min(most)
}

/// Whether a request brings a code of a second factor.
fn brings_second_factor(serial: Option<&SerialNumber>, code: Option<&TokenCode>) -> bool {
    serial.is_some() || code.is_some()
}

/// Refuses half a second factor.
fn check_second_factor(serial: Option<&SerialNumber>, code: Option<&TokenCode>) -> Result<(), StsError> {
    match serial.is_some() == code.is_some() {
        true => Ok(()),
        false => Err(StsError::AccessDenied(
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
                .to_owned(),
        )),
    }
}

/// Marks the session as one with a second factor, where a right code is given; refuses a wrong one.
fn prove_second_factor(
    serial: Option<&SerialNumber>,
    code: Option<&TokenCode>,
    session: &mut Session,
    world: &mut World<'_>,
) -> Result<(), StsError> {
    check_second_factor(serial, code)?;
    let (Some(SerialNumber(serial)), Some(TokenCode(code))) = (serial, code) else {
        return Ok(());
    };
    if !world.prove_second_factor(serial, code)? {
        return Err(StsError::AccessDenied(
            "MultiFactorAuthentication failed with invalid MFA one time pass code.".to_owned(),
        ));
    }
    session.set_mfa(world.now());
    Ok(())
}
