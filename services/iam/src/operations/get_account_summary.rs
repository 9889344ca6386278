//! GetAccountSummary.

use std::collections::BTreeMap;

use arn::Arn;
use engine::{Demands, Miss, Operation, Outcome, Permit, View, World};
use identity::{AccessKeys, Groups, ManagedPolicies, MfaDevices, Owner, Roles, Users};
use model::{OperationSpec, Shape};
use store::Domain;

use crate::users::{NoTarget, demand_on};
use crate::{IamError, limits};

/// Counts what the account has, and tells how much it may have.
///
/// Source: IAM API Reference, `GetAccountSummary`.
pub struct GetAccountSummary;

/// The request.
#[derive(Debug, Shape)]
pub struct GetAccountSummaryInput {}

/// The answer.
#[derive(Debug, Shape)]
pub struct GetAccountSummaryOutput {
    /// Numbers by their names.
    #[shape(audit = omit)]
    pub summary_map: Option<BTreeMap<String, i32>>,
}

impl Operation for GetAccountSummary {
    const SPEC: OperationSpec = OperationSpec::reads("GetAccountSummary");
    type Input = GetAccountSummaryInput;
    type Output = GetAccountSummaryOutput;
    type Targets = NoTarget;
    type Error = IamError;

    fn locate(_: &GetAccountSummaryInput, _: &View) -> Result<NoTarget, Miss<IamError>> {
        Ok(NoTarget)
    }

    fn demands(_: &GetAccountSummaryInput, _: &NoTarget, view: &View) -> Demands {
        let account = view.place().account;
        Demands::of(demand_on("iam:GetAccountSummary", Arn::root_of(account), account))
    }

    async fn act(_: &GetAccountSummaryInput, _: &Permit<NoTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let view = world.view();
        let (store, domain) = (view.store(), view.domain());
        let snapshot = store.snapshot();
        let devices_in_use =
            store.count_index::<MfaDevices>(domain, MfaDevices::BY_USER, b"", limits::MFA_DEVICES)?;
        let root = AccessKeys::of_owner(&Owner::Root(view.place().account));
        let root_keys =
            store.count_index::<AccessKeys>(Domain::Installation, AccessKeys::BY_OWNER, &root, 1)?;
        let policies =
            store.index::<ManagedPolicies>(domain, ManagedPolicies::BY_NAME, b"", None, limits::POLICIES)?;
        let mut versions = 0;
        for policy in policies {
            let policy = store.get_row::<ManagedPolicies>(&policy.row)?;
            versions += policy.map_or(0, |policy| policy.versions().len());
        }
        let counted = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let numbers = [
            ("Users", counted(snapshot.count::<Users>(domain))),
            ("UsersQuota", limits::USERS),
            ("Groups", counted(snapshot.count::<Groups>(domain))),
            ("GroupsQuota", limits::GROUPS),
            ("Roles", counted(snapshot.count::<Roles>(domain))),
            ("RolesQuota", limits::ROLES),
            ("Policies", counted(snapshot.count::<ManagedPolicies>(domain))),
            ("PoliciesQuota", limits::POLICIES),
            ("PolicyVersionsInUse", versions),
            ("PolicyVersionsInUseQuota", limits::POLICIES * limits::VERSIONS),
            ("VersionsPerPolicyQuota", limits::VERSIONS),
            ("PolicySizeQuota", limits::MANAGED_POLICY),
            ("UserPolicySizeQuota", limits::INLINE_POLICIES_OF_USER),
            ("GroupPolicySizeQuota", limits::INLINE_POLICIES_OF_GROUP),
            ("RolePolicySizeQuota", limits::INLINE_POLICIES_OF_ROLE),
            ("AssumeRolePolicySizeQuota", limits::TRUST_POLICY),
            ("AttachedPoliciesPerUserQuota", limits::ATTACHED_POLICIES),
            ("AttachedPoliciesPerGroupQuota", limits::ATTACHED_POLICIES),
            ("AttachedPoliciesPerRoleQuota", limits::ATTACHED_POLICIES),
            ("GroupsPerUserQuota", limits::GROUPS_PER_USER),
            ("AccessKeysPerUserQuota", limits::ACCESS_KEYS_PER_USER),
            ("MFADevices", counted(snapshot.count::<MfaDevices>(domain))),
            ("MFADevicesInUse", devices_in_use),
            ("AccountAccessKeysPresent", root_keys),
            // The root user has no second factor and no password.
            ("AccountMFAEnabled", 0),
            ("AccountPasswordPresent", 0),
            // Session tokens are valid in every Region.
            ("GlobalEndpointTokenVersion", 2),
            // What there is none of, and may be none.
            ("Providers", 0),
            ("InstanceProfiles", 0),
            ("InstanceProfilesQuota", 0),
            ("ServerCertificates", 0),
            ("ServerCertificatesQuota", 0),
            ("AccountSigningCertificatesPresent", 0),
            ("SigningCertificatesPerUserQuota", 0),
        ];
        let numbers = numbers.into_iter();
        let told = numbers.map(|(name, number)| (name.to_owned(), i32::try_from(number).unwrap_or(i32::MAX)));
        Ok(GetAccountSummaryOutput {
            summary_map: Some(told.collect()),
        })
    }
}
