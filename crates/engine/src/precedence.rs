//! Which refusal wins when several apply: decided here and nowhere else.
//!
//! Malformed transport and missing target come first, since there is nobody to answer yet; then the signature;
//! then the body's form and constraints; then whether the resource is there; then whether the caller may; then
//! the resource's state and the request's fitness; then the cryptography. `answer.rs` walks in this order, and
//! this file words the refusals that depend on it. Source: the order of checks observed of AWS KMS.

use gate::{Caller, Denial};
use protocol::Failure;

use crate::operation::{Absent, Miss};

/// The code of a refusal for want of permission.
pub(crate) const ACCESS_DENIED: &str = "AccessDeniedException";

/// The refusal for something that `locate` did not find: another account's absent resource must look like one
/// that is there and closed.
pub(crate) fn of_miss<E: Into<Failure>>(miss: Miss<E>, caller: &Caller) -> Failure {
    match miss {
        Miss::Refused(error) => error.into(),
        Miss::Absent(Absent { owner, answer, .. }) if owner == caller.account() => answer,
        Miss::Absent(Absent { resource, action, .. }) => {
            access_denied(&Denial::of_foreign(caller, action, resource))
        }
    }
}

/// The refusal of a caller who may not; `hiding` stands in for a denial that would tell too much.
pub(crate) fn of_denial<E: Into<Failure>>(denial: &Denial, hiding: Option<E>) -> Failure {
    hiding.map_or_else(|| access_denied(denial), Into::into)
}

fn access_denied(denial: &Denial) -> Failure {
    Failure::refused(ACCESS_DENIED, denial.to_string())
}

/// The answer to a dry run that would have succeeded.
pub(crate) fn of_dry_run() -> Failure {
    Failure::refused(
        "DryRunOperationException",
        "The request would have succeeded, but the DryRun option is set.",
    )
}
