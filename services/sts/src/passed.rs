//! What is passed to a session: policies and tags.
//!
//! Source: STS API Reference, `AssumeRole`; IAM User Guide, "Pass session tags in AWS STS".

use arn::{AccountId, Arn};
use engine::{ConditionKey, Found, View};
use identity::{Document, TOKEN_CHARACTERS};
use policy::{Kind, Policy};

use crate::StsError;
use crate::wire::{PolicyDescriptor, Tag, TagKey};

/// Characters of policies and ARNs together that may be passed.
const POLICY_CHARACTERS: usize = 2048;
/// Managed policies that may be passed.
const POLICIES: usize = 10;

/// Policies that are passed.
#[derive(Debug)]
pub struct Passed {
    /// The one that was written out.
    pub policy: Option<Document>,
    /// The managed ones.
    pub arns: Vec<String>,
}

impl Passed {
    /// Reads what is passed; managed policies have to be of the account that the session is of.
    pub fn read(
        policy: Option<&str>,
        arns: &[PolicyDescriptor],
        account: AccountId,
        view: &View,
    ) -> Result<Passed, StsError> {
        if let Some(text) = policy {
            Policy::parse(text, Kind::Session)
                .map_err(|malformed| StsError::MalformedPolicy(malformed.to_string()))?;
        }
        let arns: Vec<String> = arns
            .iter()
            .filter_map(|descriptor| descriptor.arn.clone())
            .collect();
        if arns.len() > POLICIES {
            return Err(StsError::Validation(format!(
                "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have \
                 length less than or equal to {POLICIES}"
            )));
        }
        let characters = policy.map_or(0, str::len) + arns.iter().map(String::len).sum::<usize>();
        if characters > POLICY_CHARACTERS {
            return Err(StsError::PackedPolicyTooLarge(
                characters * 100 / POLICY_CHARACTERS,
            ));
        }
        let domain = identity::domain_of(account, view.store());
        for text in &arns {
            let arn: Option<Arn> = text.parse().ok();
            let found = match (arn, domain) {
                (Some(arn), Some(domain)) => {
                    identity::managed_policy_of(&arn, account, domain, view.store())?.is_some()
                }
                _ => false,
            };
            if !found {
                return Err(StsError::MalformedPolicy(format!(
                    "{text} is no managed policy of the account that the session is of."
                )));
            }
        }
        Ok(Passed {
            policy: policy.map(Document::new),
            arns,
        })
    }
}

/// How much of the room of a token is used, in hundredths.
pub fn packed_size(policy: Option<&str>, arns: &[String], tags: &[Tag]) -> Option<i32> {
    let tags = tags.iter().map(|tag| tag.key.0.len() + tag.value.len());
    let characters =
        policy.map_or(0, str::len) + arns.iter().map(String::len).sum::<usize>() + tags.sum::<usize>();
    match characters {
        0 => None,
        some => i32::try_from((some * 100).div_ceil(TOKEN_CHARACTERS)).ok(),
    }
}

/// Refuses letters that tags can't have, and tags of which two have the same key, without regard to case.
pub fn check_tags(tags: &[Tag]) -> Result<(), StsError> {
    let legal =
        |letter: char| letter.is_alphanumeric() || letter.is_whitespace() || "_.:/=+-@".contains(letter);
    if !tags
        .iter()
        .all(|tag| tag.key.0.chars().chain(tag.value.chars()).all(legal))
    {
        return Err(StsError::Validation(
            "Tag keys and values have letters, numbers, spaces and _.:/=+-@ alone.".to_owned(),
        ));
    }
    let mut keys: Vec<String> = tags.iter().map(|tag| tag.key.0.to_lowercase()).collect();
    keys.sort_unstable();
    match keys.windows(2).any(|pair| pair.first() == pair.last()) {
        true => Err(StsError::InvalidParameter(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        )),
        false => Ok(()),
    }
}

/// What policies see of tags that are passed.
pub fn condition<'t>(tags: &'t [Tag], transitive: &'t [TagKey], key: &ConditionKey) -> Option<Found<'t>> {
    Some(match key.prefix() {
        "aws:requesttag" => {
            let name = key.name()?;
            let found = tags.iter().find(|tag| tag.key.0.to_lowercase() == name);
            found.map_or(Found::Absent, |tag| Found::text(&tag.value))
        }
        "aws:tagkeys" => Found::texts(tags.iter().map(|tag| tag.key.0.as_str())),
        "sts:transitivetagkeys" => Found::texts(transitive.iter().map(|TagKey(name)| name.as_str())),
        _ => return None,
    })
}
