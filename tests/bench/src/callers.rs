//! GenerateDataKey by callers that have policies: what deciding costs beside the root user's call, and what many users and many
//! grants cost beside few.

use std::path::Path;
use std::sync::Arc;

use ambient::{Clock, SystemClock, SystemEntropy};
use arn::{Place, Region};
use identity::{IdKind, ManagedPolicies, ManagedPolicy, NewAccessKey, Owner, UniqueId, User, Users};
use kms::generator::Grantee;
use secret::SecretString;
use serde_json::{Value, json};
use store::{Change, ReadSet};

use crate::arguments::{Arguments, Name, Pace};
use crate::keystead::Keystead;
use crate::load::{self, Requests};
use crate::report::Compared;
use crate::signed::Scribe;
use crate::stop::Stop;
use crate::stored;
use crate::work::numbered;

/// Connections that ask.
const CONNECTIONS: usize = 64;
/// Users that are written as one change.
const USERS_A_CHANGE: usize = 1_000;

/// Users whom grants are for.
const GRANTEES: usize = 500;

/// Somebody who signs.
struct Somebody {
    access_key: String,
    secret: SecretString,
}

/// Measures what was asked for.
pub(crate) fn measure(arguments: &Arguments, pace: &Pace) -> Result<Vec<Compared>, Stop> {
    let wanted = |name| arguments.wants(name);
    let names = [Name::User, Name::Users, Name::Grants];
    if !names.into_iter().any(wanted) {
        return Ok(Vec::new());
    }
    let directory = tempfile::tempdir()?;
    let empty = Keystead::start(directory.path())?;
    let key = empty.create_key()?;
    let (crowded, lone) = (for_grants(&empty, &key)?, for_grants(&empty, &key)?);
    empty.end()?;
    let users = fill(directory.path(), pace, [&crowded, &lone])?;
    let keystead = Keystead::start(directory.path())?;
    let bodies = data_keys(&key);
    let one = users.first().ok_or("no user")?;
    let mut all = Vec::new();
    if wanted(Name::User) {
        let user = || by(&keystead, &bodies, &[one]);
        let root = || keystead.signed("GenerateDataKey", &bodies);
        all.push(compare(&keystead, "GenerateDataKey/user", &user, &root, pace)?);
    }
    if wanted(Name::Users) {
        let everybody: Vec<&Somebody> = users.iter().collect();
        let many = || by(&keystead, &bodies, &everybody);
        let single = || by(&keystead, &bodies, &[one]);
        let name = "GenerateDataKey/users";
        all.push(compare(&keystead, name, &many, &single, pace)?);
    }
    if wanted(Name::Grants) {
        let (crowded, lone) = (data_keys(&crowded), data_keys(&lone));
        let many = || by(&keystead, &crowded, &[one]);
        let single = || by(&keystead, &lone, &[one]);
        let name = "GenerateDataKey/grants";
        all.push(compare(&keystead, name, &many, &single, pace)?);
    }
    keystead.end()?;
    Ok(all)
}

fn data_keys(key: &str) -> Vec<Vec<u8>> {
    numbered(
        |number| json!({"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": {"object": format!("{number:06}")}}),
    )
}

