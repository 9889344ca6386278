//! Roles, as operations find them.

use identity::{TrustPolicy, Unknown};
use policy::{Kind, Policy};

use engine::View;

use crate::wire::DocumentText;
use crate::{IamError, documents, limits};

/// Reads who may take a role on. Those who are named have to exist; they are known by their unique ids from then on.
pub fn trust(DocumentText(text): &DocumentText, view: &View) -> Result<TrustPolicy, IamError> {
    let policy = Policy::parse(text, Kind::Trust)
        .map_err(|malformed| IamError::MalformedPolicy(malformed.to_string()))?;
    if documents::length(text) > limits::TRUST_POLICY {
        return Err(IamError::LimitExceeded("ACLSizePerRole", limits::TRUST_POLICY));
    }
    match identity::named_in(&policy, view.place().account, true, view.store()) {
        Ok(named) => Ok(TrustPolicy::new(text, named)),
        Err(Unknown::Store(error)) => Err(error.into()),
        Err(Unknown::Nobody(who)) => Err(IamError::MalformedPolicy(format!(
            "Invalid principal in policy: {who}"
        ))),
        Err(Unknown::Missing) => Err(IamError::MalformedPolicy(
            "Missing required field Principal".to_owned(),
        )),
    }
}
