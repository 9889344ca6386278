//! CreateKey.

use crypto::{Backing, KeyKind, MaterialId};
use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, Resource, View, World};
use model::{OperationSpec, Shape};

use crate::conditions::NewKey;
use crate::key_id::KeyId;
use crate::key_kinds::{CustomerMasterKeySpec, KeySpec, KeyUsage, OriginType};
use crate::key_metadata::{Description, KeyMetadata};
use crate::key_policy::{self, LockoutBypass, PolicyText};
use crate::records::{
    Key, KeyPolicies, Keys, MaterialName, Materials, Origin, Relatives, RotationKind, Tags, Version,
};
use crate::state::State;
use crate::tags::{self, Tag};
use crate::target::{NoTarget, RESOURCE_KIND, demand_of_account};
use crate::{KmsError, action, conditions, limits};

/// Makes a key.
///
/// Source: KMS API Reference, `CreateKey`. Known differences: there are no custom key stores, so keys in one are refused.
pub struct CreateKey;

/// The request.
#[derive(Debug, Default, Shape)]
pub struct CreateKeyInput {
    /// The key's policy; unless given, one that lets the account's IAM policies decide.
    #[shape(audit = log)]
    pub policy: Option<PolicyText>,
    /// What the caller says of the key.
    #[shape(audit = log)]
    pub description: Option<Description>,
    /// What the key is for: `ENCRYPT_DECRYPT` unless given.
    #[shape(audit = log, condition = "kms:KeyUsage")]
    pub key_usage: Option<KeyUsage>,
    /// The spec by its deprecated name.
    #[shape(audit = log, condition = "kms:CustomerMasterKeySpec")]
    pub customer_master_key_spec: Option<CustomerMasterKeySpec>,
    /// The spec: `SYMMETRIC_DEFAULT` unless given.
    #[shape(audit = log, condition = "kms:KeySpec")]
    pub key_spec: Option<KeySpec>,
    /// Where the material comes from: `AWS_KMS` unless given.
    #[shape(audit = log, condition = "kms:KeyOrigin")]
    pub origin: Option<OriginType>,
    /// The custom key store that is to hold the key.
    #[shape(audit = log, length = 1..=64)]
    pub custom_key_store_id: Option<String>,
    /// Whether the caller may lock itself out.
    #[shape(default, audit = log, condition = "kms:BypassPolicyLockoutSafetyCheck")]
    pub bypass_policy_lockout_safety_check: LockoutBypass,
    /// The key's tags.
    #[shape(audit = log)]
    pub tags: Option<Vec<Tag>>,
    /// Whether the key is to have replicas in other Regions.
    #[shape(audit = log, condition = "kms:MultiRegion")]
    pub multi_region: Option<bool>,
    /// The external key that is to be used.
    #[shape(audit = log, length = 1..=128, pattern = "^[a-zA-Z0-9-_.]+$")]
    pub xks_key_id: Option<String>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct CreateKeyOutput {
    /// The key.
    #[shape(audit = log)]
    pub key_metadata: KeyMetadata,
}

impl Operation for CreateKey {
    const SPEC: OperationSpec = OperationSpec::writes("CreateKey");
    type Input = CreateKeyInput;
    type Output = CreateKeyOutput;
    type Targets = NoTarget;
    type Error = KmsError;

    fn locate(input: &CreateKeyInput, _: &View) -> Result<NoTarget, Miss<KmsError>> {
        let wish = Wish::of(input)?;
        wish.check_store(input)?;
        tags::check(input.tags())?;
        Ok(NoTarget)
    }

    fn demands(input: &CreateKeyInput, _: &NoTarget, view: &View) -> Demands {
        let demands = Demands::of(demand_of_account::<action::CreateKey>(view.place()));
        match input.tags() {
            [] => demands,
            _ => demands.and(demand_of_account::<action::TagResource>(view.place())),
        }
    }

    fn condition<'c>(input: &'c CreateKeyInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_tags(input.tags(), key).or_else(|| Wish::of(input).ok()?.condition(input, key))
    }

    fn check(input: &CreateKeyInput, _: &Permit<NoTarget>, view: &View) -> Result<(), KmsError> {
        Wish::of(input)?.check_supported()?;
        limits::room_for_key(view, view.domain())
    }

