//! UpdateCustomKeyStore.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};
use secret::SecretString;

use crate::custom_key_stores::{
    self, ClusterId, Connectivity, EndpointService, EndpointServiceOwner, ProxyCredential, ProxyEndpoint,
    ProxyPath, StoreId, StoreName,
};
use crate::target::{NoTarget, demand_of_account};
use crate::{KmsError, action};

/// Changes the name of a custom key store, or how it is connected.
///
/// Source: KMS API Reference, `UpdateCustomKeyStore`. Known differences: there are no custom key stores, so none is found.
pub struct UpdateCustomKeyStore;

/// The request.
#[derive(Debug, Shape)]
pub struct UpdateCustomKeyStoreInput {
    /// The custom key store.
    #[shape(audit = log)]
    pub custom_key_store_id: StoreId,
    /// Its new name.
    #[shape(audit = log)]
    pub new_custom_key_store_name: Option<StoreName>,
    /// The password of the user of KMS in the cluster.
    #[shape(sensitive, length = 7..=32)]
    pub key_store_password: Option<SecretString>,
    /// The cluster.
    #[shape(audit = log)]
    pub cloud_hsm_cluster_id: Option<ClusterId>,
    /// Where the proxy answers.
    #[shape(audit = log)]
    pub xks_proxy_uri_endpoint: Option<ProxyEndpoint>,
    /// What precedes each path of the proxy.
    #[shape(audit = log)]
    pub xks_proxy_uri_path: Option<ProxyPath>,
    /// The endpoint service through which the proxy is reached.
    #[shape(audit = log)]
    pub xks_proxy_vpc_endpoint_service_name: Option<EndpointService>,
    /// The account that owns the endpoint service.
    #[shape(audit = log)]
    pub xks_proxy_vpc_endpoint_service_owner: Option<EndpointServiceOwner>,
    /// What convinces the proxy.
    #[shape(audit = omit)]
    pub xks_proxy_authentication_credential: Option<ProxyCredential>,
    /// How the proxy is reached.
    #[shape(audit = log)]
    pub xks_proxy_connectivity: Option<Connectivity>,
}

/// The answer, which has no members.
#[derive(Debug, Shape)]
pub struct UpdateCustomKeyStoreOutput {}

impl Operation for UpdateCustomKeyStore {
    const SPEC: OperationSpec = OperationSpec::writes("UpdateCustomKeyStore");
    type Input = UpdateCustomKeyStoreInput;
    type Output = UpdateCustomKeyStoreOutput;
    type Targets = NoTarget;
    type Error = KmsError;

    fn locate(_: &UpdateCustomKeyStoreInput, _: &View) -> Result<NoTarget, Miss<KmsError>> {
        Ok(NoTarget)
    }

    fn demands(_: &UpdateCustomKeyStoreInput, _: &NoTarget, view: &View) -> Demands {
        Demands::of(demand_of_account::<action::UpdateCustomKeyStore>(view.place()))
    }

    fn check(_: &UpdateCustomKeyStoreInput, _: &Permit<NoTarget>, _: &View) -> Result<(), KmsError> {
        custom_key_stores::absent()
    }

    async fn act(_: &UpdateCustomKeyStoreInput, _: &Permit<NoTarget>, _: &mut World<'_>) -> Outcome<Self> {
        custom_key_stores::absent()
    }
}
