//! ListAliases.

use ambient::Timestamp;
use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, Resource, Targets, View, World};
use model::{OperationSpec, Shape};

use crate::aliases::AliasText;
use crate::key_id::AliasName;
use crate::paging::{Limit, Markers, Page, PageSize};
use crate::records::{Alias, Aliases, BY_NAME, BY_TARGET, target_prefix};
use crate::target::{KeyTarget, KeysOf, demand_of_account};
use crate::wire::{KeyReference, Marker};
use crate::{KmsError, action};

/// Lists the aliases of the account in the Region, or those of one key, by name.
///
/// Source: KMS API Reference, `ListAliases`. Known differences: there are no AWS managed keys, so no aliases of theirs.
pub struct ListAliases;

/// The request.
#[derive(Debug, Shape)]
pub struct ListAliasesInput {
    /// The key id or key ARN of the key whose aliases are wanted.
    #[shape(audit = log)]
    pub key_id: Option<KeyReference>,
    /// Entries on a page: 1 to 100, 50 unless given.
    #[shape(audit = log)]
    pub limit: Option<Limit>,
    /// Where the page begins.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListAliasesOutput {
    /// The page.
    #[shape(audit = omit)]
    pub aliases: Vec<AliasListEntry>,
    /// Where the next page begins.
    #[shape(audit = omit)]
    pub next_marker: Option<Marker>,
    /// Whether there is a next page.
    #[shape(audit = omit)]
    pub truncated: bool,
}

/// An alias in a list.
#[derive(Debug, Shape)]
pub struct AliasListEntry {
    /// The name, `alias/` and all.
    #[shape(audit = omit)]
    pub alias_name: AliasText,
    /// The ARN.
    #[shape(audit = omit, length = 20..=2048)]
    pub alias_arn: Arn,
    /// The id of the key that it stands for.
    #[shape(audit = omit, length = 1..=2048)]
    pub target_key_id: Option<String>,
    /// When it was made.
    #[shape(audit = omit)]
    pub creation_date: Option<Timestamp>,
    /// When it was last pointed at a key.
    #[shape(audit = omit)]
    pub last_updated_date: Option<Timestamp>,
}

/// The key whose aliases are listed, if it is one.
#[derive(Debug)]
pub struct Filter(Option<KeyTarget>);

impl Targets for Filter {
    fn resources(&self) -> Vec<Resource> {
        self.0.iter().map(KeyTarget::resource).collect()
    }
}

const PAGE: PageSize = PageSize { usual: 50, most: 100 };

impl Operation for ListAliases {
    const SPEC: OperationSpec = OperationSpec::reads("ListAliases");
    type Input = ListAliasesInput;
    type Output = ListAliasesOutput;
    type Targets = Filter;
    type Error = KmsError;

    fn locate(input: &ListAliasesInput, view: &View) -> Result<Filter, Miss<KmsError>> {
        PAGE.of(input.limit)?;
        let key = input
            .key_id
            .as_deref()
            .map(|key| view.keys().find_by_id::<action::ListAliases>(key));
        key.transpose().map(Filter)
    }

    fn demands(_: &ListAliasesInput, _: &Filter, view: &View) -> Demands {
        Demands::of(demand_of_account::<action::ListAliases>(view.place()))
    }

    async fn act(input: &ListAliasesInput, permit: &Permit<Filter>, world: &mut World<'_>) -> Outcome<Self> {
        let view = world.view();
        let size = PAGE.of(input.limit)?;
        let (index, prefix) = match &permit.targets().0 {
            None => (BY_NAME, Vec::new()),
            Some(key) => (BY_TARGET, target_prefix(key.id).to_vec()),
        };
        let markers = Markers::of(view, Self::SPEC.name, &[&prefix]);
        let after = markers.open(input.marker.as_ref())?;
        let rows =
            view.store()
                .index::<Aliases>(view.domain(), index, &prefix, after.as_deref(), size + 1)?;
        let page = Page::cut(rows, size, &markers, |row| row.bytes.clone())?;
        let page = page.filter_map(|row| match view.store().get_row::<Aliases>(&row.row)? {
            Some(alias) => entry(&alias, view),
            None => Ok(None),
        })?;
        Ok(ListAliasesOutput {
            truncated: page.next.is_some(),
            aliases: page.entries,
            next_marker: page.next,
        })
    }
}

/// The entry of an alias; `None` where its key is gone.
fn entry(alias: &Alias, view: &View) -> Result<Option<AliasListEntry>, KmsError> {
    let damaged = || KmsError::Store(store::StoreError::Damaged("aliases"));
    let name = AliasName::parse(&alias.name).ok_or_else(damaged)?;
    let target = alias.target().ok_or_else(damaged)?;
    if view.keys().at(view.place(), target)?.is_none() {
        return Ok(None);
    }
    Ok(Some(AliasListEntry {
        alias_arn: name.arn(view.place()),
        alias_name: AliasText(alias.name.clone()),
        target_key_id: Some(target.to_string()),
        creation_date: Some(alias.created()),
        last_updated_date: Some(alias.updated()),
    }))
}
