//! Who is believed, and what they are allowed, over a store in memory.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use ambient::{SeededEntropy, Timestamp};
use arn::{AccountId, Arn, Place};
use crypto::root::RootKey;
use gate::{
    Asking, AuthenticationError, Authority, AuthorizationError, Bare, Caller, Cause, ConditionKey, Demand,
    Demands, Denial, Found, KnownCallers, Permit, Request, Resource, Sessions, Strength, Surroundings,
    authenticate,
};
use http::HeaderMap;
use identity::{AccessKey, AccessKeySecrets, AccessKeys, NewAccessKey, Owner};
use policy::{Kind, Policy};
use secret::SecretString;
use sigv4::sign::Signer;
use sigv4::{Expected, Service, SignatureError, SignedRequest, SigningKeys};
use store::suite::Site;
use store::suite::memory::Memory;
use store::{Change, Domain, OutboxSink, Store, StoreError, StoreOptions, Vault};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Where and when the calls of these tests come from, over TLS.
fn surroundings() -> Surroundings {
    Surroundings {
        source: "::ffff:192.0.2.7".parse().unwrap(),
        is_secure: true,
        time: NOW,
        region: "us-east-1".parse().unwrap(),
        user_agent: Some("test/1".to_owned()),
        referer: None,
    }
}

/// Decides a call that has nothing but its demands.
fn authorize<T>(
    caller: &Caller,
    demands: Demands,
    targets: T,
    view: &store::View,
) -> Result<Permit<T>, AuthorizationError> {
    let surroundings = surroundings();
    let asking = Asking {
        caller,
        surroundings: &surroundings,
        request: &Bare,
        view,
    };
    gate::authorize(asking, demands, targets, |_, _| None)
}

struct Nowhere;

impl OutboxSink for Nowhere {
    fn queue(&self, _: u64, _: Vec<Vec<u8>>) {}
}

/// An installation with one account, whose root user has one access key.
struct Town {
    store: Store,
    vault: Vault,
    account: AccountId,
    key: NewAccessKey,
    signing_keys: SigningKeys,
}

async fn town() -> Town {
    town_of(Owner::Root).await
}

/// The one access key belongs to `owner` of the account.
async fn town_of(owner: impl FnOnce(AccountId) -> Owner) -> Town {
    let entropy = Arc::new(SeededEntropy::new(1));
    let tables = [
        store::table_spec::<AccessKeys>(),
        store::secret_table_spec::<AccessKeySecrets>(),
    ];
    let root = RootKey::generate(&*entropy).unwrap();
    let backend = Memory::new().open().unwrap();
    let key = NewAccessKey::draw(&*entropy).unwrap();
    let (store, vault) = Store::open(
        backend,
        &tables,
        root,
        entropy,
        Arc::new(Nowhere),
        StoreOptions::new(),
    )
    .unwrap();
    let account: AccountId = "111122223333".parse().unwrap();
    let mut change = Change::new();
    change.put::<AccessKeys>(
        Domain::Installation,
        key.id.clone(),
        AccessKey::of(&owner(account), NOW),
    );
    let secret = Arc::new(SecretString::new(key.secret.expose().to_owned()));
    change.put_secret::<AccessKeySecrets>(Domain::Installation, key.id.clone(), secret);
    store
        .commit(store.snapshot().view().into_reads(), change)
        .await
        .unwrap();
    Town {
        store,
        vault,
        account,
        key,
        signing_keys: SigningKeys::holding(10),
    }
}

impl Town {
    /// Authenticates a request that is signed with `secret`, and perhaps a session token.
    fn call(&self, secret: &str, token: Option<&str>) -> Result<Caller, AuthenticationError> {
        let kms = Service::named("kms");
        let secret = SecretString::new(secret.to_owned());
        let mut signer = Signer::new(self.key.id.as_str(), secret, "us-east-1", kms);
        if let Some(token) = token {
            signer = signer.with_session_token(SecretString::new(token.to_owned()));
        }
        let mut headers = HeaderMap::new();
        headers.insert("host", "localhost".parse().unwrap());
        signer.sign("POST", "/", "", &mut headers, b"{}", NOW).unwrap();
        let request = SignedRequest {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body: b"{}",
        };
        let presented = sigv4::presented(&request).unwrap();
        let expected = Expected {
            service: &kms,
            serves: &|region| region == "us-east-1",
        };
        let view = self.store.snapshot().view();
        authenticate(
            &request,
            &presented,
            &view,
            KnownCallers {
                vault: &self.vault,
                keys: &self.signing_keys,
                sessions: &Sessions::new(),
            },
            NOW,
            &expected,
        )
    }

