//! Who is believed by a token of an OpenID Connect provider, and that nothing is open to them but roles that trust the provider.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use ambient::{ManualClock, SeededEntropy, Timestamp};
use arn::{AccountId, Arn, Place, Region};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::root::RootKey;
use gate::{
    Asking, Authority, AuthorizationError, Bare, Caller, Cause, Demand, Demands, NoWebIdentity, Surroundings,
    identify,
};
use identity::{AccessKeySecrets, AccessKeys, Accounts, Groups, ManagedPolicies, Roles, Users};
use identity::{OidcProvider, OidcProviders};
use oidc::{Fetch, FetchFailed, Fetching, HttpsUrl, Issuers, KeySet, NotVerified, Refused, Rejected};
use policy::{Kind, Policy};
use serde_json::{Value, json};
use store::suite::Site;
use store::suite::memory::Memory;
use store::{Change, Domain, OutboxSink, Store, StoreOptions};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";
const ISSUER: &str = "id.example.com/pay";
const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/id.example.com/pay";
const ROLE: &str = "arn:aws:iam::111122223333:role/pay";
const ASSUME: &str = "sts:AssumeRoleWithWebIdentity";

struct Nowhere;

impl OutboxSink for Nowhere {
    fn queue(&self, _: u64, _: Vec<Vec<u8>>) {}
}

struct NoNetwork;

impl Fetch for NoNetwork {
    fn fetch<'f>(&'f self, _: &'f HttpsUrl, _: &'f [String]) -> Fetching<'f> {
        Box::pin(async { Err(FetchFailed("none".to_owned())) })
    }
}

fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

/// An installation with two accounts, of which the first has registered a provider.
struct Town {
    store: Store,
    issuers: Issuers,
    key: Ed25519KeyPair,
    domain: Domain,
}

fn provider() -> OidcProvider {
    let mut provider = OidcProvider::new(ISSUER, NOW);
    provider.client_ids = vec!["sts".to_owned()];
    provider
}

async fn town() -> Town {
    let entropy = Arc::new(SeededEntropy::new(1));
    let tables = [
        store::table_spec::<AccessKeys>(),
        store::secret_table_spec::<AccessKeySecrets>(),
        store::table_spec::<Accounts>(),
        store::table_spec::<Users>(),
        store::table_spec::<Groups>(),
        store::table_spec::<Roles>(),
        store::table_spec::<ManagedPolicies>(),
        store::table_spec::<OidcProviders>(),
    ];
    let root = RootKey::generate(&*entropy).unwrap();
    let backend = Memory::new().open().unwrap();
    let sink = Arc::new(Nowhere);
    let (store, _) = Store::open(backend, &tables, root, entropy, sink, StoreOptions::new()).unwrap();
    let mut domains = Vec::new();
    for text in [OWN, OTHER] {
        let (account, region) = (account(text), Region::global());
        domains.push(store.create_domain(&Place { account, region }).await.unwrap());
    }
    let key = Ed25519KeyPair::generate().unwrap();
    let public = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": public}]});
    let keys = KeySet::parse(set.to_string().as_bytes()).unwrap();
    let given = BTreeMap::from([(format!("https://{ISSUER}"), keys)]);
    let town = Town {
        store,
        issuers: Issuers::new(Arc::new(NoNetwork), Arc::new(ManualClock::at(NOW)), given),
        key,
        domain: domains.first().copied().unwrap(),
    };
    town.put(provider()).await;
    town
}

impl Town {
    async fn change(&self, make: impl FnOnce(&mut Change)) {
        let mut change = Change::new();
        make(&mut change);
        let reads = self.store.snapshot().view().into_reads();
        self.store.commit(reads, change).await.unwrap();
    }

    async fn put(&self, provider: OidcProvider) {
        self.change(|change| change.put::<OidcProviders>(self.domain, provider.row_name(), provider))
            .await;
    }

    fn token(&self, more: &Value) -> String {
        let mut claims = json!({"iss": format!("https://{ISSUER}"), "sub": "service:pay", "aud": "sts",
            "iat": NOW.seconds(), "exp": NOW.seconds() + 600});
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "EdDSA", "kid": "k"})), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    async fn identify(&self, token: &str, at: &str) -> Result<Caller, NoWebIdentity> {
        let view = self.store.snapshot().view();
        identify(token, account(at), &view, &self.issuers, NOW).await
    }

    /// Whoever the provider speaks for, with claims beside the usual ones.
    async fn caller(&self, more: Value) -> Caller {
        self.identify(&self.token(&more), OWN).await.unwrap()
    }

    /// What becomes of a demand.
    fn decide(&self, caller: &Caller, demand: Demand) -> Result<(), Cause> {
        let surroundings = Surroundings {
            source: "203.0.113.9".parse().unwrap(),
            is_secure: true,
            time: NOW,
            region: "us-east-1".parse().unwrap(),
            user_agent: None,
            referer: None,
        };
        let view = self.store.snapshot().view();
        let asking = Asking {
            caller,
            surroundings: &surroundings,
            request: &Bare,
            view: &view,
        };
        match gate::authorize(asking, Demands::of(demand), (), |_, _| None) {
            Ok(_) => Ok(()),
            Err(AuthorizationError::Denied(denial)) => Err(denial.cause),
            Err(other) => panic!("{other}"),
        }
    }

    fn trusted(&self, caller: &Caller, trust: &str) -> Result<(), Cause> {
        self.decide(caller, demand(ASSUME, ROLE, OWN, trust))
    }
}

