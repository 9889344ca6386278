//! An OpenID Connect provider whose keys the installation was given, and its tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use ambient::Clock;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc::{Fetch, FetchFailed, Fetching, HttpsUrl, Issuers, KeySet};
use serde_json::{Value, json};

/// The provider's URL.
pub const ISSUER: &str = "https://id.example.com";

/// The installation's issuers: this one. There is no network to ask others by.
pub(crate) fn known(clock: Arc<dyn Clock>) -> Issuers {
    let point = URL_SAFE_NO_PAD.encode(pair().public_key().as_ref());
    let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": point}]});
    let keys = KeySet::parse(keys.to_string().as_bytes()).unwrap();
    Issuers::new(
        Arc::new(NoNetwork),
        clock,
        BTreeMap::from([(ISSUER.to_owned(), keys)]),
    )
}

/// A token of the provider's that says this.
pub fn token(claims: &Value) -> String {
    let header = json!({"alg": "EdDSA", "kid": "k", "typ": "JWT"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair().sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap()
}

struct NoNetwork;

impl Fetch for NoNetwork {
    fn fetch<'f>(&'f self, _: &'f HttpsUrl, _: &'f [String]) -> Fetching<'f> {
        Box::pin(async { Err(FetchFailed("there is no network".to_owned())) })
    }
}
