//! STS: every operation, and the taking on of roles of every kind of trust policy.

use inprocess::issuer::{ISSUER, token};
use inprocess::*;
use serde_json::{Value, json};

use crate::cast::{Caller, Who, caller};
use crate::{Table, arn, compare, has_every_operation, trusting};

/// The columns of [`MATRIX`].
const COLUMNS: &[&[Who]] = &[
    &[Who::Root],
    &[
        Who::Nobody,
        Who::Allowed,
        Who::Grouped,
        Who::Elsewhere,
        Who::Denied,
        Who::Bounded,
    ],
    &[Who::Own, Who::OwnWithMfa, Who::Role, Who::Passed, Who::Federated],
    &[Who::Stranger],
    &[Who::Operator],
    &[Who::Unknown],
];

/// For each operation what comes of it in each of [`COLUMNS`]: `+` it is done, `-` it is denied, `!` the caller, who is allowed,
/// hears that it is no message, `?` that the access key is nobody's. AssumeRole is tried on a role that trusts its account.
const MATRIX: &Table = &[
    ("AssumeRole", "- -++--- +++-- - - ?"),
    // A token speaks for the caller, whoever signs, and however.
    ("AssumeRoleWithWebIdentity", "+ ++++++ +++++ + + +"),
    ("DecodeAuthorizationMessage", "! -!!--- --!-- ! - ?"),
    ("GetAccessKeyInfo", "+ -++--- --+-- + - ?"),
    // No policy can deny it.
    ("GetCallerIdentity", "+ ++++++ +++++ + + ?"),
    ("GetFederationToken", "+ -++--- ----- + - ?"),
    // No policy is asked; sessions can't.
    ("GetSessionToken", "+ ++++++ ----- + - ?"),
];

/// What a role's trust policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// That the caller may take it on, by the ARN of the user, the role or the federated user.
    Caller,
    /// The same, by the ARN of the caller's session of a role.
    Session,
    /// That the caller's account may.
    Account,
    /// That everybody may.
    Everybody,
    /// That somebody else of the account may.
    Other,
    /// That everybody may, and the caller may not.
    Denied,
    /// That the caller may by an external id, which the call brings.
    Agreed,
    /// The same, and the call brings another.
    Disagreed,
    /// The same, and the call brings none.
    Unsaid,
    /// That the caller may tag the session, and no more.
    Otherwise,
    /// There is no such role.
    Absent,
}

/// The columns of [`ASSUMING`].
const TRUSTS: &[&[Trust]] = &[
    &[Trust::Caller, Trust::Session],
    &[Trust::Account, Trust::Everybody],
    &[Trust::Other, Trust::Denied],
    &[Trust::Agreed, Trust::Disagreed, Trust::Unsaid],
    &[Trust::Otherwise, Trust::Absent],
];

/// For each caller what comes of AssumeRole on a role with each of [`TRUSTS`]: `+` it is done, `-` it is denied, `.` there is
/// nothing to name the caller by.
///
/// A user or session that is named needs no policy of its own in the role's account, and no bounds hold it back. A role that is
/// named gives that to its sessions within their bounds. What is left to the account is for the caller's own policies.
const ASSUMING: &Table = &[
    ("Root", "-. -- -- --- --"),
    ("Nobody", "+. -+ -- +-- --"),
    ("Allowed", "+. ++ -- +-- --"),
    ("Denied", "-. -- -- --- --"),
    ("Bounded", "+. -- -- +-- --"),
    ("OwnOfNobody", "+. -+ -- +-- --"),
    ("Own", "+. ++ -- +-- --"),
    ("Role", "++ ++ -- +-- --"),
    ("RoleOfNobody", "++ -+ -- +-- --"),
    ("RoleBounded", "-+ -- -- --- --"),
    ("Passed", "-+ -- -- --- --"),
    ("Federated", "-. -- -- --- --"),
    ("Stranger", "-. -- -- --- --"),
    ("StrangeNobody", "-. -- -- --- --"),
    ("StrangeAllowed", "+. ++ -- +-- --"),
];

/// The callers of [`ASSUMING`].
const TAKERS: &[Who] = &[
    Who::Root,
    Who::Nobody,
    Who::Allowed,
    Who::Denied,
    Who::Bounded,
    Who::OwnOfNobody,
    Who::Own,
    Who::Role,
    Who::RoleOfNobody,
    Who::RoleBounded,
    Who::Passed,
    Who::Federated,
    Who::Stranger,
    Who::StrangeNobody,
    Who::StrangeAllowed,
];

/// For each trust policy what comes of AssumeRoleWithWebIdentity with each of [`tokens`]: `+` it is done, `-` it is denied, `!` the
/// token is not believed.
const BY_TOKEN: &Table = &[
    ("the provider", "++- !!!"),
    ("the provider, and to tag", "+++ !!!"),
    ("the provider, for one subject", "+-- !!!"),
    ("the provider, for another audience", "--- !!!"),
    ("the provider, for AssumeRole", "--- !!!"),
    ("another provider", "--- !!!"),
    // Everybody is not whoever any provider speaks for.
    ("everybody", "--- !!!"),
    ("the account", "--- !!!"),
    ("the provider, and denied to all", "--- !!!"),
];

