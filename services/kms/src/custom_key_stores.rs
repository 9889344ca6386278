//! Custom key stores, as requests and answers hold them. There are none yet: none is made, and so none is found.
//!
//! Source: KMS Developer Guide, "Key stores"; KMS API Reference, `CustomKeyStoresListEntry`.

use ambient::Timestamp;
use model::Shape;
use secret::SecretString;

use crate::KmsError;

/// The id of a custom key store: `cks-` and 17 hexadecimal digits.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=64)]
pub struct StoreId(String);

/// The name that its owner gives a custom key store.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=256)]
pub struct StoreName(String);

/// The id of a CloudHSM cluster.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 19..=24, pattern = "cluster-[2-7a-zA-Z]{11,16}")]
pub struct ClusterId(String);

/// The certificate that a CloudHSM cluster is trusted by.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=5000)]
pub struct TrustAnchor(String);

/// Where an external key store proxy answers.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 10..=128, pattern = "^https://[a-zA-Z0-9.-]+$")]
pub struct ProxyEndpoint(String);

/// What precedes each path of an external key store proxy.
#[derive(Debug, Clone, Shape)]
#[shape(
    transparent,
    length = 10..=128,
    pattern = "^(/[a-zA-Z0-9\\/_-]+/kms/xks/v\\d{1,2})$|^(/kms/xks/v\\d{1,2})$"
)]
pub struct ProxyPath(String);

/// The endpoint service through which an external key store proxy is reached.
#[derive(Debug, Clone, Shape)]
#[shape(
    transparent,
    length = 20..=64,
    pattern = "^(com|eu)\\.amazonaws\\.vpce\\.([a-z]+-){2,3}\\d+\\.vpce-svc-[0-9a-z]+$"
)]
pub struct EndpointService(String);

/// The account that owns an endpoint service.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 12..=12, pattern = "[0-9]{12}")]
pub struct EndpointServiceOwner(String);

/// What kind of custom key store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum StoreType {
    /// Backed by a CloudHSM cluster.
    #[shape(rename = "AWS_CLOUDHSM")]
    AwsCloudHsm,
    /// Backed by an external key manager, through its proxy.
    ExternalKeyStore,
}

/// How an external key store proxy is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum Connectivity {
    /// Over the internet.
    PublicEndpoint,
    /// Through an endpoint service.
    VpcEndpointService,
}

/// What external key store proxies are convinced by.
#[derive(Debug, Shape)]
pub struct ProxyCredential {
    /// The access key's id.
    #[shape(sensitive, length = 20..=30, pattern = "^[A-Z2-7]+$")]
    pub access_key_id: SecretString,
    /// The access key.
    #[shape(sensitive, length = 43..=64, pattern = "^[a-zA-Z0-9\\/+=]+$")]
    pub raw_secret_access_key: SecretString,
}

/// Whether a custom key store is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum ConnectionState {
    /// It is.
    Connected,
    /// It is about to be.
    Connecting,
    /// It could not be.
    Failed,
    /// It is not.
    Disconnected,
    /// It is about not to be.
    Disconnecting,
}

/// Why a custom key store could not be connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Shape)]
pub enum ConnectionError {
    /// The password or credential is wrong.
    InvalidCredentials,
    /// There is no such cluster.
    ClusterNotFound,
    /// The network failed.
    NetworkErrors,
    /// KMS failed.
    InternalError,
    /// Too few HSMs are active.
    #[shape(rename = "INSUFFICIENT_CLOUDHSM_HSMS")]
    InsufficientCloudHsmHsms,
    /// The user of KMS is locked out.
    UserLockedOut,
    /// The user of KMS does not exist.
    UserNotFound,
    /// The user of KMS is logged in already.
    UserLoggedIn,
    /// A subnet does not exist.
    SubnetNotFound,
    /// A subnet has no free addresses.
    InsufficientFreeAddressesInSubnet,
    /// The proxy denies access.
    XksProxyAccessDenied,
    /// The proxy does not answer.
    XksProxyNotReachable,
    /// The endpoint service does not exist.
    XksVpcEndpointServiceNotFound,
    /// The proxy's answers are not understood.
    XksProxyInvalidResponse,
    /// The proxy is configured wrongly.
    XksProxyInvalidConfiguration,
    /// The endpoint service is configured wrongly.
    XksVpcEndpointServiceInvalidConfiguration,
    /// The proxy takes too long.
    XksProxyTimedOut,
    /// The proxy's TLS is configured wrongly.
    XksProxyInvalidTlsConfiguration,
}

/// What is told of a custom key store.
#[derive(Debug, Shape)]
pub struct StoreEntry {
    /// The id.
    #[shape(audit = omit)]
    pub custom_key_store_id: Option<StoreId>,
    /// The name.
    #[shape(audit = omit)]
    pub custom_key_store_name: Option<StoreName>,
    /// The cluster behind it.
    #[shape(audit = omit)]
    pub cloud_hsm_cluster_id: Option<ClusterId>,
    /// The certificate that the cluster is trusted by.
    #[shape(audit = omit)]
    pub trust_anchor_certificate: Option<TrustAnchor>,
    /// Whether it is connected.
    #[shape(audit = omit)]
    pub connection_state: Option<ConnectionState>,
    /// Why it could not be connected.
    #[shape(audit = omit)]
    pub connection_error_code: Option<ConnectionError>,
    /// When it was made.
    #[shape(audit = omit)]
    pub creation_date: Option<Timestamp>,
    /// What kind it is.
    #[shape(audit = omit)]
    pub custom_key_store_type: Option<StoreType>,
    /// The proxy behind it.
    #[shape(audit = omit)]
    pub xks_proxy_configuration: Option<ProxyConfiguration>,
}

/// What is told of an external key store proxy.
#[derive(Debug, Shape)]
pub struct ProxyConfiguration {
    /// How it is reached.
    #[shape(audit = omit)]
    pub connectivity: Option<Connectivity>,
    /// The id of the access key that convinces it.
    #[shape(sensitive, length = 20..=30, pattern = "^[A-Z2-7]+$")]
    pub access_key_id: Option<SecretString>,
    /// Where it answers.
    #[shape(audit = omit)]
    pub uri_endpoint: Option<ProxyEndpoint>,
    /// What precedes each of its paths.
    #[shape(audit = omit)]
    pub uri_path: Option<ProxyPath>,
    /// The endpoint service through which it is reached.
    #[shape(audit = omit)]
    pub vpc_endpoint_service_name: Option<EndpointService>,
    /// The account that owns the endpoint service.
    #[shape(audit = omit)]
    pub vpc_endpoint_service_owner: Option<EndpointServiceOwner>,
}

/// The refusal of whatever is asked of a custom key store: there is none.
pub fn absent<T>() -> Result<T, KmsError> {
    Err(KmsError::NoCustomKeyStore)
}
