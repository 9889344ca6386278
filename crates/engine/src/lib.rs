//! The way of a request, and what a service has to say to take part in it.
//!
//! `bytes → route → authenticate → decode → locate → authorize → check → act → commit or record → encode → bytes`
//!
//! [`Operation`] is what a service implements, [`Service`] its table of them, and [`Engine::answer`] the way
//! itself, in `answer.rs`, one function from top to bottom.

mod answer;
mod call;
mod chores;
mod engine;
mod entry;
mod explain;
mod grace;
mod http;
mod install;
pub mod limits;
mod nothing;
mod operation;
mod outbox;
mod precedence;
mod route;
mod second_factor;
mod service;
mod usage;
mod view;
mod walks;
mod world;

pub use chores::{Chore, ChoreFailed, Duty, Event};
pub use engine::Engine;
pub use entry::Resource;
pub use explain::{Explain, Explained, NotExplained, by_identity};
pub use gate::{
    Asking, Authority, Caller, Cause, ConditionKey, Demand, Demands, Effect, Examined, Explanation, Found,
    GrantOn, NamedPolicy, NoWebIdentity, Permit, PolicyKind, Position, Spoken, Strength, Subject, Supposed,
    Surroundings, Wanted, WebIdentity, names_in_grants,
};
pub use gate::{Outcome as Decided, Request as Asked, Resource as Described};
pub use http::{Peer, Request, Response, TlsDetails};
pub use install::{Installation, OpenError, Options, tables};
pub use nothing::Nothing;
pub use oidc::{Issuers, NotVerified, Refused, Rejected};
pub use operation::{Absent, Action, AnyOperation, Miss, Operation, Outcome, Targets, Unsigned, WebToken};
pub use protocol::{Failure, Wire};
pub use service::{Seat, Service};
pub use usage::{LastCall, LastUse};
pub use view::View;
pub use world::{AccountNotOpened, Locked, UnsealError, World};
