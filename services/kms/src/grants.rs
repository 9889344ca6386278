//! Grants: their members on the wire, and what they allow.
//!
//! Source: KMS Developer Guide, "Grants in AWS KMS"; KMS API Reference, `CreateGrant`, `GrantConstraints`.

use std::collections::BTreeMap;

use ambient::{Entropy, Timestamp};
use arn::{AccountId, Arn};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::specs::KeyUsage;
use engine::{Asking, ConditionKey, Found, Strength, View, names_in_grants};
use model::Shape;
use store::{Domain, Held, Purpose, StoreError};

use crate::context::EncryptionContext;
use crate::key_id::KeyId;
use crate::records::{Grant, GrantName, GrantTag, Grants, Party};
use crate::target::KeyTarget;
use crate::{KmsError, action, limits};

/// What a grant may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Shape)]
#[shape(rename_all = "UpperCamel")]
pub enum GrantOperation {
    /// Decrypt.
    Decrypt,
    /// Encrypt.
    Encrypt,
    /// GenerateDataKey.
    GenerateDataKey,
    /// GenerateDataKeyWithoutPlaintext.
    GenerateDataKeyWithoutPlaintext,
    /// ReEncrypt, from the key.
    ReEncryptFrom,
    /// ReEncrypt, to the key.
    ReEncryptTo,
    /// Sign.
    Sign,
    /// Verify.
    Verify,
    /// GetPublicKey.
    GetPublicKey,
    /// CreateGrant, of no more than the grant itself.
    CreateGrant,
    /// RetireGrant, of the grant itself.
    RetireGrant,
    /// DescribeKey.
    DescribeKey,
    /// GenerateDataKeyPair.
    GenerateDataKeyPair,
    /// GenerateDataKeyPairWithoutPlaintext.
    GenerateDataKeyPairWithoutPlaintext,
    /// GenerateMac.
    GenerateMac,
    /// VerifyMac.
    VerifyMac,
    /// DeriveSharedSecret.
    DeriveSharedSecret,
    /// Encapsulate.
    Encapsulate,
    /// Decapsulate.
    Decapsulate,
}

use GrantOperation as Op;

/// What any key may be granted for.
const OF_ANY_KEY: &[Op] = &[Op::CreateGrant, Op::RetireGrant, Op::DescribeKey];
const OF_SYMMETRIC: &[Op] = &[
    Op::Encrypt,
    Op::Decrypt,
    Op::ReEncryptFrom,
    Op::ReEncryptTo,
    Op::GenerateDataKey,
    Op::GenerateDataKeyWithoutPlaintext,
    Op::GenerateDataKeyPair,
    Op::GenerateDataKeyPairWithoutPlaintext,
];
const OF_ENCRYPTING_PAIR: &[Op] = &[
    Op::Encrypt,
    Op::Decrypt,
    Op::ReEncryptFrom,
    Op::ReEncryptTo,
    Op::GetPublicKey,
];
const OF_SIGNING: &[Op] = &[Op::Sign, Op::Verify, Op::GetPublicKey];
const OF_MAC: &[Op] = &[Op::GenerateMac, Op::VerifyMac];
const OF_AGREEMENT: &[Op] = &[Op::DeriveSharedSecret, Op::GetPublicKey];
const OF_ENCAPSULATION: &[Op] = &[Op::Encapsulate, Op::Decapsulate, Op::GetPublicKey];

impl GrantOperation {
    fn bit(self) -> u32 {
        1 << self as u32
    }

    /// The action of the policy language that it is.
    pub fn action(self) -> &'static str {
        let is_it = |action: &&&str| action.strip_prefix("kms:") == Some(self.as_str());
        // INVARIANT: each operation of a grant is an action, which a test walks.
        action::ALL.iter().find(is_it).copied().unwrap_or_default()
    }

    /// Whether grants allow it whatever encryption context they are for.
    pub fn is_free(self) -> bool {
        matches!(self, GrantOperation::DescribeKey | GrantOperation::RetireGrant)
    }

    /// The operation that an action of the policy language is.
    fn of_action(action: &str) -> Option<GrantOperation> {
        action.strip_prefix("kms:")?.parse().ok()
    }
}

/// The operations as a record keeps them.
pub fn bits(operations: &[GrantOperation]) -> u32 {
    operations
        .iter()
        .fold(0, |bits, operation| bits | operation.bit())
}

