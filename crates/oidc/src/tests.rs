use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ambient::{ManualClock, Timestamp};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::*;

const ISSUER: &str = "https://id.example.com/pay";
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

struct Key {
    id: &'static str,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Key {
    fn ec(id: &'static str) -> Key {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Key {
            id,
            pair: Pair::Ec(pair),
        }
    }

    fn ed(id: &'static str) -> Key {
        let pair = Ed25519KeyPair::generate().unwrap();
        Key {
            id,
            pair: Pair::Ed(pair),
        }
    }

    fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Ec(_) => "ES256",
            Pair::Ed(_) => "EdDSA",
        }
    }

    fn public(&self) -> Value {
        match &self.pair {
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": self.id, "use": "sig", "alg": "ES256",
                    "x": b64(&point[1..33]), "y": b64(&point[33..])})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": self.id, "x": b64(pair.public_key().as_ref())})
            }
        }
    }

    fn token(&self, claims: &Value) -> String {
        self.token_with(
            &json!({"alg": self.algorithm(), "kid": self.id, "typ": "JWT"}),
            claims,
        )
    }

    fn token_with(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = match &self.pair {
            Pair::Ec(pair) => {
                let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
                signature.as_ref().to_vec()
            }
            Pair::Ed(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", b64(signature))
    }
}

fn set(keys: &[&Key]) -> Vec<u8> {
    let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
    json!({ "keys": keys }).to_string().into_bytes()
}

fn claims() -> Value {
    let now = NOW.seconds();
    json!({"iss": ISSUER, "sub": "service:pay", "aud": "sts.amazonaws.com", "iat": now, "exp": now + 600})
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// What becomes of a token with these claims, whose signature is good.
fn checked(claims: &Value) -> Result<Subject, Rejected> {
    let key = Key::ed("k");
    let token = key.token(claims);
    let verified = Unverified::parse(&token)
        .unwrap()
        .verify(&KeySet::parse(&set(&[&key])).unwrap())
        .unwrap();
    let ids = ["other".to_owned(), "sts.amazonaws.com".to_owned()];
    verified.check(ISSUER, &ids, NOW)
}

#[test]
fn a_good_token_is_taken() {
    for key in [Key::ec("one"), Key::ed("two")] {
        let token = key.token(&claims());
        let keys = KeySet::parse(&set(&[&Key::ed("three"), &key])).unwrap();
        let verified = Unverified::parse(&token).unwrap().verify(&keys).unwrap();
        assert_eq!(verified.get("sub"), Some(&json!("service:pay")));
    }
    let subject = checked(&claims()).unwrap();
    assert_eq!(
        (subject.subject.as_str(), subject.audience.as_str()),
        ("service:pay", "sts.amazonaws.com")
    );
}

#[test]
fn a_changed_token_is_refused() {
    let key = Key::ec("k");
    let keys = KeySet::parse(&set(&[&key])).unwrap();
    let token = key.token(&claims());
    let parts: Vec<&str> = token.split('.').collect();
    let other = b64(with("sub", "service:admin").to_string());
    let changed = format!("{}.{other}.{}", parts[0], parts[2]);
    assert_eq!(
        Unverified::parse(&changed).unwrap().verify(&keys),
        Err(NotVerified::Signature)
    );
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    assert_eq!(
        Unverified::parse(&unsigned).unwrap().verify(&keys),
        Err(NotVerified::Signature)
    );
    // Of another key under the same id.
    let token = Key::ec("k").token(&claims());
    assert_eq!(
        Unverified::parse(&token).unwrap().verify(&keys),
        Err(NotVerified::Signature)
    );
}

#[test]
fn an_algorithm_that_does_not_fit_is_refused() {
    let (ec, ed) = (Key::ec("ec"), Key::ed("ed"));
    let keys = KeySet::parse(&set(&[&ec, &ed])).unwrap();
    for name in ["none", "None", "HS256", "HS512", "RS1", "ES256K", ""] {
        let token = ec.token_with(&json!({"alg": name, "kid": "ec"}), &claims());
        let refusal = Unverified::parse(&token).unwrap().verify(&keys);
        assert_eq!(refusal, Err(NotVerified::Algorithm), "{name}");
    }
    for (key, algorithm) in [(&ec, "RS256"), (&ec, "ES384"), (&ec, "EdDSA"), (&ed, "ES256")] {
        let token = key.token_with(&json!({"alg": algorithm, "kid": key.id}), &claims());
        let refusal = Unverified::parse(&token).unwrap().verify(&keys);
        assert_eq!(refusal, Err(NotVerified::UnknownKey), "{algorithm}");
    }
    // A key that says what it is for is for nothing else.
    let mut only = ec.public();
    only["alg"] = "ES384".into();
    let keys = KeySet::parse(json!({"keys": [only]}).to_string().as_bytes()).unwrap();
    assert_eq!(
        Unverified::parse(&ec.token(&claims())).unwrap().verify(&keys),
        Err(NotVerified::UnknownKey)
    );
}

#[test]
fn a_key_is_found_by_its_id_alone() {
    let key = Key::ed("k");
    let keys = KeySet::parse(&set(&[&key])).unwrap();
    for header in [json!({"alg": "EdDSA"}), json!({"alg": "EdDSA", "kid": "other"})] {
        let token = key.token_with(&header, &claims());
        assert_eq!(
            Unverified::parse(&token).unwrap().verify(&keys),
            Err(NotVerified::UnknownKey)
        );
    }
    // The keys that a token brings itself are nobody's.
    let header =
        json!({"alg": "EdDSA", "kid": "brought", "jwk": key.public(), "jku": "https://evil.example.com"});
    assert_eq!(
        Unverified::parse(&key.token_with(&header, &claims()))
            .unwrap()
            .verify(&keys),
        Err(NotVerified::UnknownKey)
    );
}

#[test]
fn what_is_no_token_is_refused() {
    let key = Key::ed("k");
    let good = key.token(&claims());
    let twice = format!("{}.{}.AA", b64(r#"{"alg":"EdDSA","alg":"none"}"#), b64("{}"));
    let critical = key.token_with(&json!({"alg": "EdDSA", "kid": "k", "crit": ["exp"]}), &claims());
    let unencoded = key.token_with(&json!({"alg": "EdDSA", "kid": "k", "b64": false}), &claims());
    let twice_said = format!(
        "{}.{}.AA",
        b64(r#"{"alg":"EdDSA","kid":"k"}"#),
        b64(r#"{"sub":"a","sub":"b"}"#)
    );
    for text in [
        "",
        ".",
        "..",
        "a.b.c",
        "e30.e30",
        "e30.e30.e30",
        &format!("{good}="),
        &format!(" {good}"),
        &format!("{good}.e30"),
        &twice,
        &critical,
        &unencoded,
        &twice_said,
        &format!("{}.W10.AA", b64(r#"{"alg":"EdDSA"}"#)),
        &"a".repeat(limits::TOKEN_BYTES + 1),
    ] {
        assert_eq!(
            Unverified::parse(text).unwrap_err(),
            NotVerified::Malformed,
            "{text}"
        );
    }
}

#[test]
fn what_a_token_says_is_checked() {
    let now = NOW.seconds();
    for name in ["iss", "sub", "aud", "exp", "iat"] {
        assert_eq!(checked(&without(name)), Err(Rejected::Missing(name)));
    }
    for (name, value) in [
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", json!("x".repeat(256))),
        ("sub", json!("a\nb")),
        ("aud", json!([1])),
        ("aud", json!({})),
        ("exp", json!("soon")),
        ("exp", json!(1e300)),
        ("iat", json!(null)),
        ("nbf", json!("x")),
    ] {
        assert!(
            matches!(checked(&with(name, value.clone())), Err(Rejected::Missing(_))),
            "{name} {value}"
        );
    }
    for issuer in [
        "https://id.example.com",
        "https://id.example.com/pay/",
        "https://ID.example.com/pay",
    ] {
        assert_eq!(checked(&with("iss", issuer)), Err(Rejected::Issuer));
    }
    for audience in [json!("sts"), json!([]), json!(["sts", "STS.amazonaws.com"])] {
        assert_eq!(checked(&with("aud", audience)), Err(Rejected::Audience));
    }
    assert_eq!(
        checked(&with("aud", json!(["x", "other"]))).unwrap().audience,
        "other"
    );
    // The authorized party, where there is one, is the audience.
    assert_eq!(checked(&with("azp", "other")).unwrap().audience, "other");
    assert_eq!(checked(&with("azp", "unknown")), Err(Rejected::Audience));
    assert_eq!(checked(&with("azp", 7)), Err(Rejected::Audience));

    assert!(checked(&with("exp", now - 299)).is_ok());
    assert!(checked(&with("exp", now as f64 - 298.5)).is_ok());
    assert_eq!(
        checked(&with("exp", now - 300)),
        Err(Rejected::Expired {
            now,
            expires: now - 300
        })
    );
    for name in ["iat", "nbf"] {
        assert!(checked(&with(name, now + 300)).is_ok());
        assert_eq!(
            checked(&with(name, now + 301)),
            Err(Rejected::NotYet {
                now,
                since: now + 301
            })
        );
    }
}

#[test]
fn keys_that_can_not_be_used_are_passed_over() {
    let good = Key::ec("good").public();
    let change = |name: &str, value: Value| {
        let mut key = good.clone();
        key[name] = value;
        key
    };
    for bad in [
        json!(7),
        json!({}),
        json!({"kty": "oct", "k": "AAAA", "kid": "good"}),
        change("use", json!("enc")),
        change("use", json!(1)),
        change("key_ops", json!(["encrypt"])),
        change("alg", json!(1)),
        change("crv", json!("P-384")),
        change("x", json!("AA")),
        change("x", json!("!")),
        change("kid", json!("")),
        change("kid", json!(null)),
        change("kty", json!("RSA")),
        json!({"kty": "RSA", "kid": "r", "n": b64([1; 1025]), "e": "AQAB"}),
        json!({"kty": "RSA", "kid": "r", "n": b64([1; 256]), "e": b64([1; 5])}),
        json!({"kty": "RSA", "kid": "r", "n": b64([0; 256]), "e": "AQAB"}),
    ] {
        let parsed = KeySet::parse(json!({"keys": [bad]}).to_string().as_bytes()).unwrap();
        assert!(parsed.is_empty(), "{bad}");
    }
    assert!(
        !KeySet::parse(json!({"keys": [good]}).to_string().as_bytes())
            .unwrap()
            .is_empty()
    );
    for bad in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        assert_eq!(
            KeySet::parse(bad.as_bytes()).unwrap_err(),
            NoKeySet::Malformed,
            "{bad}"
        );
    }
    let many = json!({"keys": vec![good; limits::KEYS + 1]}).to_string();
    assert_eq!(KeySet::parse(many.as_bytes()).unwrap_err(), NoKeySet::TooMany);
    assert_eq!(
        KeySet::parse(&vec![b' '; limits::DOCUMENT_BYTES + 1]).unwrap_err(),
        NoKeySet::TooLong
    );
}

#[test]
fn a_discovery_document_is_its_issuers_own() {
    let document =
        |issuer: &str, at: &str| json!({"issuer": issuer, "jwks_uri": at}).to_string().into_bytes();
    let at = jwks_uri(
        &document(ISSUER, "https://keys.example.com:8443/jwks?v=1"),
        ISSUER,
    )
    .unwrap();
    assert_eq!(
        (at.host(), at.port(), at.target()),
        ("keys.example.com", 8443, "/jwks?v=1")
    );
    assert_eq!(
        jwks_uri(
            &document("https://other.example.com", "https://k.example.com"),
            ISSUER
        ),
        None
    );
    for bad in [
        "http://k.example.com",
        "https://",
        "https://u@k.example.com",
        "https://u:p@k.example.com",
        "file:///etc/passwd",
        "https://k.example.com:0x",
        "https://k.example.com:",
        "https://k.example.com/#x",
        "https://k.example.com/ a",
        "//k",
        "",
    ] {
        assert_eq!(jwks_uri(&document(ISSUER, bad), ISSUER), None, "{bad}");
    }
}

/// A network that has an issuer, or not, and counts what it is asked.
#[derive(Default)]
struct Network {
    keys: Mutex<Option<Vec<u8>>>,
    asked: AtomicUsize,
    hold: Option<Arc<tokio::sync::Semaphore>>,
}

impl Fetch for Network {
    fn fetch<'f>(&'f self, url: &'f HttpsUrl, _: &'f [String]) -> Fetching<'f> {
        Box::pin(async move {
            if url.target().ends_with("/.well-known/openid-configuration") {
                self.asked.fetch_add(1, Ordering::SeqCst);
                if let Some(hold) = &self.hold {
                    hold.acquire().await.unwrap().forget();
                }
                let document = json!({"issuer": ISSUER, "jwks_uri": "https://id.example.com/keys"});
                return Ok(document.to_string().into_bytes());
            }
            let keys = self.keys.lock().unwrap().clone();
            keys.ok_or_else(|| FetchFailed("down".to_owned()))
        })
    }
}

fn issuers(network: &Arc<Network>) -> (Arc<Issuers>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(NOW));
    let fetch: Arc<dyn Fetch> = network.clone();
    (
        Arc::new(Issuers::new(fetch, clock.clone(), BTreeMap::new())),
        clock,
    )
}

async fn verify(issuers: &Issuers, token: &str) -> Result<Claims, Refused> {
    issuers
        .verify(&Unverified::parse(token).unwrap(), ISSUER, &[])
        .await
}

#[tokio::test]
async fn keys_are_held_and_fetched_again_for_one_that_is_not_known() {
    let (one, two) = (Key::ec("one"), Key::ec("two"));
    let network = Arc::new(Network::default());
    *network.keys.lock().unwrap() = Some(set(&[&one]));
    let (issuers, clock) = issuers(&network);
    for _ in 0..3 {
        verify(&issuers, &one.token(&claims())).await.unwrap();
    }
    assert_eq!(network.asked.load(Ordering::SeqCst), 1);
    *network.keys.lock().unwrap() = Some(set(&[&one, &two]));
    // So soon after the last time it is left alone.
    let refusal = verify(&issuers, &two.token(&claims())).await;
    assert_eq!(refusal, Err(NotVerified::UnknownKey.into()));
    assert_eq!(network.asked.load(Ordering::SeqCst), 1);
    clock.advance(limits::FETCH_PAUSE);
    verify(&issuers, &two.token(&claims())).await.unwrap();
    assert_eq!(network.asked.load(Ordering::SeqCst), 2);
    // Old keys are not used, whether or not there are new ones.
    *network.keys.lock().unwrap() = None;
    clock.advance(limits::KEYS_AGE);
    assert_eq!(
        verify(&issuers, &one.token(&claims())).await,
        Err(Refused::Unreachable)
    );
    assert_eq!(network.asked.load(Ordering::SeqCst), 3);
    *network.keys.lock().unwrap() = Some(set(&[&one]));
    assert_eq!(
        verify(&issuers, &one.token(&claims())).await,
        Err(Refused::Unreachable)
    );
    clock.advance(limits::FETCH_PAUSE);
    verify(&issuers, &one.token(&claims())).await.unwrap();
}

#[tokio::test]
async fn nothing_is_fetched_for_what_no_key_could_verify() {
    let network = Arc::new(Network::default());
    let (issuers, _) = issuers(&network);
    let key = Key::ed("k");
    for header in [
        json!({"alg": "none", "kid": "k"}),
        json!({"alg": "HS256", "kid": "k"}),
        json!({"alg": "EdDSA"}),
    ] {
        assert!(
            verify(&issuers, &key.token_with(&header, &claims()))
                .await
                .is_err()
        );
    }
    let foreign = key.token(&with("iss", "https://other.example.com"));
    assert!(verify(&issuers, &foreign).await.is_err());
    assert_eq!(network.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn one_call_asks_for_all_and_goes_on_without_its_caller() {
    let key = Key::ed("k");
    let hold = Arc::new(tokio::sync::Semaphore::new(0));
    let network = Arc::new(Network {
        keys: Mutex::new(Some(set(&[&key]))),
        asked: AtomicUsize::new(0),
        hold: Some(hold.clone()),
    });
    let (issuers, _) = issuers(&network);
    let token = key.token(&claims());
    let call = || {
        let (issuers, token) = (issuers.clone(), token.clone());
        ambient::task::spawn(async move { verify(&issuers, &token).await })
    };
    let first = call();
    while network.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let others: Vec<_> = (0..8).map(|_| call()).collect();
    tokio::task::yield_now().await;
    first.abort();
    hold.add_permits(1);
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(network.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn keys_that_were_given_are_not_fetched() {
    let (given, fetched) = (Key::ec("given"), Key::ec("fetched"));
    let network = Arc::new(Network::default());
    *network.keys.lock().unwrap() = Some(set(&[&fetched]));
    let keys = BTreeMap::from([(ISSUER.to_owned(), KeySet::parse(&set(&[&given])).unwrap())]);
    let fetch: Arc<dyn Fetch> = network.clone();
    let issuers = Issuers::new(fetch, Arc::new(ManualClock::at(NOW)), keys);
    verify(&issuers, &given.token(&claims())).await.unwrap();
    let refusal = verify(&issuers, &fetched.token(&claims())).await;
    assert_eq!(refusal, Err(NotVerified::UnknownKey.into()));
    assert_eq!(network.asked.load(Ordering::SeqCst), 0);
}

#[test]
fn fetching_ends_before_its_caller_gives_up() {
    assert!(limits::FETCH_TIME * 2 < Duration::from_secs(30));
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "[A-Za-z0-9_.=-]{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Unverified::parse(&text);
        let _ = KeySet::parse(&bytes);
        let _ = jwks_uri(&bytes, ISSUER);
        let _ = HttpsUrl::parse(&text);
    }
}