    async fn act(input: &CreateKeyInput, _: &Permit<NoTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let wish = Wish::of(input)?;
        let (place, domain) = (world.view().place(), world.view().domain());
        let multi_region = input.multi_region == Some(true);
        let id = KeyId::draw(wish.kind(multi_region), world.entropy())?;
        // Chance does not repeat itself, but a faulty source of it may: no key is ever overwritten.
        if world.view().get::<Keys>(&id)?.is_some() {
            return Err(KmsError::Cryptography);
        }
        let bypass = input.bypass_policy_lockout_safety_check;
        let mut key = Key {
            description: input.description.clone().unwrap_or_default().0,
            tags: tags::with(&Tags::default(), input.tags())?,
            relatives: multi_region.then(|| Relatives {
                primary: place.region.to_string(),
                replicas: Vec::new(),
            }),
            ..Key::bare(
                wish.spec.as_str(),
                wish.usage.as_str(),
                Origin::AwsKms,
                world.now(),
            )
        };
        match wish.origin {
            OriginType::External => {
                key.origin = Origin::External;
                world.wrapping_keys().expect();
            }
            _ => {
                let made = world.backing().generate(wish.spec.table()?).await?;
                let material = MaterialId::generate(world.entropy())?;
                key.versions
                    .push(Version::new(material, world.now(), RotationKind::Creation));
                let name = MaterialName {
                    key: id,
                    id: material,
                };
                world
                    .change()
                    .put_secret::<Materials>(domain, name, made.material);
            }
        }
        let new = NewKey { place, key: &key };
        let policy = key_policy::of_new(input.policy.as_ref(), &id.arn(place), new, bypass, world)?;
        let state = State::of(&key, world.now()).ok_or(KmsError::Cryptography)?;
        let key_metadata = KeyMetadata::of(id, place, &key, state)?;
        let change = world.change();
        change.put::<Keys>(domain, id, key);
        change.put::<KeyPolicies>(domain, id, policy);
        world.made(Resource {
            arn: id.arn(place),
            kind: RESOURCE_KIND,
        });
        Ok(CreateKeyOutput { key_metadata })
    }
}

impl CreateKeyInput {
    fn tags(&self) -> &[Tag] {
        self.tags.as_deref().unwrap_or_default()
    }
}

/// What kind of key is wanted, with its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wish {
    spec: KeySpec,
    usage: KeyUsage,
    origin: OriginType,
}

impl Wish {
    /// Reads the wish; refused where its parts contradict each other.
    fn of(input: &CreateKeyInput) -> Result<Wish, KmsError> {
        let spec = match (input.key_spec, input.customer_master_key_spec) {
            (Some(_), Some(_)) => {
                return invalid(
                    "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is \
                     deprecated.",
                );
            }
            (Some(spec), None) => spec,
            (None, old) => old
                .and_then(CustomerMasterKeySpec::current)
                .unwrap_or(KeySpec::SymmetricDefault),
        };
        let usage = match input.key_usage {
            Some(usage) => usage,
            None if spec == KeySpec::SymmetricDefault => KeyUsage::EncryptDecrypt,
            None => {
                return invalid(
                    "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
                );
            }
        };
        if !spec.can(usage)? {
            return invalid(format!("KeyUsage {usage} is not compatible with KeySpec {spec}"));
        }
        let origin = input.origin.unwrap_or(OriginType::AwsKms);
        Ok(Wish { spec, usage, origin })
    }

    /// Whether the key is to be kept in a custom key store.
    fn is_in_store(self) -> bool {
        matches!(
            self.origin,
            OriginType::AwsCloudHsm | OriginType::ExternalKeyStore
        )
    }

    /// Refuses what no custom key store could hold, and members that only belong to keys in one.
    fn check_store(self, input: &CreateKeyInput) -> Result<(), KmsError> {
        let Wish { origin, spec, .. } = self;
        match (self.is_in_store(), &input.custom_key_store_id) {
            (true, None) => {
                return invalid(format!("You must specify a CustomKeyStoreId for Origin {origin}"));
            }
            (false, Some(_)) => {
                return invalid(format!("CustomKeyStoreId is not compatible with Origin {origin}"));
            }
            _ => {}
        }
        match (origin, &input.xks_key_id) {
            (OriginType::ExternalKeyStore, None) => {
                return invalid(format!("You must specify an XksKeyId for Origin {origin}"));
            }
            (OriginType::ExternalKeyStore, Some(_)) | (_, None) => {}
            (_, Some(_)) => return invalid(format!("XksKeyId is not compatible with Origin {origin}")),
        }
        if self.is_in_store() && spec != KeySpec::SymmetricDefault {
            return invalid(format!("KeySpec {spec} is not supported for Origin {origin}"));
        }
        if self.is_in_store() && input.multi_region == Some(true) {
            return Err(KmsError::Unsupported(format!(
                "Multi-Region keys are not supported for Origin {origin}"
            )));
        }
        Ok(())
    }

