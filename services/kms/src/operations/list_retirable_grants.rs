//! ListRetirableGrants.

use arn::Place;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};
use store::IndexRow;

use super::list_grants::{PAGE, who};
use crate::grants::{GrantListEntry, PrincipalId, ServicePrincipal};
use crate::key_id::KeyId;
use crate::paging::{Limit, Markers, Page};
use crate::records::Grants;
use crate::target::{NoTarget, demand_of_account};
use crate::wire::Marker;
use crate::{KmsError, action};

/// Lists the grants in a Region, of all accounts, that a principal of the caller's account may retire.
///
/// Source: KMS API Reference, `ListRetirableGrants`.
pub struct ListRetirableGrants;

/// The request.
#[derive(Debug, Shape)]
pub struct ListRetirableGrantsInput {
    /// Entries on a page: 1 to 100, 50 unless given.
    #[shape(audit = log)]
    pub limit: Option<Limit>,
    /// Where the page begins.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// Who may retire them.
    #[shape(audit = log)]
    pub retiring_principal: Option<PrincipalId>,
    /// Which service may retire them.
    #[shape(audit = log)]
    pub retiring_service_principal: Option<ServicePrincipal>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListRetirableGrantsOutput {
    /// The page.
    #[shape(audit = omit)]
    pub grants: Vec<GrantListEntry>,
    /// Where the next page begins.
    #[shape(audit = omit)]
    pub next_marker: Option<Marker>,
    /// Whether there is a next page.
    #[shape(audit = omit)]
    pub truncated: bool,
}

/// An entry, with the account that it belongs to.
struct Entry {
    place: Place,
    row: IndexRow,
}

impl Operation for ListRetirableGrants {
    const SPEC: OperationSpec = OperationSpec::reads("ListRetirableGrants");
    type Input = ListRetirableGrantsInput;
    type Output = ListRetirableGrantsOutput;
    type Targets = NoTarget;
    type Error = KmsError;

    fn locate(input: &ListRetirableGrantsInput, _: &View) -> Result<NoTarget, Miss<KmsError>> {
        PAGE.of(input.limit)?;
        match (&input.retiring_principal, &input.retiring_service_principal) {
            (Some(_), None) | (None, Some(_)) => Ok(NoTarget),
            _ => Err(KmsError::Validation(
                "You must specify exactly one of RetiringPrincipal and RetiringServicePrincipal.".to_owned(),
            )
            .into()),
        }
    }

    fn demands(_: &ListRetirableGrantsInput, _: &NoTarget, view: &View) -> Demands {
        Demands::of(demand_of_account::<action::ListRetirableGrants>(view.place()))
    }

    async fn act(
        input: &ListRetirableGrantsInput,
        _: &Permit<NoTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let view = world.view();
        let size = PAGE.of(input.limit)?;
        let (id, is_service) = match (&input.retiring_principal, &input.retiring_service_principal) {
            (Some(PrincipalId(text)), _) => (own(text, view)?, false),
            (None, Some(ServicePrincipal(name))) => (name.clone(), true),
            (None, None) => return Err(KmsError::Cryptography),
        };
        let prefix = Grants::of_retiring(&id);
        let markers = Markers::of(view, Self::SPEC.name, &[&prefix]);
        let after = markers.open(input.marker.as_ref())?;
        let entries = entries(&prefix, after.as_deref(), size + 1, view)?;
        let page = Page::cut(entries, size, &markers, |entry| {
            [&entry.place.account.number().to_be_bytes()[..], &entry.row.bytes].concat()
        })?;
        let page = page.filter_map(|Entry { place, row }| {
            let Some(grant) = view.store().get_row::<Grants>(&row.row)? else {
                return Ok(None);
            };
            let retiring = grant.retiring.as_ref();
            let (true, Some(key)) = (
                retiring.is_some_and(|party| party.is_service == is_service),
                KeyId::from_bytes(&grant.key),
            ) else {
                return Ok(None);
            };
            GrantListEntry::of(&grant, &key.arn(&place), view).map(Some)
        })?;
        Ok(ListRetirableGrantsOutput {
            truncated: page.next.is_some(),
            grants: page.entries,
            next_marker: page.next,
        })
    }
}

/// The id of a principal, which has to be of the caller's account.
fn own(text: &str, view: &View) -> Result<String, KmsError> {
    let arn: Option<arn::Arn> = text.parse().ok();
    match arn.as_ref().map(arn::Arn::account) {
        Some(account) if account != Some(view.place().account) => Err(KmsError::InvalidArn(format!(
            "{text} is not a principal of the account {}.",
            view.place().account
        ))),
        _ => who(text, view),
    }
}

/// The entries behind `after` in every account of the Region, account by account.
fn entries(prefix: &[u8], after: Option<&[u8]>, limit: usize, view: &View) -> Result<Vec<Entry>, KmsError> {
    let mut places = view.store().snapshot().places();
    places.retain(|(_, place)| place.region == view.place().region);
    places.sort_by_key(|(_, place)| place.account);
    let (account, within) = match after.and_then(|after| after.split_at_checked(8)) {
        Some((account, within)) => (account, Some(within)),
        None => (&[0; 8][..], None),
    };
    let mut entries = Vec::new();
    for (domain, place) in places {
        let number = place.account.number().to_be_bytes();
        if number.as_slice() < account {
            continue;
        }
        let within = within.filter(|_| number.as_slice() == account);
        let left = limit.saturating_sub(entries.len());
        let rows = view
            .store()
            .index::<Grants>(domain, Grants::BY_RETIRING, prefix, within, left)?;
        entries.extend(rows.into_iter().map(|row| Entry {
            place: place.clone(),
            row,
        }));
        if entries.len() >= limit {
            break;
        }
    }
    Ok(entries)
}
