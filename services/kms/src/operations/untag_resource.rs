//! UntagResource.

use engine::{ConditionKey, Demands, Found, Miss, Nothing, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::tags::{self, TagKey};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::KeyReference;
use crate::{KmsError, action, conditions, state};

/// Removes tags from a key; those that it does not have are no error.
///
/// Source: KMS API Reference, `UntagResource`. Known differences: none.
pub struct UntagResource;

/// The request.
#[derive(Debug, Shape)]
pub struct UntagResourceInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// The names of the tags.
    #[shape(audit = log)]
    pub tag_keys: Vec<TagKey>,
}

impl Operation for UntagResource {
    const SPEC: OperationSpec = OperationSpec::writes("UntagResource").without_output();
    type Input = UntagResourceInput;
    type Output = Nothing;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &UntagResourceInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        tags::check_keys(&input.tag_keys)?;
        view.keys().find_by_id::<action::UntagResource>(&input.key_id)
    }

    fn demands(_: &UntagResourceInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::UntagResource>())
    }

    fn condition<'c>(input: &'c UntagResourceInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_tag_keys(&input.tag_keys, key)
    }

    fn check(_: &UntagResourceInput, permit: &Permit<KeyTarget>, _: &View) -> Result<(), KmsError> {
        let key = permit.targets();
        key.state.require(state::LASTING, &key.arn)
    }

    async fn act(
        input: &UntagResourceInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let mut tags = key.key.tags.clone();
        for TagKey(name) in &input.tag_keys {
            tags.remove(name);
        }
        if tags != key.key.tags {
            key.change(world, |key| key.tags = tags);
        }
        Ok(Nothing {})
    }
}
