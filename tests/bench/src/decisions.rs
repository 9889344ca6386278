//! The time of a decision by 10 policies of 20 statements, read already and not.

use std::hint::black_box;
use std::time::Duration;

use ambient::{Clock, SystemClock};
use arn::Arn;
use policy::{Caller, Compiled, ConditionKey, Context, Decision, Entity, Found, Kind, Policy, Question};
use serde_json::{Value, json};

use crate::figures::median;
use crate::stop::Stop;

const POLICIES: usize = 10;
const STATEMENTS: usize = 20;
const ROUNDS: usize = 2_000;
/// What a decision may take when its policies are read already, and when they are not.
pub(crate) const BUDGET: [Duration; 2] = [Duration::from_micros(3), Duration::from_micros(200)];

/// What one kind of policies came to.
#[derive(Debug)]
pub(crate) struct Decided {
    /// The kind.
    pub(crate) name: &'static str,
    /// The middle time of a decision by policies that are compiled.
    pub(crate) cached: Duration,
    /// The same, with their reading and compiling.
    pub(crate) cold: Duration,
}

/// A request with what calls have.
struct Call;

impl Context for Call {
    fn find(&self, key: &ConditionKey) -> Found<'_> {
        match key.as_str() {
            "aws:securetransport" => Found::text("true"),
            "aws:username" => Found::text("ada"),
            "aws:sourceip" => Found::text("192.0.2.7"),
            "kms:encryptioncontext:team" | "aws:principaltag/team" => Found::text("red"),
            _ => Found::Absent,
        }
    }
}

/// Statements as applications have them: services, actions, resources, some conditions.
fn usual(policy: usize, number: usize) -> Value {
    let place = policy * STATEMENTS + number;
    let (actions, resource) = match number % 4 {
        0 => (
            json!(["s3:GetObject", "s3:PutObject"]),
            format!("arn:aws:s3:::bucket-{place}/*"),
        ),
        1 => (
            json!(["kms:Encrypt", "kms:GenerateDataKey*"]),
            format!("arn:aws:kms:*:111122223333:key/{place:08}-*"),
        ),
        2 => (
            json!(["ssm:GetParameter*"]),
            format!("arn:aws:ssm:*:111122223333:parameter/app-{place}/*"),
        ),
        _ => (
            json!(["kms:Decrypt", "kms:DescribeKey"]),
            format!("arn:aws:kms:us-east-1:111122223333:key/{place:08}-12ab-34cd-56ef-1234567890ab"),
        ),
    };
    let mut statement =
        json!({"Sid": format!("S{place}"), "Effect": "Allow", "Action": actions, "Resource": resource});
    if number.is_multiple_of(5)
        && let Some(statement) = statement.as_object_mut()
    {
        let condition = json!({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"kms:EncryptionContext:team": "red"}});
        statement.insert("Condition".to_owned(), condition);
    }
    statement
}

/// Statements that each have to be looked at to their last element: wildcards, variables, conditions.
fn hard(policy: usize, number: usize) -> Value {
    let place = policy * STATEMENTS + number;
    json!({"Sid": format!("S{place}"), "Effect": "Allow", "Action": ["kms:De*", "kms:*crypt"],
        "Resource": [format!("arn:aws:kms:*:*:key/*{place:08}*"), "arn:aws:kms:*:${aws:username}*"],
        "Condition": {"StringLike": {"aws:PrincipalTag/team": "blue*"}, "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]}}})
}

/// Both kinds of policies.
pub(crate) fn measure() -> Result<Vec<Decided>, Stop> {
    Ok(vec![
        timed("usual statements", usual)?,
        timed("wildcards, variables and conditions in all", hard)?,
    ])
}

fn timed(name: &'static str, statement: fn(usize, usize) -> Value) -> Result<Decided, Stop> {
    let documents = (0..POLICIES).map(|policy| {
        let statements: Vec<Value> = (0..STATEMENTS).map(|number| statement(policy, number)).collect();
        json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    });
    let documents: Vec<String> = documents.collect();
    let user: Arn = "arn:aws:iam::111122223333:user/ada".parse()?;
    let question = Question {
        caller: Caller::User(Entity {
            arn: &user,
            id: "AIDAEXAMPLE",
        }),
        action: "kms:Decrypt",
        resource: "arn:aws:kms:us-east-1:111122223333:key/00000199-12ab-34cd-56ef-1234567890ab",
        context: &Call,
    };
    let read = || -> Result<Vec<Compiled>, Stop> {
        let parsed = documents.iter().map(|text| Policy::parse(text, Kind::Inline));
        let compiled = parsed.map(|policy| Ok(policy.map_err(|why| why.to_string())?.compile()));
        compiled.collect()
    };
    let decide = |policies: &[Compiled]| {
        let decided = policies.iter().map(|policy| policy.decide(black_box(&question)));
        decided
            .filter(|decision| !matches!(decision, Decision::Silent))
            .count()
    };
    let clock = SystemClock::start();
    let time = |work: &dyn Fn() -> Result<usize, Stop>| -> Result<Duration, Stop> {
        let mut times = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let begun = clock.monotonic();
            black_box(work()?);
            times.push(clock.monotonic().since(begun));
        }
        Ok(median(times))
    };
    let policies = read()?;
    Ok(Decided {
        name,
        cached: time(&|| Ok(decide(&policies)))?,
        cold: time(&|| Ok(decide(&read()?)))?,
    })
}
