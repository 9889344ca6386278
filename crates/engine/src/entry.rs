//! From a call and what came of it to its audit record.

use ambient::{Entropy, EntropyFailed};
use arn::{AccountId, Arn};
use audit::{Entry, EventType, Identity, IdentityKind, SessionIssuer, Tls};
use identity::Kind;
use model::{OperationSpec, Shape};
use serde_json::{Map, Value};
use smallvec::SmallVec;
use uuid::Uuid;

use crate::call::Call;
use crate::precedence;

/// A resource as a record names it.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its ARN.
    pub arn: Arn,
    /// Its type: `AWS::KMS::Key`.
    pub kind: &'static str,
}

/// What came of a call, as its record tells it.
#[derive(Default, Clone, Copy)]
pub(crate) struct Tale<'t> {
    /// The refusal, with the text that may be recorded.
    pub(crate) failure: Option<(&'t str, Option<&'t str>)>,
    pub(crate) parameters: Option<&'t str>,
    pub(crate) response: Option<&'t str>,
    pub(crate) notes: Option<&'t Map<String, Value>>,
    pub(crate) resources: &'t [Resource],
}

/// The records of `call`, in the bytes that are kept: the caller's account's, and a copy for each other account whose
/// resources the call reached. A call that was refused for want of permission reached none.
///
/// Source: CloudTrail User Guide, `sharedEventID`; KMS Developer Guide, "Logging AWS KMS API calls with AWS CloudTrail".
pub(crate) fn of_call(
    call: &Call,
    spec: &OperationSpec,
    tale: &Tale<'_>,
    entropy: &dyn Entropy,
) -> Result<Records, EntropyFailed> {
    let mut owners: SmallVec<[AccountId; 2]> = SmallVec::new();
    if tale
        .failure
        .is_none_or(|(code, _)| code != precedence::ACCESS_DENIED)
    {
        for owner in tale
            .resources
            .iter()
            .filter_map(|resource| resource.arn.account())
        {
            if owner != call.place.account && !owners.contains(&owner) {
                owners.push(owner);
            }
        }
    }
    let shared = match owners.is_empty() {
        true => None,
        false => Some(entropy.uuid()?),
    };
    let mut records = Records::new();
    records.push(record(call, spec, tale, &Recipient::caller(call), shared));
    for owner in owners {
        let recipient = Recipient {
            account: owner,
            event_id: entropy.uuid()?,
        };
        records.push(record(call, spec, tale, &recipient, shared));
    }
    Ok(records)
}

/// The records of one call; nearly always one.
pub(crate) type Records = SmallVec<[Record; 1]>;

/// One record.
pub(crate) struct Record {
    /// The account whose record it is.
    pub(crate) recipient: AccountId,
    /// The event's id in that account.
    pub(crate) event_id: Uuid,
    /// What is kept.
    pub(crate) bytes: Vec<u8>,
}

/// Whose record it is.
struct Recipient {
    account: AccountId,
    event_id: Uuid,
}

impl Recipient {
    fn caller(call: &Call) -> Recipient {
        Recipient {
            account: call.place.account,
            event_id: call.event_id,
        }
    }
}

fn record(
    call: &Call,
    spec: &OperationSpec,
    tale: &Tale<'_>,
    recipient: &Recipient,
    shared_event_id: Option<Uuid>,
) -> Record {
    let principal = call.caller.principal();
    let web = call.caller.web_identity();
    let identity = Identity {
        kind: Some(match principal.kind {
            Kind::Root | Kind::Operator => IdentityKind::Root,
            Kind::User => IdentityKind::IamUser,
            Kind::AssumedRole => IdentityKind::AssumedRole,
            Kind::FederatedUser => IdentityKind::FederatedUser,
            Kind::WebIdentity => IdentityKind::WebIdentityUser,
        }),
        principal_id: Some(&principal.id),
        // Whoever a provider speaks for has no ARN and no account of their own.
        arn: web.is_none().then_some(principal.arn.as_str()),
        account: web.is_none().then_some(principal.account),
        access_key_id: call.caller.access_key().map(identity::AccessKeyId::as_str),
        user_name: principal.name.as_deref(),
        session: call.caller.session().map(|session| audit::Session {
            created: session.issued(),
            mfa: session.mfa().is_some(),
            issuer: principal.issuer.as_ref().map(|issuer| SessionIssuer {
                kind: match (principal.kind, &issuer.name) {
                    (Kind::AssumedRole, _) => "Role",
                    (_, Some(_)) => "IAMUser",
                    (_, None) => "Root",
                },
                principal_id: &issuer.id,
                arn: issuer.arn.as_str(),
                account: principal.account,
                user_name: issuer.name.as_deref(),
            }),
            source_identity: session.source_identity.as_deref(),
            federated_provider: session.web.as_ref().map(|web| web.provider.as_str()),
        }),
        invoked_by: None,
        identity_provider: web.map(|web| web.provider().as_str()),
    };
    let own = recipient.account == call.place.account;
    let source_ip = call.surroundings.source.to_string();
    let notes = tale
        .notes
        .filter(|notes| !notes.is_empty())
        .map(|notes| Value::from(notes.clone()).to_string());
    let resources = tale.resources.iter();
    let entry = Entry {
        event_id: recipient.event_id,
        time: call.time(),
        event_type: EventType::ApiCall,
        event_source: call.service.event_source,
        event_name: spec.name,
        region: call.place.region.as_str(),
        recipient: recipient.account,
        // Another account learns which account called, and no more of it.
        identity: match own {
            true => identity,
            false => Identity {
                kind: Some(IdentityKind::AwsAccount),
                arn: None,
                access_key_id: None,
                ..identity
            },
        },
        source_ip: &source_ip,
        user_agent: call.surroundings.user_agent.as_deref(),
        request_id: Some(call.request_id),
        read_only: spec.read_only,
        error_code: tale.failure.map(|(code, _)| code),
        error_message: tale.failure.and_then(|(_, message)| message),
        request_parameters: tale.parameters,
        response_elements: tale.response,
        additional: notes.as_deref(),
        service_event_details: None,
        resources: resources
            .filter(|resource| own || resource.arn.account() == Some(recipient.account))
            .map(|Resource { arn, kind }| audit::Resource {
                arn: arn.as_str(),
                kind,
                account: arn.account(),
            })
            .collect(),
        tls: call.tls.as_deref().map(|tls| Tls {
            version: tls.version,
            cipher_suite: &tls.cipher_suite,
            host: call.host.as_deref(),
            key_exchange: tls.key_exchange.as_deref(),
        }),
        shared_event_id,
    };
    Record {
        recipient: recipient.account,
        event_id: recipient.event_id,
        bytes: entry.encode(),
    }
}

/// What may be recorded of an input or output, as a JSON object; `None` where that is nothing.
pub(crate) fn recorded<T: Shape>(value: &T) -> Option<String> {
    protocol::recorded(value).ok().filter(|text| text != "{}")
}
