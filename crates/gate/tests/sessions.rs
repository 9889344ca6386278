//! Who is believed by a session token, for how long, and what sessions are allowed, over a store in memory.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use ambient::{SeededEntropy, Timestamp};
use arn::{AccountId, Arn, Place, Region};
use crypto::root::RootKey;
use gate::{
    Asking, AuthenticationError, Authority, AuthorizationError, Bare, Caller, Cause, Demand, Demands, Denial,
    KnownCallers, Sessions, Surroundings, authenticate,
};
use http::HeaderMap;
use identity::{
    AccessKey, AccessKeySecrets, AccessKeys, Account, Accounts, ByAccount, Document, ManagedPolicies, Role,
    Roles, Session, SessionCredentials, SessionKind, TrustPolicy, UniqueId, User, Users,
};
use policy::{Kind, Policy};
use secret::SecretString;
use sigv4::sign::Signer;
use sigv4::{Expected, Service, SignatureError, SignedRequest, SigningKeys};
use store::suite::Site;
use store::suite::memory::Memory;
use store::{Change, Domain, OutboxSink, Store, StoreOptions, Vault};

const ISSUED: Timestamp = Timestamp::from_seconds(1_700_000_000);
const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";
const USER: &str = "AIDAEXAMPLEEXAMPLEEXA";
const ROLE: &str = "AROAEXAMPLEEXAMPLEEXA";
const LONG_TERM: &str = "AKIAEXAMPLEEXAMPLEEX";
const ALL: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const OF_IAM: &str = r#"{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}"#;

struct Nowhere;

impl OutboxSink for Nowhere {
    fn queue(&self, _: u64, _: Vec<Vec<u8>>) {}
}

/// An installation with two accounts, of which the first has a user and a role that may do everything.
struct Town {
    store: Store,
    vault: Vault,
    entropy: SeededEntropy,
    signing_keys: SigningKeys,
    sessions: Sessions,
    domain: Domain,
}

fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn role(id: &str) -> Role {
    let trust = TrustPolicy::new(r#"{"Statement":[]}"#, Vec::new());
    let mut role = Role::new(&UniqueId::kept(id), "pay", "/", trust, ISSUED);
    role.policies.set_inline("all", ALL);
    role
}

fn user(id: &str) -> User {
    let mut user = User::new(&UniqueId::kept(id), "ada", "/", ISSUED);
    user.policies.set_inline("all", ALL);
    user
}

async fn town() -> Town {
    let entropy = Arc::new(SeededEntropy::new(1));
    let tables = [
        store::table_spec::<AccessKeys>(),
        store::secret_table_spec::<AccessKeySecrets>(),
        store::table_spec::<Accounts>(),
        store::table_spec::<Users>(),
        store::table_spec::<identity::Groups>(),
        store::table_spec::<Roles>(),
        store::table_spec::<ManagedPolicies>(),
    ];
    let root = RootKey::generate(&*entropy).unwrap();
    let backend = Memory::new().open().unwrap();
    let (store, vault) = Store::open(
        backend,
        &tables,
        root,
        entropy,
        Arc::new(Nowhere),
        StoreOptions::new(),
    )
    .unwrap();
    let mut domains = Vec::new();
    for text in [OWN, OTHER] {
        let place = Place {
            account: account(text),
            region: Region::global(),
        };
        domains.push(store.create_domain(&place).await.unwrap());
    }
    let town = Town {
        store,
        vault,
        entropy: SeededEntropy::new(2),
        signing_keys: SigningKeys::holding(10),
        sessions: Sessions::new(),
        domain: domains.first().copied().unwrap(),
    };
    town.change(|change| {
        for text in [OWN, OTHER] {
            let key = ByAccount(account(text));
            change.put::<Accounts>(Domain::Installation, key, Account::made_at(ISSUED));
        }
        change.put::<Users>(town.domain, UniqueId::kept(USER), user(USER));
        change.put::<Roles>(town.domain, UniqueId::kept(ROLE), role(ROLE));
        let owner = identity::Owner::User(account(OWN), UniqueId::kept(USER));
        let id: identity::AccessKeyId = LONG_TERM.parse().unwrap();
        change.put::<AccessKeys>(Domain::Installation, id.clone(), AccessKey::of(&owner, ISSUED));
        let secret = Arc::new(SecretString::new("s".repeat(40)));
        change.put_secret::<AccessKeySecrets>(Domain::Installation, id, secret);
    })
    .await;
    town
}

/// What a client sends to be believed.
struct Presents {
    id: String,
    secret: String,
    token: Option<String>,
}

impl Presents {
    fn with_token(&self, token: Option<String>) -> Presents {
        Presents {
            id: self.id.clone(),
            secret: self.secret.clone(),
            token,
        }
    }
}

impl Town {
    async fn change(&self, make: impl FnOnce(&mut Change)) {
        let mut change = Change::new();
        make(&mut change);
        let reads = self.store.snapshot().view().into_reads();
        self.store.commit(reads, change).await.unwrap();
    }

    async fn change_role(&self, make: impl FnOnce(&mut Role)) {
        let held = self.store.snapshot().view();
        let held = held.get::<Roles>(self.domain, &UniqueId::kept(ROLE)).unwrap();
        let mut role = held.unwrap().record().as_ref().clone();
        make(&mut role);
        self.change(|change| change.put::<Roles>(self.domain, role.id(), role))
            .await;
    }

    fn give(&self, session: Session) -> Presents {
        let snapshot = self.store.snapshot();
        let made = SessionCredentials::of(session, 0, &snapshot, &self.entropy).unwrap();
        Presents {
            id: made.id.to_string(),
            secret: made.secret.expose().to_owned(),
            token: Some(made.token.expose().to_owned()),
        }
    }

    fn call_at(&self, presents: &Presents, now: Timestamp) -> Result<Caller, AuthenticationError> {
        let kms = Service::named("kms");
        let secret = SecretString::new(presents.secret.clone());
        let mut signer = Signer::new(&presents.id, secret, "us-east-1", kms);
        if let Some(token) = &presents.token {
            signer = signer.with_session_token(SecretString::new(token.clone()));
        }
        let mut headers = HeaderMap::new();
        headers.insert("host", "localhost".parse().unwrap());
        signer.sign("POST", "/", "", &mut headers, b"{}", now).unwrap();
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
        let known = KnownCallers {
            vault: &self.vault,
            keys: &self.signing_keys,
            sessions: &self.sessions,
        };
        let view = self.store.snapshot().view();
        authenticate(&request, &presented, &view, known, now, &expected)
    }

    fn call(&self, presents: &Presents) -> Result<Caller, AuthenticationError> {
        self.call_at(presents, ISSUED)
    }

    fn caller(&self, session: Session) -> Caller {
        self.call(&self.give(session)).unwrap()
    }

    /// What denies a caller an action, if anything does.
    fn denied(&self, caller: &Caller, demand: Demand) -> Option<Cause> {
        let surroundings = Surroundings {
            source: "192.0.2.7".parse().unwrap(),
            is_secure: true,
            time: ISSUED,
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
        match gate::authorize(asking, Demands::of(demand), (), |(), _| None) {
            Ok(_) => None,
            Err(AuthorizationError::Denied(denial)) => Some(denial.cause),
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn of_role() -> Session {
    Session::new(SessionKind::Role, account(OWN), ROLE, "session", ISSUED, 3600)
}

fn of_user(kind: SessionKind) -> Session {
    Session::new(kind, account(OWN), USER, "bob", ISSUED, 3600)
}

fn of_root(kind: SessionKind) -> Session {
    Session::new(kind, account(OWN), OWN, "bob", ISSUED, 3600)
}

fn passing(mut session: Session, policy: &str) -> Session {
    session.policy = Some(Document::new(policy));
    session
}

fn with_mfa(mut session: Session) -> Session {
    session.set_mfa(ISSUED);
    session
}

/// A demand that the caller's own policies decide.
fn to(action: &'static str) -> Demand {
    Demand {
        action,
        resource: Arn::root_of(account(OWN)),
        owner: account(OWN),
        authority: Authority::Identity,
    }
}

/// A demand to encrypt with a key of an account, whose policy allows these principals.
fn with_key_of(owner: &str, principal: &str) -> Demand {
    let policy = format!(
        r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"kms:*","Resource":"*"}}}}"#
    );
    let place = Place {
        account: account(owner),
        region: "us-east-1".parse().unwrap(),
    };
    Demand {
        action: "kms:Encrypt",
        resource: place.arn("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        owner: account(owner),
        authority: Authority::Resource(Arc::new(Policy::parse(&policy, Kind::Key).unwrap().compile())),
    }
}

fn signature(refused: Result<Caller, AuthenticationError>) -> SignatureError {
    match refused {
        Err(AuthenticationError::Signature(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_makes_its_session_the_caller() {
    let town = town().await;
    let arn = |session| town.caller(session).arn().to_string();
    assert_eq!(
        arn(of_role()),
        "arn:aws:sts::111122223333:assumed-role/pay/session"
    );
    assert_eq!(
        arn(of_user(SessionKind::Own)),
        "arn:aws:iam::111122223333:user/ada"
    );
    assert_eq!(
        arn(of_user(SessionKind::Federated)),
        "arn:aws:sts::111122223333:federated-user/bob"
    );
    assert_eq!(arn(of_root(SessionKind::Own)), "arn:aws:iam::111122223333:root");
    let id = town.caller(of_role()).principal().id.clone();
    assert_eq!(id, format!("{ROLE}:session"));
}

#[tokio::test]
async fn a_token_is_its_keys_own_and_no_other_keys() {
    let town = town().await;
    let (one, other) = (town.give(of_role()), town.give(of_role()));
    // Once each, so that the cache knows both.
    town.call(&one).unwrap();
    town.call(&other).unwrap();
    assert_eq!(
        signature(town.call(&one.with_token(other.token.clone()))),
        SignatureError::UnknownKey
    );
    assert_eq!(
        signature(town.call(&one.with_token(None))),
        SignatureError::UnknownKey
    );
    let long_term = Presents {
        id: LONG_TERM.to_owned(),
        secret: "s".repeat(40),
        token: None,
    };
    town.call(&long_term).unwrap();
    assert_eq!(
        signature(town.call(&long_term.with_token(one.token.clone()))),
        SignatureError::UnknownKey
    );
    let wrong_secret = Presents {
        secret: "x".repeat(40),
        ..one
    };
    assert_eq!(signature(town.call(&wrong_secret)), SignatureError::Mismatch);
}

#[tokio::test]
async fn whoever_has_a_token_and_its_secret_cannot_sign_with_them_under_another_id() {
    let town = town().await;
    let (one, other) = (town.give(of_role()), town.give(of_role()));
    let mixed = Presents {
        id: other.id.clone(),
        secret: one.secret.clone(),
        token: one.token.clone(),
    };
    // Before the token was ever seen its seal refuses it; afterwards what is remembered of it does.
    assert_eq!(signature(town.call(&mixed)), SignatureError::UnknownKey);
    town.call(&one).unwrap();
    assert_eq!(signature(town.call(&mixed)), SignatureError::UnknownKey);
}

#[tokio::test]
async fn a_token_that_is_altered_anywhere_is_refused() {
    let town = town().await;
    let good = town.give(of_role());
    let token = good.token.clone().unwrap();
    for at in 0..token.len() {
        let letter = if token.as_bytes().get(at) == Some(&b'A') {
            "B"
        } else {
            "A"
        };
        let mut altered = token.clone();
        altered.replace_range(at..=at, letter);
        let refused = town.call(&good.with_token(Some(altered)));
        assert_eq!(signature(refused), SignatureError::UnknownKey, "at {at}");
    }
    for cut in [
        "",
        "A",
        token.get(4..).unwrap(),
        token.get(..token.len() - 4).unwrap(),
    ] {
        let refused = town.call(&good.with_token(Some(cut.to_owned())));
        assert_eq!(signature(refused), SignatureError::UnknownKey);
    }
    town.call(&good).unwrap();
}

#[tokio::test]
async fn a_token_of_another_installation_is_refused() {
    let town = town().await;
    let elsewhere = {
        let root = RootKey::generate(&SeededEntropy::new(9)).unwrap();
        let tables = [store::table_spec::<Accounts>()];
        let entropy = Arc::new(SeededEntropy::new(9));
        let backend = Memory::new().open().unwrap();
        let (store, _vault) = Store::open(
            backend,
            &tables,
            root,
            entropy,
            Arc::new(Nowhere),
            StoreOptions::new(),
        )
        .unwrap();
        let made = SessionCredentials::of(of_role(), 0, &store.snapshot(), &SeededEntropy::new(3)).unwrap();
        Presents {
            id: made.id.to_string(),
            secret: made.secret.expose().to_owned(),
            token: Some(made.token.expose().to_owned()),
        }
    };
    assert_eq!(signature(town.call(&elsewhere)), SignatureError::UnknownKey);
}

#[tokio::test]
async fn a_session_ends_at_its_very_second() {
    let town = town().await;
    let good = town.give(of_role());
    let after = |milliseconds| ISSUED.after(Duration::from_millis(milliseconds));
    town.call_at(&good, after(3_599_999)).unwrap();
    for late in [3_600_000, 3_600_001, 7_200_000] {
        assert_eq!(
            signature(town.call_at(&good, after(late))),
            SignatureError::TokenExpired
        );
    }
    // A clock that was set back does not count.
    town.call_at(&good, after(0)).unwrap();
}

#[tokio::test]
async fn a_role_ends_its_sessions_also_those_of_the_same_moment() {
    let town = town().await;
    let good = town.give(of_role());
    let caller = town.call(&good).unwrap();
    assert_eq!(town.denied(&caller, to("kms:ListKeys")), None);
    town.change_role(|role| role.end_sessions(ISSUED)).await;
    assert_eq!(signature(town.call(&good)), SignatureError::UnknownKey);
    // A call that was under way ends as well.
    assert_eq!(town.denied(&caller, to("kms:ListKeys")), Some(Cause::CallerGone));
    let next = ISSUED.after(Duration::from_millis(1));
    let later = Session::new(SessionKind::Role, account(OWN), ROLE, "session", next, 3600);
    town.call_at(&town.give(later), next).unwrap();
}

#[tokio::test]
async fn what_a_session_is_of_has_to_be_there_and_be_the_same() {
    let town = town().await;
    let (role_session, own, federated) = (
        town.give(of_role()),
        town.give(of_user(SessionKind::Own)),
        town.give(of_user(SessionKind::Federated)),
    );
    let callers: Vec<Caller> = [&role_session, &own, &federated]
        .map(|presents| town.call(presents).unwrap())
        .into();
    town.change(|change| {
        change.delete::<Roles>(town.domain, UniqueId::kept(ROLE));
        change.delete::<Users>(town.domain, UniqueId::kept(USER));
    })
    .await;
    let all_refused = || {
        for presents in [&role_session, &own, &federated] {
            assert_eq!(signature(town.call(presents)), SignatureError::UnknownKey);
        }
        for caller in &callers {
            assert_eq!(town.denied(caller, to("kms:ListKeys")), Some(Cause::CallerGone));
        }
    };
    all_refused();
    town.change(|change| {
        let (new_role, new_user) = ("AROAANOTHERANOTHERANO", "AIDAANOTHERANOTHERANO");
        change.put::<Roles>(town.domain, UniqueId::kept(new_role), role(new_role));
        change.put::<Users>(town.domain, UniqueId::kept(new_user), user(new_user));
    })
    .await;
    all_refused();
}

#[tokio::test]
async fn a_session_of_an_account_that_is_not_here_is_nobody() {
    let town = town().await;
    for kind in [SessionKind::Role, SessionKind::Own, SessionKind::Federated] {
        for principal in [ROLE, USER, "777788889999"] {
            let session = Session::new(kind, account("777788889999"), principal, "bob", ISSUED, 3600);
            assert_eq!(
                signature(town.call(&town.give(session))),
                SignatureError::UnknownKey
            );
        }
    }
}

#[tokio::test]
async fn policies_that_are_passed_bound_and_never_give() {
    let town = town().await;
    let only_iam = town.caller(passing(of_role(), OF_IAM));
    assert_eq!(town.denied(&only_iam, to("iam:ListUsers")), None);
    assert_eq!(
        town.denied(&only_iam, to("kms:ListKeys")),
        Some(Cause::NoSessionPolicy)
    );
    town.change_role(|role| {
        role.policies.remove_inline("all");
    })
    .await;
    assert_eq!(
        town.denied(&town.caller(passing(of_role(), ALL)), to("kms:ListKeys")),
        Some(Cause::NoIdentityPolicy)
    );
}

#[tokio::test]
async fn a_managed_policy_that_was_passed_and_is_gone_gives_nothing() {
    let town = town().await;
    let mut session = of_role();
    session.policy_arns = vec![format!("arn:aws:iam::{OWN}:policy/gone")];
    assert_eq!(
        town.denied(&town.caller(session), to("kms:ListKeys")),
        Some(Cause::NoSessionPolicy)
    );
}

#[tokio::test]
async fn a_policy_that_was_passed_and_cannot_be_read_denies() {
    let town = town().await;
    let caller = town.caller(passing(of_role(), "no policy"));
    assert!(matches!(
        town.denied(&caller, to("kms:ListKeys")),
        Some(Cause::DeniedBySessionPolicy(_))
    ));
}

#[tokio::test]
async fn a_boundary_that_is_gone_bounds_everything() {
    let town = town().await;
    town.change_role(|role| role.boundary = Some(format!("arn:aws:iam::{OWN}:policy/gone")))
        .await;
    let caller = town.caller(of_role());
    assert!(matches!(
        town.denied(&caller, to("kms:ListKeys")),
        Some(Cause::DeniedByBoundary(_))
    ));
    let arn = format!("arn:aws:iam::{OWN}:role/pay");
    assert!(town.denied(&caller, with_key_of(OWN, &arn)).is_some());
}

#[tokio::test]
async fn somebody_has_no_rights_without_a_policy_of_their_own() {
    let town = town().await;
    for session in [of_user(SessionKind::Federated), of_root(SessionKind::Federated)] {
        let caller = town.caller(session);
        assert_eq!(
            town.denied(&caller, to("kms:ListKeys")),
            Some(Cause::NoSessionPolicy)
        );
        assert_eq!(
            town.denied(&caller, with_key_of(OWN, OWN)),
            Some(Cause::NoSessionPolicy)
        );
        assert_eq!(
            town.denied(&caller, with_key_of(OWN, "*")),
            Some(Cause::NoSessionPolicy)
        );
        let arn = format!("arn:aws:sts::{OWN}:federated-user/bob");
        assert_eq!(town.denied(&caller, with_key_of(OWN, &arn)), None);
    }
}

#[tokio::test]
async fn how_strongly_a_key_policy_names_a_session_tells_what_else_has_to_allow() {
    let town = town().await;
    town.change_role(|role| {
        role.policies.remove_inline("all");
    })
    .await;
    let (free, bound) = (town.caller(of_role()), town.caller(passing(of_role(), OF_IAM)));
    let itself = format!("arn:aws:sts::{OWN}:assumed-role/pay/session");
    let role = format!("arn:aws:iam::{OWN}:role/pay");
    let (no_identity, no_session) = (Some(Cause::NoIdentityPolicy), Some(Cause::NoSessionPolicy));
    for (principal, of_free, of_bound) in [
        // By its ARN or by its unique id, it is named itself.
        (itself.as_str(), None, None),
        ("AROAEXAMPLEEXAMPLEEXA", None, no_session.clone()),
        (&role, None, no_session.clone()),
        ("*", None, no_session),
        (OWN, no_identity.clone(), no_identity),
    ] {
        assert_eq!(
            town.denied(&free, with_key_of(OWN, principal)),
            of_free,
            "{principal}"
        );
        assert_eq!(
            town.denied(&bound, with_key_of(OWN, principal)),
            of_bound,
            "{principal}"
        );
    }
}

#[tokio::test]
async fn across_accounts_both_sides_have_to_allow_a_session() {
    let town = town().await;
    let (free, bound) = (town.caller(of_role()), town.caller(passing(of_role(), OF_IAM)));
    for principal in [
        OWN,
        "*",
        "arn:aws:iam::111122223333:role/pay",
        "arn:aws:sts::111122223333:assumed-role/pay/session",
    ] {
        assert_eq!(town.denied(&free, with_key_of(OTHER, principal)), None);
        assert_eq!(
            town.denied(&bound, with_key_of(OTHER, principal)),
            Some(Cause::NoSessionPolicy),
            "{principal}"
        );
    }
    assert_eq!(
        town.denied(&free, with_key_of(OTHER, OTHER)),
        Some(Cause::Foreign)
    );
    town.change_role(|role| {
        role.policies.remove_inline("all");
    })
    .await;
    let arn = "arn:aws:sts::111122223333:assumed-role/pay/session";
    assert_eq!(
        town.denied(&free, with_key_of(OTHER, arn)),
        Some(Cause::NoIdentityPolicy)
    );
}

#[tokio::test]
async fn kinds_of_sessions_are_kept_from_services() {
    let town = town().await;
    let closed = Some(Cause::ClosedToSession);
    let federated = |session| passing(session, ALL);
    for (session, iam, sts, role) in [
        (of_role(), None, None, None),
        (of_user(SessionKind::Own), closed.clone(), closed.clone(), None),
        (with_mfa(of_user(SessionKind::Own)), None, closed.clone(), None),
        (of_root(SessionKind::Own), closed.clone(), closed.clone(), None),
        (
            federated(of_user(SessionKind::Federated)),
            closed.clone(),
            closed.clone(),
            closed.clone(),
        ),
        (
            federated(of_root(SessionKind::Federated)),
            closed.clone(),
            closed.clone(),
            closed.clone(),
        ),
    ] {
        let caller = town.caller(session);
        assert_eq!(town.denied(&caller, to("iam:ListUsers")), iam, "{caller:?}");
        assert_eq!(
            town.denied(&caller, to("sts:GetAccessKeyInfo")),
            sts,
            "{caller:?}"
        );
        for action in ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] {
            assert_eq!(town.denied(&caller, to(action)), role, "{caller:?}");
        }
        assert_eq!(town.denied(&caller, to("kms:ListKeys")), None, "{caller:?}");
    }
}

#[tokio::test]
async fn a_denial_of_an_action_without_a_resource_speaks_of_all() {
    let town = town().await;
    let caller = town.caller(of_user(SessionKind::Federated));
    let denial = Denial {
        caller: caller.arn().clone(),
        action: "kms:ListKeys",
        resource: to("kms:ListKeys").resource,
        cause: Cause::NoSessionPolicy,
    };
    assert_eq!(
        denial.to_string(),
        "User: arn:aws:sts::111122223333:federated-user/bob is not authorized to perform: kms:ListKeys on resource: * \
         because no session policy allows the kms:ListKeys action"
    );
}
