//! Calls that look at what others do.

use serde_json::{Value, json};

use super::{Actor, Ended, locked};
use crate::call::{Effect, Register};
use crate::client::REGIONS;
use crate::kind::family_of;
use crate::survey::{alias_of, tags_of};

impl Actor<'_> {
    /// Lists the keys of a Region.
    pub(super) fn look_at_keys(&mut self) -> Result<(), Ended> {
        let region = REGIONS[self.chance(REGIONS.len())];
        let (mut call, body) = (self.begin("ListKeys", Effect::None), json!({"Limit": 1000}));
        let answer = self.client.call_in(region, "ListKeys", &body, &call.name);
        let answer = self.note(&mut call, answer, &body, None);
        if let Ok(Some(answer)) = &answer {
            let keys = answer["Keys"].as_array().unwrap().iter();
            call.keys_seen = keys
                .map(|key| key["KeyArn"].as_str().unwrap().to_owned())
                .collect();
        }
        self.told.calls.push(call);
        answer.map(drop)
    }

    /// Lists aliases.
    pub(super) fn look_at_aliases(&mut self) -> Result<(), Ended> {
        let body = json!({"Limit": 100});
        if let Some(answer) = self.call("ListAliases", &body, Effect::None, None)? {
            let aliases = answer["Aliases"].as_array().unwrap().iter().map(alias_of);
            let seen = aliases.map(|(name, target)| (Register::Alias(name), target));
            self.last().seen = seen.collect();
        }
        Ok(())
    }

    /// Looks at a key of anybody's.
    pub(super) fn look_at_somebody(&mut self) -> Result<(), Ended> {
        let kind = self.chance(5);
        if kind == 4 {
            return self.look_through_alias();
        }
        let known = locked(&self.ground.keys).clone();
        let recent = &known[known.len().saturating_sub(40)..];
        if recent.is_empty() {
            return self.create_key();
        }
        let (key, kind_of) = recent[self.chance(recent.len())].clone();
        let body = json!({ "KeyId": key });
        let operation = match kind {
            1 => "ListResourceTags",
            2 if kind_of.rotates() => "ListKeyRotations",
            3 if kind_of.rotates() => "GetKeyRotationStatus",
            _ => "DescribeKey",
        };
        if let Some(answer) = self.call(operation, &body, Effect::None, None)? {
            self.last().seen = shown(operation, &answer, &key);
        }
        Ok(())
    }

    /// Looks at the key that an alias of anybody's stands for.
    fn look_through_alias(&mut self) -> Result<(), Ended> {
        let known = locked(&self.ground.aliases).clone();
        if known.is_empty() {
            return self.look_at_aliases();
        }
        let alias = known[self.chance(known.len())].clone();
        let mut call = self.begin("DescribeKey", Effect::None);
        let body = json!({ "KeyId": alias });
        let answer = self.client.call("DescribeKey", &body, &call.name);
        let is_gone = answer
            .as_ref()
            .is_ok_and(|answer| answer.code() == "NotFoundException");
        let refusal = is_gone.then_some("NotFoundException");
        let answer = self.note(&mut call, answer, &body, refusal);
        let target = match &answer {
            Ok(Some(answer)) => answer["KeyMetadata"]["Arn"].as_str().map(str::to_owned),
            _ => is_gone.then(String::new),
        };
        call.seen = target
            .map(|target| (Register::Alias(alias), target))
            .into_iter()
            .collect();
        self.told.calls.push(call);
        answer.map(drop)
    }
}

/// What an answer shows of a key.
fn shown(operation: &str, answer: &Value, key: &str) -> Vec<(Register, String)> {
    let family = family_of(key).to_owned();
    match operation {
        "DescribeKey" => {
            let metadata = &answer["KeyMetadata"];
            let state = metadata["KeyState"].as_str().unwrap();
            let primary = metadata["MultiRegionConfiguration"]["PrimaryKey"]["Region"].as_str();
            let primary = primary.map(|region| (Register::Primary(family), region.to_owned()));
            let state = (Register::State(key.to_owned()), state.to_owned());
            primary.into_iter().chain([state]).collect()
        }
        "ListResourceTags" => vec![(Register::Tags(key.to_owned()), tags_of(answer))],
        "ListKeyRotations" => {
            let rotations = answer["Rotations"].as_array().unwrap().len();
            vec![(Register::Rotations(family), rotations.to_string())]
        }
        // A key that waits for its deletion shows no automatic rotation, whatever its register holds.
        _ if answer["KeyRotationEnabled"] == false => Vec::new(),
        _ => vec![(Register::Automatic(family), "true".to_owned())],
    }
}
