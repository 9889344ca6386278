//! A whole installation in this process: the real engine, store and audit log, over a store in memory, a clock that
//! stands still, and requests signed as clients sign them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what tests use fails by panicking"
)]

pub mod issuer;
pub mod wrapping;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Condvar, Mutex};
use std::task::Poll;
use std::time::Duration;

use ambient::{Clock, Entropy, EntropyFailed, ManualClock, SystemEntropy, Timestamp};
use arn::{AccountId, Place};
use audit::{Reader, Start};
use crypto::root::RootKey;
use engine::{Engine, Installation, Options, Peer, Request, Service};
use http::{HeaderMap, HeaderValue, Method};
use identity::NewAccessKey;
use secret::{LockedKey, SecretBuffer, SecretString};
use serde_json::{Value, json};
use sigv4::sign::Signer;
use store::suite::Site;
use store::suite::memory::Memory;
use store::{Change, Domain, OutboxSink, Store, StoreError, StoreOptions};
use tempfile::TempDir;

/// The account that calls unless another is named.
pub const ACCOUNT: &str = "111122223333";
/// Another account of the same installation.
pub const STRANGER: &str = "444455556666";
/// The operator's account.
pub const OPERATOR: &str = "777788889999";
/// The Region that is called unless another is named.
pub const REGION: &str = "us-east-1";
/// The other Region.
pub const OTHER_REGION: &str = "eu-central-1";
/// And one more.
pub const THIRD_REGION: &str = "ap-southeast-2";
/// A key id that belongs to no key.
pub const ABSENT: &str = "00000000-1111-2222-3333-444444444444";
/// How long destroyed material stays recoverable.
pub const GRACE: Duration = Duration::from_secs(3600);
/// A day.
pub const DAY: Duration = Duration::from_secs(86_400);

/// When the clock begins: in whole seconds, so that dates in answers are.
const BEGIN: Timestamp = Timestamp::from_seconds(1_700_000_000);
/// How often something is looked at that happens in the background.
const PATIENCE: usize = 5_000;

/// A running installation.
pub struct Keystead {
    /// It.
    pub engine: Arc<Engine>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// What its rows lie in.
    pub memory: Memory,
    keys: Vec<(&'static str, NewAccessKey)>,
    audit: TempDir,
    parameters: wrapping::Known,
    steps: Arc<Steps>,
}

/// What somebody signs with.
#[derive(Debug, Clone)]
pub struct Credentials {
    id: String,
    secret: String,
    token: Option<String>,
}

/// Random bytes of the system's, and a place to stop a call at: where it draws its first 32 of them, once it was decided
/// that the call may do what it does.
#[derive(Debug, Default)]
pub struct Steps {
    at: Mutex<Step>,
    moved: Condvar,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Calls run through.
    #[default]
    Free,
    /// The next call will stop.
    Armed,
    /// A call stands.
    Stopped,
}

impl Steps {
    /// Has the next call stop.
    pub fn arm(&self) {
        *self.at.lock().unwrap() = Step::Armed;
    }

    /// Waits until a call stands. Blocks the thread, so the test's runtime needs several.
    pub fn stopped(&self) {
        let at = self.at.lock().unwrap();
        drop(self.moved.wait_while(at, |at| *at != Step::Stopped).unwrap());
    }

    /// Lets it go on.
    pub fn go(&self) {
        *self.at.lock().unwrap() = Step::Free;
        self.moved.notify_all();
    }
}

impl Entropy for Steps {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFailed> {
        if bytes.len() == 32 {
            let mut at = self.at.lock().unwrap();
            if *at == Step::Armed {
                *at = Step::Stopped;
                self.moved.notify_all();
                drop(self.moved.wait_while(at, |at| *at == Step::Stopped).unwrap());
            }
        }
        SystemEntropy.fill(bytes)
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; null where it is empty.
    pub body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// The message of a refusal of this code; empty where it has none.
    #[track_caller]
    pub fn refused(self, code: &str) -> String {
        assert_eq!(self.body["__type"], code, "{}", self.body);
        assert_eq!(self.status, 400, "{}", self.body);
        let message = if code == "AccessDeniedException" {
            "Message"
        } else {
            "message"
        };
        self.body[message].as_str().unwrap_or_default().to_owned()
    }

