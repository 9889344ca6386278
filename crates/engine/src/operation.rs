//! What a service declares of each of its operations.

use std::collections::BTreeMap;
use std::future::Future;

use arn::{AccountId, Arn};
use gate::{ConditionKey, Demands, Found, NoWebIdentity, Permit};
use model::{OperationSpec, Shape};
use protocol::Failure;
use store::StoreError;

use crate::{Resource, View, World};

pub use crate::answer::AnyOperation;

/// An action of the policy language, as a type: `kms:Encrypt`.
pub trait Action: 'static {
    /// The action's name, service and all.
    const NAME: &'static str;
}

/// What an operation returns from its `act`.
pub type Outcome<O> = Result<<O as Operation>::Output, <O as Operation>::Error>;

/// One operation of a service.
///
/// The engine calls these in the order in which they stand here. `locate`, `demands` and `check` are pure over a
/// snapshot; the whole walk runs again on a fresh snapshot when a change meets a conflict, so `act` must leave
/// nothing behind but what it puts into its [`World`].
pub trait Operation: Send + Sync + 'static {
    /// Name, and whether it only reads.
    const SPEC: OperationSpec;
    /// What the caller sends.
    type Input: Shape + Send + Sync;
    /// What the caller gets.
    type Output: Shape + Send;
    /// What the call is about, owned.
    type Targets: Targets;
    /// Why it is refused.
    type Error: Into<Failure> + From<StoreError> + Send;
    /// Who its caller is where nobody signs. `None` for all operations but those that AWS's model declares to be without
    /// authentication: their calls have to be signed.
    const UNSIGNED: Option<Unsigned<Self::Input>> = None;

    /// Checks what needs no record, then finds what the call is about.
    fn locate(input: &Self::Input, view: &View) -> Result<Self::Targets, Miss<Self::Error>>;

    /// What the caller must be allowed to do.
    fn demands(input: &Self::Input, targets: &Self::Targets, view: &View) -> Demands;

    /// What policies see of the request under `key` where it asks for `action`. `None` leaves the answer to the members of
    /// the input that are declared to stand under the key.
    fn condition<'c>(_: &'c Self::Input, _action: &str, _key: &ConditionKey) -> Option<Found<'c>> {
        None
    }

    /// The encryption context that the request asks for `action` with; `None` where such a request has none.
    fn encryption_context<'c>(_: &'c Self::Input, _action: &str) -> Option<&'c BTreeMap<String, String>> {
        None
    }

    /// Whether the request brings a code of a second factor: policies are then told that there is one, and a call whose
    /// `act` succeeds without [`World::prove_second_factor`] fails.
    fn proves_second_factor(_: &Self::Input) -> bool {
        false
    }

    /// What a caller who may not do `action` hears instead of the denial, where that would tell too much.
    fn hides_denial(_: &Self::Input, _action: &str) -> Option<Self::Error> {
        None
    }

    /// State, usage, algorithm, size: all that needs no secret. A dry run ends after it.
    fn check(_: &Self::Input, _: &Permit<Self::Targets>, _: &View) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Whether the caller only asks if the call would succeed.
    fn is_dry_run(_: &Self::Input) -> bool {
        false
    }

    /// Does it.
    fn act(
        input: &Self::Input,
        permit: &Permit<Self::Targets>,
        world: &mut World<'_>,
    ) -> impl Future<Output = Outcome<Self>> + Send;
}

/// How the caller of an operation is found whose calls are not signed: by a token of an OpenID Connect provider.
#[derive(Debug, Clone, Copy)]
pub struct Unsigned<I> {
    /// The token of a request, and the account that it is presented to.
    pub token: fn(&I) -> Result<WebToken<'_>, Failure>,
    /// The refusal of a token that is not believed.
    pub refusal: fn(NoWebIdentity) -> Failure,
}

/// A token that is presented to an account.
#[derive(Debug, Clone, Copy)]
pub struct WebToken<'i> {
    /// The account.
    pub account: AccountId,
    /// The token.
    pub token: &'i str,
}

/// What a call is about, for its audit record.
pub trait Targets: Send + Sync {
    /// The resources the record names.
    fn resources(&self) -> Vec<Resource>;

    /// What policies may ask of one of the resources, by its ARN; `None` where it has nothing but that.
    fn described(&self, _resource: &Arn) -> Option<&dyn gate::Resource> {
        None
    }

    /// `responseElements` of a change that returns nothing, as JSON.
    fn response_of_silent_change(&self) -> Option<String> {
        None
    }
}

/// What `locate` says when it finds nothing to act on.
#[derive(Debug)]
pub enum Miss<E> {
    /// There is no such resource; whether the caller may know is decided in `precedence.rs`.
    Absent(Absent),
    /// The request is wrong, whatever there is.
    Refused(E),
}

/// A resource that is not there.
#[derive(Debug)]
pub struct Absent {
    /// What was asked for.
    pub resource: Arn,
    /// Who would own it.
    pub owner: AccountId,
    /// What was to be done to it.
    pub action: &'static str,
    /// The answer for a caller of the same account.
    pub answer: Failure,
}

impl<E> From<E> for Miss<E> {
    fn from(error: E) -> Miss<E> {
        Miss::Refused(error)
    }
}
