//! CreateCustomKeyStore.

use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};
use secret::SecretString;

use crate::custom_key_stores::{
    self, ClusterId, Connectivity, EndpointService, EndpointServiceOwner, ProxyCredential, ProxyEndpoint,
    ProxyPath, StoreId, StoreName, StoreType, TrustAnchor,
};
use crate::target::{NoTarget, demand_of_account};
use crate::{KmsError, action};

/// Makes a custom key store.
///
/// Source: KMS API Reference, `CreateCustomKeyStore`. Known differences: it is refused, since there are no custom key stores yet.
pub struct CreateCustomKeyStore;

/// The request.
#[derive(Debug, Shape)]
pub struct CreateCustomKeyStoreInput {
    /// Its name.
    #[shape(audit = log)]
    pub custom_key_store_name: StoreName,
    /// The cluster that backs it.
    #[shape(audit = log)]
    pub cloud_hsm_cluster_id: Option<ClusterId>,
    /// The certificate that the cluster is trusted by.
    #[shape(audit = omit)]
    pub trust_anchor_certificate: Option<TrustAnchor>,
    /// The password of the user of KMS in the cluster.
    #[shape(sensitive, length = 7..=32)]
    pub key_store_password: Option<SecretString>,
    /// What kind: `AWS_CLOUDHSM` unless given.
    #[shape(audit = log)]
    pub custom_key_store_type: Option<StoreType>,
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

/// The answer.
#[derive(Debug, Shape)]
pub struct CreateCustomKeyStoreOutput {
    /// The custom key store's id.
    #[shape(audit = log)]
    pub custom_key_store_id: Option<StoreId>,
}

impl Operation for CreateCustomKeyStore {
    const SPEC: OperationSpec = OperationSpec::writes("CreateCustomKeyStore");
    type Input = CreateCustomKeyStoreInput;
    type Output = CreateCustomKeyStoreOutput;
    type Targets = NoTarget;
    type Error = KmsError;

    fn locate(_: &CreateCustomKeyStoreInput, _: &View) -> Result<NoTarget, Miss<KmsError>> {
        Ok(NoTarget)
    }

    fn demands(_: &CreateCustomKeyStoreInput, _: &NoTarget, view: &View) -> Demands {
        Demands::of(demand_of_account::<action::CreateCustomKeyStore>(view.place()))
    }

    fn check(_: &CreateCustomKeyStoreInput, _: &Permit<NoTarget>, _: &View) -> Result<(), KmsError> {
        let text = "Custom key stores are not supported.";
        Err(KmsError::Unsupported(text.to_owned()))
    }

    async fn act(_: &CreateCustomKeyStoreInput, _: &Permit<NoTarget>, _: &mut World<'_>) -> Outcome<Self> {
        custom_key_stores::absent()
    }
}