    /// Refuses what can't be made here: there are no custom key stores.
    fn check_supported(self) -> Result<(), KmsError> {
        match self.is_in_store() {
            true => Err(KmsError::NoCustomKeyStore),
            false => Ok(()),
        }
    }

    /// What policies see of the key that is wanted.
    fn condition(self, input: &CreateKeyInput, key: &ConditionKey) -> Option<Found<'static>> {
        let multi_region = input.multi_region == Some(true);
        Some(match key.as_str() {
            "kms:keyspec" | "kms:customermasterkeyspec" => Found::text(self.spec.as_str()),
            "kms:keyusage" | "kms:customermasterkeyusage" => Found::text(self.usage.as_str()),
            "kms:keyorigin" => Found::text(self.origin.as_str()),
            "kms:multiregion" => Found::boolean(multi_region),
            "kms:multiregionkeytype" if multi_region => Found::text("PRIMARY"),
            _ => return None,
        })
    }

    fn kind(self, multi_region: bool) -> KeyKind {
        match multi_region {
            true => KeyKind::MultiRegion,
            false => KeyKind::SingleRegion,
        }
    }
}

fn invalid<T>(why: impl Into<String>) -> Result<T, KmsError> {
    Err(KmsError::Validation(why.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(input: &CreateKeyInput) -> KmsError {
        let checked = Wish::of(input).and_then(|wish| {
            wish.check_store(input)?;
            wish.check_supported()
        });
        checked.unwrap_err()
    }

    fn of(spec: Option<KeySpec>, usage: Option<KeyUsage>) -> CreateKeyInput {
        CreateKeyInput {
            key_spec: spec,
            key_usage: usage,
            ..CreateKeyInput::default()
        }
    }

    fn from(origin: OriginType, store: bool, external_key: bool) -> CreateKeyInput {
        CreateKeyInput {
            origin: Some(origin),
            custom_key_store_id: store.then(|| "cks-1234567890abcdef0".to_owned()),
            xks_key_id: external_key.then(|| "x".to_owned()),
            ..CreateKeyInput::default()
        }
    }

    #[test]
    fn a_symmetric_encryption_key_is_made_unless_another_is_wanted() {
        let symmetric = Wish {
            spec: KeySpec::SymmetricDefault,
            usage: KeyUsage::EncryptDecrypt,
            origin: OriginType::AwsKms,
        };
        let by_old_name = CreateKeyInput {
            customer_master_key_spec: Some(CustomerMasterKeySpec::SymmetricDefault),
            multi_region: Some(false),
            ..CreateKeyInput::default()
        };
        for input in [
            CreateKeyInput::default(),
            of(Some(KeySpec::SymmetricDefault), Some(KeyUsage::EncryptDecrypt)),
            by_old_name,
        ] {
            let wish = Wish::of(&input).unwrap();
            wish.check_store(&input).unwrap();
            wish.check_supported().unwrap();
            assert_eq!(wish, symmetric);
        }
    }

    #[test]
    fn usage_and_spec_have_to_fit() {
        assert_eq!(
            refusal(&of(Some(KeySpec::Rsa2048), None)).to_string(),
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
        );
        for (spec, usage) in [
            (KeySpec::Rsa2048, KeyUsage::KeyAgreement),
            (KeySpec::SymmetricDefault, KeyUsage::SignVerify),
            (KeySpec::Hmac256, KeyUsage::EncryptDecrypt),
        ] {
            assert_eq!(
                refusal(&of(Some(spec), Some(usage))).to_string(),
                format!("KeyUsage {usage} is not compatible with KeySpec {spec}")
            );
        }
    }

    #[test]
    fn members_of_custom_key_stores_belong_to_their_origins() {
        use OriginType::{AwsCloudHsm, AwsKms, External, ExternalKeyStore};
        for (origin, store, external_key) in [
            (AwsKms, true, false),
            (AwsKms, false, true),
            (External, true, false),
            (AwsCloudHsm, false, false),
            (AwsCloudHsm, true, true),
            (ExternalKeyStore, true, false),
            (ExternalKeyStore, false, true),
        ] {
            let refused = refusal(&from(origin, store, external_key));
            assert!(
                matches!(refused, KmsError::Validation(_)),
                "{origin} {store} {external_key}"
            );
        }
        for (origin, external_key) in [(AwsCloudHsm, false), (ExternalKeyStore, true)] {
            assert!(matches!(
                refusal(&from(origin, true, external_key)),
                KmsError::NoCustomKeyStore
            ));
        }
    }
}
