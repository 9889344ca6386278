//! Who is calling ([`Caller`]), and may they ([`Demands`] → [`Permit`]).
//!
//! This crate is the engine's alone: services see its types through the engine, and cannot authorize or make a
//! caller themselves. Source of the rules: KMS Developer Guide, "Key access and permissions"; IAM User Guide,
//! "Policy evaluation logic".

mod caller;
mod conditions;
mod demand;
mod explain;
mod federated;
mod judge;
mod own_policies;
mod permit;
mod sessions;
mod subject;

pub use caller::{AuthenticationError, Caller, KnownCallers, authenticate, reaffirm};
pub use conditions::{Asking, Bare, Lookup, Request, Resource, Surroundings};
pub use demand::{Authority, Demand, Demands, Wanted};
pub use explain::{Examined, Explanation, GrantOn, NamedPolicy, Outcome, PolicyKind, Spoken, Supposed};
pub use federated::{NoWebIdentity, WebIdentity, identify};
pub use permit::{AuthorizationError, Cause, DecidedBy, Denial, Permit, authorize, permit_internal};
pub use policy::{ConditionKey, Effect, Found, Position, Strength};
pub use sessions::Sessions;
pub use subject::{Subject, names_in_grants};
