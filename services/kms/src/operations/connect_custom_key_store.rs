//! ConnectCustomKeyStore.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::custom_key_stores::{self, StoreId};
use crate::target::{NoTarget, demand_of_account};
use crate::{KmsError, action};

/// Connects a custom key store to what backs it.
///
/// Source: KMS API Reference, `ConnectCustomKeyStore`. Known differences: there are no custom key stores, so none is found.
pub struct ConnectCustomKeyStore;

/// The request.
#[derive(Debug, Shape)]
pub struct ConnectCustomKeyStoreInput {
    /// The custom key store.
    #[shape(audit = log)]
    pub custom_key_store_id: StoreId,
}

/// The answer, which has no members.
#[derive(Debug, Shape)]
pub struct ConnectCustomKeyStoreOutput {}

impl Operation for ConnectCustomKeyStore {
    const SPEC: OperationSpec = OperationSpec::writes("ConnectCustomKeyStore");
    type Input = ConnectCustomKeyStoreInput;
    type Output = ConnectCustomKeyStoreOutput;
    type Targets = NoTarget;
    type Error = KmsError;

    fn locate(_: &ConnectCustomKeyStoreInput, _: &View) -> Result<NoTarget, Miss<KmsError>> {
        Ok(NoTarget)
    }

    fn demands(_: &ConnectCustomKeyStoreInput, _: &NoTarget, view: &View) -> Demands {
        Demands::of(demand_of_account::<action::ConnectCustomKeyStore>(view.place()))
    }

    fn check(_: &ConnectCustomKeyStoreInput, _: &Permit<NoTarget>, _: &View) -> Result<(), KmsError> {
        custom_key_stores::absent()
    }

    async fn act(_: &ConnectCustomKeyStoreInput, _: &Permit<NoTarget>, _: &mut World<'_>) -> Outcome<Self> {
        custom_key_stores::absent()
    }
}
