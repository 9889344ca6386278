//! Nothing secret is on the disk or in the log lines: a search for what is known, in every form it could have.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ambient::{Entropy, EntropyFailed, SystemEntropy};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use crash::{Access, Client, client, host};
use serde_json::{Value, json};
use server::config::Tls;
use testkit::server::Launch;

/// A secret's bytes in the forms in which they could lie about.
fn forms(secret: &[u8]) -> BTreeMap<&'static str, Vec<u8>> {
    // In base64 a text looks different by where it begins in its group of three bytes. What depends on its neighbours
    // is left off at both ends.
    let base64 = |before: usize| {
        let mut padded = vec![0; before];
        padded.extend_from_slice(secret);
        let text = BASE64_STANDARD.encode(&padded);
        let first = (before * 8).div_ceil(6);
        let last = padded.len() * 8 / 6;
        text.as_bytes()[first..last].to_vec()
    };
    BTreeMap::from([
        ("raw", secret.to_vec()),
        ("hex", hex::encode(secret).into_bytes()),
        ("upper hex", hex::encode_upper(secret).into_bytes()),
        ("base64", base64(0)),
        ("base64, one byte in", base64(1)),
        ("base64, two bytes in", base64(2)),
    ])
}

/// Every file below a directory, by its path, without most zeros at its end.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let mut content = std::fs::read(&path).unwrap();
            // Room that was made ahead of need is zeros; no more of it is needed than a secret could end with.
            while content.pop_if(|last| *last == 0).is_some() {}
            content.extend_from_slice(&[0; 8]);
            found.push((path.display().to_string(), content));
        }
    }
    found
}

/// Where a secret is, in which form.
fn finds(places: &[(String, Vec<u8>)], what: &str, secret: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for (form, text) in forms(secret) {
        for (place, content) in places {
            if holds(content, &text) {
                found.push(format!("{what} ({form}) in {place}"));
            }
        }
    }
    found
}