/// Puts so many users into the store of a server that is stopped. Each has an inline policy and two managed ones, of the size
/// that applications have; all three are read for each decision, and one allows.
///
/// The first user has a grant on both keys; all others on the first of them are for a few hundred of the others.
fn fill(directory: &Path, pace: &Pace, [crowded, lone]: [&str; 2]) -> Result<Vec<Somebody>, Stop> {
    let users = pace.users;
    let (store, _) = stored::open_store(directory)?;
    let (of_keys, place) = stored::home(&store)?;
    let account = place.account;
    let region = Region::global();
    let domain = store.snapshot().view().domain(&Place { account, region });
    let domain = domain.ok_or("the account has no part of the store")?;
    let now = SystemClock::start().now();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut change = Change::new();
    let mut attached = Vec::new();
    for (name, document) in [("storage", storage()), ("application", application())] {
        let id = UniqueId::draw(IdKind::Policy, &SystemEntropy)?;
        let policy = ManagedPolicy::new(&id, name, "/", &document, now);
        attached.push(policy.arn(account).ok_or("no ARN")?.to_string());
        change.put::<ManagedPolicies>(domain, id, policy);
    }
    let mut made = Vec::with_capacity(users);
    let mut granted = Vec::new();
    for number in 0..users {
        let id = UniqueId::draw(IdKind::User, &SystemEntropy)?;
        let mut user = User::new(&id, &format!("user-{number}"), "/", now);
        user.policies.attached.clone_from(&attached);
        user.policies.set_inline("own", &own());
        let key = NewAccessKey::draw(&SystemEntropy)?;
        key.keep(&Owner::User(account, id.clone()), now, &mut change);
        if number < GRANTEES {
            granted.push((user.arn(account).ok_or("no ARN")?.to_string(), id.to_string()));
        }
        change.put::<Users>(domain, id, user);
        made.push(Somebody {
            access_key: key.id.to_string(),
            secret: key.secret,
        });
        if number % USERS_A_CHANGE == USERS_A_CHANGE - 1 || number + 1 == users {
            runtime.block_on(store.commit(ReadSet::new(), std::mem::take(&mut change)))?;
        }
    }
    let (first, others) = granted.split_first().ok_or("no user")?;
    let mut grant = |key: &str, (arn, id): &(String, String)| {
        let to = Grantee { arn, id };
        kms::generator::add_grant(&mut change, of_keys, account, key, to, now, &SystemEntropy)
    };
    grant(lone, first)?;
    grant(crowded, first)?;
    for other in others.iter().cycle().take(pace.grants) {
        grant(crowded, other)?;
    }
    runtime.block_on(store.commit(ReadSet::new(), change))?;
    runtime.block_on(store.close())?;
    Ok(made)
}

fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn own() -> String {
    document(&[
        json!({"Sid": "Self", "Effect": "Allow", "Action": ["iam:GetUser", "iam:ListAccessKeys"],
            "Resource": "arn:aws:iam::*:user/${aws:username}"}),
        json!({"Sid": "NoRoot", "Effect": "Deny", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}),
    ])
}

fn storage() -> String {
    document(&[
        json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::application/*"}),
        json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::application"}),
    ])
}

fn application() -> String {
    document(&[
        json!({"Sid": "Use", "Effect": "Allow",
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"],
            "Resource": "arn:aws:kms:*:*:key/*",
            "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
        json!({"Sid": "Look", "Effect": "Allow", "Action": ["kms:List*", "kms:Get*"], "Resource": "*"}),
    ])
}

/// A key that the account's own policies don't decide on, so that it is for grants to let others use it.
fn for_grants(keystead: &Keystead, other: &str) -> Result<String, Stop> {
    let described = keystead.ask_one("DescribeKey", &json!({"KeyId": other}))?;
    let account = described
        .pointer("/KeyMetadata/AWSAccountId")
        .ok_or("a key has no account")?;
    let administers = json!({"Effect": "Allow", "Principal": {"AWS": account}, "Action": [
        "kms:PutKeyPolicy", "kms:CreateGrant", "kms:DescribeKey", "kms:ScheduleKeyDeletion"], "Resource": "*"});
    keystead.create(&json!({"Policy": document(&[administers])}))
}

/// Requests by these in turn, signed now.
fn by(keystead: &Keystead, bodies: &[Vec<u8>], callers: &[&Somebody]) -> Result<Requests, Stop> {
    let scribes: Vec<Scribe> = callers
        .iter()
        .map(|caller| keystead.scribe_of(&caller.access_key, &caller.secret))
        .collect();
    let requests = bodies
        .iter()
        .zip(scribes.iter().cycle())
        .map(|(body, scribe)| scribe.request("GenerateDataKey", body));
    Ok(Arc::new(requests.collect::<Result<_, _>>()?))
}

type Signed<'s> = &'s dyn Fn() -> Result<Requests, Stop>;

/// Two kinds of requests in turns, on one server.
fn compare(
    keystead: &Keystead,
    name: &str,
    real: Signed<'_>,
    bare: Signed<'_>,
    pace: &Pace,
) -> Result<Compared, Stop> {
    let mut compared = Compared {
        name: name.to_owned(),
        connections: CONNECTIONS,
        real: Vec::with_capacity(pace.rounds),
        bare: Vec::with_capacity(pace.rounds),
    };
    for _ in 0..pace.rounds {
        // Made anew for each round: a signature lasts for five minutes.
        let round = |signed: Signed<'_>| load::round(keystead.target(), &signed()?, CONNECTIONS, pace);
        let (measured, beside) = (round(real)?, round(bare)?);
        eprintln!("{name:<22} {measured} | baseline {beside}");
        compared.real.push(measured);
        compared.bare.push(beside);
    }
    Ok(compared)
}
