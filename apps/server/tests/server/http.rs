//! What arrives, what is refused, and what a bad peer can not do.

use std::time::Duration;

use crate::client::{Raw, limits, post, text};
use crate::fake::{Running, Start, is_stuck, within};

const HEAD: &str = "POST / HTTP/1.1\r\nHost: kms.local:7400\r\n";

async fn server(start: impl FnOnce(&mut Start)) -> (tempfile::TempDir, Running) {
    let place = tempfile::tempdir().unwrap();
    let server = Start::plain(place.path()).with(start).run().await.unwrap();
    (place, server)
}

async fn refused(server: &Running, request: impl AsRef<[u8]>) -> String {
    let mut raw = Raw::connect(server).await;
    raw.send(request).await;
    raw.rest().await
}

fn assert_refusal(answer: &str, status: &str, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    let start = format!("{{\"__type\":\"{code}\",\"message\":\"");
    assert!(
        answer.split("\r\n\r\n").nth(1).unwrap().starts_with(&start),
        "{answer}"
    );
    assert!(
        answer.contains("content-type: application/x-amz-json-1.1"),
        "{answer}"
    );
    let id = answer.split("x-amzn-requestid: ").nth(1).unwrap();
    assert_eq!(id.find("\r\n"), Some(36), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn a_request_arrives_as_it_was_sent() {
    let (_place, server) = server(|_| {}).await;
    let mut raw = Raw::connect(&server).await;
    for _ in 0..2 {
        raw.send(
            "PUT /a%2Fb//c/../d?x=%20&y HTTP/1.1\r\nHost: kms.local:7400\r\nContent-Length: 3\r\n\r\nabc",
        )
        .await;
        let answer = raw.answer().await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(
            answer
                .ends_with("PUT /a%2Fb//c/../d ?x=%20&y host=kms.local:7400 body=3 peer=127.0.0.1 tls=plain"),
            "{answer}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn http2_brings_its_authority_as_host() {
    let (_place, server) = server(|_| {}).await;
    let stream = Raw::connect(&server).await.0;
    let answer = post(stream, true, "http://kms.local:7400/?q", vec![7; 200_000]).await;
    assert_eq!(answer.version(), ::http::Version::HTTP_2);
    assert_eq!(
        text(answer).await,
        "POST / ?q host=kms.local:7400 body=200000 peer=127.0.0.1 tls=plain"
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_unread_and_its_sender_hears_it() {
    let (_place, server) = server(|_| {}).await;
    let announced = refused(&server, format!("{HEAD}Content-Length: 1048577\r\n\r\n")).await;
    assert_refusal(&announced, "413", "RequestEntityTooLargeException");
    let mut sent = format!("{HEAD}Content-Length: 3000000\r\n\r\n").into_bytes();
    sent.resize(sent.len() + 3_000_000, b'x');
    assert_refusal(
        &refused(&server, sent).await,
        "413",
        "RequestEntityTooLargeException",
    );
    let mut chunked = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..17 {
        chunked.extend_from_slice(b"10000\r\n");
        chunked.resize(chunked.len() + 0x10000, b'x');
        chunked.extend_from_slice(b"\r\n");
    }
    assert_refusal(
        &refused(&server, chunked).await,
        "413",
        "RequestEntityTooLargeException",
    );
    let waits = refused(
        &server,
        format!("{HEAD}Content-Length: 2000000\r\nExpect: 100-continue\r\n\r\n"),
    )
    .await;
    assert_refusal(&waits, "413", "RequestEntityTooLargeException");
}

#[tokio::test]
async fn http2_hears_of_a_body_over_the_limit() {
    let (_place, server) = server(|_| {}).await;
    let stream = Raw::connect(&server).await.0;
    let answer = post(stream, true, "http://kms.local:7400/", vec![7; 1_100_000]).await;
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn bodies_up_to_the_limit_arrive_in_one_piece_or_in_chunks() {
    let (_place, server) = server(|_| {}).await;
    let mut raw = Raw::connect(&server).await;
    let mut whole = format!("{HEAD}Content-Length: 1048576\r\n\r\n").into_bytes();
    whole.resize(whole.len() + 1_048_576, b'x');
    raw.send(whole).await;
    assert!(raw.answer().await.contains("body=1048576"));
    raw.send(format!(
        "{HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    ))
    .await;
    assert!(raw.answer().await.contains("body=5"));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let short = limits(|limits| limits.body_time = Duration::from_millis(50));
    let (_place, server) = server(|start| start.limits = short).await;
    let slow = refused(&server, format!("{HEAD}Content-Length: 10\r\n\r\nabc")).await;
    assert_refusal(&slow, "408", "RequestTimeoutException");
}

#[tokio::test]
async fn an_encoded_body_is_refused() {
    let (_place, server) = server(|_| {}).await;
    let encoded = refused(
        &server,
        format!("{HEAD}Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"),
    )
    .await;
    assert_refusal(&encoded, "400", "MalformedHttpRequestException");
}

#[tokio::test]
async fn a_head_over_the_limit_is_refused() {
    let (_place, server) = server(|_| {}).await;
    let large = refused(&server, format!("{HEAD}X: {}\r\n\r\n", "x".repeat(17_000))).await;
    assert_refusal(&large, "431", "RequestHeaderFieldsTooLargeException");
    let target = format!("GET /?{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(17_000));
    assert_refusal(
        &refused(&server, target).await,
        "431",
        "RequestHeaderFieldsTooLargeException",
    );
    let huge = refused(&server, format!("{HEAD}X: {}\r\n\r\n", "x".repeat(200_000))).await;
    assert!(huge.starts_with("HTTP/1.1 431"), "{huge}");
    let many = refused(&server, format!("{HEAD}{}\r\n", "X: y\r\n".repeat(101))).await;
    assert!(many.starts_with("HTTP/1.1 431"), "{many}");
}

#[tokio::test]
async fn a_request_without_one_host_is_refused() {
    let (_place, server) = server(|_| {}).await;
    for request in [
        "POST / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "POST http://a/ HTTP/1.1\r\nHost: b\r\n\r\n",
    ] {
        assert_refusal(
            &refused(&server, request).await,
            "400",
            "MalformedHttpRequestException",
        );
    }
}

#[tokio::test]
async fn garbage_ends_its_connection_and_nothing_else() {
    let (_place, server) = server(|_| {}).await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost : h\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot a frame at all, but long enough to look at",
        &[0; 4096],
    ] {
        let mut raw = Raw::connect(&server).await;
        raw.send(garbage).await;
        raw.finish().await;
        let answer = raw.rest().await;
        assert!(!answer.contains("200 OK"), "{garbage:?}: {answer}");
    }
    let stream = Raw::connect(&server).await.0;
    assert_eq!(post(stream, false, "http://h/", Vec::new()).await.status(), 200);
}

#[tokio::test]
async fn all_bodies_together_have_a_bound() {
    let tight = limits(|limits| {
        limits.bodies = 100_000;
        limits.body_time = Duration::from_millis(200);
    });
    let (_place, server) = server(|start| start.limits = tight).await;
    let mut holder = Raw::connect(&server).await;
    let mut held = b"POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 80000\r\n\r\n".to_vec();
    held.resize(held.len() + 80_000, b'x');
    holder.send(held).await;
    within(server.fake.0.arrived.notified()).await;

    let mut next = format!("{HEAD}Content-Length: 50000\r\n\r\n").into_bytes();
    next.resize(next.len() + 50_000, b'x');
    assert_refusal(&refused(&server, &next).await, "503", "ServiceUnavailable");

    let mut waits = Raw::connect(&server).await;
    waits.send(&next).await;
    server.fake.0.release.notify_one();
    assert!(holder.answer().await.contains("body=80000"));
    assert!(waits.answer().await.contains("body=50000"));
}

#[tokio::test]
async fn connections_over_the_limit_wait_until_there_is_room() {
    let few = limits(|limits| limits.connections = 2);
    let (_place, server) = server(|start| start.limits = few).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut raw = Raw::connect(&server).await;
        raw.send(format!("{HEAD}\r\n")).await;
        raw.answer().await;
        open.push(raw);
    }
    let mut third = Raw::connect(&server).await;
    third.send(format!("{HEAD}\r\n")).await;
    assert!(is_stuck(third.answer()).await);
    open.pop();
    assert!(third.answer().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let brief = limits(|limits| {
        limits.idle = Duration::from_millis(50);
        limits.farewell = Duration::from_millis(50);
    });
    let (_place, server) = server(|start| start.limits = brief).await;
    let mut silent = Raw::connect(&server).await;
    assert_eq!(silent.rest().await, "");
    let mut halfway = Raw::connect(&server).await;
    halfway.send("POST / HT").await;
    halfway.rest().await;
    let mut preface = Raw::connect(&server).await;
    preface.send("PRI * HTTP/2.0\r\n\r\nSM").await;
    preface.rest().await;
    let mut settled = Raw::connect(&server).await;
    settled
        .send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await;
    settled.rest().await;
    let mut served = Raw::connect(&server).await;
    served.send(format!("{HEAD}\r\n")).await;
    assert!(served.rest().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_at_work_is_not_idle() {
    let brief = limits(|limits| limits.idle = Duration::from_millis(20));
    let (_place, server) = server(|start| start.limits = brief).await;
    let mut raw = Raw::connect(&server).await;
    raw.send("POST /hold HTTP/1.1\r\nHost: h\r\n\r\n").await;
    within(server.fake.0.arrived.notified()).await;
    assert!(is_stuck(raw.answer()).await);
    server.fake.0.release.notify_one();
    assert!(raw.answer().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_peer_that_goes_away_gives_back_what_it_held() {
    let tight = limits(|limits| {
        limits.connections = 1;
        limits.bodies = 1000;
    });
    let (_place, server) = server(|start| start.limits = tight).await;
    for request in [
        "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc",
        "POST / HT",
        "",
    ] {
        let mut raw = Raw::connect(&server).await;
        raw.send(request).await;
        if request.contains("hold") {
            within(server.fake.0.arrived.notified()).await;
        }
    }
    let stream = Raw::connect(&server).await.0;
    assert_eq!(
        post(stream, false, "http://h/", vec![0; 1000]).await.status(),
        200
    );
}