fn holds(content: &[u8], text: &[u8]) -> bool {
    // Most of a file is zeros or the like, so the first byte is looked for first.
    let mut rest = content;
    while let Some(at) = rest.iter().position(|byte| *byte == text[0]) {
        if rest[at..].starts_with(text) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

#[test]
fn the_search_finds_what_is_there() {
    let secret: Vec<u8> = (100..132).collect();
    for before in 0..3 {
        let mut bytes = vec![7; before];
        bytes.extend_from_slice(&secret);
        bytes.extend_from_slice(b"more");
        let text = BASE64_STANDARD.encode(&bytes).into_bytes();
        assert_eq!(
            finds(&[("file".to_owned(), text)], "it", &secret).len(),
            1,
            "{before}"
        );
    }
    for text in [
        secret.clone(),
        hex::encode(&secret).into_bytes(),
        hex::encode_upper(&secret).into_bytes(),
    ] {
        assert_eq!(finds(&[("file".to_owned(), text)], "it", &secret).len(), 1);
    }
}

const PLAINTEXT: &[u8] = b"the merger closes on the ninth of November";
const REFUSED_PLAINTEXT: &[u8] = b"a plaintext of a call that was refused!";
const ALIAS: &str = "alias/Project_Nightingale_2031";
const DESCRIPTION: &str = "keys of the wholly unannounced venture";
const TAG: &str = "cost-center-of-the-quiet-office";

#[test]
fn plaintexts_and_keys_are_in_no_file_and_no_log_line_and_names_not_in_the_store() {
    let place = crash::scratch();
    let data = place.path().join("data");
    let start = || {
        Launch::on(&data)
            .unwrap()
            .arguments(["--tls", "off"])
            .start()
            .unwrap()
    };
    let server = start();
    let access = Access::of(&data).unwrap();
    let mut client = Client::connect(client::address_of(server.url()), &access).unwrap();
    let made = client.ok(
        "CreateKey",
        &json!({"Description": DESCRIPTION, "Tags": [{"TagKey": "office", "TagValue": TAG}]}),
    );
    let key = made.unwrap()["KeyMetadata"]["KeyId"].take();
    client
        .ok("CreateAlias", &json!({"AliasName": ALIAS, "TargetKeyId": key}))
        .unwrap();
    let mut secrets: Vec<(String, Vec<u8>)> = vec![
        ("a plaintext".to_owned(), PLAINTEXT.to_vec()),
        ("a refused plaintext".to_owned(), REFUSED_PLAINTEXT.to_vec()),
        (
            "the secret access key".to_owned(),
            access.secret.clone().into_bytes(),
        ),
    ];
    let root = std::fs::read_to_string(data.join("local/root.key")).unwrap();
    secrets.push(("the root key".to_owned(), hex::decode(root.trim()).unwrap()));
    let mut keep = |what: &str, answer: &Value| {
        let bytes = BASE64_STANDARD
            .decode(answer["Plaintext"].as_str().unwrap())
            .unwrap();
        secrets.push((what.to_owned(), bytes));
    };
    let plaintext = BASE64_STANDARD.encode(PLAINTEXT);
    let encrypt = json!({"KeyId": ALIAS, "Plaintext": plaintext, "EncryptionContext": {"of": "all"}});
    let sealed = client.ok("Encrypt", &encrypt).unwrap()["CiphertextBlob"].take();
    keep(
        "a plaintext",
        &client
            .ok(
                "Decrypt",
                &json!({"CiphertextBlob": sealed, "EncryptionContext": {"of": "all"}}),
            )
            .unwrap(),
    );
    let data_key = json!({"KeyId": key, "KeySpec": "AES_256"});
    for _ in 0..20 {
        keep("a data key", &client.ok("GenerateDataKey", &data_key).unwrap());
    }
    keep(
        "random bytes",
        &client
            .ok("GenerateRandom", &json!({"NumberOfBytes": 48}))
            .unwrap(),
    );
    client.ok("RotateKeyOnDemand", &json!({"KeyId": key})).unwrap();
    // Refusals of every kind, by calls that hold a plaintext.
    let refused = BASE64_STANDARD.encode(REFUSED_PLAINTEXT);
    for body in [
        json!({"KeyId": "alias/none", "Plaintext": refused}),
        json!({"KeyId": key, "Plaintext": refused, "EncryptionAlgorithm": "ROT13"}),
        json!({"KeyId": "", "Plaintext": refused}),
        json!({"KeyId": key, "Plaintext": format!("{refused}!")}),
        json!({"KeyId": key, "Plaintext": [refused]}),
        json!({"KeyId": key, "Plaintext": refused.repeat(120)}),
        json!({"KeyId": key, "Plaintext": refused, "DryRun": true}),
        json!({"KeyId": key, "Plaintext": refused, "Nonsense": 1}),
    ] {
        client.call("Encrypt", &body, "leaks").unwrap();
    }
    // An unauthenticated one: the secret's signature is of something else.
    let stranger = Access {
        secret: "0".repeat(40),
        ..access.clone()
    };
    let mut other = Client::connect(client::address_of(server.url()), &stranger).unwrap();
    let answer = other
        .call("Encrypt", &json!({"KeyId": key, "Plaintext": refused}), "leaks")
        .unwrap();
    assert_eq!(answer.status, 400);
    drop((client, other));

    // While it runs, after a kill, and after a stop in order: what lies in the log is moved about meanwhile.
    let mut found = Vec::new();
    let mut search = |stderr: String| {
        let mut places = files(&data.join("store"));
        let names = [ALIAS, DESCRIPTION, TAG].map(|name| name.trim_start_matches("alias/"));
        for name in names {
            found.extend(finds(&places, name, name.as_bytes()));
        }
        let log = files(&data.join("audit"));
        // The search works on these very files: what should be there is found.
        assert!(!finds(&log, "alias", ALIAS.as_bytes()).is_empty());
        assert!(!finds(&log, "description", DESCRIPTION.as_bytes()).is_empty());
        places.extend(log);
        places.push(("standard error".to_owned(), stderr.into_bytes()));
        for (what, secret) in &secrets {
            found.extend(finds(&places, what, secret));
        }
        let local = files(&data.join("local"));
        assert!(!finds(&local, "secret", access.secret.as_bytes()).is_empty());
        assert!(!finds(&local, "root key", &hex::decode(root.trim()).unwrap()).is_empty());
    };
    search(server.stderr());
    search(server.kill().unwrap().stderr);
    search(start().terminate().unwrap().stderr);
    assert!(found.is_empty(), "{}", found.join("\n"));
    crash::report(&format!("{} secrets in 6 forms each: none found", secrets.len()));
}

/// Random bytes that are noted down.
#[derive(Default)]
struct Overheard {
    drawn: Mutex<Vec<Vec<u8>>>,
}

impl Entropy for Overheard {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyFailed> {
        SystemEntropy.fill(bytes)?;
        self.drawn.lock().unwrap().push(bytes.to_vec());
        Ok(())
    }
}

#[test]
fn no_drawn_key_is_in_the_store_or_the_log() {
    let place = crash::scratch();
    let data = place.path().join("data");
    let entropy = Arc::new(Overheard::default());
    let server = host::start_with(&data, Tls::Off, entropy.clone()).unwrap();
    let access = Access::of(&data).unwrap();
    let mut client = Client::connect(client::address_of(&server.url), &access).unwrap();
    let mut public = Vec::new();
    for _ in 0..3 {
        let key = client.ok("CreateKey", &json!({})).unwrap()["KeyMetadata"]["KeyId"].take();
        for _ in 0..2 {
            client.ok("RotateKeyOnDemand", &json!({"KeyId": key})).unwrap();
        }
        client
            .ok("GenerateDataKey", &json!({"KeyId": key, "KeySpec": "AES_256"}))
            .unwrap();
        let all = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
        let listed = client.ok("ListKeyRotations", &all).unwrap();
        for material in listed["Rotations"].as_array().unwrap() {
            public.push(hex::decode(material["KeyMaterialId"].as_str().unwrap()).unwrap());
        }
    }
    drop(client);
    let drawn: Vec<Vec<u8>> = std::mem::take(&mut *entropy.drawn.lock().unwrap());
    // Keys are drawn 32 bytes at a time, and so are the materials' ids, which everybody may see.
    let keys: Vec<&Vec<u8>> = drawn.iter().filter(|bytes| bytes.len() == 32).collect();
    let ids = keys.iter().filter(|key| public.contains(key)).count();
    assert_eq!(ids, 9, "the ids of nine materials were drawn");
    let mut found = Vec::new();
    let mut search = || {
        let mut places = files(&data.join("store"));
        places.extend(files(&data.join("audit")));
        for key in keys.iter().filter(|key| !public.contains(key)) {
            found.extend(finds(&places, "a key", key));
        }
        // What is drawn and may be seen is found by the same search: ids of materials are in the log.
        assert!(public.iter().any(|id| !finds(&places, "an id", id).is_empty()));
    };
    search();
    server.stop();
    search();
    assert!(found.is_empty(), "{}", found.join("\n"));
    // The root key, the domain's key, nine materials and three data keys at the least.
    assert!(keys.len() >= 2 + 9 + 9 + 3, "{}", keys.len());
    crash::report(&format!(
        "{} drawn keys in 6 forms each: none found",
        keys.len() - ids
    ));
}
