//! What TLS agrees on, and how certificates come and go.

use std::time::Duration;

use ambient::Timestamp;
use rustls::version::{TLS12, TLS13};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::client::{Raw, limits, post, text, tls_config, tls_config_at, tls_connect};
use crate::fake::{Fake, NOW, Running, Start, within};

const DAY: Duration = Duration::from_secs(86_400);

async fn server() -> (tempfile::TempDir, Running) {
    let place = tempfile::tempdir().unwrap();
    let server = Start::secured(place.path()).run().await.unwrap();
    (place, server)
}

async fn leaf(server: &Running, now: Timestamp) -> Vec<u8> {
    let stream = tls_connect(server, tls_config_at(now, &server.read("ca.pem"), &[&TLS13], &[]))
        .await
        .unwrap();
    let certificates = stream.get_ref().1.peer_certificates().unwrap();
    assert_eq!(certificates.len(), 1);
    certificates[0].to_vec()
}

#[tokio::test]
async fn tls_1_3_prefers_the_hybrid_key_exchange_and_http2() {
    let (_place, server) = server().await;
    let config = tls_config(&server.read("ca.pem"), &[&TLS13, &TLS12], &[b"http/1.1", b"h2"]);
    let stream = tls_connect(&server, config).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let answer = text(post(stream, true, "https://kms.local/", vec![1; 5]).await).await;
    assert!(
        answer.contains("body=5 peer=127.0.0.1 tls=TLSv1.3 TLS_AES_"),
        "{answer}"
    );
    assert!(answer.ends_with("Some(\"X25519MLKEM768\")"), "{answer}");
}

#[tokio::test]
async fn tls_1_2_still_works() {
    let (_place, server) = server().await;
    let config = tls_config(&server.read("ca.pem"), &[&TLS12], &[b"http/1.1"]);
    let stream = tls_connect(&server, config).await.unwrap();
    let answer = text(post(stream, false, "https://kms.local/", Vec::new()).await).await;
    assert!(
        answer.contains("tls=TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 Some(\"X25519"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_client_that_trusts_another_authority_is_not_served() {
    let (_one, server_one) = server().await;
    let (_two, server_two) = server().await;
    let config = tls_config(&server_two.read("ca.pem"), &[&TLS13], &[]);
    assert!(tls_connect(&server_one, config).await.is_err());
}

#[tokio::test]
async fn a_handshake_that_stalls_or_is_none_is_ended() {
    let place = tempfile::tempdir().unwrap();
    let brief = limits(|limits| limits.handshake = Duration::from_millis(50));
    let server = Start::secured(place.path())
        .with(|start| start.limits = brief)
        .run()
        .await
        .unwrap();
    let mut silent = Raw::connect(&server).await;
    assert_eq!(silent.rest().await, "");
    let mut plain = Raw::connect(&server).await;
    plain.send("POST / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert!(!plain.rest().await.contains("HTTP/1.1 200"));
    let mut admin = TcpStream::connect(server.admin()).await.unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut admin, request.as_bytes())
        .await
        .unwrap();
    let mut metrics = String::new();
    within(admin.read_to_string(&mut metrics)).await.unwrap();
    assert!(
        metrics.contains("keystead_handshakes_failed_total 2"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_certificate_is_replaced_when_a_third_of_its_life_is_left() {
    let (_place, server) = server().await;
    let first = leaf(&server, NOW).await;
    server.clock.advance(DAY * 61);
    within(async {
        while leaf(&server, NOW.after(DAY * 61)).await == first {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_ne!(
        leaf(&server, NOW.after(DAY * 150)).await,
        first,
        "past the first one's end"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_the_certificate_unless_it_is_damaged_or_lacks_a_name() {
    let place = tempfile::tempdir().unwrap();
    let fake = Fake::default();
    let again = |names: &[&str]| {
        let names = names.iter().map(|name| name.parse().unwrap()).collect();
        let fake = fake.clone();
        Start::secured(place.path()).with(move |start| {
            start.fake = fake;
            start.options.tls_name = Some(names);
        })
    };
    let server = again(&[]).run().await.unwrap();
    let (first, authority) = (leaf(&server, NOW).await, server.read("ca.pem"));
    server.stop().await;

    let server = again(&[]).run().await.unwrap();
    assert_eq!(leaf(&server, NOW).await, first);
    std::fs::write(server.local("server.key"), "damaged").unwrap();
    std::fs::remove_file(server.local("ca.pem")).unwrap();
    server.stop().await;

    let server = again(&[]).run().await.unwrap();
    let second = leaf(&server, NOW).await;
    assert_ne!(second, first);
    assert_eq!(server.read("ca.pem"), authority);
    server.stop().await;

    let server = again(&["kms.example"]).run().await.unwrap();
    assert_ne!(leaf(&server, NOW).await, second);
    assert_ne!(
        server.read("ca.pem"),
        authority,
        "the old authority may not speak for the new name"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_given_certificate_is_used_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let made = server::certificates::Names::from_iter([]);
    let authority = server::certificates::Authority::make(&made, NOW).unwrap();
    let issued = server::certificates::issue(&authority, &made, NOW).unwrap();
    let (certificate, key) = (place.path().join("c.pem"), place.path().join("k.pem"));
    std::fs::write(&certificate, &issued.certificate).unwrap();
    std::fs::write(&key, issued.key.expose()).unwrap();
    let start = || {
        Start::secured(place.path()).with(|start| {
            start.options.tls = Some(server::config::Tls::Files {
                certificate: certificate.clone(),
                key: key.clone(),
            });
        })
    };
    let exposed = start().run().await.err().unwrap().to_string();
    assert!(exposed.contains("run `chmod 600"), "{exposed}");

    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let server = start().run().await.unwrap();
    let config = tls_config(&authority.certificate, &[&TLS13], &[]);
    assert!(tls_connect(&server, config).await.is_ok());
    assert!(!server.read("config").contains("ca_bundle"));
    server.stop().await;

    let other = server::certificates::issue(&authority, &made, NOW).unwrap();
    std::fs::write(&certificate, &other.certificate).unwrap();
    let unfit = start().run().await.err().unwrap().to_string();
    assert!(
        unfit.contains("does not fit the certificate") && !unfit.contains('\n'),
        "{unfit}"
    );
    std::fs::remove_file(&certificate).unwrap();
    let missing = start().run().await.err().unwrap().to_string();
    assert!(missing.contains("c.pem can't be read"), "{missing}");
}
