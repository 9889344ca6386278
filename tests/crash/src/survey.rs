//! What an installation shows of itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::call::tags_text;
use crate::{Client, Sealed};

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The description.
    pub description: String,
    /// The state, by AWS's name.
    pub state: String,
    /// As [`tags_text`] writes them.
    pub tags: String,
    /// How often it was rotated on demand.
    pub rotations: usize,
    /// Whether it is rotated automatically.
    pub automatic: bool,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// The ids of all keys.
    pub keys: BTreeSet<String>,
    /// All aliases and the keys that they stand for.
    pub aliases: BTreeMap<String, String>,
    /// Facts of the keys that were looked at.
    pub facts: BTreeMap<String, Facts>,
}

impl Survey {
    /// Lists all keys and aliases, and looks at the keys that `wanted` names.
    pub fn of(clients: &mut [Client], wanted: impl Fn(&str) -> bool) -> Result<Survey, String> {
        let first = &mut clients[0];
        let keys: BTreeSet<String> = listed(first, "ListKeys", 1000, "Keys")?
            .iter()
            .map(|key| text(&key["KeyId"]))
            .collect();
        let aliases = listed(first, "ListAliases", 100, "Aliases")?
            .iter()
            .map(|alias| (text(&alias["AliasName"]), text(&alias["TargetKeyId"])))
            .collect();
        let wanted: Vec<&String> = keys.iter().filter(|key| wanted(key)).collect();
        let facts = side_by_side(clients, &wanted, |client, key| {
            Ok(((*key).clone(), facts(client, key)?))
        });
        Ok(Survey {
            aliases,
            facts: facts.into_iter().collect::<Result<_, String>>()?,
            keys,
        })
    }
}

/// Enables every key that is not, so that all ciphertexts can be opened.
pub fn enable_all(client: &mut Client, survey: &Survey) -> Result<(), String> {
    for (key, facts) in &survey.facts {
        let body = json!({ "KeyId": key });
        if facts.state == "PendingDeletion" {
            client.ok("CancelKeyDeletion", &body)?;
        }
        if facts.state != "Enabled" {
            client.ok("EnableKey", &body)?;
        }
    }
    Ok(())
}

/// Opens each ciphertext; what is wrong with those that don't open to what they should.
pub fn open_all(clients: &mut [Client], sealed: &[&Sealed]) -> Vec<String> {
    let opened = side_by_side(clients, sealed, |client, sealed| {
        let body = json!({"CiphertextBlob": sealed.ciphertext, "EncryptionContext": sealed.context});
        let answer = client.ok("Decrypt", &body);
        match answer.as_ref().map(|answer| answer["Plaintext"].as_str()) {
            Ok(Some(plaintext)) if plaintext == sealed.plaintext => None,
            Ok(_) => Some(format!("a ciphertext of {} opens to something else", sealed.key)),
            Err(why) => Some(format!("a ciphertext of {} does not open: {why}", sealed.key)),
        }
    });
    opened.into_iter().flatten().collect()
}

/// Does the same for each of `all`, spread over the clients.
fn side_by_side<I: Sync, T: Send>(
    clients: &mut [Client],
    all: &[I],
    each: impl Fn(&mut Client, &I) -> T + Sync,
) -> Vec<T> {
    let share = all.len().div_ceil(clients.len()).max(1);
    if clients.len() == 1 {
        return all.iter().map(|one| each(&mut clients[0], one)).collect();
    }
    std::thread::scope(|scope| {
        let working: Vec<_> = clients
            .iter_mut()
            .zip(all.chunks(share))
            .map(|(client, part)| {
                let each = &each;
                scope.spawn(move || part.iter().map(|one| each(client, one)).collect::<Vec<T>>())
            })
            .collect();
        working
            .into_iter()
            .flat_map(|part| part.join().unwrap())
            .collect()
    })
}

fn listed(client: &mut Client, operation: &str, limit: u64, member: &str) -> Result<Vec<Value>, String> {
    let mut all = Vec::new();
    let mut body = json!({ "Limit": limit });
    loop {
        let mut page = client.ok(operation, &body)?;
        all.append(page[member].as_array_mut().unwrap());
        if page["Truncated"] != true {
            return Ok(all);
        }
        body["Marker"] = page["NextMarker"].take();
    }
}

fn facts(client: &mut Client, key: &str) -> Result<Facts, String> {
    let by_id = json!({ "KeyId": key });
    let metadata = client.ok("DescribeKey", &by_id)?["KeyMetadata"].take();
    let state = text(&metadata["KeyState"]);
    let tags = tags_of(&client.ok("ListResourceTags", &by_id)?);
    let rotations = client.ok("ListKeyRotations", &by_id)?["Rotations"]
        .as_array()
        .unwrap()
        .len();
    let status = client.ok("GetKeyRotationStatus", &by_id)?;
    Ok(Facts {
        description: text(&metadata["Description"]),
        tags,
        rotations,
        automatic: status["KeyRotationEnabled"].as_bool().unwrap(),
        state,
    })
}

/// The tags in an answer to ListResourceTags.
pub fn tags_of(answer: &Value) -> String {
    let tags = answer["Tags"].as_array().unwrap();
    tags_text(
        tags.iter()
            .map(|tag| (tag["TagKey"].as_str().unwrap(), tag["TagValue"].as_str().unwrap())),
    )
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