/// The operations that a record keeps.
pub fn operations(bits: u32) -> Vec<GrantOperation> {
    let all = GrantOperation::ALL.iter().copied();
    all.filter(|operation| bits & operation.bit() != 0).collect()
}

/// Somebody, as requests and answers name them: an ARN or what is left of one.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=256, pattern = "^[\\w+=,.@:/-]+$")]
pub struct PrincipalId(pub String);

/// A service, by its name.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=128, pattern = "^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$")]
pub struct ServicePrincipal(pub String);

/// What a grant is called.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=256, pattern = "^[a-zA-Z0-9:/_-]+$")]
pub struct GrantNameText(pub String);

/// The id of a grant: 64 hexadecimal digits.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=128)]
pub struct GrantId(pub String);

/// A token that stands for a grant.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=8192)]
pub struct GrantToken(pub String);

/// What a grant asks of a request.
#[derive(Debug, Clone, Default, Shape)]
pub struct GrantConstraints {
    /// Pairs that the encryption context has to have.
    #[shape(audit = log)]
    pub encryption_context_subset: Option<EncryptionContext>,
    /// Pairs that the encryption context has to be.
    #[shape(audit = log)]
    pub encryption_context_equals: Option<EncryptionContext>,
    /// The resource that a service has to act for.
    #[shape(audit = log, length = 20..=512, pattern = "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$")]
    pub source_arn: Option<String>,
}

/// A grant, as lists show it.
#[derive(Debug, Shape)]
pub struct GrantListEntry {
    /// The key's ARN.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: String,
    /// The grant's id.
    #[shape(audit = omit)]
    pub grant_id: GrantId,
    /// What it is called.
    #[shape(audit = omit)]
    pub name: Option<GrantNameText>,
    /// When it was made.
    #[shape(audit = omit)]
    pub creation_date: Timestamp,
    /// Who may.
    #[shape(audit = omit)]
    pub grantee_principal: Option<PrincipalId>,
    /// Who else may end it.
    #[shape(audit = omit)]
    pub retiring_principal: Option<PrincipalId>,
    /// The account of whoever made it.
    #[shape(audit = omit)]
    pub issuing_account: Option<PrincipalId>,
    /// What they may.
    #[shape(audit = omit)]
    pub operations: Vec<GrantOperation>,
    /// What it asks of a request.
    #[shape(audit = omit)]
    pub constraints: Option<GrantConstraints>,
    /// Which service may.
    #[shape(audit = omit)]
    pub grantee_service_principal: Option<ServicePrincipal>,
    /// Which service may end it.
    #[shape(audit = omit)]
    pub retiring_service_principal: Option<ServicePrincipal>,
}

impl GrantId {
    /// The id of a grant.
    pub fn of(id: &[u8; 32]) -> GrantId {
        use std::fmt::Write;
        let mut text = String::with_capacity(64);
        for byte in id {
            // INVARIANT: writing to a text does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        GrantId(text)
    }

    /// The id's bytes.
    pub fn bytes(&self) -> Result<[u8; 32], KmsError> {
        let GrantId(text) = self;
        let mut id = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(KmsError::InvalidGrantId);
        }
        for (byte, at) in id.iter_mut().zip((0..64).step_by(2)) {
            let digits = text.get(at..at + 2).ok_or(KmsError::InvalidGrantId)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| KmsError::InvalidGrantId)?;
        }
        Ok(id)
    }

    /// Draws one.
    pub fn draw(entropy: &dyn Entropy) -> Result<[u8; 32], KmsError> {
        let mut id = [0; 32];
        entropy.fill(&mut id)?;
        Ok(id)
    }
}

