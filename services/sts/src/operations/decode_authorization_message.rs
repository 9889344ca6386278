//! DecodeAuthorizationMessage.

use engine::{Authority, Demand, Demands, Miss, Operation, Outcome, Permit, View, World};
use model::{OperationSpec, Shape};

use super::NoTarget;
use crate::StsError;

/// Tells what an encoded message of a refusal says. There are none: AWS encodes messages for some services alone, and none of
/// those that are here is one of them, so whatever is given is no message.
///
/// Source: STS API Reference, `DecodeAuthorizationMessage`; the messages of KMS, IAM and STS, which say in clear why a call was
/// refused.
pub struct DecodeAuthorizationMessage;

/// The request.
#[derive(Debug, Shape)]
pub struct DecodeAuthorizationMessageInput {
    /// The message.
    #[shape(audit = omit, length = 1..=10_240)]
    pub encoded_message: String,
}

/// The answer.
#[derive(Debug, Shape)]
pub struct DecodeAuthorizationMessageOutput {
    /// What the message says.
    #[shape(audit = omit)]
    pub decoded_message: Option<String>,
}

impl Operation for DecodeAuthorizationMessage {
    const SPEC: OperationSpec = OperationSpec::reads("DecodeAuthorizationMessage");
    type Input = DecodeAuthorizationMessageInput;
    type Output = DecodeAuthorizationMessageOutput;
    type Targets = NoTarget;
    type Error = StsError;

    fn locate(_: &DecodeAuthorizationMessageInput, _: &View) -> Result<NoTarget, Miss<StsError>> {
        Ok(NoTarget)
    }

    fn demands(_: &DecodeAuthorizationMessageInput, _: &NoTarget, view: &View) -> Demands {
        Demands::of(Demand {
            action: "sts:DecodeAuthorizationMessage",
            resource: arn::Arn::root_of(view.place().account),
            owner: view.place().account,
            authority: Authority::Identity,
        })
    }

    async fn act(
        _: &DecodeAuthorizationMessageInput,
        _: &Permit<NoTarget>,
        _: &mut World<'_>,
    ) -> Outcome<Self> {
        Err(StsError::InvalidMessage)
    }
}
