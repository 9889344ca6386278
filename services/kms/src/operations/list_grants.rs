//! ListGrants.

use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::grants::{GrantId, GrantListEntry, PrincipalId, ServicePrincipal};
use crate::paging::{Limit, Markers, Page, PageSize};
use crate::records::Grants;
use crate::target::{KeyTarget, KeysOf};
use crate::wire::{KeyReference, Marker};
use crate::{KmsError, action};

/// Lists the grants of a key, by id.
///
/// Source: KMS API Reference, `ListGrants`. A page that is filtered may hold less than its limit.
pub struct ListGrants;

/// The request.
#[derive(Debug, Shape)]
pub struct ListGrantsInput {
    /// Entries on a page: 1 to 100, 50 unless given.
    #[shape(audit = log)]
    pub limit: Option<Limit>,
    /// Where the page begins.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
    /// A key id or key ARN.
    #[shape(audit = log)]
    pub key_id: KeyReference,
    /// Only the grant of this id.
    #[shape(audit = log)]
    pub grant_id: Option<GrantId>,
    /// Only grants to this principal.
    #[shape(audit = log)]
    pub grantee_principal: Option<PrincipalId>,
    /// Only grants to this service.
    #[shape(audit = log)]
    pub grantee_service_principal: Option<ServicePrincipal>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ListGrantsOutput {
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

/// Entries of a page of grants.
pub const PAGE: PageSize = PageSize { usual: 50, most: 100 };

impl Operation for ListGrants {
    const SPEC: OperationSpec = OperationSpec::reads("ListGrants");
    type Input = ListGrantsInput;
    type Output = ListGrantsOutput;
    type Targets = KeyTarget;
    type Error = KmsError;

    fn locate(input: &ListGrantsInput, view: &View) -> Result<KeyTarget, Miss<KmsError>> {
        PAGE.of(input.limit)?;
        if input.grantee_principal.is_some() && input.grantee_service_principal.is_some() {
            return Err(KmsError::Validation(
                "You can specify GranteePrincipal or GranteeServicePrincipal, but not both.".to_owned(),
            )
            .into());
        }
        if let Some(id) = &input.grant_id {
            id.bytes()?;
        }
        view.keys()
            .find_by_id_anywhere::<action::ListGrants>(&input.key_id)
    }

    fn demands(_: &ListGrantsInput, key: &KeyTarget, _: &View) -> Demands {
        Demands::of(key.demand::<action::ListGrants>())
    }

    fn condition<'c>(_: &'c ListGrantsInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        (key.as_str() == "kms:grantisforawsresource").then(|| Found::boolean(false))
    }

    async fn act(
        input: &ListGrantsInput,
        permit: &Permit<KeyTarget>,
        world: &mut World<'_>,
    ) -> Outcome<Self> {
        let (view, key) = (world.view(), permit.targets());
        let size = PAGE.of(input.limit)?;
        let wanted_id = input.grant_id.as_ref().map(GrantId::bytes).transpose()?;
        let principal = input
            .grantee_principal
            .as_ref()
            .map(|PrincipalId(text)| text.as_str());
        let service = input
            .grantee_service_principal
            .as_ref()
            .map(|ServicePrincipal(name)| name.as_str());
        // A grantee's grants stand together, so their list has no need to pass by all others.
        let (index, prefix) = match principal.or(service) {
            None => {
                let id = wanted_id.iter().flatten().copied();
                (Grants::BY_KEY, key.id.to_bytes().into_iter().chain(id).collect())
            }
            Some(text) => {
                let id = match principal {
                    Some(_) => who(text, view)?,
                    None => text.to_owned(),
                };
                (
                    Grants::BY_GRANTEE,
                    Grants::of_grantee(&key.id.to_bytes(), &id, None),
                )
            }
        };
        let markers = Markers::of(view, Self::SPEC.name, &[&prefix]);
        let after = markers.open(input.marker.as_ref())?;
        let rows = view
            .store()
            .index::<Grants>(key.domain, index, &prefix, after.as_deref(), size + 1)?;
        let page = Page::cut(rows, size, &markers, |row| row.bytes.clone())?;
        let page = page.filter_map(|row| {
            let Some(grant) = view.store().get_row::<Grants>(&row.row)? else {
                return Ok(None);
            };
            let is_wanted = wanted_id.is_none_or(|id| id == grant.id)
                && (principal.is_none() || !grant.grantee.is_service)
                && (service.is_none() || grant.grantee.is_service);
            match is_wanted {
                true => GrantListEntry::of(&grant, &key.arn, view).map(Some),
                false => Ok(None),
            }
        })?;
        Ok(ListGrantsOutput {
            truncated: page.next.is_some(),
            grants: page.entries,
            next_marker: page.next,
        })
    }
}

/// The id that grants know a principal by: somebody's who exists, or what is left of one.
pub fn who(text: &str, view: &View) -> Result<String, KmsError> {
    match crate::grants::party(&PrincipalId(text.to_owned()), view) {
        Ok(party) => Ok(party.id),
        Err(KmsError::InvalidArn(_)) if !text.starts_with("arn:") => Ok(text.to_owned()),
        Err(error) => Err(error),
    }
}
