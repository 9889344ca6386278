//! GenerateRandom.

use engine::{ConditionKey, Demands, Found, Miss, Operation, Outcome, Permit, View, World};
use model::{Blob, OperationSpec, Shape};
use secret::SecretBytes;

use crate::data_key::{self, Length};
use crate::recipient::{self, Reader, RecipientInfo};
use crate::target::{NoTarget, demand_of_account};
use crate::{KmsError, action, conditions};

/// Gives random bytes.
///
/// Source: KMS API Reference, `GenerateRandom`. Known differences: there are no custom key stores.
pub struct GenerateRandom;

/// The request.
#[derive(Debug, Shape)]
pub struct GenerateRandomInput {
    /// 1 to 1024; the service needs it although its model does not say so.
    #[shape(audit = omit, range = 1..=1024)]
    pub number_of_bytes: Option<i32>,
    /// The custom key store whose HSMs are to draw them.
    #[shape(audit = omit, length = 1..=64)]
    pub custom_key_store_id: Option<String>,
    /// Whom to encrypt the answer for.
    #[shape(audit = omit)]
    pub recipient: Option<RecipientInfo>,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct GenerateRandomOutput {
    /// The bytes.
    #[shape(sensitive, length = 1..=4096)]
    pub plaintext: Option<SecretBytes>,
    /// The bytes for a recipient.
    #[shape(audit = omit, length = 1..=6144)]
    pub ciphertext_for_recipient: Option<Blob>,
}

impl GenerateRandomInput {
    fn length(&self) -> Result<Length, KmsError> {
        let missing = || KmsError::Validation("NumberOfBytes is required.".to_owned());
        Length::asked(None, Some(self.number_of_bytes.ok_or_else(missing)?))
    }
}

impl Operation for GenerateRandom {
    const SPEC: OperationSpec = OperationSpec::reads("GenerateRandom");
    type Input = GenerateRandomInput;
    type Output = GenerateRandomOutput;
    type Targets = NoTarget;
    type Error = KmsError;

    fn locate(input: &GenerateRandomInput, _: &View) -> Result<NoTarget, Miss<KmsError>> {
        input.length()?;
        recipient::check(input.recipient.as_ref())?;
        Ok(NoTarget)
    }

    fn demands(_: &GenerateRandomInput, _: &NoTarget, view: &View) -> Demands {
        Demands::of(demand_of_account::<action::GenerateRandom>(view.place()))
    }

    fn condition<'c>(input: &'c GenerateRandomInput, _: &str, key: &ConditionKey) -> Option<Found<'c>> {
        conditions::of_recipient(input.recipient.is_some(), key)
    }

    fn check(input: &GenerateRandomInput, _: &Permit<NoTarget>, _: &View) -> Result<(), KmsError> {
        if input.custom_key_store_id.is_some() {
            Err(KmsError::NoCustomKeyStore)
        } else {
            Ok(())
        }
    }

    async fn act(input: &GenerateRandomInput, _: &Permit<NoTarget>, world: &mut World<'_>) -> Outcome<Self> {
        let reader = Reader::of(input.recipient.as_ref(), world)?;
        let random = data_key::random(world, input.length()?)?;
        let (plaintext, ciphertext_for_recipient) = reader.gets(random, world)?.split();
        Ok(GenerateRandomOutput {
            plaintext,
            ciphertext_for_recipient,
        })
    }
}
