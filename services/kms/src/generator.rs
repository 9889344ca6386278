//! Keys that nobody asked for: for benchmarks, which need more of them than CreateKey makes in reasonable time, and for
//! tests of states that no call leaves a key in.
//! Not part of the crate's front.

use std::ops::Bound;

use ambient::{Entropy, EntropyFailed, Timestamp};
use arn::AccountId;
use crypto::{KeyKind, Material, MaterialId};
use store::{Change, Domain, StoreError, Vault, View};

use crate::grants::{self, GrantOperation};
use crate::key_id::KeyId;
use crate::records::{
    Grant, GrantName, Grants, Key, KeyPolicies, KeyPolicy, Keys, MaterialName, Materials, Origin, Party,
    RotationKind, Transition, Version,
};

/// Draws the ids of so many new keys, and puts them in the order of their rows, in which they are quickest to write.
pub fn draw(keys: usize, entropy: &dyn Entropy) -> Result<Vec<String>, EntropyFailed> {
    let mut ids = Vec::with_capacity(keys);
    for _ in 0..keys {
        ids.push(KeyId::draw(KeyKind::SingleRegion, entropy)?);
    }
    ids.sort_unstable();
    Ok(ids.iter().map(KeyId::to_string).collect())
}

/// Adds the key `id` to `change`, with the rows that CreateKey leaves of one. Nothing is added for what is no id.
pub fn add(
    change: &mut Change,
    domain: Domain,
    account: AccountId,
    id: &str,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<(), EntropyFailed> {
    let Some(key) = KeyId::parse(id) else {
        return Ok(());
    };
    let id = MaterialId::generate(entropy)?;
    let record = Key {
        versions: vec![Version::new(id, now, RotationKind::Creation)],
        ..Key::bare("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", Origin::AwsKms, now)
    };
    change.put::<Keys>(domain, key, record);
    change.put::<KeyPolicies>(domain, key, KeyPolicy::default_of(account));
    change.put_secret::<Materials>(domain, MaterialName { key, id }, Material::generate(entropy)?);
    Ok(())
}

/// Whom a generated grant is for.
#[derive(Debug, Clone, Copy)]
pub struct Grantee<'g> {
    /// Its ARN.
    pub arn: &'g str,
    /// Its unique id.
    pub id: &'g str,
}

/// Adds a grant on the key `id` to `change`, that lets somebody make data keys with it and decrypt. Nothing is added for what is
/// no id.
pub fn add_grant(
    change: &mut Change,
    domain: Domain,
    account: AccountId,
    id: &str,
    to: Grantee<'_>,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<(), EntropyFailed> {
    let Some(key) = KeyId::parse(id) else {
        return Ok(());
    };
    let mut id = [0; 32];
    entropy.fill(&mut id)?;
    let grant = Grant {
        key: key.to_bytes(),
        id,
        name: None,
        grantee: Party {
            named: to.arn.to_owned(),
            id: to.id.to_owned(),
            is_service: false,
        },
        retiring: None,
        operations: grants::bits(&[GrantOperation::GenerateDataKey, GrantOperation::Decrypt]),
        subset: None,
        equals: None,
        source_arn: None,
        issuer: account.number(),
        created_ms: now.milliseconds(),
    };
    change.put::<Grants>(domain, GrantName { key, id }, grant);
    Ok(())
}

/// Puts the key `id` on its way between Regions, as a fault in the midst of it would leave the key: a replica that is being
/// made, or a key that changes its role. False if there is no such key.
pub fn put_on_the_way(
    view: &View,
    change: &mut Change,
    domain: Domain,
    id: &str,
    is_new: bool,
) -> Result<bool, StoreError> {
    let Some(id) = KeyId::parse(id) else {
        return Ok(false);
    };
    let Some(key) = view.get::<Keys>(domain, &id)? else {
        return Ok(false);
    };
    let transition = Some(match is_new {
        true => Transition::Creating,
        false => Transition::Updating,
    });
    let key = Key {
        transition,
        ..Key::clone(&key)
    };
    change.put::<Keys>(domain, id, key);
    Ok(true)
}

/// The ids of all keys, in the order of their rows.
pub fn ids(view: &View, domain: Domain) -> Result<Vec<String>, StoreError> {
    let rows = view.scan_names::<Keys>(domain, Bound::Unbounded, usize::MAX)?;
    let ids = rows.iter().filter_map(|row| KeyId::from_bytes(row.name()));
    Ok(ids.map(|id| id.to_string()).collect())
}

/// Opens all that an operation needs to use a key: its record, its policy, its material. False if it is not all there.
pub fn open(view: &View, vault: &Vault, domain: Domain, id: &str) -> Result<bool, StoreError> {
    let Some(key) = KeyId::parse(id) else {
        return Ok(false);
    };
    let (record, policy) = (
        view.get::<Keys>(domain, &key)?,
        view.get::<KeyPolicies>(domain, &key)?,
    );
    let version = record.as_ref().and_then(|record| record.current());
    let (Some(version), Some(_)) = (version, policy) else {
        return Ok(false);
    };
    let id = version.id();
    Ok(vault
        .open::<Materials>(view, domain, &MaterialName { key, id })?
        .is_some())
}
