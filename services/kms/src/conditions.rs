//! What policies see of keys, and of requests beyond the members that stand under a condition key as they are.
//!
//! Sources: KMS Developer Guide, "AWS KMS condition keys"; Service Authorization Reference, "Condition keys for AWS Key
//! Management Service".

use arn::Place;
use engine::{Asked, Asking, ConditionKey, Described, Found, Strength};
use store::StoreError;

use crate::key_id::Reference;
use crate::records::{Aliases, BY_TARGET, Key, Relatives, alias_of_entry, target_prefix};
use crate::tags::{Tag, TagKey};
use crate::target::KeyTarget;
use crate::{grants, key_policy, limits};

/// A key that is about to be.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'k> {
    /// Where it will be.
    pub place: &'k Place,
    /// Its record.
    pub key: &'k Key,
}

impl Described for NewKey<'_> {
    fn value<'r>(&'r self, key: &ConditionKey, _: &'r store::View) -> Option<Found<'r>> {
        of_key(self.key, self.place, key)
    }
}

impl Described for KeyTarget {
    fn granted(&self, action: &'static str, asking: &Asking<'_>) -> Result<Option<Strength>, StoreError> {
        grants::strength(self, action, asking)
    }

    fn value<'r>(&'r self, key: &ConditionKey, view: &'r store::View) -> Option<Found<'r>> {
        match key.prefix() {
            "kms:resourcealiases" => Some(self.aliases(view)),
            _ => of_key(&self.key, &self.place, key),
        }
    }
}

impl KeyTarget {
    /// The names of its aliases; more than a key may have tell nothing.
    fn aliases(&self, view: &store::View) -> Found<'static> {
        let prefix = target_prefix(self.id);
        let most = limits::ALIASES_A_KEY + 1;
        let Ok(entries) = view.index::<Aliases>(self.domain, BY_TARGET, &prefix, None, most) else {
            return Found::Unknown;
        };
        let names: Option<Vec<_>> = entries
            .iter()
            .map(|entry| Some(alias_of_entry(&entry.bytes)?.to_owned().into()))
            .collect();
        match names {
            Some(names) if names.len() < most => Found::Many(names),
            _ => Found::Unknown,
        }
    }
}

fn of_key<'k>(record: &'k Key, place: &Place, key: &ConditionKey) -> Option<Found<'k>> {
    Some(match key.prefix() {
        "kms:keyspec" | "kms:customermasterkeyspec" => Found::text(&record.spec),
        "kms:keyusage" | "kms:customermasterkeyusage" => Found::text(&record.usage),
        "kms:keyorigin" => Found::text(record.origin.as_str()),
        "kms:multiregion" => Found::boolean(record.relatives.is_some()),
        "kms:multiregionkeytype" => match &record.relatives {
            None => Found::Absent,
            Some(relatives) => Found::text(kind_of(relatives, place)),
        },
        "aws:resourcetag" => {
            let tags = record.tags.behind(None);
            one_of(tags.map(|tag| (tag.key.as_str(), tag.value.as_str())), key)
        }
        _ => return None,
    })
}

fn kind_of(relatives: &Relatives, place: &Place) -> &'static str {
    match relatives.is_primary(&place.region) {
        true => "PRIMARY",
        false => "REPLICA",
    }
}

/// The value under the name that a key ends in. Names compare without regard to case; of two that differ in case alone,
/// it can't be told which is meant.
fn one_of<'v>(pairs: impl Iterator<Item = (&'v str, &'v str)>, key: &ConditionKey) -> Found<'v> {
    let Some(name) = key.name() else {
        return Found::Absent;
    };
    let mut named = pairs.filter(|(key, _)| key.to_lowercase() == name);
    match (named.next(), named.next()) {
        (None, _) => Found::Absent,
        (Some((_, value)), None) => Found::text(value),
        (Some(_), Some(_)) => Found::Unknown,
    }
}

/// The alias that a request names its key by: its name, of its ARN too.
pub fn of_reference<'r>(reference: Option<&'r str>, key: &ConditionKey) -> Option<Found<'r>> {
    if key.as_str() != "kms:requestalias" {
        return None;
    }
    Some(match reference.and_then(Reference::parse) {
        Some(Reference::Alias(name) | Reference::AliasArn(_, name)) => Found::made(name.as_str()),
        _ => Found::Absent,
    })
}

/// The tags that a request gives.
pub fn of_tags<'t>(tags: &'t [Tag], key: &ConditionKey) -> Option<Found<'t>> {
    Some(match key.prefix() {
        "aws:requesttag" => {
            let pairs = tags.iter();
            one_of(
                pairs.map(|tag| (tag.tag_key.0.as_str(), tag.tag_value.as_str())),
                key,
            )
        }
        "aws:tagkeys" => Found::texts(tags.iter().map(|tag| tag.tag_key.0.as_str())),
        _ => return None,
    })
}

/// The names of the tags that a request takes away.
pub fn of_tag_keys<'t>(keys: &'t [TagKey], key: &ConditionKey) -> Option<Found<'t>> {
    let names = || Found::texts(keys.iter().map(|TagKey(name)| name.as_str()));
    (key.as_str() == "aws:tagkeys").then(names)
}

/// What holds for a member that is not given.
pub fn default_of<'d>(name: &str, value: &'d str, is_given: bool, key: &ConditionKey) -> Option<Found<'d>> {
    (!is_given && key.as_str() == name).then(|| Found::text(value))
}

/// A recipient's attestation: it is verified once the caller is known to be allowed, so nothing may rest on it before.
pub fn of_recipient(is_given: bool, key: &ConditionKey) -> Option<Found<'static>> {
    let unverified = is_given && key.as_str().starts_with("kms:recipientattestation");
    unverified.then_some(Found::Unknown)
}

/// A call of PutKeyPolicy without more than the policy itself, as it is asked about before a policy is taken.
#[derive(Debug, Clone, Copy)]
pub struct PolicyChange;

impl Asked for PolicyChange {
    fn value(&self, _: &str, key: &ConditionKey) -> Option<Found<'_>> {
        default_of("kms:policyname", key_policy::DEFAULT, false, key)
    }
}
