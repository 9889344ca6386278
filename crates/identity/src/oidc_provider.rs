//! OpenID Connect providers: who may speak for people and programs that have no access keys here.

use ambient::Timestamp;
use arn::{AccountId, Arn};
use minicbor::{Decode, Encode};
use secret::SecretBuffer;
use store::{Domain, HashedName, Held, IndexKey, StoreError, Table, TableId, Unreadable, View};

use crate::entity::Tag;

/// A provider whose tokens an account's roles may trust.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OidcProvider {
    /// Its issuer without `https://`: a host, maybe a port, and maybe a path; unique in the account.
    #[n(0)]
    pub issuer: String,
    #[n(1)]
    created_ms: i64,
    /// The audiences that tokens may be for, in the order in which they were registered; at most 100.
    #[n(2)]
    pub client_ids: Vec<String>,
    /// SHA-1 of certificates that its server may be known by, in small hexadecimal digits; at most five.
    #[n(3)]
    pub thumbprints: Vec<String>,
    /// At most 50.
    #[n(4)]
    pub tags: Vec<Tag>,
}

/// What the URLs of issuers begin with.
const SCHEME: &str = "https://";

impl OidcProvider {
    /// A provider made at `now`, without audiences, thumbprints and tags.
    pub fn new(issuer: &str, now: Timestamp) -> OidcProvider {
        OidcProvider {
            issuer: issuer.to_owned(),
            created_ms: now.milliseconds(),
            client_ids: Vec::new(),
            thumbprints: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// The issuer that a URL names; `None` unless it is one of HTTPS.
    pub fn issuer_of(url: &str) -> Option<&str> {
        url.strip_prefix(SCHEME)
    }

    /// Its URL, which is what tokens have as their issuer.
    pub fn url(&self) -> String {
        format!("{SCHEME}{}", self.issuer)
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.created_ms)
    }

    /// Its ARN in its account; `None` in a damaged record alone.
    pub fn arn(&self, account: AccountId) -> Option<Arn> {
        format!("arn:aws:iam::{account}:oidc-provider/{}", self.issuer)
            .parse()
            .ok()
    }

    /// The key of its row.
    pub fn row_name(&self) -> HashedName {
        HashedName(self.issuer.clone())
    }
}

/// The provider of an issuer in a part of the store.
pub fn oidc_provider_of(
    issuer: &str,
    domain: Domain,
    view: &View,
) -> Result<Option<Held<OidcProvider>>, StoreError> {
    view.get::<OidcProviders>(domain, &HashedName(issuer.to_owned()))
}

/// The table of OpenID Connect providers, by issuer.
#[derive(Debug)]
pub struct OidcProviders;

/// The indexes of providers.
impl OidcProviders {
    /// By issuer.
    pub const BY_ISSUER: u8 = 0;
}

impl Table for OidcProviders {
    const ID: TableId = TableId(40);
    const NAME: &'static str = "OpenID Connect providers";
    const INDEXED: bool = true;
    const FORMAT: u8 = 1;
    type Key = HashedName;
    type Record = OidcProvider;

    fn encode(record: &OidcProvider, out: &mut SecretBuffer) {
        store::cbor::encode(record, out);
    }

    fn decode(_: u8, bytes: &[u8]) -> Result<OidcProvider, Unreadable> {
        store::cbor::decode(bytes)
    }

    fn index(record: &OidcProvider, out: &mut Vec<IndexKey>) {
        out.push(IndexKey {
            index: OidcProviders::BY_ISSUER,
            bytes: record.issuer.as_bytes().to_vec(),
        });
    }
}
