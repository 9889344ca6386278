use std::fs;

use ambient::{ManualClock, SeededEntropy};
use audit::{AuditLog, Identity, IdentityKind, Options};
use model::OperationSpec;

use super::*;
use crate::nothing::Nothing;
use crate::operation::{Miss, Operation, Outcome, Targets};
use crate::{Demands, Permit, View, World};

/// An operation that uses what it is about.
struct Use;

struct Something;

impl Targets for Something {
    fn resources(&self) -> Vec<crate::Resource> {
        Vec::new()
    }
}

#[derive(Debug)]
struct Never;

impl From<Never> for protocol::Failure {
    fn from(_: Never) -> protocol::Failure {
        protocol::Failure::silent("Never", 500)
    }
}

impl From<store::StoreError> for Never {
    fn from(_: store::StoreError) -> Never {
        Never
    }
}

impl Operation for Use {
    const SPEC: OperationSpec = OperationSpec::uses("Use");
    type Input = Nothing;
    type Output = Nothing;
    type Targets = Something;
    type Error = Never;

    fn locate(_: &Nothing, _: &View) -> Result<Something, Miss<Never>> {
        Ok(Something)
    }

    fn demands(_: &Nothing, _: &Something, _: &View) -> Demands {
        Demands::public("a test")
    }

    async fn act(_: &Nothing, _: &Permit<Something>, _: &mut World<'_>) -> Outcome<Self> {
        Ok(Nothing {})
    }
}

static TOY: Service = Service {
    name: "toy",
    event_source: "toy.amazonaws.com",
    wire: protocol::Wire::AwsJson { target: "Toy" },
    seat: crate::Seat::Region,
    signed: sigv4::Service::usual("toy"),
    tables: &[],
    operations: &[&Use],
    chores: &[],
    explain: crate::by_identity,
    endings: &["End"],
    internal_error: "ToyInternalException",
};

static SERVICES: &[&Service] = &[&TOY];

/// What signs in seconds that are even, and in others.
const KEYS: [&str; 2] = ["AKIAEVEN", "AKIAODD"];

/// A log whose segments hold a few records each.
struct Log {
    dir: tempfile::TempDir,
    log: AuditLog,
    id: [u8; 16],
}

impl Log {
    fn new() -> Log {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            first_segment: 2048,
            segment: 2048,
            ..Options::default()
        };
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1)));
        let (log, recovered) = AuditLog::open(dir.path(), options, clock, &SeededEntropy::new(1)).unwrap();
        Log {
            dir,
            log,
            id: recovered.log_id,
        }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn checkpoint(&self) -> PathBuf {
        self.path().join("index/last-uses")
    }

    /// Records a call about a resource, or the end of it.
    async fn record(&self, second: i64, name: &str, resource: &str, error: Option<&str>) {
        let account = "111122223333".parse().unwrap();
        let ends = name == "End";
        let entry = Entry {
            event_id: Uuid::from_u128(u128::try_from(second).unwrap()),
            time: Timestamp::from_seconds(second),
            event_type: if ends {
                EventType::ServiceEvent
            } else {
                EventType::ApiCall
            },
            event_source: "toy.amazonaws.com",
            event_name: name,
            region: "us-east-1",
            recipient: account,
            identity: Identity {
                kind: Some(IdentityKind::Root),
                principal_id: Some("AROAEXAMPLE:session"),
                arn: None,
                account: Some(account),
                access_key_id: Some(KEYS[usize::try_from(second % 2).unwrap()]),
                user_name: None,
                session: None,
                invoked_by: None,
                identity_provider: None,
            },
            source_ip: "127.0.0.1",
            user_agent: None,
            request_id: (!ends).then(|| Uuid::from_u128(7)),
            read_only: true,
            error_code: error,
            error_message: None,
            request_parameters: None,
            response_elements: None,
            additional: None,
            service_event_details: None,
            resources: vec![audit::Resource {
                arn: resource,
                kind: "thing",
                account: Some(account),
            }],
            tls: None,
            shared_event_id: None,
        };
        self.log.append(entry.encode()).await.unwrap();
    }

    fn loaded(&self) -> LastUses {
        LastUses::load(self.path(), self.id, SERVICES, Timestamp::from_seconds(0))
    }

    /// When a resource was last used, by a start now.
    fn last(&self, resource: &Arn) -> Option<i64> {
        Some(self.loaded().of(resource)?.time.milliseconds() / 1000)
    }

    fn advance(&self) {
        checkpoint::advance(self.path(), self.id, SERVICES).unwrap();
    }
}

fn arn(name: &str) -> Arn {
    format!("arn:aws:toy:us-east-1:111122223333:thing/{name}")
        .parse()
        .unwrap()
}