    /// Checks for a refusal of this code and message.
    #[track_caller]
    pub fn is(self, code: &str, message: &str) {
        assert_eq!(self.refused(code), message);
    }
}

impl Keystead {
    /// A new installation of two accounts and three Regions, with its operator.
    pub async fn start() -> Keystead {
        let clock = Arc::new(ManualClock::at(BEGIN));
        let draw = |account| (account, NewAccessKey::draw(&SystemEntropy).unwrap());
        let keys = vec![draw(ACCOUNT), draw(STRANGER), draw(OPERATOR)];
        let (memory, audit) = (Memory::new(), tempfile::tempdir().unwrap());
        let steps = Arc::new(Steps::default());
        let installation = open(&memory, &audit, &clock, &steps);
        for (number, key) in &keys {
            let number = account(number);
            let made = match number == account(OPERATOR) {
                true => installation.create_operator(number, key).await,
                false => installation.create_account(number, key).await,
            };
            made.unwrap();
        }
        let engine = installation.start().await.unwrap();
        Keystead {
            engine,
            clock,
            memory,
            keys,
            audit,
            parameters: wrapping::Known::default(),
            steps,
        }
    }

    /// Ends the installation, and opens it anew over what it kept.
    pub async fn restart(self) -> Keystead {
        let Keystead {
            engine,
            clock,
            memory,
            keys,
            audit,
            parameters,
            steps,
        } = self;
        let gone = Arc::downgrade(&engine);
        drop(engine);
        // The background holds it for the length of a step.
        while gone.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
        let engine = open(&memory, &audit, &clock, &steps).start().await.unwrap();
        Keystead {
            engine,
            clock,
            memory,
            keys,
            audit,
            parameters,
            steps,
        }
    }

    /// Stops it, has `change` put into its store by nobody's call, and starts it again.
    pub async fn forge(
        self,
        change: impl FnOnce(&store::View, Domain, &mut Change) -> Result<(), StoreError>,
    ) -> Keystead {
        self.engine.close().await;
        let tables = engine::tables(SERVICES);
        let opened = Store::open(
            self.memory.open().unwrap(),
            &tables,
            root_key(),
            Arc::new(SystemEntropy),
            Arc::new(NoLog),
            StoreOptions::new(),
        );
        let (store, _) = opened.unwrap();
        let place = Place {
            account: account(ACCOUNT),
            region: REGION.parse().unwrap(),
        };
        let view = store.snapshot().view();
        let (domain, mut made) = (view.domain(&place).unwrap(), Change::new());
        change(&view, domain, &mut made).unwrap();
        store.commit(view.into_reads(), made).await.unwrap();
        store.close().await.unwrap();
        drop(store);
        let engine = open(&self.memory, &self.audit, &self.clock, &self.steps)
            .start()
            .await
            .unwrap();
        Keystead { engine, ..self }
    }

    /// Calls an operation in [`REGION`], as the root user of [`ACCOUNT`].
    pub async fn call(&self, operation: &str, body: Value) -> Answer {
        self.call_as(ACCOUNT, REGION, operation, body).await
    }

    /// Calls an operation as the root user of `account`.
    pub async fn call_as(&self, account: &str, region: &str, operation: &str, body: Value) -> Answer {
        self.call_with(&self.root(account), region, operation, body).await
    }

    /// Calls an operation with somebody's credentials.
    pub async fn call_with(
        &self,
        credentials: &Credentials,
        region: &str,
        operation: &str,
        body: Value,
    ) -> Answer {
        let target = format!("TrentService.{operation}");
        let service = sigv4::Service::usual("kms");
        self.send_json(credentials, service, region, &target, &body).await
    }

    /// Calls an operation of the administration.
    pub async fn administer(&self, credentials: &Credentials, operation: &str, body: Value) -> Answer {
        let target = format!("Keystead.{operation}");
        let service = admin::ADMIN.signed;
        self.send_json(credentials, service, REGION, &target, &body).await
    }

