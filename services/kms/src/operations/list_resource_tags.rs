//! ListResourceTags.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::paging::{Limit, Markers, Page, PageSize};
use crate::records::TagEntry;
use crate::tags::{Tag, TagKey};
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{KeyReference, Marker};
use crate::{KmsError, action};

/// Lists the tags of a key, in the order in which they were first set.
///
/// Source: KMS API Reference, `ListResourceTags`. Known differences: none.
pub struct ListResourceTags;

/// The request.
#[derive(Debug, Shape)]
pub struct ListResourceTagsInput {
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Tags on a page: 1 to 50, 50 unless given.
    #[shape(audit = log)]
    pub limit: Option<Limit>,
    /// Where the page begins.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListResourceTagsOutput {
    /// The page.
    #[shape(audit = omit)]
    pub tags: Vec<Tag>,
    /// Where the next page begins.
    #[shape(audit = omit)]
    pub next_marker: Option<Marker>,
    /// Whether there is a next page.
    #[shape(audit = omit)]
    pub truncated: bool,
}

const PAGE: PageSize = PageSize { usual: 50, most: 50 };

impl Operation for ListResourceTags {
    const SPEC: OperationSpec = OperationSpec::reads("ListResourceTags");
    type Input = ListResourceTagsInput;
    type Output = ListResourceTagsOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &ListResourceTagsInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        PAGE.of(input.limit)?;
        view.keys().find_by_id::<action::ListResourceTags>(&input.key_id)
    }

    fn demands(_: &ListResourceTagsInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::ListResourceTags>())
    }

    async fn act(
        input: &ListResourceTagsInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let key = permit.targets();
        let size = PAGE.of(input.limit)?;
        let id = key.id.to_bytes();
        let markers = Markers::of(world.view(), Self::SPEC.name, &[&id]);
        let after = markers.open(input.marker.as_ref())?;
        let after = match after.as_deref().map(<[u8; 4]>::try_from) {
            None => None,
            Some(Ok(number)) => Some(u32::from_be_bytes(number)),
            Some(Err(_)) => return Err(KmsError::InvalidMarker),
        };
        let rows: Vec<&TagEntry> = key.key.tags.behind(after).take(size + 1).collect();
        let page = Page::cut(rows, size, &markers, |tag| tag.number.to_be_bytes().to_vec())?;
        let tag = |entry: &TagEntry| Tag {
            tag_key: TagKey(entry.key.clone()),
            tag_value: entry.value.clone(),
        };
        Ok(ListResourceTagsOutput {
            tags: page.entries.into_iter().map(tag).collect(),
            truncated: page.next.is_some(),
            next_marker: page.next,
        })
    }
}
