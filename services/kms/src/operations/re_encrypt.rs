//! ReEncrypt.

use std::collections::BTreeMap;

use arn::Arn;
use engine::{
    Absent, Action, Asking, ConditionKey, Demands, Described, Found, Miss, Operation, Outcome, Permit,
    Resource, Strength, Targets, View, World,
};
use model::{Blob, OperationSpec, Shape};
use store::StoreError;

use crate::cipher::{self, Subject};
use crate::context::EncryptionContext;
use crate::target::{KeyTarget, KeysOf, demand_on_nothing};
use crate::wire::{Algorithm, DryRunModifier, GrantTokens, KeyReference, MaterialIdText};
use crate::{KmsError, action, conditions, state};

/// Decrypts under one key and encrypts under another, or the same, without showing the plaintext.
///
/// Source: KMS API Reference, `ReEncrypt`. Known differences: none.
pub struct ReEncrypt;

/// The request.
#[derive(Debug, Shape)]
pub struct ReEncryptInput {
    /// The ciphertext, 1 to 6144 bytes; needed unless a dry run ignores it.
    #[shape(audit = omit, length = 1..=6144)]
    pub ciphertext_blob: Option<Blob>,
    /// The pairs it was encrypted with.
    #[shape(default, audit = log)]
    pub source_encryption_context: EncryptionContext,
    /// Any form of the name of the key it was encrypted under; then only that key is tried.
    #[shape(audit = log)]
    pub source_key_id: Option<KeyReference>,
    /// Any form of the name of the key to encrypt under.
    #[shape(audit = log)]
    pub destination_key_id: KeyReference,
    /// Pairs that decryption will have to repeat.
    #[shape(default, audit = log)]
    pub destination_encryption_context: EncryptionContext,
    /// `SYMMETRIC_DEFAULT` unless given.
    #[shape(default, audit = log)]
    pub source_encryption_algorithm: Algorithm,
    /// `SYMMETRIC_DEFAULT` unless given.
    #[shape(default, audit = log)]
    pub destination_encryption_algorithm: Algorithm,
    /// Tokens of grants that may not be in force everywhere yet.
    #[shape(default, audit = omit)]
    pub grant_tokens: GrantTokens,
    /// Whether only to ask if it would succeed.
    #[shape(audit = log)]
    pub dry_run: Option<bool>,
    /// What a dry run leaves unchecked.
    #[shape(default, audit = log)]
    pub dry_run_modifiers: Vec<DryRunModifier>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct ReEncryptOutput {
    /// The new ciphertext.
    #[shape(audit = omit, length = 1..=6144)]
    pub ciphertext_blob: Blob,
    /// The ARN of the key that decrypted.
    #[shape(audit = omit, length = 1..=2048)]
    pub source_key_id: Arn,
    /// The ARN of the key that encrypted.
    #[shape(audit = omit, length = 1..=2048)]
    pub key_id: Arn,
    /// The algorithm that decrypted.
    #[shape(audit = omit)]
    pub source_encryption_algorithm: Algorithm,
    /// The algorithm that encrypted.
    #[shape(audit = omit)]
    pub destination_encryption_algorithm: Algorithm,
    /// Which of the source key's materials decrypted.
    #[shape(audit = omit)]
    pub source_key_material_id: Option<MaterialIdText>,
    /// Which of the destination key's materials encrypted.
    #[shape(audit = omit)]
    pub destination_key_material_id: Option<MaterialIdText>,
}

/// The two keys of a re-encryption.
#[derive(Debug)]
pub struct Pair {
    source: Side,
    /// A key of another account that is not there is one that nobody may use.
    destination: Result<Side, Absent>,
}

/// One of the two keys.
#[derive(Debug)]
struct Side {
    key: KeyTarget,
    /// Whether it is the other one too.
    on_same_key: bool,
}

impl Described for Side {
    fn value<'r>(&'r self, key: &ConditionKey, view: &'r store::View) -> Option<Found<'r>> {
        match key.as_str() {
            "kms:reencryptonsamekey" => Some(Found::boolean(self.on_same_key)),
            _ => self.key.value(key, view),
        }
    }

    fn granted(&self, action: &'static str, asking: &Asking<'_>) -> Result<Option<Strength>, StoreError> {
        self.key.granted(action, asking)
    }
}

impl Pair {
    fn of(source: KeyTarget, destination: Result<KeyTarget, Absent>) -> Pair {
        let on_same_key = destination.as_ref().is_ok_and(|other| other.arn == source.arn);
        let side = |key| Side { key, on_same_key };
        Pair {
            source: side(source),
            destination: destination.map(side),
        }
    }

    fn destination(&self) -> Result<&KeyTarget, KmsError> {
        // INVARIANT: the demand for an absent key is never allowed.
        match &self.destination {
            Ok(side) => Ok(&side.key),
            Err(_) => Err(KmsError::HiddenKey),
        }
    }
}

impl Targets for Pair {
    fn resources(&self) -> Vec<Resource> {
        let mut resources = self.source.key.resources();
        resources.extend(self.destination.iter().flat_map(|side| side.key.resources()));
        resources
    }

    fn described(&self, resource: &Arn) -> Option<&dyn Described> {
        let mut sides = std::iter::once(&self.source).chain(&self.destination);
        let side = sides.find(|side| side.key.arn == *resource)?;
        Some(side)
    }
}

impl ReEncryptInput {
    fn subject(&self) -> Subject<'_> {
        Subject {
            key: self.source_key_id.as_deref(),
            ciphertext: self.ciphertext_blob.as_ref().map(|blob| blob.0.as_slice()),
            context: &self.source_encryption_context,
            algorithm: self.source_encryption_algorithm,
            dry_run: self.dry_run == Some(true),
            modifiers: &self.dry_run_modifiers,
            names: ["sourceKeyId", "ciphertextBlob"],
        }
    }
}