    fn caller(&self) -> Caller {
        self.call(self.key.secret.expose(), None).unwrap()
    }

    fn key_of(&self, account: &str) -> Arn {
        let place = Place {
            account: account.parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
        };
        place.arn("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab")
    }

    fn demand(&self, owner: &str, policy: &str) -> Demand {
        Demand {
            action: "kms:Encrypt",
            resource: self.key_of(owner),
            owner: owner.parse().unwrap(),
            authority: Authority::Resource(Arc::new(Policy::parse(policy, Kind::Key).unwrap().compile())),
        }
    }

    /// What denies the demand, if anything does.
    fn denied(&self, demand: Demand) -> Option<Cause> {
        let view = self.store.snapshot().view();
        match authorize(&self.caller(), Demands::of(demand), (), &view) {
            Ok(_) => None,
            denied => Some(denial(denied).cause),
        }
    }
}

fn signature(refused: Result<Caller, AuthenticationError>) -> SignatureError {
    match refused {
        Err(AuthenticationError::Signature(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn denial<T: std::fmt::Debug>(refused: Result<Permit<T>, AuthorizationError>) -> Denial {
    match refused {
        Err(AuthorizationError::Denied(denial)) => denial,
        other => panic!("{other:?}"),
    }
}

/// A demand that the caller's own policies decide.
fn own_demand(town: &Town, action: &'static str) -> Demand {
    Demand {
        action,
        resource: Arn::root_of(town.account),
        owner: town.account,
        authority: Authority::Identity,
    }
}

#[tokio::test]
async fn the_operator_alone_administers() {
    let operator = town_of(Owner::Operator).await;
    let administration = own_demand(&operator, "keystead:CreateAccount");
    assert_eq!(operator.denied(administration), None);
    let root = town().await;
    let administration = own_demand(&root, "keystead:CreateAccount");
    assert_eq!(root.denied(administration), Some(Cause::Administration));
}

#[tokio::test]
async fn the_operator_does_nothing_but_administer() {
    let town = town_of(Owner::Operator).await;
    for action in ["iam:CreateUser", "sts:GetFederationToken", "kms:CreateKey"] {
        let denied = town.denied(own_demand(&town, action));
        assert_eq!(denied, Some(Cause::Administration), "{action}");
    }
    // Its own account's keys, if there were any, and everybody's.
    for owner in ["111122223333", "444455556666"] {
        let denied = town.denied(town.demand(owner, &allowing("*")));
        assert_eq!(denied, Some(Cause::Administration), "{owner}");
    }
}

fn allowing(principal: &str) -> String {
    format!(
        r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"kms:*","Resource":"*"}}]}}"#
    )
}

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";

#[tokio::test]
async fn the_right_secret_makes_the_root_user_the_caller() {
    let town = town().await;
    let caller = town.caller();
    assert!(caller.is_root());
    assert_eq!(caller.account(), town.account);
    assert_eq!(caller.arn().as_str(), "arn:aws:iam::111122223333:root");
}

#[tokio::test]
async fn a_wrong_secret_or_a_session_token_that_nobody_gave_is_refused() {
    let town = town().await;
    assert_eq!(signature(town.call("wrong", None)), SignatureError::Mismatch);
    assert_eq!(
        signature(town.call(town.key.secret.expose(), Some("token"))),
        SignatureError::UnknownKey
    );
}

#[tokio::test]
async fn a_deleted_access_key_is_refused_at_once_and_its_permits_too() {
    let town = town().await;
    let caller = town.caller();
    let mut change = Change::new();
    change.delete::<AccessKeys>(Domain::Installation, town.key.id.clone());
    town.store
        .commit(town.store.snapshot().view().into_reads(), change)
        .await
        .unwrap();
    assert_eq!(
        signature(town.call(town.key.secret.expose(), None)),
        SignatureError::UnknownKey
    );
    let view = town.store.snapshot().view();
    let denial = denial(authorize(
        &caller,
        Demands::of(town.demand(OWN, &allowing(OWN))),
        (),
        &view,
    ));
    assert_eq!(denial.cause, Cause::CallerGone);
}

#[tokio::test]
async fn a_permit_covers_what_was_demanded_and_nothing_else() {
    let town = town().await;
    let view = town.store.snapshot().view();
    let demands = Demands::of(town.demand(OWN, &allowing(OWN)));
    let permit = authorize(&town.caller(), demands, "target", &view).unwrap();
    assert_eq!(*permit.targets(), "target");
    assert!(permit.covers("kms:Encrypt", &town.key_of(OWN)));
    assert!(!permit.covers("kms:Decrypt", &town.key_of(OWN)));
    assert!(!permit.covers("kms:Encrypt", &town.key_of(OTHER)));
}

