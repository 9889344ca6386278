//! TagResource.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::tags::{self, Tag};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, conditions, state};

/// Adds tags to a key, or changes their values.
///
/// Source: KMS API Reference, `TagResource`. Known differences: none.
pub struct TagResource;

/// The request.
#[derive(Debug, Shape)]
pub struct TagResourceInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// The tags.
    #[shape(audit = log)]
    pub tags: Vec<Tag>,
}

impl Operation for TagResource {
    const SPEC: OperationSpec = OperationSpec::writes("TagResource").without_output();
    type Input = TagResourceInput;
    type Output = Nothing;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &TagResourceInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        tags::check(&input.tags)?;
        view.keys().find_by_id::<action::TagResource>(&input.key_id)
    }

    fn demands(_: &TagResourceInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::TagResource>())
    }

    fn condition<'c>(input: &'c TagResourceInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_tags(&input.tags, key)
    }

    fn check(_: &TagResourceInput, permit: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        let key = permit.targets();
        key.state.require(state::LASTING, &key.arn)
    }

    async fn act(
        input: &TagResourceInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let tags = tags::with(&key.key.tags, &input.tags)?;
        if tags != key.key.tags {
            key.change(world, |key| key.tags = tags);
        }
        Ok(Nothing {})
    }
}