/// The tokens that [`BY_TOKEN`] is about: good ones of a subject, of another one, and with a tag; one for an audience that is not
/// registered, one that has expired, and one that was changed.
fn tokens() -> [Vec<String>; 2] {
    let now = 1_700_000_000;
    let claims =
        |subject: &str| json!({"iss": ISSUER, "sub": subject, "aud": "app", "iat": now, "exp": now + 600});
    let with = |member: &str, value: Value| {
        let mut claims = claims("ada");
        claims[member] = value;
        token(&claims)
    };
    let tags = json!({"principal_tags": {"team": ["pay"]}});
    let (good, other) = (token(&claims("ada")), token(&claims("bob")));
    let (ada, bob): (Vec<_>, Vec<_>) = (good.split('.').collect(), other.split('.').collect());
    let changed = [ada[0], bob[1], ada[2]].join(".");
    [
        vec![
            good.clone(),
            other.clone(),
            with("https://aws.amazon.com/tags", tags),
        ],
        vec![
            with("aud", json!("unregistered")),
            with("exp", json!(now - 600)),
            changed,
        ],
    ]
}

/// Makes a role, and gives its ARN.
async fn role(keystead: &Keystead, name: &str, trust: &str) -> String {
    let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", trust)];
    keystead
        .query(&keystead.root(ACCOUNT), "CreateRole", &parameters)
        .await;
    arn(ACCOUNT, &format!("role/{name}"))
}

/// Registers the provider.
async fn provider(keystead: &Keystead) -> String {
    let parameters = [
        ("Url", ISSUER),
        ("ClientIDList.member.1", "app"),
        (
            "ThumbprintList.member.1",
            "0123456789012345678901234567890123456789",
        ),
    ];
    let root = keystead.root(ACCOUNT);
    keystead
        .query(&root, "CreateOpenIDConnectProvider", &parameters)
        .await;
    arn(ACCOUNT, "oidc-provider/id.example.com")
}

/// What came of a call.
fn mark(answer: &Result<String, String>) -> char {
    let Err(refusal) = answer else {
        return '+';
    };
    match element(refusal, "Code") {
        Some("AccessDenied") => '-',
        Some("InvalidAuthorizationMessageException" | "InvalidIdentityToken" | "ExpiredTokenException") => {
            '!'
        }
        Some("InvalidClientTokenId") => '?',
        _ => panic!("{refusal}"),
    }
}

#[tokio::test]
async fn who_may_do_what_with_sessions() {
    let keystead = Keystead::start().await;
    let root = keystead.root(ACCOUNT);
    let provider = provider(&keystead).await;
    let account = json!({"AWS": arn(ACCOUNT, "root")});
    let trusting_account = role(&keystead, "account", &trusting(&account, "sts:AssumeRole")).await;
    let federated = json!({"Federated": provider});
    let trust = trusting(&federated, "sts:AssumeRoleWithWebIdentity");
    let trusting_provider = role(&keystead, "provider", &trust).await;
    let web = tokens()[0][0].clone();
    let session = ("RoleSessionName", "tried");
    let mut seen = vec![Vec::new(); MATRIX.len()];
    for group in COLUMNS {
        seen.iter_mut().for_each(|row| row.push(String::new()));
        for who in *group {
            let caller = caller(&keystead, *who, &format!("{who:?}"), "sts:*").await;
            for ((operation, _), row) in MATRIX.iter().zip(&mut seen) {
                let parameters = match *operation {
                    "AssumeRole" => vec![("RoleArn", trusting_account.as_str()), session],
                    "AssumeRoleWithWebIdentity" => {
                        vec![
                            ("RoleArn", trusting_provider.as_str()),
                            session,
                            ("WebIdentityToken", &web),
                        ]
                    }
                    "DecodeAuthorizationMessage" => vec![("EncodedMessage", "x")],
                    "GetAccessKeyInfo" => vec![("AccessKeyId", root.id())],
                    "GetFederationToken" => vec![("Name", "tried")],
                    _ => Vec::new(),
                };
                let answer = keystead
                    .try_query(&caller.credentials, operation, &parameters)
                    .await;
                row.last_mut().unwrap().push(mark(&answer));
            }
        }
    }
    let lines = MATRIX.iter().zip(seen);
    let seen: Vec<_> = lines
        .map(|((operation, _), row)| (*operation, row.join(" ")))
        .collect();
    compare(MATRIX, &seen);
}