#[tokio::test]
async fn a_public_permit_opens_nothing() {
    let town = town().await;
    let view = town.store.snapshot().view();
    let permit = authorize(&town.caller(), Demands::public("a test"), (), &view).unwrap();
    assert!(!permit.covers("kms:Encrypt", &town.key_of(OWN)));
}

#[tokio::test]
async fn every_one_of_several_demands_has_to_be_allowed() {
    let town = town().await;
    let view = town.store.snapshot().view();
    let (open, closed) = (
        town.demand(OWN, &allowing(OWN)),
        town.demand(OWN, r#"{"Statement":[]}"#),
    );
    for demands in [
        Demands::of(open.clone()).and(closed.clone()),
        Demands::of(closed.clone()).and(open.clone()),
        Demands::public("a test").and(closed.clone()),
    ] {
        let denial = denial(authorize(&town.caller(), demands, (), &view));
        assert_eq!(denial.cause, Cause::NoResourcePolicy);
    }
}

#[tokio::test]
async fn a_key_whose_policy_leaves_the_account_out_is_closed_to_its_root_user() {
    let town = town().await;
    assert_eq!(town.denied(town.demand(OWN, &allowing(OWN))), None);
    assert_eq!(
        town.denied(town.demand(OWN, &allowing(OTHER))),
        Some(Cause::NoResourcePolicy)
    );
}

#[tokio::test]
async fn a_deny_is_told_with_its_statement() {
    let town = town().await;
    let policy = r#"{"Statement":[
        {"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},
        {"Sid":"never","Effect":"Deny","Principal":"*","Action":"kms:Encrypt","Resource":"*"}]}"#;
    let view = town.store.snapshot().view();
    let denial = denial(authorize(
        &town.caller(),
        Demands::of(town.demand(OWN, policy)),
        (),
        &view,
    ));
    assert_eq!(denial.decided_by().statement, Some("never"));
    assert_eq!(
        denial.to_string(),
        "User: arn:aws:iam::111122223333:root is not authorized to perform: kms:Encrypt on resource: \
         arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab with an explicit deny in a \
         resource-based policy"
    );
}

#[tokio::test]
async fn a_foreign_key_that_is_closed_tells_nothing() {
    let town = town().await;
    assert_eq!(town.denied(town.demand(OTHER, &allowing(OWN))), None);
    assert_eq!(
        town.denied(town.demand(OTHER, &allowing(OTHER))),
        Some(Cause::Foreign)
    );
    let deny = r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}]}"#;
    assert_eq!(town.denied(town.demand(OTHER, deny)), Some(Cause::Foreign));
}

#[tokio::test]
async fn what_the_callers_own_policies_decide_is_open_to_root_in_its_own_account_alone() {
    let town = town().await;
    let of = |owner: &str| Demand {
        authority: Authority::Identity,
        ..town.demand(owner, &allowing(OWN))
    };
    assert_eq!(town.denied(of(OWN)), None);
    assert_eq!(town.denied(of(OTHER)), Some(Cause::Foreign));
}

/// A policy that allows everything to everybody, and one statement more.
fn with(effect: &str, condition: &str) -> String {
    let rest = r#""Principal":"*","Action":"kms:*","Resource":"*""#;
    let open = match effect {
        "Deny" => format!(r#"{{"Effect":"Allow",{rest}}},"#),
        _ => String::new(),
    };
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{open}{{"Effect":"{effect}",{rest},"Condition":{condition}}}]}}"#
    )
}

