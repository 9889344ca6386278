//! DescribeCustomKeyStores.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::custom_key_stores::{self, StoreEntry, StoreId, StoreName};
use crate::paging::Limit;
use crate::target::{NoTarget, demand_of_account};
use crate::wire::Marker;
use crate::{KmsError, action};

/// Lists the custom key stores of the account in the Region, or tells of one.
///
/// Source: KMS API Reference, `DescribeCustomKeyStores`. Known differences: there are no custom key stores, so none is found.
pub struct DescribeCustomKeyStores;

/// The request.
#[derive(Debug, Shape)]
pub struct DescribeCustomKeyStoresInput {
    /// Only the one of this id.
    #[shape(audit = log)]
    pub custom_key_store_id: Option<StoreId>,
    /// Only the one of this name.
    #[shape(audit = log)]
    pub custom_key_store_name: Option<StoreName>,
    /// Custom key stores on a page.
    #[shape(audit = log)]
    pub limit: Option<Limit>,
    /// Where the page begins.
    #[shape(audit = log)]
    pub marker: Option<Marker>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct DescribeCustomKeyStoresOutput {
    /// The custom key stores.
    #[shape(audit = omit)]
    pub custom_key_stores: Vec<StoreEntry>,
    /// Where the next page begins.
    #[shape(audit = omit)]
    pub next_marker: Option<Marker>,
    /// Whether there is a next page.
    #[shape(audit = omit)]
    pub truncated: bool,
}

impl Operation for DescribeCustomKeyStores {
    const SPEC: OperationSpec = OperationSpec::reads("DescribeCustomKeyStores");
    type Input = DescribeCustomKeyStoresInput;
    type Output = DescribeCustomKeyStoresOutput;
    type Targets = NoTarget;
    type Error = KmsError;

    fn locate(input: &DescribeCustomKeyStoresInput, _: &View) -> Result<NoTarget, Miss<KmsError>> {
        match (&input.custom_key_store_id, &input.custom_key_store_name) {
            (Some(_), Some(_)) => {
                let text = "Please specify either CustomKeyStoreId or CustomKeyStoreName, but not both.";
                Err(KmsError::Validation(text.to_owned()).into())
            }
            _ => Ok(NoTarget),
        }
    }

    fn demands(_: &DescribeCustomKeyStoresInput, _: &NoTarget, view: &View) -> Demands {
        Demands::of(demand_of_account::<action::DescribeCustomKeyStores>(view.place()))
    }

    fn check(input: &DescribeCustomKeyStoresInput, _: &Permit<NoTarget>, _: &View) -> Result<(), KmsError> {
        if input.custom_key_store_id.is_some() || input.custom_key_store_name.is_some() {
            return custom_key_stores::absent();
        }
        // None fill no page, so no marker was ever given out.
        match input.marker {
            Some(_) => Err(KmsError::InvalidMarker),
            None => Ok(()),
        }
    }

    async fn act(_: &DescribeCustomKeyStoresInput, _: &Permit<NoTarget>, _: &mut World<'_>) -> Outcome<Self> {
        Ok(DescribeCustomKeyStoresOutput {
            custom_key_stores: Vec::new(),
            next_marker: None,
            truncated: false,
        })
    }
}