    async fn send_json(
        &self,
        credentials: &Credentials,
        service: sigv4::Service,
        region: &str,
        target: &str,
        body: &Value,
    ) -> Answer {
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target),
        ];
        let response = self
            .send(credentials, service, region, &headers, &body.to_string())
            .await;
        let body = match response.body().is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(response.body()).unwrap(),
        };
        Answer {
            status: response.status().as_u16(),
            body,
        }
    }

    /// Calls an operation of IAM or STS with these parameters, and gives the XML of its success.
    pub async fn query(
        &self,
        credentials: &Credentials,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> String {
        let answer = self.try_query(credentials, action, parameters).await;
        answer.unwrap_or_else(|refusal| panic!("{action}: {refusal}"))
    }

    /// The same, or the XML of its refusal.
    pub async fn try_query(
        &self,
        credentials: &Credentials,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String, String> {
        let (service, version) = match sts::OPERATIONS.iter().any(|sts| sts.spec().name == action) {
            true => (sts::STS.signed, "2011-06-15"),
            false => (iam::IAM.signed, "2010-05-08"),
        };
        let mut form = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            let escaped = value.bytes().map(|byte| format!("%{byte:02X}"));
            form.push_str(&format!("&{name}={}", escaped.collect::<String>()));
        }
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let response = self
            .send(credentials, service, "us-east-1", &headers, &form)
            .await;
        let text = String::from_utf8(response.body().to_vec()).unwrap();
        match response.status().is_success() {
            true => Ok(text),
            false => Err(text),
        }
    }

    /// The credentials of the root user of `account`.
    pub fn root(&self, account: &str) -> Credentials {
        let (_, key) = self.keys.iter().find(|(owner, _)| *owner == account).unwrap();
        Credentials {
            id: key.id.as_str().to_owned(),
            secret: key.secret.expose().to_owned(),
            token: None,
        }
    }

    /// Makes a user of an account that its own policy, if it has one, gives rights.
    pub async fn user(&self, account: &str, name: &str, own: Option<&str>) -> Credentials {
        let root = self.root(account);
        self.query(&root, "CreateUser", &[("UserName", name)]).await;
        if let Some(text) = own {
            let parameters = [
                ("UserName", name),
                ("PolicyName", "own"),
                ("PolicyDocument", text),
            ];
            self.query(&root, "PutUserPolicy", &parameters).await;
        }
        let answer = self.query(&root, "CreateAccessKey", &[("UserName", name)]).await;
        Credentials::read(&answer)
    }

    /// Where calls may be stopped.
    pub fn steps(&self) -> &Steps {
        &self.steps
    }

    async fn send(
        &self,
        credentials: &Credentials,
        service: sigv4::Service,
        region: &str,
        given: &[(&'static str, &str)],
        body: &str,
    ) -> http::Response<bytes::Bytes> {
        let mut headers = HeaderMap::new();
        let mut header = |name, value: &str| headers.insert(name, HeaderValue::from_str(value).unwrap());
        header("host", "localhost");
        header("user-agent", "tests");
        for (name, value) in given {
            header(name, value);
        }
        if let Some(token) = &credentials.token {
            header("x-amz-security-token", token);
        }
        let secret = SecretString::new(credentials.secret.clone());
        let signer = Signer::new(&credentials.id, secret, region, service);
        let now = self.clock.now();
        signer
            .sign("POST", "/", "", &mut headers, body.as_bytes(), now)
            .unwrap();
        let mut bytes = SecretBuffer::with_capacity(body.len());
        bytes.extend(body.as_bytes());
        let request = Request {
            method: Method::POST,
            path: "/".to_owned(),
            query: String::new(),
            headers,
            body: bytes,
            peer: Peer {
                address: IpAddr::V4(Ipv4Addr::LOCALHOST),
                tls: None,
            },
        };
        self.engine.answer(request).await.http
    }

    /// Calls an operation in another Region, as the root user of [`ACCOUNT`].
    pub async fn call_in(&self, region: &str, operation: &str, body: Value) -> Answer {
        self.call_as(ACCOUNT, region, operation, body).await
    }

    /// Makes a key, and gives its id.
    pub async fn key(&self) -> String {
        self.key_with(json!({})).await
    }

    /// Makes a key with these members, and gives its id.
    pub async fn key_with(&self, members: Value) -> String {
        let made = self.call("CreateKey", members).await.ok();
        made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
    }

    /// The metadata of a key.
    pub async fn describe(&self, key: &str) -> Value {
        self.call("DescribeKey", json!({"KeyId": key})).await.ok()["KeyMetadata"].take()
    }

    /// Every audit record so far, oldest first.
    pub async fn records(&self) -> Vec<Value> {
        // Records become durable in their order, and this call is answered when its own is.
        self.call("ListKeys", json!({"Limit": 1})).await.ok();
        let mut reader = Reader::open(self.audit.path(), Start::Oldest).unwrap();
        let mut records = Vec::new();
        while let Some(frame) = reader.read().unwrap() {
            records.push(serde_json::from_str(&audit::render(&frame.entry().unwrap())).unwrap());
        }
        records.pop();
        records
    }

    /// The latest audit record.
    pub async fn record(&self) -> Value {
        self.records().await.pop().unwrap()
    }

    /// The latest audit record of this name.
    pub async fn record_of(&self, name: &str) -> Value {
        let mut records = self.records().await.into_iter();
        records.rfind(|record| record["eventName"] == name).unwrap()
    }

    /// Lets time pass in these steps until the background has left a record of this name, and gives it.
    pub async fn recorded(&self, name: &str, step: Duration) -> Value {
        for _ in 0..PATIENCE {
            let found = self
                .records()
                .await
                .into_iter()
                .find(|record| record["eventName"] == name);
            if let Some(record) = found {
                // The log has a record a little before callers see its change; they do when a later change is made.
                self.key().await;
                return record;
            }
            self.clock.advance(step);
            tokio::task::yield_now().await;
        }
        panic!("{name} was never recorded");
    }

    /// How many rows hold material of a key, in all Regions.
    pub fn material_rows(&self, key: &str) -> usize {
        self.rows_of(21, key)
    }

    /// How many pieces of work on a key are due some time.
    pub fn due_rows(&self, key: &str) -> usize {
        self.rows_of(5, key)
    }

    /// How many rows of a table name a key.
    fn rows_of(&self, table: u8, key: &str) -> usize {
        let digits = key.trim_start_matches("mrk-").replace('-', "");
        let id = u128::from_str_radix(&digits, 16).unwrap().to_be_bytes();
        let mut rows = 0;
        let mut count = |name: &[u8], _: u64, _: &[u8]| {
            rows += usize::from(name.windows(id.len()).any(|part| part == id));
        };
        let mut backend = self.memory.open().unwrap();
        backend.load(&[table], Some(&[table + 1]), &mut count).unwrap();
        rows
    }

    /// Waits until the worker has done all that is due now: it has taken on material that expires a millisecond later,
    /// which is the last of it.
    pub async fn settled(&self) {
        let alias = "alias/settled";
        let answer = self.call("DescribeKey", json!({"KeyId": alias})).await;
        let key = match answer.body["KeyMetadata"]["KeyId"].as_str() {
            Some(key) => key.to_owned(),
            None => {
                let key = self.imported(&[0; 32]).await;
                let members = json!({"AliasName": alias, "TargetKeyId": key});
                self.call("CreateAlias", members).await.ok();
                key
            }
        };
        let moment = Duration::from_millis(1);
        let end = self.clock.now().after(moment).milliseconds() as f64 / 1000.0;
        self.import(&key, &[0; 32], json!({"ValidTo": end})).await.ok();
        self.clock.advance(moment);
        for _ in 0..PATIENCE {
            if self.due_rows(&key) == 0 {
                // So that its own destruction never comes.
                self.import(&key, &[0; 32], json!({})).await.ok();
                return;
            }
            self.call("ListKeys", json!({})).await.ok();
        }
        panic!("the worker never came to rest");
    }

    /// Waits until `seen` holds of an answer, which the background brings about.
    pub async fn until(&self, operation: &str, body: Value, seen: impl Fn(&Answer) -> bool) -> Answer {
        for _ in 0..PATIENCE {
            let answer = self.call(operation, body.clone()).await;
            if seen(&answer) {
                return answer;
            }
            tokio::task::yield_now().await;
        }
        panic!("{operation} never showed what was waited for");
    }
}

static SERVICES: &[&Service] = &[&kms::KMS, &iam::IAM, &sts::STS, &admin::ADMIN];

/// Takes records, and keeps none.
struct NoLog;

impl OutboxSink for NoLog {
    fn queue(&self, _: u64, _: Vec<Vec<u8>>) {}
}

fn root_key() -> RootKey {
    RootKey::from_key(LockedKey::copied_from(&[7; 32]).unwrap()).unwrap()
}

fn open(memory: &Memory, audit: &TempDir, clock: &Arc<ManualClock>, steps: &Arc<Steps>) -> Installation {
    Installation::open(Options {
        audit: audit.path(),
        log: audit::Options::default(),
        backend: memory.open().unwrap(),
        root: Box::new(root_key()),
        store: StoreOptions::new(),
        services: SERVICES,
        regions: [REGION, OTHER_REGION, THIRD_REGION]
            .map(|region| region.parse().unwrap())
            .to_vec(),
        destruction_grace: GRACE,
        attestations: attestation::Verifier::trusting([attestation::NITRO_ROOT]).unwrap(),
        issuers: issuer::known(Arc::clone(clock) as Arc<dyn Clock>),
        on_unknown_members: Arc::new(|_| ()),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        entropy: Arc::clone(steps) as Arc<dyn Entropy>,
    })
    .unwrap()
}

impl Credentials {
    /// Those in an answer of IAM or STS.
    pub fn read(answer: &str) -> Credentials {
        let owned = |name| element(answer, name).map(str::to_owned);
        Credentials {
            id: owned("AccessKeyId").unwrap(),
            secret: owned("SecretAccessKey").unwrap(),
            token: owned("SessionToken"),
        }
    }

    /// Some that are nobody's.
    pub fn of_nobody() -> Credentials {
        let key = NewAccessKey::draw(&SystemEntropy).unwrap();
        Credentials {
            id: key.id.as_str().to_owned(),
            secret: key.secret.expose().to_owned(),
            token: None,
        }
    }

    /// The access key's id.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// The text of the first element of a name in an answer of IAM or STS.
pub fn element<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = answer.split_once(&format!("<{name}>"))?;
    Some(rest.split_once('<')?.0)
}

/// The ARN of a key of [`ACCOUNT`] in [`REGION`].
pub fn arn_of(key: &str) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}")
}

/// The ARN of an alias of [`ACCOUNT`] in [`REGION`].
pub fn alias_arn(alias: &str) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:{alias}")
}

/// The ARN of the root user of [`ACCOUNT`].
pub fn root() -> String {
    format!("arn:aws:iam::{ACCOUNT}:root")
}

/// The names of a JSON object's members.
pub fn members(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// A key policy of these statements.
pub fn policy(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// A statement about everybody.
pub fn statement(effect: &str, actions: &[&str]) -> Value {
    json!({"Effect": effect, "Principal": "*", "Action": actions, "Resource": "*"})
}

/// The number of an account.
pub fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

/// Waits for all of these, side by side.
pub async fn join_all<T>(calls: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut calls: Vec<_> = calls.into_iter().map(|call| (Box::pin(call), None)).collect();
    std::future::poll_fn(|context| {
        for (call, answer) in calls.iter_mut().filter(|(_, answer)| answer.is_none()) {
            if let Poll::Ready(ready) = call.as_mut().poll(context) {
                *answer = Some(ready);
            }
        }
        match calls.iter().all(|(_, answer)| answer.is_some()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    calls.into_iter().filter_map(|(_, answer)| answer).collect()
}