#[tokio::test]
async fn conditions_on_the_caller_are_decided() {
    let town = town().await;
    for (key, value) in [
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:root"),
        ("aws:PrincipalAccount", OWN),
        ("kms:CallerAccount", OWN),
        ("aws:PrincipalType", "Account"),
        ("aws:userid", OWN),
    ] {
        for (operator, value, holds) in [
            ("StringEquals", value, true),
            ("StringEquals", "other", false),
            ("StringNotEquals", value, false),
            ("StringNotEquals", "other", true),
        ] {
            let condition = format!(r#"{{"{operator}":{{"{key}":"{value}"}}}}"#);
            let allowed = town
                .denied(town.demand(OWN, &with("Allow", &condition)))
                .is_none();
            assert_eq!(allowed, holds, "{condition}");
            let allowed = town.denied(town.demand(OWN, &with("Deny", &condition))).is_none();
            assert_eq!(allowed, !holds, "{condition}");
        }
        let absent = format!(r#"{{"Null":{{"{key}":"true"}}}}"#);
        assert!(
            town.denied(town.demand(OWN, &with("Allow", &absent))).is_some(),
            "{key}"
        );
    }
}

#[tokio::test]
async fn what_is_not_known_of_a_call_neither_allows_nor_spares() {
    let town = town().await;
    for key in [
        "iam:PassedToService",
        "iam:AssociatedResourceArn",
        "sts:AWSServiceName",
        "sts:TaskPolicyArn",
    ] {
        for condition in [
            format!(r#"{{"StringEquals":{{"{key}":"x"}}}}"#),
            format!(r#"{{"StringNotEqualsIfExists":{{"{key}":"x"}}}}"#),
            format!(r#"{{"ForAnyValue:StringLike":{{"{key}":"*"}}}}"#),
            format!(r#"{{"ForAnyValue:StringNotLike":{{"{key}":"x"}}}}"#),
            format!(r#"{{"Null":{{"{key}":"true"}}}}"#),
            format!(r#"{{"Null":{{"{key}":"false"}}}}"#),
            format!(r#"{{"StringNotEquals":{{"aws:PrincipalAccount":"${{{key}}}"}}}}"#),
        ] {
            let cause = town.denied(town.demand(OWN, &with("Allow", &condition)));
            assert_eq!(cause, Some(Cause::NoResourcePolicy), "{condition}");
            let cause = town.denied(town.demand(OWN, &with("Deny", &condition)));
            assert_eq!(
                cause,
                Some(Cause::DeniedByResourcePolicy(Some("statement 2".to_owned()))),
                "{condition}"
            );
        }
    }
}

#[tokio::test]
async fn a_key_that_aws_does_not_have_is_absent() {
    let town = town().await;
    for (condition, holds) in [
        (r#"{"StringEquals":{"example:key":"x"}}"#, false),
        (r#"{"StringNotEquals":{"aws:NoSuchKey":"x"}}"#, true),
        (r#"{"Null":{"kms:NoSuchKey":"true"}}"#, true),
    ] {
        let allowed = town.denied(town.demand(OWN, &with("Allow", condition))).is_none();
        assert_eq!(allowed, holds, "{condition}");
        let allowed = town.denied(town.demand(OWN, &with("Deny", condition))).is_none();
        assert_eq!(allowed, !holds, "{condition}");
    }
}

#[tokio::test]
async fn credentials_that_can_not_be_read_are_a_fault_of_ours_and_no_denial() {
    let town = town().await;
    let entropy = Arc::new(SeededEntropy::new(2));
    let root = RootKey::generate(&*entropy).unwrap();
    let backend = Memory::new().open().unwrap();
    let (without_tables, _) = Store::open(
        backend,
        &[],
        root,
        entropy,
        Arc::new(Nowhere),
        StoreOptions::new(),
    )
    .unwrap();
    let demands = Demands::of(town.demand(OWN, &allowing(OWN)));
    let refused = authorize(&town.caller(), demands, (), &without_tables.snapshot().view());
    assert!(
        matches!(refused, Err(AuthorizationError::Store(_))),
        "{refused:?}"
    );
}

/// A request with an encryption context and one member that policies ask for.
struct Sent(BTreeMap<String, String>);

impl Request for Sent {
    fn value(&self, action: &str, key: &ConditionKey) -> Option<Found<'_>> {
        (key.as_str() == "kms:keyusage").then(|| Found::made(action))
    }

    fn encryption_context(&self, _: &str) -> Option<&BTreeMap<String, String>> {
        Some(&self.0)
    }
}

/// A resource with one value, and perhaps a grant on it.
struct Thing(Option<Strength>);

impl Resource for Thing {
    fn value<'r>(&'r self, key: &ConditionKey, _: &'r store::View) -> Option<Found<'r>> {
        (key.as_str() == "aws:resourcetag/team").then(|| Found::text("red"))
    }

    fn granted(&self, _: &'static str, _: &Asking<'_>) -> Result<Option<Strength>, StoreError> {
        Ok(self.0)
    }
}

impl Town {
    /// Whether a statement with this condition, which allows the account, allows a call.
    fn allows(&self, condition: &str) -> bool {
        let policy = format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"{OWN}"}},"Action":"*","Resource":"*","Condition":{condition}}}}}"#
        );
        self.decides(&policy, &Thing(None)).is_ok()
    }

    fn decides(&self, policy: &str, thing: &Thing) -> Result<Permit<()>, AuthorizationError> {
        let pairs = [("App", "ledger"), ("dup", "1"), ("DUP", "2")];
        let sent = Sent(
            pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        );
        let view = self.store.snapshot().view();
        let asking = Asking {
            caller: &self.caller(),
            surroundings: &surroundings(),
            request: &sent,
            view: &view,
        };
        let demands = Demands::of(self.demand(OWN, policy));
        let permit = gate::authorize(asking, demands, thing, |thing, _| Some(*thing))?;
        assert!(permit.covers("kms:Encrypt", &self.key_of(OWN)));
        Ok(gate::permit_internal((), []))
    }
}

#[tokio::test]
async fn conditions_see_the_caller_the_surroundings_the_request_and_the_resource() {
    let town = town().await;
    for (condition, allows) in [
        (
            r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:root"}}"#,
            true,
        ),
        (r#"{"StringEquals":{"kms:CallerAccount":"111122223333"}}"#, true),
        (r#"{"StringEquals":{"kms:CallerAccount":"444455556666"}}"#, false),
        (r#"{"StringEquals":{"aws:PrincipalType":"Account"}}"#, true),
        (r#"{"Null":{"aws:username":"true"}}"#, true),
        (r#"{"Null":{"aws:PrincipalTag/team":"true"}}"#, true),
        (r#"{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#, true),
        (r#"{"IpAddress":{"aws:SourceIp":"192.0.3.0/24"}}"#, false),
        (r#"{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#, false),
        (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
        (r#"{"Bool":{"aws:SecureTransport":"false"}}"#, false),
        (
            r#"{"DateGreaterThan":{"aws:CurrentTime":"2023-11-14T22:13:19Z"}}"#,
            true,
        ),
        (
            r#"{"DateGreaterThan":{"aws:CurrentTime":"2023-11-14T22:13:20Z"}}"#,
            false,
        ),
        (r#"{"NumericEquals":{"aws:EpochTime":"1700000000"}}"#, true),
        (r#"{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}"#, true),
        (r#"{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}"#, false),
        (r#"{"StringLike":{"aws:UserAgent":"test/*"}}"#, true),
        (r#"{"Null":{"aws:Referer":"true"}}"#, true),
        (
            r#"{"Bool":{"aws:ViaAWSService":"false","aws:PrincipalIsAWSService":"false"}}"#,
            true,
        ),
        (r#"{"StringEquals":{"aws:ResourceAccount":"111122223333"}}"#, true),
        (r#"{"StringEquals":{"aws:ResourceTag/Team":"red"}}"#, true),
        (r#"{"StringEquals":{"aws:ResourceTag/Team":"blue"}}"#, false),
        (r#"{"StringEquals":{"kms:KeyUsage":"kms:Encrypt"}}"#, true),
        (r#"{"StringEquals":{"kms:EncryptionContext:app":"ledger"}}"#, true),
        (
            r#"{"StringEquals":{"kms:EncryptionContext:app":"Ledger"}}"#,
            false,
        ),
        (r#"{"Null":{"kms:EncryptionContext:other":"true"}}"#, true),
        (
            r#"{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"App"}}"#,
            true,
        ),
        (
            r#"{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":"App"}}"#,
            false,
        ),
        // Which of two names that differ in case alone is meant can't be told, so neither sense is taken.
        (r#"{"StringEquals":{"kms:EncryptionContext:dup":"1"}}"#, false),
        (r#"{"StringNotEquals":{"kms:EncryptionContext:dup":"1"}}"#, false),
        // AWS has values for this one, and nobody here answers it: neither sense is taken.
        (r#"{"StringEquals":{"iam:PassedToService":"x"}}"#, false),
        (r#"{"StringNotEquals":{"iam:PassedToService":"x"}}"#, false),
        // There is no such thing here, ever.
        (
            r#"{"Null":{"aws:PrincipalOrgID":"true","aws:SourceVpce":"true","example:Key":"true"}}"#,
            true,
        ),
    ] {
        assert_eq!(town.allows(condition), allows, "{condition}");
    }
}

#[tokio::test]
async fn a_grant_allows_what_policies_leave_open_and_no_deny() {
    let town = town().await;
    let silent = r#"{"Statement":[]}"#;
    let deny = r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"kms:Encrypt","Resource":"*"}]}"#;
    assert!(town.decides(silent, &Thing(Some(Strength::Itself))).is_ok());
    assert!(town.decides(silent, &Thing(None)).is_err());
    assert!(town.decides(deny, &Thing(Some(Strength::Itself))).is_err());
}
