//! From a call and what came of it to its audit record.

use arn::Arn;
use audit::{Entry, EventType, Identity, IdentityKind, Tls};
use identity::Kind;
use model::{OperationSpec, Shape};
use serde_json::{Map, Value};

use crate::call::Call;

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

/// The record of `call`, in the bytes that are kept.
pub(crate) fn of_call(call: &Call, spec: &OperationSpec, tale: &Tale<'_>) -> Vec<u8> {
    let principal = call.caller.principal();
    let account_text = principal.account.to_string();
    let source_ip = call.source.to_string();
    let notes = tale
        .notes
        .filter(|notes| !notes.is_empty())
        .map(|notes| Value::from(notes.clone()).to_string());
    let resources = tale.resources.iter();
    let entry = Entry {
        event_id: call.event_id,
        time: call.time,
        event_type: EventType::ApiCall,
        event_source: call.service.event_source,
        event_name: spec.name,
        region: call.place.region.as_str(),
        recipient: call.place.account,
        identity: Identity {
            kind: Some(match principal.kind {
                Kind::Root => IdentityKind::Root,
            }),
            principal_id: Some(&account_text),
            arn: Some(principal.arn.as_str()),
            account: Some(principal.account),
            access_key_id: Some(call.caller.access_key().as_str()),
            user_name: None,
            session: None,
            invoked_by: None,
        },
        source_ip: &source_ip,
        user_agent: call.user_agent.as_deref(),
        request_id: Some(call.request_id),
        read_only: spec.read_only,
        error_code: tale.failure.map(|(code, _)| code),
        error_message: tale.failure.and_then(|(_, message)| message),
        request_parameters: tale.parameters,
        response_elements: tale.response,
        additional: notes.as_deref(),
        service_event_details: None,
        resources: resources
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
        shared_event_id: None,
    };
    entry.encode()
}

/// What may be recorded of an input or output, as a JSON object; `None` where that is nothing.
pub(crate) fn recorded<T: Shape>(value: &T) -> Option<String> {
    protocol::recorded(value).ok().filter(|text| text != "{}")
}