#[tokio::test]
async fn the_last_success_counts_and_what_ended_is_forgotten() {
    let log = Log::new();
    let (kept, ended) = (arn("kept"), arn("ended"));
    for (second, name, resource, error) in [
        (10, "Use", &kept, None),
        (12, "Use", &kept, None),
        (11, "Use", &kept, None),
        (13, "Use", &kept, Some("Refused")),
        (14, "Look", &kept, None),
        (15, "Use", &ended, None),
        (16, "End", &ended, None),
    ] {
        log.record(second, name, resource.as_str(), error).await;
    }
    assert_eq!(log.last(&kept), Some(12));
    assert_eq!(log.last(&ended), None);
    let uses = LastUses::load(log.path(), log.id, SERVICES, Timestamp::from_seconds(99));
    assert_eq!(uses.known_since(), Timestamp::from_seconds(10));
}

#[tokio::test]
async fn a_checkpoint_and_the_rest_of_the_log_are_the_whole_log() {
    let log = Log::new();
    for second in 1..60 {
        log.record(second, "Use", arn(&format!("{}", second % 7)).as_str(), None)
            .await;
        log.advance();
        let other = Log {
            log: log.log.clone(),
            dir: tempfile::tempdir().unwrap(),
            id: log.id,
        };
        // The same log without any checkpoint.
        for file in fs::read_dir(log.path()).unwrap().map(Result::unwrap) {
            if file.file_type().unwrap().is_file() {
                fs::copy(file.path(), other.path().join(file.file_name())).unwrap();
            }
        }
        for number in 0..7 {
            let resource = arn(&format!("{number}"));
            assert_eq!(log.last(&resource), other.last(&resource), "{second} {number}");
        }
    }
    let tally = checkpoint::read(log.path(), log.id, SERVICES).unwrap();
    assert!(tally.next > 20, "{}", tally.next);
    assert_eq!(tally.since, Some(Timestamp::from_seconds(1)));
}

#[tokio::test]
async fn a_checkpoint_that_is_torn_foreign_or_newer_is_as_good_as_none() {
    let log = Log::new();
    let resource = arn("one");
    for second in 1..60 {
        log.record(second, "Use", resource.as_str(), None).await;
    }
    log.advance();
    let whole = fs::read(log.checkpoint()).unwrap();
    assert!(checkpoint::read(log.path(), log.id, SERVICES).is_some());
    assert!(checkpoint::read(log.path(), [9; 16], SERVICES).is_none());
    let newer = [b"keystead last uses 0003\n", &whole[24..]].concat();
    let mut damaged: Vec<Vec<u8>> = (0..whole.len())
        .step_by(5)
        .map(|end| whole[..end].to_vec())
        .collect();
    damaged.push(newer);
    damaged.extend((0..whole.len()).step_by(3).map(|at| {
        let mut bent = whole.clone();
        bent[at] ^= 0x10;
        bent
    }));
    for bytes in damaged {
        fs::write(log.checkpoint(), &bytes).unwrap();
        assert!(checkpoint::read(log.path(), log.id, SERVICES).is_none());
        assert_eq!(log.last(&resource), Some(59));
    }
    // The next one is written over it.
    log.advance();
    assert!(checkpoint::read(log.path(), log.id, SERVICES).is_some());
}

#[tokio::test]
async fn nothing_is_written_before_a_segment_was_closed() {
    let log = Log::new();
    log.advance();
    log.record(1, "Use", arn("one").as_str(), None).await;
    log.advance();
    assert!(!log.checkpoint().exists());
}

#[tokio::test]
async fn the_last_call_of_each_caller_counts_whatever_became_of_it() {
    let log = Log::new();
    for second in 1..60 {
        log.record(second, "Use", arn("one").as_str(), Some("Refused"))
            .await;
        // With a checkpoint and without one.
        if second == 40 {
            log.advance();
        }
    }
    let uses = log.loaded();
    let last = |name: &str| uses.of_access_key(name).unwrap();
    assert_eq!(last("AKIAODD").time, Timestamp::from_seconds(59));
    assert_eq!(last("AKIAEVEN").time, Timestamp::from_seconds(58));
    assert_eq!(
        (last("AKIAODD").service, last("AKIAODD").region.as_str()),
        ("toy", "us-east-1")
    );
    let role = uses.of_principal("AROAEXAMPLE", "toy").unwrap();
    assert_eq!(role.time, Timestamp::from_seconds(59));
    assert_eq!(uses.of_principal("AROAEXAMPLE", "kms"), None);
    assert_eq!(uses.of_access_key("AKIAOTHER"), None);
}

#[test]
fn of_callers_beyond_the_bound_the_one_that_called_longest_ago_is_forgotten() {
    let call = |second| LastCall {
        service: "toy",
        region: "us-east-1".parse().unwrap(),
        time: Timestamp::from_seconds(second),
    };
    let mut rows = HashMap::new();
    for (name, second) in [("a", 3), ("b", 1), ("c", 2), ("a", 1), ("d", 4)] {
        keep_later(&mut rows, name.into(), call(second), 3);
    }
    let mut kept: Vec<&str> = rows.keys().map(|name| &**name).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["a", "c", "d"]);
    assert_eq!(rows["a"], call(3));
}
