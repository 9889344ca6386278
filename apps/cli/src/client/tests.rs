//! The client against a real server.

use std::path::Path;
use std::sync::Arc;

use ambient::{ManualClock, SystemClock, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::commands::demo::host::Host;

async fn serving(data: &Path) -> Host {
    let mut host = Host::start(data).unwrap();
    host.ready().await.unwrap();
    host
}

fn client(data: &Path) -> Client {
    Client::of(data, Arc::new(SystemClock::start())).unwrap()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Random {
    plaintext: Confidential,
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_signed_answered_and_refused_over_one_connection() {
    let place = tempfile::tempdir().unwrap();
    let host = serving(place.path()).await;
    let mut client = client(place.path());
    let answer = client
        .call("GenerateRandom", &json!({ "NumberOfBytes": 24 }))
        .await
        .unwrap();
    assert_eq!(answer.request_id.len(), 36);
    let random: Random = answer.read("GenerateRandom").unwrap();
    assert_eq!(random.plaintext.0.len(), 24);
    let refused = client
        .call("DescribeKey", &json!({ "KeyId": "nonsense" }))
        .await
        .unwrap_err();
    let ClientError::Refused(refusal) = refused else {
        panic!("{refused}");
    };
    assert_eq!(refusal.code, "NotFoundException");
    assert_eq!(refusal.message.as_deref(), Some("Invalid keyId 'nonsense'"));
    assert_eq!(refusal.request_id.len(), 36);
    host.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_server_is_reached_over_a_new_connection() {
    let place = tempfile::tempdir().unwrap();
    let host = serving(place.path()).await;
    let mut caller = client(place.path());
    caller.call("ListKeys", &json!({})).await.unwrap();
    host.stop().await.unwrap();
    let gone = caller.call("ListKeys", &json!({})).await.unwrap_err();
    assert!(matches!(gone, ClientError::Unreachable { .. }), "{gone}");
    assert!(
        gone.to_string()
            .ends_with("start the server with `keystead server`")
    );
    let host = serving(place.path()).await;
    client(place.path()).call("ListKeys", &json!({})).await.unwrap();
    host.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_in_its_place_is_not_believed() {
    let (ours, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let host = serving(ours.path()).await;
    host.stop().await.unwrap();
    let stranger = serving(other.path()).await;
    std::fs::copy(
        other.path().join("local/config"),
        ours.path().join("local/config"),
    )
    .unwrap();
    let error = client(ours.path())
        .call("ListKeys", &json!({}))
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::Untrusted { .. }), "{error}");
    stranger.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_is_refused_by_the_certificate_or_the_signature() {
    let place = tempfile::tempdir().unwrap();
    let host = serving(place.path()).await;
    let late = ManualClock::at(Timestamp::from_seconds(32_503_680_000));
    let mut caller = Client::of(place.path(), Arc::new(late)).unwrap();
    let error = caller.call("ListKeys", &json!({})).await.unwrap_err();
    assert!(matches!(error, ClientError::Untrusted { .. }), "{error}");
    host.stop().await.unwrap();
}

#[test]
fn a_data_directory_that_is_none_or_lacks_a_file_is_told_by_name() {
    let place = tempfile::tempdir().unwrap();
    let refused = |data: &Path| {
        let clock = Arc::new(SystemClock::start());
        Client::of(data, clock).err().unwrap().to_string()
    };
    assert!(refused(place.path()).starts_with("there is no Keystead data directory at"));
    let local = place.path().join("local");
    std::fs::create_dir(&local).unwrap();
    let config = |endpoint: &str| format!("region = us-east-1\nendpoint_url = {endpoint}\n");
    std::fs::write(local.join("config"), config("http://127.0.0.1:1")).unwrap();
    assert!(refused(place.path()).contains("credentials gives no access key"));
    let key = "[keystead]\naws_access_key_id = AKIA\naws_secret_access_key = s\n";
    std::fs::write(local.join("credentials"), key).unwrap();
    assert!(refused(place.path()).contains("is not an address that is reached over TLS"));
    std::fs::write(local.join("config"), config("https://127.0.0.1:1")).unwrap();
    assert!(refused(place.path()).contains("ca.pem gives no certificate to trust"));
    std::fs::write(local.join("ca.pem"), "nothing").unwrap();
    assert!(refused(place.path()).contains("it holds no certificate"));
}
