//! Records as the first version wrote them: each is read as it was meant, and written again byte for byte.
//!
//! `golden/records-1.txt` holds a line for each: its name, and its bytes in hexadecimal digits. `KEYSTEAD_GOLDEN=write`
//! writes it anew, for as long as the format was not released.

use ambient::pool::Pool;
use ambient::{SeededEntropy, Timestamp};
use arn::AccountId;
use crypto::totp;
use secret::{SecretBuffer, SecretBytes, SecretString};
use store::Table;

use crate::{
    AccessKey, AccessKeys, Account, AccountAliases, AccountSettings, Accounts, AliasOwner,
    AllAccountSettings, Document, Group, Groups, LoginProfile, LoginProfiles, ManagedPolicies, ManagedPolicy,
    MfaDevice, MfaDevices, Named, NewPassword, OidcProvider, OidcProviders, Owner, PasswordPolicy, Policies,
    Role, Roles, Session, SessionKind, Status, TrustPolicy, UniqueId, User, Users, Verdict, WebFederation,
    set_tag,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/records-1.txt");
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const DOCUMENT: &str = r#"{"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}"#;

fn id(text: &str) -> UniqueId {
    UniqueId::kept(text)
}

fn policies() -> Policies {
    let mut policies = Policies {
        attached: vec!["arn:aws:iam::123456789012:policy/keys/Use".to_owned()],
        inline: Vec::new(),
    };
    policies.set_inline("own", DOCUMENT);
    policies
}

fn user() -> User {
    let mut user = User::new(&id("AIDAEXAMPLEEXAMPLEEXA"), "ada", "/division/", NOW);
    set_tag(&mut user.tags, "team", "payroll");
    user.boundary = Some("arn:aws:iam::123456789012:policy/Bound".to_owned());
    user.policies = policies();
    user.groups = vec!["AGPAEXAMPLEEXAMPLEEXA".to_owned()];
    user
}

fn group() -> Group {
    let mut group = Group::new(&id("AGPAEXAMPLEEXAMPLEEXA"), "auditors", "/", NOW);
    group.policies = policies();
    group
}

fn role() -> Role {
    let trust = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/ada"},"Action":"sts:AssumeRole"}}"#;
    let ada = Named {
        arn: "arn:aws:iam::123456789012:user/ada".to_owned(),
        id: "AIDAEXAMPLEEXAMPLEEXA".to_owned(),
    };
    let trust = TrustPolicy::new(trust, vec![ada]);
    let mut role = Role::new(&id("AROAEXAMPLEEXAMPLEEXA"), "Pay", "/division/", trust, NOW);
    set_tag(&mut role.tags, "team", "payroll");
    role.boundary = Some("arn:aws:iam::123456789012:policy/Bound".to_owned());
    role.policies = policies();
    "Pays".clone_into(&mut role.description);
    role.longest_session = 7200;
    role.end_sessions(NOW);
    role
}

fn session() -> Session {
    let account = AccountId::from_number(123_456_789_012).unwrap();
    let mut session = Session::new(
        SessionKind::Role,
        account,
        "AROAEXAMPLEEXAMPLEEXA",
        "pay",
        NOW,
        3600,
    );
    session.set_mfa(NOW);
    session.policy = Some(Document::new(DOCUMENT));
    session.policy_arns = vec!["arn:aws:iam::123456789012:policy/keys/Use".to_owned()];
    set_tag(&mut session.tags, "team", "payroll");
    session.transitive = vec!["team".to_owned()];
    session.source_identity = Some("ada".to_owned());
    session.is_chained = true;
    session.web = Some(WebFederation {
        provider: "arn:aws:iam::123456789012:oidc-provider/id.example.com".to_owned(),
        audience: "sts.amazonaws.com".to_owned(),
        subject: "service:pay".to_owned(),
    });
    session
}

fn policy() -> ManagedPolicy {
    let mut policy = ManagedPolicy::new(&id("ANPAEXAMPLEEXAMPLEEXA"), "Use", "/keys/", DOCUMENT, NOW);
    policy.description = "Lets keys be used".to_owned();
    set_tag(&mut policy.tags, "team", "security");
    policy.add_version(DOCUMENT, true, NOW);
    policy
}

fn device() -> MfaDevice {
    let mut device = MfaDevice::new("phone", "/phones/", NOW);
    set_tag(&mut device.tags, "team", "payroll");
    let seed = SecretBytes::copied_from(&[7; totp::SEED]);
    let step = u64::try_from(NOW.milliseconds() / 30_000).unwrap();
    let [one, other] = [8, 9].map(|steps| {
        let code = totp::code(&seed, step + steps);
        String::from_utf8(code.to_vec()).unwrap()
    });
    assert_eq!(device.take_pair(&seed, [&one, &other], NOW), Verdict::Proved);
    device.enable(&id("AIDAEXAMPLEEXAMPLEEXA"), NOW);
    for _ in 0..5 {
        assert_eq!(device.take(&seed, "", NOW), Verdict::Failed);
    }
    device
}

fn settings() -> AccountSettings {
    AccountSettings {
        alias: Some("acme".to_owned()),
        password_policy: Some(PasswordPolicy {
            least_length: 12,
            needs_symbols: true,
            needs_numbers: false,
            needs_capitals: true,
            needs_small_letters: false,
            users_may_change: true,
            most_days: Some(90),
            remembered: Some(5),
            expires_hard: Some(false),
        }),
    }
}

/// Passwords are worked with a salt of their own, which is drawn from this seed.
async fn profile() -> LoginProfile {
    let (entropy, pool) = (SeededEntropy::new(1), Pool::start("test", 1, 1).unwrap());
    let worked = async |text: &str| {
        let password = SecretString::new(text.to_owned());
        NewPassword::of(&password, &pool, &entropy).await.unwrap()
    };
    let mut profile = LoginProfile::new(worked("correct horse").await, true, NOW);
    profile.set_password(worked("battery staple").await, Some(2), NOW);
    profile
}

fn provider() -> OidcProvider {
    let mut provider = OidcProvider::new("id.example.com/realms/pay", NOW);
    provider.client_ids = vec!["sts.amazonaws.com".to_owned()];
    provider.thumbprints = vec!["0123456789abcdef0123456789abcdef01234567".to_owned()];
    set_tag(&mut provider.tags, "team", "security");
    provider
}

fn keys() -> [AccessKey; 3] {
    let account = AccountId::from_number(123_456_789_012).unwrap();
    let mut inactive = AccessKey::of(&Owner::User(account, id("AIDAEXAMPLEEXAMPLEEXA")), NOW);
    inactive.set_status(Status::Inactive);
    let operators = AccessKey::of(&Owner::Operator(account), NOW);
    [AccessKey::of_root(account, NOW), inactive, operators]
}

fn written<T: Table>(record: &T::Record) -> Vec<u8> {
    let mut out = SecretBuffer::with_capacity(64);
    T::encode(record, &mut out);
    out.expose().to_vec()
}

/// What a token seals behind the secret access key.
fn of_session(session: &Session) -> Vec<u8> {
    let mut out = SecretBuffer::with_capacity(64);
    store::cbor::encode(session, &mut out);
    out.expose().to_vec()
}

#[tokio::test]
async fn records_are_read_and_written_as_ever() {
    let profile = profile().await;
    let alias = AliasOwner::of(AccountId::from_number(123_456_789_012).unwrap());
    let [of_root, of_user, of_operator] = keys();
    let lines: String = [
        ("user", written::<Users>(&user())),
        ("group", written::<Groups>(&group())),
        ("role", written::<Roles>(&role())),
        ("session", of_session(&session())),
        ("managed-policy", written::<ManagedPolicies>(&policy())),
        ("login-profile", written::<LoginProfiles>(&profile)),
        ("account-settings", written::<AllAccountSettings>(&settings())),
        ("account-alias", written::<AccountAliases>(&alias)),
        ("mfa-device", written::<MfaDevices>(&device())),
        ("oidc-provider", written::<OidcProviders>(&provider())),
        ("access-key-of-root", written::<AccessKeys>(&of_root)),
        ("access-key-of-user", written::<AccessKeys>(&of_user)),
        ("access-key-of-operator", written::<AccessKeys>(&of_operator)),
        ("account", written::<Accounts>(&Account::made_at(NOW))),
        (
            "account-of-operator",
            written::<Accounts>(&Account::of_operator_made_at(NOW)),
        ),
    ]
    .iter()
    .map(|(name, bytes)| format!("{name} {}\n", hex::encode(bytes)))
    .collect();
    if std::env::var_os("KEYSTEAD_GOLDEN").is_some_and(|mode| mode == "write") {
        std::fs::write(FILE, &lines).unwrap();
    }
    let golden = std::fs::read_to_string(FILE).unwrap();
    assert_eq!(lines, golden);
    let bytes = |name: &str| {
        let line = golden
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        hex::decode(line.unwrap()).unwrap()
    };
    assert_eq!(Users::decode(1, &bytes("user")).unwrap(), user());
    assert_eq!(Groups::decode(1, &bytes("group")).unwrap(), group());
    assert_eq!(Roles::decode(1, &bytes("role")).unwrap(), role());
    assert_eq!(
        store::cbor::decode::<Session>(&bytes("session")).unwrap(),
        session()
    );
    assert_eq!(
        ManagedPolicies::decode(1, &bytes("managed-policy")).unwrap(),
        policy()
    );
    assert_eq!(
        LoginProfiles::decode(1, &bytes("login-profile")).unwrap(),
        profile
    );
    assert_eq!(
        AllAccountSettings::decode(1, &bytes("account-settings")).unwrap(),
        settings()
    );
    assert_eq!(AccountAliases::decode(1, &bytes("account-alias")).unwrap(), alias);
    assert_eq!(MfaDevices::decode(1, &bytes("mfa-device")).unwrap(), device());
    assert_eq!(
        OidcProviders::decode(1, &bytes("oidc-provider")).unwrap(),
        provider()
    );
    assert_eq!(
        AccessKeys::decode(1, &bytes("access-key-of-root")).unwrap(),
        of_root
    );
    assert_eq!(
        AccessKeys::decode(1, &bytes("access-key-of-user")).unwrap(),
        of_user
    );
    assert_eq!(
        AccessKeys::decode(1, &bytes("access-key-of-operator")).unwrap(),
        of_operator
    );
    assert!(!Accounts::decode(1, &bytes("account")).unwrap().is_operator());
    assert!(
        Accounts::decode(1, &bytes("account-of-operator"))
            .unwrap()
            .is_operator()
    );
}
