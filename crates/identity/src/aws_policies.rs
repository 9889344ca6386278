//! The customary managed policies of AWS that concern the services here, under `arn:aws:iam::aws:policy/`.
//!
//! They belong to no account: everybody can attach them, and nobody can change them. Those that AWS gives many more services
//! than there are here are cut down to these services.
//!
//! Source: AWS Managed Policy Reference Guide.

use std::sync::LazyLock;

use ambient::Timestamp;

use crate::ManagedPolicy;
use crate::unique_id::UniqueId;

/// What their ARNs begin with.
const PREFIX: &str = "arn:aws:iam::aws:policy";
/// When AWS made the oldest of them.
const MADE: Timestamp = Timestamp::from_seconds(1_423_247_986);

macro_rules! policies {
    ($($name:literal)*) => {
        /// Names, unique ids and documents, by name.
        const POLICIES: &[(&str, &str)] = &[$(
            ($name, include_str!(concat!("../aws_policies/", $name, ".json"))),
        )*];
    };
}

policies! {
    "AWSCloudTrail_FullAccess"
    "AWSCloudTrail_ReadOnlyAccess"
    "AWSKeyManagementServicePowerUser"
    "AdministratorAccess"
    "AmazonS3FullAccess"
    "AmazonS3ReadOnlyAccess"
    "AmazonSSMFullAccess"
    "AmazonSSMReadOnlyAccess"
    "IAMFullAccess"
    "IAMReadOnlyAccess"
    "IAMUserChangePassword"
    "PowerUserAccess"
    "ReadOnlyAccess"
    "SecurityAudit"
}

static MADE_OF_THEM: LazyLock<Vec<(String, ManagedPolicy)>> = LazyLock::new(|| {
    let policies = POLICIES.iter().map(|(name, document)| {
        let id = UniqueId::kept(&unique_id(name));
        let policy = ManagedPolicy::new(&id, name, "/", document.trim_end(), MADE);
        (format!("{PREFIX}/{name}"), policy)
    });
    policies.collect()
});

/// All of them with their ARNs, by name.
pub fn aws_policies() -> impl Iterator<Item = (&'static str, &'static ManagedPolicy)> {
    MADE_OF_THEM.iter().map(|(arn, policy)| (arn.as_str(), policy))
}

/// The one of an ARN. Asked for each managed policy of each decision.
pub(crate) fn aws_policy(arn: &str) -> Option<&'static ManagedPolicy> {
    if !arn.starts_with(PREFIX) {
        return None;
    }
    let at = MADE_OF_THEM
        .binary_search_by(|(own, _)| own.as_str().cmp(arn))
        .ok()?;
    MADE_OF_THEM.get(at).map(|(_, policy)| policy)
}

/// The same in every installation: `ANPA`, and letters that stand for the name.
fn unique_id(name: &str) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut sum: u128 = 0;
    for byte in name.bytes() {
        sum = sum.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B) ^ u128::from(byte);
    }
    let letter = |at: u32| {
        let index = usize::try_from(sum.rotate_right(at * 5) & 31).unwrap_or(0);
        char::from(LETTERS.get(index).copied().unwrap_or(b'A'))
    };
    format!("ANPA{}", (0..17).map(letter).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use policy::{Kind, Policy};

    use super::*;

    #[test]
    fn each_is_a_managed_policy_under_a_name_and_an_id_of_its_own() {
        let ids: BTreeSet<String> = aws_policies()
            .map(|(_, policy)| policy.id().to_string())
            .collect();
        assert_eq!(ids.len(), POLICIES.len());
        assert!(ids.iter().all(|id| id.len() == 21), "{ids:?}");
        assert!(POLICIES.is_sorted());
        for (name, document) in POLICIES {
            assert!(Policy::parse(document, Kind::Managed).is_ok(), "{name}");
            assert_eq!(aws_policy(&format!("{PREFIX}/{name}")).unwrap().name, *name);
        }
        assert!(aws_policy("arn:aws:iam::aws:policy/None").is_none());
    }
}
