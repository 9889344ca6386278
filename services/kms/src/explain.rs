//! Keys, where somebody asks who may do what with them.

use std::sync::Arc;

use arn::AccountId;
use engine::{Authority, Explained, GrantOn, NotExplained, View, by_identity};
use serde_json::{Map, Value, json};
use store::{StoreError, Table};

use crate::grants::{self, EQUALS, GrantId, GrantOperation, SUBSET};
use crate::key_id::Reference;
use crate::records::{Grant, Grants, KeyPolicies};
use crate::target::{KeyTarget, KeysOf};

/// What can be done to any key that its policy decides, beside what grants may allow.
const OF_ANY_KEY: &[&str] = &[
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DeleteImportedKeyMaterial",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyLastUsage",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:GetParametersForImport",
    "kms:ImportKeyMaterial",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ReplicateKey",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
    "kms:UpdatePrimaryRegion",
];

/// The key that an action is to be done to: by its ARN, or its alias's.
pub fn explain(
    action: Option<&str>,
    resource: &str,
    caller: AccountId,
    view: &View,
) -> Result<Explained, NotExplained> {
    let keys = view.keys();
    let unreadable = |_| StoreError::Damaged(KeyPolicies::NAME);
    let found = match Reference::parse(resource) {
        Some(Reference::Arn(place, id)) => keys.at(&place, id).map_err(unreadable)?,
        // What is done to an alias is decided for the alias by the caller's own policies.
        Some(Reference::AliasArn(..)) if action.is_some_and(|action| action.ends_with("Alias")) => {
            return by_identity(action, resource, caller, view);
        }
        Some(Reference::AliasArn(place, name)) => {
            let alias = keys.alias(&place, &name).map_err(unreadable)?;
            alias.map(|(_, key)| key)
        }
        _ if resource == "*" => return by_identity(action, resource, caller, view),
        _ => return Err(NotExplained::NotOfAction(resource.to_owned())),
    };
    let key = found.ok_or_else(|| NotExplained::NoResource(format!("key {resource}")))?;
    let policy = view.store().get::<KeyPolicies>(key.domain, &key.id)?;
    let mut actions: Vec<&str> = grants::of_key(&key).map(GrantOperation::action).collect();
    actions.extend(OF_ANY_KEY);
    Ok(Explained {
        resource: key.arn.to_string(),
        owner: key.place.account,
        authority: Authority::Resource(Arc::clone(&key.policy)),
        exception: Some(("kms:RetireGrant", Authority::Grant(Arc::clone(&key.policy)))),
        policy: policy.map(|policy| policy.text()),
        grants: grants_on(&key, view)?,
        described: Some(Box::new(key)),
        actions,
    })
}

fn grants_on(key: &KeyTarget, view: &View) -> Result<Vec<GrantOn>, StoreError> {
    let mut shown = Vec::new();
    for name in grants::all_of(key.id, key.domain, view)? {
        let Some(grant) = view.store().get::<Grants>(key.domain, &name)? else {
            continue;
        };
        let mut show = |grantee: &str, operation: GrantOperation, constraints| {
            shown.push(GrantOn {
                id: GrantId::of(&grant.id).0,
                grantee: grantee.to_owned(),
                action: operation.action(),
                constraints,
            });
        };
        for operation in grants::operations(grant.operations) {
            if grants::never_allows(&grant, operation) {
                continue;
            }
            show(&grant.grantee.id, operation, constraints(&grant, operation));
        }
        if let Some(retiring) = &grant.retiring {
            show(&retiring.id, GrantOperation::RetireGrant, None);
        }
    }
    Ok(shown)
}

/// What a grant is bound to when it allows an operation, as CreateGrant takes it.
fn constraints(grant: &Grant, operation: GrantOperation) -> Option<String> {
    if operation.is_free() {
        return None;
    }
    let pairs = [(EQUALS, &grant.equals), (SUBSET, &grant.subset)];
    let pairs = pairs
        .into_iter()
        .filter_map(|(name, pairs)| Some((name, json!(pairs.as_ref()?))));
    let mut all: Map<String, Value> = pairs.map(|(name, value)| (name.to_owned(), value)).collect();
    if operation == GrantOperation::CreateGrant {
        // Of no more than it allows itself.
        let names = grants::operations(grant.operations);
        let names: Vec<&str> = names.iter().map(GrantOperation::as_str).collect();
        all.insert("Operations".to_owned(), json!(names));
    }
    (!all.is_empty()).then(|| Value::Object(all).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action;

    #[test]
    fn every_operation_of_a_grant_is_an_action() {
        for operation in GrantOperation::ALL {
            assert_eq!(operation.action(), format!("kms:{operation}"));
        }
        assert!(action::ALL.is_sorted());
        assert!(OF_ANY_KEY.iter().all(|name| action::ALL.contains(name)));
    }
}
