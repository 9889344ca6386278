//! ListKeys.

use std::ops::Bound;

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};
use store::StoreError;

use crate::key_id::KeyId;
use crate::paging::{Limit, Markers, Page, PageSize};
use crate::records::Keys;
use crate::state::State;
use crate::target::{NoTarget, demand_of_account};
use crate::wire::Marker;
use crate::{KmsError, action};

/// Lists the keys of the account in the Region, in every state, by id.
///
/// Source: KMS API Reference, `ListKeys`. Known differences: no keys are shared by RAM, so other accounts' are none.
pub struct ListKeys;

/// The request.
#[derive(Debug, Shape)]
pub struct ListKeysInput {
    /// Entries on a page: 1 to 1000, 100 unless given.
    #[shape(audit = log)]
    pub limit: Option<Limit>,
    /// Where the page begins.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// Whose keys are wanted: the account's own unless given.
    #[shape(audit = log, length = 1..=2)]
    pub resource_owners: Option<Vec<ResourceOwner>>,
}

/// Whose keys are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum ResourceOwner {
    /// The account's own.
    #[shape(rename = "SELF")]
    Own,
    /// Those that other accounts share with it through RAM.
    OtherAccountsViaRam,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListKeysOutput {
    /// The page.
    #[shape(audit = omit)]
    pub keys: Vec<KeyListEntry>,
    /// Where the next page begins.
    #[shape(audit = omit)]
    pub next_marker: Option<Marker>,
    /// Whether there is a next page.
    #[shape(audit = omit)]
    pub truncated: bool,
}

/// A key in a list.
#[derive(Debug, Shape)]
pub struct KeyListEntry {
    /// The id.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: String,
    /// The ARN.
    #[shape(audit = omit, length = 20..=2048)]
    pub key_arn: Arn,
}

const PAGE: PageSize = PageSize {
    usual: 100,
    most: 1000,
};

impl Operation for ListKeys {
    const SPEC: OperationSpec = OperationSpec::reads("ListKeys");
    type Input = ListKeysInput;
    type Output = ListKeysOutput;
    type Targets = NoTarget;
    type Error = KmsError;

    fn locate(input: &ListKeysInput, _: &View) -> Result<NoTarget, Miss<KmsError>> {
        PAGE.of(input.limit)?;
        Ok(NoTarget)
    }

    fn demands(_: &ListKeysInput, _: &NoTarget, view: &View) -> Demands {
        Demands::of(demand_of_account::<action::ListKeys>(view.place()))
    }

    async fn act(input: &ListKeysInput, _: &Permit<NoTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let view = world.view();
        let size = PAGE.of(input.limit)?;
        let owners = input.resource_owners.as_deref().unwrap_or(&[ResourceOwner::Own]);
        let wanted = |owner| {
            if owners.contains(&owner) {
                owner.as_str()
            } else {
                ""
            }
        };
        let (own, shared) = (
            wanted(ResourceOwner::Own),
            wanted(ResourceOwner::OtherAccountsViaRam),
        );
        let markers = Markers::of(view, Self::SPEC.name, &[own.as_bytes(), shared.as_bytes()]);
        let after = markers.open(input.marker.as_ref())?;
        let from = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let rows = match own {
            "" => Vec::new(),
            _ => view.store().scan::<Keys>(view.domain(), from, size + 1)?,
        };
        let page = Page::cut(rows, size, &markers, |row| row.key().name().to_vec())?;
        // A key whose deletion is due is gone, though its row may be there still: its page is shorter then.
        let page = page.filter_map(|row| match State::of(&row, view.now()) {
            Some(_) => entry(row.key().name(), view).map(Some),
            None => Ok(None),
        })?;
        Ok(ListKeysOutput {
            truncated: page.next.is_some(),
            keys: page.entries,
            next_marker: page.next,
        })
    }
}

fn entry(name: &[u8], view: &View) -> Result<KeyListEntry, KmsError> {
    let id = KeyId::from_bytes(name).ok_or(StoreError::Damaged("keys"))?;
    Ok(KeyListEntry {
        key_id: id.to_string(),
        key_arn: id.arn(view.place()),
    })
}