fn demand(action: &'static str, resource: &str, owner: &str, trust: &str) -> Demand {
    let policy = Policy::parse(trust, Kind::Trust).unwrap();
    Demand {
        action,
        resource: resource.parse::<Arn>().unwrap(),
        owner: account(owner),
        authority: Authority::Resource(Arc::new(policy.compile())),
    }
}

fn trust(condition: &Value) -> String {
    let statement = json!({"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": "sts:*",
        "Condition": condition});
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

fn equals(key: &str, value: &str) -> String {
    trust(&json!({"StringEquals": {key: value}}))
}

const NOT_TRUSTED: Result<(), Cause> = Err(Cause::Untrusted(None));

#[tokio::test]
async fn a_token_makes_a_caller_who_has_no_access_key() {
    let town = town().await;
    let caller = town.caller(json!({})).await;
    assert_eq!(caller.principal().id, format!("{PROVIDER}:sts:service:pay"));
    assert_eq!(caller.account(), account(OWN));
    assert!(caller.access_key().is_none() && caller.session().is_none() && !caller.is_root());
}

#[tokio::test]
async fn a_token_is_believed_in_the_account_that_knows_its_issuer_alone() {
    let town = town().await;
    let token = town.token(&json!({}));
    for other in [OTHER, "999999999999"] {
        let refused = town.identify(&token, other).await.unwrap_err();
        assert!(matches!(refused, NoWebIdentity::NoProvider(_)), "{refused}");
    }
    let foreign = town.token(&json!({"iss": "https://id.example.com"}));
    let refused = town.identify(&foreign, OWN).await.unwrap_err();
    assert!(matches!(refused, NoWebIdentity::NoProvider(_)));
    let (rest, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{rest}.A{}", &signature[1..]);
    let forged = if forged == token {
        format!("{rest}.B{}", &signature[1..])
    } else {
        forged
    };
    assert!(matches!(
        town.identify(&forged, OWN).await.unwrap_err(),
        NoWebIdentity::Refused(Refused::Token(NotVerified::Signature))
    ));
}

#[tokio::test]
async fn a_token_that_is_not_for_us_or_not_for_now_makes_no_caller() {
    let town = town().await;
    for (more, rejected) in [
        (json!({"aud": "other"}), Rejected::Audience),
        (
            json!({"exp": NOW.seconds() - 300}),
            Rejected::Expired {
                now: NOW.seconds(),
                expires: NOW.seconds() - 300,
            },
        ),
    ] {
        match town.identify(&town.token(&more), OWN).await {
            Err(NoWebIdentity::Rejected(found)) => assert_eq!(found, rejected),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_trust_policy_has_to_name_the_provider() {
    let town = town().await;
    let caller = town.caller(json!({})).await;
    assert_eq!(town.trusted(&caller, &trust(&json!({}))), Ok(()));
    for principal in [
        r#""*""#,
        r#"{"AWS":"*"}"#,
        r#"{"AWS":"111122223333"}"#,
        r#"{"Federated":"id.example.com/pay"}"#,
        r#"{"Federated":"arn:aws:iam::444455556666:oidc-provider/id.example.com/pay"}"#,
    ] {
        let policy =
            format!(r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"sts:*"}}}}"#);
        assert_eq!(town.trusted(&caller, &policy), NOT_TRUSTED, "{principal}");
    }
    let other = r#"{"Statement":{"Effect":"Allow","Principal":{"Federated":"*"},"Action":"sts:AssumeRole"}}"#;
    assert_eq!(town.trusted(&caller, other), NOT_TRUSTED);
}

#[tokio::test]
async fn a_deny_for_everybody_is_for_them_too() {
    let town = town().await;
    let caller = town.caller(json!({})).await;
    let mut policy: Value = serde_json::from_str(&trust(&json!({}))).unwrap();
    let deny = json!({"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "sts:*"});
    policy["Statement"] = json!([policy["Statement"], deny]);
    let denied = town.trusted(&caller, &policy.to_string());
    assert_eq!(denied, Err(Cause::Untrusted(Some("No".to_owned()))));
}

#[tokio::test]
async fn nothing_else_is_open_to_them() {
    let town = town().await;
    let caller = town.caller(json!({})).await;
    let trust = trust(&json!({}));
    for action in [ASSUME, "sts:TagSession", "sts:SetSourceIdentity"] {
        assert_eq!(town.decide(&caller, demand(action, ROLE, OWN, &trust)), Ok(()));
    }
    for action in ["sts:AssumeRole", "sts:GetCallerIdentity"] {
        assert_eq!(
            town.decide(&caller, demand(action, ROLE, OWN, &trust)),
            NOT_TRUSTED
        );
    }
    // A role of another account does not know this account's provider.
    let foreign = demand(ASSUME, "arn:aws:iam::444455556666:role/pay", OTHER, &trust);
    assert_eq!(town.decide(&caller, foreign), NOT_TRUSTED);
    for authority in [
        Authority::Identity,
        Authority::Grant(Arc::new(Policy::parse(&trust, Kind::Trust).unwrap().compile())),
    ] {
        let demand = Demand {
            authority,
            ..demand(ASSUME, ROLE, OWN, &trust)
        };
        assert_eq!(town.decide(&caller, demand), NOT_TRUSTED);
    }
}

#[tokio::test]
async fn conditions_see_what_the_token_says() {
    let town = town().await;
    let more = json!({"amr": ["pwd", "mfa"], "Team": "pay", "level": 3, "vip": true, "nested": {"a": "b"},
        "twice": "x", "TWICE": "y", "principalaccount": OTHER});
    let caller = town.caller(more).await;
    for (key, value) in [
        ("id.example.com/pay:sub", "service:pay"),
        ("ID.example.com/pay:AUD", "sts"),
        ("id.example.com/pay:team", "pay"),
        ("id.example.com/pay:level", "3"),
        ("id.example.com/pay:vip", "true"),
        ("aws:FederatedProvider", PROVIDER),
    ] {
        assert_eq!(town.trusted(&caller, &equals(key, value)), Ok(()), "{key}");
        assert_eq!(town.trusted(&caller, &equals(key, "other")), NOT_TRUSTED, "{key}");
    }
    for (key, value) in [
        ("id.example.com:sub", "service:pay"),
        ("id.example.com/other:sub", "service:pay"),
        ("id.example.com/pay:nested", "b"),
        ("id.example.com/pay:twice", "x"),
        ("id.example.com/pay:absent", ""),
        ("aws:PrincipalAccount", OWN),
        ("aws:PrincipalAccount", OTHER),
        ("aws:PrincipalArn", PROVIDER),
        ("aws:userid", "service:pay"),
        ("aws:username", "service:pay"),
    ] {
        assert_eq!(town.trusted(&caller, &equals(key, value)), NOT_TRUSTED, "{key}");
    }
    // What can't be told denies, where a Deny asks for it.
    let not = trust(&json!({"StringNotEquals": {"id.example.com/pay:twice": "z"}}));
    assert_eq!(town.trusted(&caller, &not), NOT_TRUSTED);
    let any = trust(&json!({"ForAnyValue:StringEquals": {"id.example.com/pay:amr": "mfa"}}));
    assert_eq!(town.trusted(&caller, &any), Ok(()));
}

#[tokio::test]
async fn a_provider_that_went_while_the_call_was_under_way_allows_nothing() {
    let town = town().await;
    let caller = town.caller(json!({})).await;
    let trust = trust(&json!({}));
    assert_eq!(town.trusted(&caller, &trust), Ok(()));
    let mut other = provider();
    other.client_ids = vec!["another".to_owned()];
    town.put(other).await;
    assert_eq!(town.trusted(&caller, &trust), Err(Cause::CallerGone));
    town.put(provider()).await;
    assert_eq!(town.trusted(&caller, &trust), Ok(()));
    let row = provider().row_name();
    town.change(|change| change.delete::<OidcProviders>(town.domain, row))
        .await;
    assert_eq!(town.trusted(&caller, &trust), Err(Cause::CallerGone));
}

#[tokio::test]
async fn an_issuer_is_not_called_like_aws_own_keys() {
    let town = town().await;
    let mut named = OidcProvider::new("aws", NOW);
    named.client_ids = vec!["sts".to_owned()];
    town.put(named).await;
    let public = URL_SAFE_NO_PAD.encode(town.key.public_key().as_ref());
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": public}]});
    let keys = KeySet::parse(set.to_string().as_bytes()).unwrap();
    let given = BTreeMap::from([("https://aws".to_owned(), keys)]);
    let issuers = Issuers::new(Arc::new(NoNetwork), Arc::new(ManualClock::at(NOW)), given);
    let token = town.token(&json!({"iss": "https://aws", "principalorgid": "o-mine"}));
    let view = town.store.snapshot().view();
    let caller = identify(&token, account(OWN), &view, &issuers, NOW)
        .await
        .unwrap();
    let policy = equals("aws:PrincipalOrgID", "o-mine")
        .replace(PROVIDER, "arn:aws:iam::111122223333:oidc-provider/aws");
    assert_eq!(town.trusted(&caller, &policy), NOT_TRUSTED);
    let plain = trust(&json!({})).replace(PROVIDER, "arn:aws:iam::111122223333:oidc-provider/aws");
    assert_eq!(town.trusted(&caller, &plain), Ok(()));
}
