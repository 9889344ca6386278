//! Clients that go away at any moment: each call that was authenticated leaves exactly one record, and its effect.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::future::Future;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ambient::{Clock, SystemClock, SystemEntropy};
use crash::client::REGIONS;
use crash::ledger::Made;
use crash::survey::Survey;
use crash::{
    ARGUMENTS, Access, Call, Client, Effect, Kind, Ledger, Outcome, Record, Register, client, records,
};
use crypto::root::RootKey;
use engine::{Engine, Installation, Options, Peer, Request, Response, Service};
use http::{HeaderMap, HeaderValue, Method};
use identity::NewAccessKey;
use secret::{LockedKey, SecretBuffer, SecretString};
use serde_json::{Value, json};
use sigv4::sign::Signer;
use store::StoreOptions;
use store_sqlite::Sqlite;
use testkit::Dice;
use testkit::server::Launch;

/// Makes a request's body for a call of this name.
type Body<'b> = &'b dyn Fn(&str) -> Value;

static SERVICES: &[&Service] = &[&kms::KMS];

/// An installation without a server around it.
struct Bare {
    engine: Arc<Engine>,
    clock: Arc<SystemClock>,
    key: NewAccessKey,
}

impl Bare {
    async fn start(data: &Path) -> Bare {
        let clock = Arc::new(SystemClock::start());
        let key = NewAccessKey::draw(&SystemEntropy).unwrap();
        std::fs::create_dir(data.join("store")).unwrap();
        let root = RootKey::from_key(LockedKey::copied_from(&[7; 32]).unwrap()).unwrap();
        let installation = Installation::open(Options {
            audit: &data.join("audit"),
            log: audit::Options::default(),
            backend: Box::new(Sqlite::open(&data.join("store")).unwrap()),
            root: Box::new(root),
            store: StoreOptions::new(),
            services: SERVICES,
            regions: vec![REGIONS[0].parse().unwrap()],
            destruction_grace: Duration::from_secs(3600),
            attestations: attestation::Verifier::trusting([attestation::NITRO_ROOT]).unwrap(),
            issuers: engine::Issuers::none(clock.clone()),
            on_unknown_members: Arc::new(|_| ()),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
        })
        .unwrap();
        let account = "111122223333".parse().unwrap();
        installation.create_account(account, &key).await.unwrap();
        Bare {
            engine: installation.start().await.unwrap(),
            clock,
            key,
        }
    }

    fn request(&self, operation: &str, body: &Value, agent: &str) -> Request {
        let body = body.to_string();
        let mut headers = HeaderMap::new();
        let mut header = |name, value: &str| headers.insert(name, HeaderValue::from_str(value).unwrap());
        header("host", "localhost");
        header("content-type", "application/x-amz-json-1.1");
        header("x-amz-target", &format!("TrentService.{operation}"));
        header("user-agent", agent);
        let secret = SecretString::new(self.key.secret.expose().to_owned());
        let usual = sigv4::Service::usual("kms");
        Signer::new(self.key.id.as_str(), secret, REGIONS[0], usual)
            .sign("POST", "/", "", &mut headers, body.as_bytes(), self.clock.now())
            .unwrap();
        let mut bytes = SecretBuffer::with_capacity(body.len());
        bytes.extend(body.as_bytes());
        Request {
            method: Method::POST,
            path: "/".to_owned(),
            query: String::new(),
            headers,
            body: bytes,
            peer: Peer {
                address: IpAddr::V4(Ipv4Addr::LOCALHOST),
                tls: None,
            },
        }
    }

    async fn ok(&self, operation: &str, body: &Value) -> Value {
        let response = self
            .engine
            .answer(self.request(operation, body, "checker"))
            .await
            .http;
        assert_eq!(response.status(), 200, "{operation}: {response:?}");
        serde_json::from_slice(response.body()).unwrap_or(Value::Null)
    }
}

/// Polls so often, lets all else run in between, and drops what is not ready by then.
async fn polled(answer: impl Future<Output = Response>, polls: usize) -> Option<Response> {
    let mut answer = pin!(answer);
    for _ in 0..polls {
        if let Poll::Ready(response) = answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(response);
        }
        tokio::task::yield_now().await;
    }
    None
}

