//! Starting, being killed while starting, and stopping.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use server::start::StartError;
use server::{DirectoryError, Profile, RootKeyError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Raw, limits};
use crate::fake::{Fake, Start, is_stuck, within};

async fn admin(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

fn files(data: &Path) -> BTreeMap<String, Vec<u8>> {
    let local = std::fs::read_dir(data.join("local")).unwrap();
    local
        .map(|entry| {
            let path = entry.unwrap().path();
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read(path).unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_first_start_makes_what_clients_need_and_says_how_to_go_on() {
    let place = tempfile::tempdir().unwrap();
    let server = Start::secured(place.path()).run().await.unwrap();
    let (address, port) = (server.address(), server.admin());
    assert_eq!(
        server.lines,
        [
            format!("keystead is ready: https://{address} (admin http://{port})"),
            format!(
                "to use it: eval \"$(keystead env --data-dir {})\"",
                server.data.display()
            ),
        ]
    );
    let made: Vec<String> = files(&server.data).into_keys().collect();
    assert_eq!(
        made,
        [
            "ca.pem",
            "config",
            "credentials",
            "lock",
            "operator-credentials",
            "root.key",
            "server.key",
            "server.pem"
        ]
    );
    let profile = Profile::read(&server.data).unwrap();
    assert_eq!(profile.endpoint, format!("https://{address}"));
    assert_eq!(profile.region, "us-east-1");
    assert_eq!(profile.ca_bundle.as_deref(), server.local("ca.pem").to_str());
    assert!(
        server
            .read("credentials")
            .starts_with("[keystead]\naws_access_key_id = AKIA")
    );
    server.stop().await;
}

#[tokio::test]
async fn a_later_start_changes_nothing_but_the_port() {
    let place = tempfile::tempdir().unwrap();
    let fake = Fake::default();
    let start = || Start::secured(place.path()).with(|start| start.fake = fake.clone());
    let server = start().run().await.unwrap();
    let mut first = files(&server.data);
    std::fs::remove_file(server.local("credentials")).unwrap();
    server.stop().await;

    let server = start().run().await.unwrap();
    assert_eq!(server.lines.len(), 1);
    let mut second = files(&server.data);
    assert!(
        first.remove("credentials").is_some(),
        "an operator who took the credentials away keeps them away"
    );
    assert!(
        String::from_utf8(second.remove("config").unwrap())
            .unwrap()
            .contains(&server.address())
    );
    first.remove("config");
    assert_eq!(first, second);
    server.stop().await;
}

#[tokio::test]
async fn a_first_start_that_is_killed_is_completed_by_the_next() {
    let steps = [
        "lock",
        "root.key",
        "credentials",
        "operator-credentials",
        "ca.pem",
        "server.key",
        "server.pem",
    ];
    for killed_after in 0..=steps.len() {
        let place = tempfile::tempdir().unwrap();
        let fake = Fake::default();
        let start = || Start::secured(place.path()).with(|start| start.fake = fake.clone());
        let server = start().run().await.unwrap();
        let data = server.data.clone();
        let before = files(&data);
        server.stop().await;

        for name in before
            .keys()
            .filter(|name| !steps[..killed_after].contains(&name.as_str()))
        {
            std::fs::remove_file(data.join("local").join(name)).unwrap();
        }
        std::fs::write(data.join("local/.unfinished-root.key"), "half a k").unwrap();
        if killed_after < 2 {
            std::fs::remove_dir_all(data.join("store")).unwrap();
            fake.0.root_keys.lock().unwrap().clear();
        }
        if killed_after < 3 {
            // The store knows the account only once its access key's file is durable.
            fake.0.accounts.lock().unwrap().clear();
            fake.0.secrets.lock().unwrap().clear();
        }
        if killed_after < 4 {
            // As little does it know the operator before.
            fake.0.operators.lock().unwrap().clear();
        }

        let server = start().run().await.unwrap();
        assert_eq!(
            server.lines.len(),
            2,
            "still the first start that was ever completed"
        );
        let after = files(&data);
        assert_eq!(
            after.keys().collect::<Vec<_>>(),
            before.keys().collect::<Vec<_>>(),
            "{killed_after}"
        );
        if killed_after >= 2 {
            assert_eq!(after["root.key"], before["root.key"], "{killed_after}");
        }
        let keys = fake.0.root_keys.lock().unwrap().clone();
        assert!(
            keys.iter().all(|key| *key == keys[0]),
            "one key has sealed everything: {killed_after}"
        );
        server.stop().await;
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_directory_or_port_is_refused_in_one_line() {
    let place = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let server = Start::plain(place.path()).run().await.unwrap();
    let error = Start::plain(place.path()).run().await.err().unwrap();
    assert!(
        matches!(error, StartError::Directory(DirectoryError::InUse { .. })),
        "{error}"
    );

    let address = server.address();
    let busy = Start::plain(other.path()).with(|start| start.options.listen = Some(address.parse().unwrap()));
    let error = busy.run().await.err().unwrap().to_string();
    assert!(
        error.starts_with(&format!("{address} can't be listened on (")),
        "{error}"
    );
    assert!(
        error.ends_with("stop what uses it, or give another --listen") && !error.contains('\n'),
        "{error}"
    );
    assert!(!other.path().join("data/local/root.key").exists());
    server.stop().await;
}

#[tokio::test]
async fn a_start_without_its_root_key_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let server = Start::plain(place.path()).run().await.unwrap();
    let key = server.local("root.key");
    server.stop().await;
    std::fs::remove_file(&key).unwrap();
    let error = Start::plain(place.path()).run().await.err().unwrap();
    assert!(
        matches!(error, StartError::RootKey(RootKeyError::Missing(_))),
        "{error}"
    );
    assert!(!key.exists());
}

#[tokio::test]
async fn requests_under_way_end_before_the_server_does() {
    let place = tempfile::tempdir().unwrap();
    let server = Start::plain(place.path()).run().await.unwrap();
    let mut idle = Raw::connect(&server).await;
    let mut held = Raw::connect(&server).await;
    held.send("POST /hold HTTP/1.1\r\nHost: h\r\n\r\n").await;
    within(server.fake.0.arrived.notified()).await;
    let (address, port) = (server.address(), server.admin());
    assert!(admin(&port, "GET /readyz").await.starts_with("HTTP/1.1 200"));

    server.ask_to_stop().await;
    assert_eq!(idle.rest().await, "");
    within(async {
        while TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(admin(&port, "GET /readyz").await.contains("not ready: stopping"));
    assert!(admin(&port, "GET /healthz").await.starts_with("HTTP/1.1 200"));
    assert!(is_stuck(held.answer()).await);
    server.fake.0.release.notify_one();
    let answer = held.rest().await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"),
        "{answer}"
    );
    server.end().await.unwrap();
}

#[tokio::test]
async fn requests_that_do_not_end_are_cut_at_the_deadline_or_at_a_second_signal() {
    for second_signal in [false, true] {
        let place = tempfile::tempdir().unwrap();
        let brief =
            limits(|limits| limits.drain = Duration::from_millis(if second_signal { 600_000 } else { 50 }));
        let server = Start::plain(place.path())
            .with(|start| start.limits = brief)
            .run()
            .await
            .unwrap();
        let mut held = Raw::connect(&server).await;
        held.send("POST /hold HTTP/1.1\r\nHost: h\r\n\r\n").await;
        within(server.fake.0.arrived.notified()).await;
        server.ask_to_stop().await;
        if second_signal {
            server.ask_to_stop().await;
        }
        server.end().await.unwrap();
        assert_eq!(held.rest().await, "");
    }
}

#[tokio::test]
async fn metrics_tell_what_was_answered_and_refused() {
    let place = tempfile::tempdir().unwrap();
    let server = Start::plain(place.path()).run().await.unwrap();
    let mut raw = Raw::connect(&server).await;
    raw.send("POST / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    raw.answer().await;
    raw.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n")
        .await;
    raw.rest().await;
    let metrics = admin(&server.admin(), "GET /metrics").await;
    for line in [
        "keystead_requests_total{operation=\"Describe\",outcome=\"ok\"} 1",
        "keystead_refused_total{reason=\"body too large\"} 1",
        "keystead_request_duration_seconds_count{operation=\"Describe\"} 1",
        "keystead_connections_accepted_total 1",
        "# EOF",
    ] {
        assert!(
            metrics.lines().any(|there| there == line),
            "{line} is not in\n{metrics}"
        );
    }
    server.stop().await;
}