impl GrantToken {
    /// A token of a grant, unlike any other of it.
    pub fn of(name: GrantName, account: AccountId, view: &View) -> Result<GrantToken, KmsError> {
        let region = view.place().region.as_str().as_bytes();
        let account = account.number().to_be_bytes();
        let content = [&account[..], &name.key.to_bytes(), &name.id].concat();
        // Each sealing has a salt of its own.
        let snapshot = view.store().snapshot();
        let sealed = snapshot.seal(Domain::Installation, Purpose::Token, &[GRANT, region], &content)?;
        Ok(GrantToken(URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Which grant it stands for, and whose key it is on; refused where it was not made here, or in another Region.
    pub fn open(text: &str, view: &View) -> Result<(AccountId, GrantName), KmsError> {
        let invalid = |_| KmsError::InvalidGrantToken;
        let sealed = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| KmsError::InvalidGrantToken)?;
        let region = view.place().region.as_str().as_bytes();
        let snapshot = view.store().snapshot();
        let opened = snapshot
            .open(Domain::Installation, Purpose::Token, &[GRANT, region], &sealed)
            .map_err(invalid)?;
        GrantToken::read(opened.expose()).ok_or(KmsError::InvalidGrantToken)
    }

    fn read(content: &[u8]) -> Option<(AccountId, GrantName)> {
        let (account, rest) = content.split_at_checked(8)?;
        let (key, id) = rest.split_at_checked(17)?;
        let account = AccountId::from_number(u64::from_be_bytes(account.try_into().ok()?))?;
        let key = KeyId::from_bytes(key)?;
        let id = id.try_into().ok()?;
        Some((account, GrantName { key, id }))
    }
}

const GRANT: &[u8] = b"grant";

impl GrantListEntry {
    /// A grant, shown. Principals have the ARNs that they have now, and those that are gone their unique ids.
    pub fn of(grant: &Grant, key: &Arn, view: &View) -> Result<GrantListEntry, KmsError> {
        let shown = |party: &Party| -> Result<Option<PrincipalId>, KmsError> {
            Ok(match party.is_service {
                true => None,
                false => Some(PrincipalId(now_of(party, view)?)),
            })
        };
        let service = |party: &Party| party.is_service.then(|| ServicePrincipal(party.named.clone()));
        let context = |pairs: &Option<BTreeMap<String, String>>| pairs.clone().map(EncryptionContext::of);
        let constraints = GrantConstraints {
            encryption_context_subset: context(&grant.subset),
            encryption_context_equals: context(&grant.equals),
            source_arn: grant.source_arn.clone(),
        };
        let is_bound = grant.subset.is_some() || grant.equals.is_some() || grant.source_arn.is_some();
        let issuer = grant
            .issuer()
            .map(|account| PrincipalId(Arn::root_of(account).to_string()));
        Ok(GrantListEntry {
            key_id: key.to_string(),
            grant_id: GrantId::of(&grant.id),
            name: grant.name.clone().map(GrantNameText),
            creation_date: grant.created(),
            grantee_principal: shown(&grant.grantee)?,
            retiring_principal: grant.retiring.as_ref().map(shown).transpose()?.flatten(),
            issuing_account: issuer,
            operations: operations(grant.operations),
            constraints: is_bound.then_some(constraints),
            grantee_service_principal: service(&grant.grantee),
            retiring_service_principal: grant.retiring.as_ref().and_then(service),
        })
    }
}

fn now_of(party: &Party, view: &View) -> Result<String, KmsError> {
    let named: Option<Arn> = party.named.parse().ok();
    let Some(account) = named.as_ref().and_then(Arn::account) else {
        return Ok(party.named.clone());
    };
    if named == Some(Arn::root_of(account)) {
        return Ok(party.named.clone());
    }
    let now = identity::principal_of_id(&party.id, account, view.store())?;
    Ok(now.map_or_else(|| party.id.clone(), |arn| arn.to_string()))
}

/// Finds whom a grant is to name: an account, or somebody who exists.
pub fn party(PrincipalId(text): &PrincipalId, view: &View) -> Result<Party, KmsError> {
    let invalid = || KmsError::InvalidArn(format!("ARN does not refer to a valid principal: {text}"));
    let arn: Arn = text.parse().map_err(|_| invalid())?;
    let account = arn.account().ok_or_else(invalid)?;
    let id = if arn == Arn::root_of(account) {
        identity::account_exists(account, view.store())?.then(|| account.to_string())
    } else {
        identity::principal_of_arn(&arn, view.store())?
    };
    Ok(Party {
        named: text.clone(),
        id: id.ok_or_else(invalid)?,
        is_service: false,
    })
}

/// Names a service.
pub fn service(ServicePrincipal(name): &ServicePrincipal) -> Party {
    Party {
        named: name.clone(),
        id: name.clone(),
        is_service: true,
    }
}

/// What keys of this one's kind alone can be granted for.
fn of_kind(key: &KeyTarget) -> &'static [GrantOperation] {
    match key.key.usage.as_str() {
        usage if usage == KeyUsage::EncryptDecrypt.as_str() && key.key.is_symmetric() => OF_SYMMETRIC,
        usage if usage == KeyUsage::EncryptDecrypt.as_str() => OF_ENCRYPTING_PAIR,
        usage if usage == KeyUsage::SignVerify.as_str() => OF_SIGNING,
        usage if usage == KeyUsage::GenerateVerifyMac.as_str() => OF_MAC,
        usage if usage == KeyUsage::KeyAgreement.as_str() => OF_AGREEMENT,
        usage if usage == KeyUsage::EncapsulateDecapsulate.as_str() => OF_ENCAPSULATION,
        _ => &[],
    }
}

/// What a key can be granted for.
pub fn of_key(key: &KeyTarget) -> impl Iterator<Item = GrantOperation> {
    of_kind(key).iter().chain(OF_ANY_KEY).copied()
}

/// Refuses operations that a key can't be granted for.
pub fn check_operations(key: &KeyTarget, wanted: &[GrantOperation]) -> Result<(), KmsError> {
    let fits = |operation: &&GrantOperation| of_key(key).any(|of_key| of_key == **operation);
    match wanted.iter().find(|operation| !fits(operation)) {
        None => Ok(()),
        Some(operation) => Err(KmsError::Validation(format!(
            "Grant operation {operation} is not supported for the KMS key {}.",
            key.arn
        ))),
    }
}

/// Refuses constraints that no grant on this key may have.
pub fn check_constraints(key: &KeyTarget, constraints: &GrantConstraints) -> Result<(), KmsError> {
    let invalid = |why: String| Err(KmsError::Validation(why));
    let contexts = [
        &constraints.encryption_context_subset,
        &constraints.encryption_context_equals,
    ];
    let contexts: Vec<&EncryptionContext> = contexts.into_iter().flatten().collect();
    if contexts.len() > 1 {
        return invalid(
            "A grant may have EncryptionContextSubset or EncryptionContextEquals, and not both.".to_owned(),
        );
    }
    for context in contexts {
        if !key.key.is_symmetric() || key.key.usage != KeyUsage::EncryptDecrypt.as_str() {
            return invalid(format!(
                "Encryption context constraints are for symmetric encryption KMS keys, and {} is none.",
                key.arn
            ));
        }
        if context.pairs().count() > limits::PAIRS_A_CONSTRAINT {
            return invalid(format!(
                "An encryption context constraint may have {} pairs.",
                limits::PAIRS_A_CONSTRAINT
            ));
        }
        let too_long = |value: &str| value.chars().count() > limits::CHARACTERS_A_CONSTRAINT_VALUE;
        if context.pairs().any(|(_, value)| too_long(value)) {
            return invalid(format!(
                "A value of an encryption context constraint may have {} characters.",
                limits::CHARACTERS_A_CONSTRAINT_VALUE
            ));
        }
        let folded: std::collections::BTreeSet<String> =
            context.pairs().map(|(name, _)| name.to_lowercase()).collect();
        if folded.len() < context.pairs().count() {
            return invalid("Names of an encryption context constraint differ in case alone.".to_owned());
        }
    }
    Ok(())
}

/// Pairs by their names in small letters; `None` where two names differ in case alone.
fn folded(pairs: &BTreeMap<String, String>) -> Option<BTreeMap<String, &str>> {
    let mut folded = BTreeMap::new();
    for (name, value) in pairs {
        if folded.insert(name.to_lowercase(), value.as_str()).is_some() {
            return None;
        }
    }
    Some(folded)
}

/// Whether every pair of `few` is in `many`.
fn is_within(few: &BTreeMap<String, String>, many: &BTreeMap<String, String>) -> bool {
    let (Some(few), Some(many)) = (folded(few), folded(many)) else {
        return false;
    };
    few.iter().all(|(name, value)| many.get(name) == Some(value))
}

/// Whether two contexts have the same pairs.
fn is_same(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> bool {
    one.len() == other.len() && is_within(one, other)
}

/// What a request asks that a grant may have to allow.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What is to be done.
    pub operation: GrantOperation,
    /// The request's encryption context.
    pub context: BTreeMap<String, String>,
    /// What a grant that is to be made allows.
    pub child: u32,
    /// Whether its constraint is on the whole context.
    pub child_is_exact: bool,
}

impl Wish {
    fn of(action: &str, asking: &Asking<'_>) -> Option<Wish> {
        let operation = GrantOperation::of_action(action)?;
        let value = |name: &str| ConditionKey::new(name).and_then(|key| asking.request.value(action, &key));
        let child = match value("kms:GrantOperations") {
            Some(Found::Many(names)) => {
                let operations = names.iter().map(|name| name.parse().ok());
                bits(&operations.collect::<Option<Vec<GrantOperation>>>()?)
            }
            _ => 0,
        };
        let child_is_exact = value("kms:GrantConstraintType") == Some(Found::text(EQUALS));
        Some(Wish {
            operation,
            context: asking
                .request
                .encryption_context(action)
                .cloned()
                .unwrap_or_default(),
            child,
            child_is_exact,
        })
    }