#[test]
fn a_call_that_is_dropped_at_any_poll_leaves_exactly_one_record() {
    let place = crash::scratch();
    let data = place.path();
    // One thread, so that nothing goes on between two polls but what is let.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (mut names, mut dropped, mut tags) = (Vec::new(), 0, Vec::new());
    runtime.block_on(async {
        let bare = Bare::start(data).await;
        let key = bare.ok("CreateKey", &json!({})).await["KeyMetadata"]["KeyId"].take();
        let kinds: [(&str, Body<'_>); 5] = [
            ("Encrypt", &|_| json!({"KeyId": key, "Plaintext": "aGVsbG8="})),
            (
                "TagResource",
                &|name| json!({"KeyId": key, "Tags": [{"TagKey": "last", "TagValue": name}]}),
            ),
            ("DescribeKey", &|_| json!({"KeyId": "alias/nothing"})),
            ("Encrypt", &|_| json!({"KeyId": key, "Plaintext": 17})),
            (
                "Encrypt",
                &|_| json!({"KeyId": key, "Plaintext": "aGVsbG8=", "DryRun": true}),
            ),
        ];
        for (place, (operation, body)) in kinds.iter().enumerate() {
            // A flush that is over between two polls leaves nothing to drop, so each kind is begun again until it was
            // dropped while it waited for its flush, which is from the second poll on.
            let (mut round, mut polls, mut waited) = (0, 0, false);
            loop {
                let name = format!("{place}/{round}/{polls}");
                let request = bare.request(operation, &body(&name), &name);
                let answered = polled(bare.engine.answer(request), polls).await;
                // Never polled, it never began.
                if polls > 0 {
                    names.push((name.clone(), *operation));
                    if *operation == "TagResource" {
                        tags.push(name.clone());
                        // What was let go of goes on by itself; each change waits for those before.
                        let shown = |answer: &Value| answer["Tags"][0]["TagValue"].as_str() == Some(&name);
                        while !shown(&bare.ok("ListResourceTags", &json!({"KeyId": key})).await) {}
                    }
                }
                match answered {
                    None => {
                        waited |= polls > 1;
                        dropped += 1;
                        polls += 1;
                    }
                    Some(_) if waited => break,
                    Some(_) => {
                        round += 1;
                        polls = 0;
                        assert!(
                            round < 10_000,
                            "{operation} was always answered by its second poll"
                        );
                    }
                }
            }
        }
        bare.engine.close().await;
    });
    let records = records::read(data, 0).unwrap();
    let of = |name: &str| {
        records
            .iter()
            .filter(|record| record.agent == name)
            .collect::<Vec<&Record>>()
    };
    for (name, operation) in &names {
        let records = of(name);
        assert_eq!(records.len(), 1, "{name} {operation}");
        assert_eq!(records[0].operation, *operation);
    }
    let strangers = records.iter().filter(|record| {
        record.request_id.is_some()
            && record.agent != "checker"
            && names.iter().all(|(name, _)| *name != record.agent)
    });
    assert_eq!(strangers.count(), 0);
    assert!(!tags.is_empty());
    crash::report(&format!(
        "dropped at {dropped} polls, in {} calls: one record each",
        names.len()
    ));
}

#[test]
fn a_client_that_closes_its_socket_at_any_byte_leaves_at_most_one_record_and_no_half_effect() {
    let place = crash::scratch();
    let data = place.path().join("data");
    let start = || Launch::on(&data).unwrap().arguments(ARGUMENTS).start().unwrap();
    let server = start();
    let access = Access::of(&data).unwrap();
    let address = client::address_of(server.url());
    let mut steady = Client::connect(address, &access).unwrap();
    let keys: Vec<String> = (0..8)
        .map(|_| {
            let made = steady.ok("CreateKey", &json!({})).unwrap();
            made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut dice = Dice::new(crash::from_environment("KEYSTEAD_CANCEL_SEED", 1), 0);
    let (mut calls, mut whole, mut answered) = (Vec::new(), 0, 0);
    for number in 0..400_u64 {
        let name = format!("cut/{number}");
        let key = &keys[dice.between(0, keys.len() - 1)];
        let alias = format!("alias/cut/{number}");
        let (operation, body, effect) = match number % 4 {
            0 | 1 => (
                "CreateAlias",
                json!({"AliasName": alias, "TargetKeyId": key}),
                Effect::Write(Register::Alias(alias), key.clone()),
            ),
            2 => (
                "Encrypt",
                json!({"KeyId": key, "Plaintext": "aGVsbG8="}),
                Effect::None,
            ),
            _ => ("DescribeKey", json!({"KeyId": "alias/nothing"}), Effect::None),
        };
        let mut client = Client::connect(address, &access).unwrap();
        let request = client.request(REGIONS[0], operation, body.to_string().as_bytes(), &name);
        let complete = dice.between(0, 3) > 0;
        let sent = if complete {
            request.len()
        } else {
            dice.between(0, request.len() - 1)
        };
        let stream = client.stream();
        stream.write_all(&request[..sent]).unwrap();
        let mut must_have = false;
        match dice.between(0, 3) {
            0 => {}
            1 => stream.shutdown(Shutdown::Write).unwrap(),
            // From its first byte on there is an answer, and so a record.
            2 if complete => must_have = stream.read(&mut [0]).unwrap() == 1,
            _ => (0..dice.between(0, 20_000)).for_each(|_| std::hint::spin_loop()),
        }
        drop(client);
        whole += u64::from(complete);
        answered += u64::from(must_have);
        calls.push((
            must_have,
            Call {
                name,
                operation,
                sent: number + 1,
                answered: None,
                sent_at: 0,
                answered_at: None,
                request_id: None,
                outcome: Outcome::Unknown("the client went away".to_owned()),
                effect,
                made: None,
                seen: Vec::new(),
                keys_seen: Vec::new(),
                proof: None,
            },
        ));
    }
    drop(steady);
    // Walks that nobody waits for any more end before the server does.
    assert!(server.terminate().unwrap().status.success());
    let server = start();
    let mut clients = [Client::connect(client::address_of(server.url()), &access).unwrap()];
    let survey = Survey::of(&mut clients, |_| false).unwrap();
    let records = records::read(&data, 0).unwrap();
    let mut ledger = Ledger::default();
    let made = Made {
        kind: Kind::Usual,
        description: String::new(),
    };
    ledger.keys = keys.iter().map(|key| (key.clone(), made.clone())).collect();
    let only: Vec<Call> = calls.iter().map(|(_, call)| call.clone()).collect();
    let mut wrong = ledger.settle(&only, &records);
    wrong.extend(ledger.compare(&survey));
    let recorded = |call: &Call| records.iter().any(|record| record.agent == call.name);
    let unrecorded = calls
        .iter()
        .filter(|(must_have, call)| *must_have && !recorded(call));
    wrong.extend(unrecorded.map(|(_, call)| format!("{} was answered, and has no record", call.name)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let recorded = only.iter().filter(|call| recorded(call)).count();
    crash::report(&format!(
        "400 sockets closed, {whole} after the whole request, {answered} after the answer's first byte: {recorded} \
         calls were made and recorded, once each"
    ));
    assert!(recorded > 50 && answered > 20);
}
