//! What an installation shows of itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::call::tags_text;
use crate::client::REGIONS;
use crate::import::{self, Parameters};
use crate::{Client, Ledger, Proof};

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
    /// What a multi-Region key says of its family.
    pub family: Option<Family>,
}

/// What a multi-Region key says of its family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// PRIMARY or REPLICA.
    pub role: String,
    /// The primary's Region.
    pub primary: String,
    /// The ARNs of all of them.
    pub keys: BTreeSet<String>,
    /// All material, oldest first, and last the id of the current one.
    pub materials: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// The ARNs of all keys, of both Regions.
    pub keys: BTreeSet<String>,
    /// All aliases, and the ARNs of the keys that they stand for.
    pub aliases: BTreeMap<String, String>,
    /// Facts of the keys that were looked at.
    pub facts: BTreeMap<String, Facts>,
}

impl Survey {
    /// Lists all keys and aliases, and looks at the keys that `wanted` names.
    pub fn of(clients: &mut [Client], wanted: impl Fn(&str) -> bool) -> Result<Survey, String> {
        let first = &mut clients[0];
        let (mut keys, mut aliases) = (BTreeSet::new(), BTreeMap::new());
        for region in REGIONS {
            let listed_keys = listed(first, region, "ListKeys", 1000, "Keys")?;
            keys.extend(listed_keys.iter().map(|key| text(&key["KeyArn"])));
            let listed_aliases = listed(first, region, "ListAliases", 100, "Aliases")?;
            aliases.extend(listed_aliases.iter().map(alias_of));
        }
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

/// Enables every key that is not, and gives those of them their material that proofs are by, so that all can be proved.
pub fn enable_all(
    client: &mut Client,
    survey: &Survey,
    ledger: &Ledger,
    parameters: &Parameters,
) -> Result<(), String> {
    for (key, facts) in &survey.facts {
        let body = json!({ "KeyId": key });
        if facts.state == "PendingDeletion" {
            client.ok("CancelKeyDeletion", &body)?;
        }
        if facts.state == "PendingImport" {
            if ledger.proofs.iter().any(|proof| proof.key == *key) {
                let parameters = parameters.ask(client, key)?;
                let import = import::import(key, &facts.description, &parameters);
                client.ok("ImportKeyMaterial", &import)?;
            }
        } else if facts.state != "Enabled" {
            client.ok("EnableKey", &body)?;
        }
    }
    Ok(())
}

/// Opens and verifies all; what is wrong with those that don't show what they should.
pub fn prove_all(clients: &mut [Client], proofs: &[Proof]) -> Vec<String> {
    let proved = side_by_side(clients, proofs, |client, proof| {
        let (operation, key) = (proof.operation, &proof.key);
        match client.ok(operation, &proof.body()) {
            Ok(answer) if answer[proof.member] == proof.value => None,
            Ok(_) => Some(format!("{operation} by {key} shows something else")),
            Err(why) => Some(format!("{operation} by {key} is refused: {why}")),
        }
    });
    proved.into_iter().flatten().collect()
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

fn listed(
    client: &mut Client,
    region: &str,
    operation: &str,
    limit: u64,
    member: &str,
) -> Result<Vec<Value>, String> {
    let mut all = Vec::new();
    let mut body = json!({ "Limit": limit });
    loop {
        let mut page = client.ok_in(region, operation, &body)?;
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
    let tags = tags_of(&client.ok("ListResourceTags", &by_id)?);
    let rotates = metadata["KeySpec"] == "SYMMETRIC_DEFAULT" && metadata["Origin"] == "AWS_KMS";
    let (mut rotations, mut automatic) = (0, false);
    if rotates {
        let listed = client.ok("ListKeyRotations", &by_id)?;
        rotations = listed["Rotations"].as_array().unwrap().len();
        let status = client.ok("GetKeyRotationStatus", &by_id)?;
        automatic = status["KeyRotationEnabled"].as_bool().unwrap();
    }
    let family = match metadata["MultiRegion"] == true {
        true => Some(family(client, key, &metadata)?),
        false => None,
    };
    Ok(Facts {
        description: text(&metadata["Description"]),
        state: text(&metadata["KeyState"]),
        tags,
        rotations,
        automatic,
        family,
    })
}

fn family(client: &mut Client, key: &str, metadata: &Value) -> Result<Family, String> {
    let all = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let listed = client.ok("ListKeyRotations", &all)?;
    let materials = listed["Rotations"].as_array().unwrap();
    let family = &metadata["MultiRegionConfiguration"];
    let replicas = family["ReplicaKeys"].as_array().unwrap();
    Ok(Family {
        role: text(&family["MultiRegionKeyType"]),
        primary: text(&family["PrimaryKey"]["Region"]),
        keys: replicas
            .iter()
            .chain([&family["PrimaryKey"]])
            .map(|relative| text(&relative["Arn"]))
            .collect(),
        materials: materials
            .iter()
            .map(|material| text(&material["KeyMaterialId"]))
            .chain([text(&metadata["CurrentKeyMaterialId"])])
            .collect(),
    })
}

/// The name of a listed alias, and the ARN of the key that it stands for.
pub fn alias_of(alias: &Value) -> (String, String) {
    let arn = text(&alias["AliasArn"]);
    let place = arn.split(":alias/").next().unwrap_or_default();
    let target = format!("{place}:key/{}", text(&alias["TargetKeyId"]));
    (text(&alias["AliasName"]), target)
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