    /// The tags of the grants that may fit.
    fn tags(&self) -> Vec<GrantTag> {
        let mut tags = vec![GrantTag::ANY, GrantTag::of_all(&self.context)];
        tags.extend(self.context.iter().map(GrantTag::of_pair));
        tags
    }
}

/// The types of constraints, as `kms:GrantConstraintType` has them.
pub const EQUALS: &str = "EncryptionContextEquals";
/// As [`EQUALS`].
pub const SUBSET: &str = "EncryptionContextSubset";

/// Whether nobody's call can be allowed by a grant, though it lists the operation: only a call that a service makes for the
/// resource that it names would do, and there is none here.
pub fn never_allows(grant: &Grant, operation: GrantOperation) -> bool {
    grant.source_arn.is_some() && operation != GrantOperation::RetireGrant
}

/// Whether a grant allows what is wished, whoever wishes it.
pub fn allows(grant: &Grant, wish: &Wish) -> bool {
    if grant.operations & wish.operation.bit() == 0 {
        return false;
    }
    if never_allows(grant, wish.operation) {
        return false;
    }
    match wish.operation {
        GrantOperation::DescribeKey | GrantOperation::RetireGrant => return true,
        // What is passed on may be no more than what was given, under constraints that are no looser.
        GrantOperation::CreateGrant if wish.child & !grant.operations != 0 => return false,
        GrantOperation::CreateGrant if grant.equals.is_some() && !wish.child_is_exact => return false,
        _ => {}
    }
    let equals = grant
        .equals
        .as_ref()
        .is_none_or(|pairs| is_same(pairs, &wish.context));
    let subset = grant
        .subset
        .as_ref()
        .is_none_or(|pairs| is_within(pairs, &wish.context));
    equals && subset
}

/// How strongly a grant on `key` names the caller that it allows `action` to.
pub fn strength(key: &KeyTarget, action: &str, asking: &Asking<'_>) -> Result<Option<Strength>, StoreError> {
    let Some(wish) = Wish::of(action, asking) else {
        return Ok(None);
    };
    // What these do is not bound to a context, so grants with any constraint on it may allow them.
    let tags = match wish.operation.is_free() {
        true => vec![None],
        false => wish.tags().into_iter().map(Some).collect(),
    };
    for (name, strength) in names_in_grants(asking.caller.principal()) {
        for tag in &tags {
            let prefix = Grants::of_grantee(&key.id.to_bytes(), &name, *tag);
            let entries =
                asking
                    .view
                    .index::<Grants>(key.domain, Grants::BY_GRANTEE, &prefix, None, usize::MAX)?;
            for entry in entries {
                let lists = Grants::operations_of(&entry.bytes)
                    .is_none_or(|operations| operations & wish.operation.bit() != 0);
                if !lists {
                    continue;
                }
                let grant = asking.view.get_row::<Grants>(&entry.row)?;
                if grant.is_some_and(|grant| !grant.grantee.is_service && allows(&grant, &wish)) {
                    return Ok(Some(strength));
                }
            }
        }
    }
    Ok(None)
}

/// A grant of a key, by its id.
pub fn find(key: &KeyTarget, id: [u8; 32], view: &View) -> Result<Option<Held<Grant>>, KmsError> {
    let name = GrantName { key: key.id, id };
    Ok(view.store().get::<Grants>(key.domain, &name)?)
}

/// The names of all grants of a key.
pub fn all_of(key: KeyId, domain: Domain, view: &View) -> Result<Vec<GrantName>, StoreError> {
    let prefix = key.to_bytes();
    let entries = view
        .store()
        .index::<Grants>(domain, Grants::BY_KEY, &prefix, None, usize::MAX)?;
    let id = |bytes: &[u8]| bytes.get(prefix.len()..)?.try_into().ok();
    Ok(entries
        .iter()
        .filter_map(|entry| id(&entry.bytes))
        .map(|id| GrantName { key, id })
        .collect())
}