/// The trust policy, and the external id that the call brings; `None` where it can't name the caller.
fn trust_of(trust: Trust, caller: &Caller) -> Option<(String, Option<&'static str>)> {
    let action = "sts:AssumeRole";
    let named = json!({"AWS": caller.entity});
    let account = caller.entity.split(':').nth(4)?;
    let everybody = json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": action});
    Some(match trust {
        Trust::Caller => (trusting(&named, action), None),
        Trust::Session => (trusting(&json!({"AWS": caller.session.as_ref()?}), action), None),
        Trust::Account => (trusting(&json!({"AWS": arn(account, "root")}), action), None),
        Trust::Everybody => (trusting(&json!({"AWS": "*"}), action), None),
        Trust::Other => (
            trusting(&json!({"AWS": arn(ACCOUNT, "user/other")}), action),
            None,
        ),
        Trust::Denied => {
            let denied = json!({"Effect": "Deny", "Principal": named, "Action": action});
            (
                json!({"Version": "2012-10-17", "Statement": [everybody, denied]}).to_string(),
                None,
            )
        }
        Trust::Agreed | Trust::Disagreed | Trust::Unsaid => {
            let agreed = json!({"StringEquals": {"sts:ExternalId": "agreed"}});
            let statement =
                json!({"Effect": "Allow", "Principal": named, "Action": action, "Condition": agreed});
            let brought = match trust {
                Trust::Agreed => Some("agreed"),
                Trust::Disagreed => Some("another"),
                _ => None,
            };
            (
                json!({"Version": "2012-10-17", "Statement": statement}).to_string(),
                brought,
            )
        }
        Trust::Otherwise => (trusting(&named, "sts:TagSession"), None),
        Trust::Absent => (String::new(), None),
    })
}

#[tokio::test]
async fn who_may_take_on_which_role() {
    let keystead = Keystead::start().await;
    keystead.user(ACCOUNT, "other", None).await;
    let mut seen = Vec::new();
    for (who, (name, _)) in TAKERS.iter().zip(ASSUMING) {
        assert_eq!(format!("{who:?}"), *name);
        let caller = caller(&keystead, *who, name, "sts:*").await;
        let mut row = Vec::new();
        for group in TRUSTS {
            let mut marks = String::new();
            for trust in *group {
                let Some((document, brought)) = trust_of(*trust, &caller) else {
                    marks.push('.');
                    continue;
                };
                let to_take = format!("{name}-{trust:?}");
                let arn = match trust {
                    Trust::Absent => arn(ACCOUNT, "role/absent"),
                    _ => role(&keystead, &to_take, &document).await,
                };
                let mut parameters = vec![("RoleArn", arn.as_str()), ("RoleSessionName", "tried")];
                parameters.extend(brought.map(|id| ("ExternalId", id)));
                let answer = keystead
                    .try_query(&caller.credentials, "AssumeRole", &parameters)
                    .await;
                marks.push(mark(&answer));
            }
            row.push(marks);
        }
        seen.push((*name, row.join(" ")));
    }
    compare(ASSUMING, &seen);
}

/// The trust policy of a line of [`BY_TOKEN`].
fn trust_of_line(line: &str, provider: &str) -> String {
    let action = "sts:AssumeRoleWithWebIdentity";
    let federated = json!({"Federated": provider});
    let allow = |principal: &Value, action: Value| json!({"Effect": "Allow", "Principal": principal, "Action": action});
    let only = |key: &str, value: &str| {
        let mut statement = allow(&federated, json!(action));
        statement["Condition"] = json!({"StringEquals": {format!("id.example.com:{key}"): value}});
        statement
    };
    let statements = match line {
        "the provider" => json!(allow(&federated, json!(action))),
        "the provider, and to tag" => json!(allow(&federated, json!([action, "sts:TagSession"]))),
        "the provider, for one subject" => only("sub", "ada"),
        "the provider, for another audience" => only("aud", "another"),
        "the provider, for AssumeRole" => json!(allow(&federated, json!("sts:AssumeRole"))),
        "another provider" => {
            let another = provider.replace("id.example", "another.example");
            json!(allow(&json!({"Federated": another}), json!(action)))
        }
        "everybody" => json!(allow(&json!("*"), json!(action))),
        "the account" => json!(allow(&json!({"AWS": arn(ACCOUNT, "root")}), json!(action))),
        "the provider, and denied to all" => {
            let deny = json!({"Effect": "Deny", "Principal": "*", "Action": action});
            json!([allow(&federated, json!(action)), deny])
        }
        _ => panic!("there is no policy for {line}"),
    };
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

#[tokio::test]
async fn whose_token_takes_on_which_role() {
    let keystead = Keystead::start().await;
    let provider = provider(&keystead).await;
    let (tokens, nobody) = (tokens(), Credentials::of_nobody());
    let mut seen = Vec::new();
    for (index, (line, _)) in BY_TOKEN.iter().enumerate() {
        let trust = trust_of_line(line, &provider);
        let arn = role(&keystead, &format!("r{index}"), &trust).await;
        let mut row = Vec::new();
        for group in &tokens {
            let mut marks = String::new();
            for token in group {
                let parameters = [
                    ("RoleArn", arn.as_str()),
                    ("RoleSessionName", "tried"),
                    ("WebIdentityToken", token),
                ];
                let answer = keystead
                    .try_query(&nobody, "AssumeRoleWithWebIdentity", &parameters)
                    .await;
                marks.push(mark(&answer));
            }
            row.push(marks);
        }
        seen.push((*line, row.join(" ")));
    }
    compare(BY_TOKEN, &seen);
}

#[test]
fn every_operation_has_a_line() {
    has_every_operation(&[MATRIX], ::sts::OPERATIONS);
}
