//! DeleteCustomKeyStore.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::custom_key_stores::{self, StoreId};
use crate::target::{NoTarget, demand_of_account};
use crate::{KmsError, action};

/// Deletes a custom key store that holds no keys.
///
/// Source: KMS API Reference, `DeleteCustomKeyStore`. Known differences: there are no custom key stores, so none is found.
pub struct DeleteCustomKeyStore;

/// The request.
#[derive(Debug, Shape)]
pub struct DeleteCustomKeyStoreInput {
    /// The custom key store.
    #[shape(audit = log)]
    pub custom_key_store_id: StoreId,
}

/// The answer, which has no members.
#[derive(Debug, Shape)]
pub struct DeleteCustomKeyStoreOutput {}

impl Operation for DeleteCustomKeyStore {
    const SPEC: OperationSpec = OperationSpec::writes("DeleteCustomKeyStore");
    type Input = DeleteCustomKeyStoreInput;
    type Output = DeleteCustomKeyStoreOutput;
    type Targets = NoTarget;
    type Error = KmsError;

    fn locate(_: &DeleteCustomKeyStoreInput, _: &View) -> Result<NoTarget, Miss<KmsError>> {
        Ok(NoTarget)
    }

    fn demands(_: &DeleteCustomKeyStoreInput, _: &NoTarget, view: &View) -> Demands {
        Demands::of(demand_of_account::<action::DeleteCustomKeyStore>(view.place()))
    }

    fn check(_: &DeleteCustomKeyStoreInput, _: &Permit<NoTarget>, _: &View) -> Result<(), KmsError> {
        custom_key_stores::absent()
    }

    async fn act(_: &DeleteCustomKeyStoreInput, _: &Permit<NoTarget>, _: &mut World<'_>) -> Outcome<Self> {
        custom_key_stores::absent()
    }
}