impl Operation for ReEncrypt {
    const SPEC: OperationSpec = OperationSpec::uses("ReEncrypt");
    type Input = ReEncryptInput;
    type Output = ReEncryptOutput;
    type Targets = Pair;
    type Error = KmsError;

    fn locate(input: &ReEncryptInput, view: &View) -> Result<Pair, Miss<KmsError>> {
        input.source_encryption_context.check()?;
        input.destination_encryption_context.check()?;
        let source = input.subject().locate::<action::ReEncryptFrom>(view);
        let destination = view.keys().find::<action::ReEncryptTo>(&input.destination_key_id);
        match (source, destination) {
            (Ok(source), Ok(destination)) => Ok(Pair::of(source, Ok(destination))),
            // Whether the source may be used is decided first: its denial must not depend on whether a key of another
            // account exists.
            (Ok(source), Err(Miss::Absent(absent))) if absent.owner != view.place().account => {
                Ok(Pair::of(source, Err(absent)))
            }
            // Nor must what is wrong with the destination depend on whether a source that is closed exists.
            (Err(hidden), Err(miss)) if tells_nothing(&hidden, view) && !tells_nothing(&miss, view) => {
                Err(miss)
            }
            (Err(miss), _) | (_, Err(miss)) => Err(miss),
        }
    }

    fn demands(_: &ReEncryptInput, Pair { source, destination }: &Pair, _: &View) -> Demands {
        let to = match destination {
            Ok(destination) => destination.key.demand::<action::ReEncryptTo>(),
            Err(absent) => demand_on_nothing(absent),
        };
        Demands::of(source.key.demand::<action::ReEncryptFrom>()).and(to)
    }

    fn condition<'c>(input: &'c ReEncryptInput, action: &str, key: &ConditionKey) -> Option<Found<'c>> {
        let from = action == action::ReEncryptFrom::NAME;
        let (reference, algorithm) = match from {
            true => (input.source_key_id.as_deref(), input.source_encryption_algorithm),
            false => (
                Some(&*input.destination_key_id),
                input.destination_encryption_algorithm,
            ),
        };
        conditions::of_reference(reference, key)
            .or_else(|| conditions::default_of("kms:encryptionalgorithm", algorithm.as_str(), false, key))
    }

    fn encryption_context<'c>(
        input: &'c ReEncryptInput,
        action: &str,
    ) -> Option<&'c BTreeMap<String, String>> {
        Some(match action == action::ReEncryptFrom::NAME {
            true => input.source_encryption_context.as_map(),
            false => input.destination_encryption_context.as_map(),
        })
    }

    fn hides_denial(input: &ReEncryptInput, action: &str) -> Option<KmsError> {
        input
            .subject()
            .hides_denial()
            .filter(|_| action == action::ReEncryptFrom::NAME)
    }

    fn check(input: &ReEncryptInput, permit: &Permit<Pair>, view: &View) -> Result<(), KmsError> {
        input.grant_tokens.check(view)?;
        let (source, destination) = (&permit.targets().source.key, permit.targets().destination()?);
        destination.state.require(state::USABLE, &destination.arn)?;
        input.subject().check(source, "ReEncrypt")?;
        let how = input.destination_encryption_algorithm;
        let algorithm = cipher::check_algorithm(destination, how, "ReEncrypt")?;
        input.destination_encryption_context.check_for(algorithm)
    }

    fn is_dry_run(input: &ReEncryptInput) -> bool {
        input.dry_run == Some(true)
    }

    async fn act(input: &ReEncryptInput, permit: &Permit<Pair>, world: &mut World<'_>) -> Outcome<Self> {
        let (source, destination) = (&permit.targets().source.key, permit.targets().destination()?);
        let ciphertext = input.subject().ciphertext.ok_or(KmsError::InvalidCiphertext)?;
        let (how, context) = (
            input.source_encryption_algorithm,
            &input.source_encryption_context,
        );
        let opened =
            cipher::open::<action::ReEncryptFrom>(world, permit, source, how, context, ciphertext).await?;
        let how = input.destination_encryption_algorithm;
        let context = &input.destination_encryption_context;
        let plaintext = opened.plaintext.expose();
        // What one key holds another may be too small for.
        let algorithm = cipher::check_algorithm(destination, how, "ReEncrypt")?;
        cipher::check_plaintext(destination, algorithm, context, plaintext)?;
        let sealed =
            cipher::seal::<action::ReEncryptTo>(world, permit, destination, how, context, plaintext).await?;
        cipher::note(world, "sourceKeyMaterialId", opened.material);
        cipher::note(world, "destinationKeyMaterialId", sealed.material);
        Ok(ReEncryptOutput {
            ciphertext_blob: sealed.blob,
            source_key_id: source.arn.clone(),
            key_id: destination.arn.clone(),
            source_encryption_algorithm: input.source_encryption_algorithm,
            destination_encryption_algorithm: input.destination_encryption_algorithm,
            source_key_material_id: opened.material.map(Into::into),
            destination_key_material_id: sealed.material.map(Into::into),
        })
    }
}

/// Whether the answer to this miss is the same for a key that exists and is closed to the caller.
fn tells_nothing(miss: &Miss<KmsError>, view: &View) -> bool {
    match miss {
        Miss::Absent(absent) => absent.owner != view.place().account,
        Miss::Refused(error) => matches!(error, KmsError::HiddenKey),
    }
}
