//! DisconnectCustomKeyStore.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use crate::custom_key_stores::{self, StoreId};
use crate::target::{NoTarget, demand_of_account};
use crate::{KmsError, action};

/// Disconnects a custom key store from what backs it.
///
/// Source: KMS API Reference, `DisconnectCustomKeyStore`. Known differences: there are no custom key stores, so none is found.
pub struct DisconnectCustomKeyStore;

/// The request.
#[derive(Debug, Shape)]
pub struct DisconnectCustomKeyStoreInput {
    /// The custom key store.
    #[shape(audit = log)]
    pub custom_key_store_id: StoreId,
}

/// The answer, which has no members.
#[derive(Debug, Shape)]
pub struct DisconnectCustomKeyStoreOutput {}

impl Operation for DisconnectCustomKeyStore {
    const SPEC: OperationSpec = OperationSpec::writes("DisconnectCustomKeyStore");
    type Input = DisconnectCustomKeyStoreInput;
    type Output = DisconnectCustomKeyStoreOutput;
    type Targets = NoTarget;
    type Error = KmsError;

    fn locate(_: &DisconnectCustomKeyStoreInput, _: &View) -> Result<NoTarget, Miss<KmsError>> {
        Ok(NoTarget)
    }

    fn demands(_: &DisconnectCustomKeyStoreInput, _: &NoTarget, view: &View) -> Demands {
        Demands::of(demand_of_account::<action::DisconnectCustomKeyStore>(
            view.place(),
        ))
    }

    fn check(_: &DisconnectCustomKeyStoreInput, _: &Permit<NoTarget>, _: &View) -> Result<(), KmsError> {
        custom_key_stores::absent()
    }

    async fn act(
        _: &DisconnectCustomKeyStoreInput,
        _: &Permit<NoTarget>,
        _: &mut World<'_>,
    ) -> Outcome<Self> {
        custom_key_stores::absent()
    }
}
