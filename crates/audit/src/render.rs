//! An entry as CloudTrail shows it: a deterministic rendering, so that equal entries have equal text.
//!
//! Source: CloudTrail User Guide, "CloudTrail record contents"; KMS Developer Guide, "Logging AWS KMS API calls".

use std::borrow::Cow;

use ambient::Timestamp;
use arn::AccountId;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::entry::{Entry, EventType, Identity, Resource, Session, Tls};

/// The version of CloudTrail's record format that is rendered.
pub const EVENT_VERSION: &str = "1.11";

/// The record as CloudTrail's JSON, on one line, with its members in CloudTrail's order.
pub fn render(entry: &Entry<'_>) -> String {
    // INVARIANT: strings, raw JSON and numbers go into memory; nothing of this can fail.
    serde_json::to_string(&Record::of(entry)).unwrap_or_default()
}

/// A date inside request parameters, response elements and the like: `Aug 10, 2022, 10:38:27 PM`, in UTC.
pub fn cloudtrail_date(time: Timestamp) -> String {
    time.calendar().strftime("%b %-d, %Y, %-I:%M:%S %p").to_string()
}

/// The record's JSON with line breaks and indentation, otherwise unchanged.
pub fn pretty(json: &str) -> String {
    let (mut out, mut depth, mut quoted, mut escaped) =
        (String::with_capacity(json.len() * 2), 0, false, false);
    let mut characters = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', depth * 4));
    };
    while let Some(character) = characters.next() {
        if quoted {
            out.push(character);
            quoted = escaped || character != '"';
            escaped = !escaped && character == '\\';
            continue;
        }
        match character {
            '"' => {
                quoted = true;
                out.push('"');
            }
            '{' | '[' => {
                out.push(character);
                if characters.next_if(|next| matches!(next, '}' | ']')).is_some() {
                    out.push(if character == '{' { '}' } else { ']' });
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            blank if blank.is_ascii_whitespace() => {}
            other => out.push(other),
        }
    }
    out
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'static str,
    user_identity: UserIdentity<'a>,
    event_time: Instant,
    event_source: &'a str,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
    request_parameters: Option<Json<'a>>,
    response_elements: Option<Json<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_event_data: Option<Json<'a>>,
    #[serde(rename = "requestID", skip_serializing_if = "Option::is_none")]
    request_id: Option<Id>,
    #[serde(rename = "eventID")]
    event_id: Id,
    read_only: bool,
    resources: Vec<Concerned<'a>>,
    event_type: &'static str,
    management_event: bool,
    event_category: &'static str,
    recipient_account_id: Account,
    #[serde(rename = "sharedEventID", skip_serializing_if = "Option::is_none")]
    shared_event_id: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_event_details: Option<Json<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_details: Option<TlsDetails<'a>>,
}

impl<'a> Record<'a> {
    fn of(entry: &Entry<'a>) -> Record<'a> {
        Record {
            event_version: EVENT_VERSION,
            user_identity: UserIdentity::of(&entry.identity),
            event_time: Instant(entry.time),
            event_source: entry.event_source,
            event_name: entry.event_name,
            aws_region: entry.region,
            source_ip_address: entry.source_ip,
            user_agent: entry.user_agent,
            error_code: entry.error_code.map(error_code),
            error_message: entry.error_message,
            request_parameters: entry.request_parameters.map(Json),
            response_elements: entry.response_elements.map(Json),
            additional_event_data: entry.additional.map(Json),
            request_id: entry.request_id.map(Id),
            event_id: Id(entry.event_id),
            read_only: entry.read_only,
            resources: entry.resources.iter().map(Concerned::of).collect(),
            event_type: event_type(entry.event_type),
            management_event: true,
            event_category: "Management",
            recipient_account_id: Account(entry.recipient),
            shared_event_id: entry.shared_event_id.map(Id),
            service_event_details: entry.service_event_details.map(Json),
            tls_details: entry.tls.map(TlsDetails::of),
        }
    }
}

fn event_type(event_type: EventType) -> &'static str {
    match event_type {
        EventType::ApiCall => "AwsApiCall",
        EventType::ServiceEvent => "AwsServiceEvent",
        EventType::Other(_) => "Unknown",
    }
}

/// CloudTrail shortens this one code, and only this one.
fn error_code(code: &str) -> &str {
    match code {
        "AccessDeniedException" => "AccessDenied",
        other => other,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoked_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_provider: Option<&'a str>,
}

impl<'a> UserIdentity<'a> {
    fn of(identity: &Identity<'a>) -> UserIdentity<'a> {
        UserIdentity {
            kind: identity.kind.map(|kind| kind.as_str()),
            principal_id: identity.principal_id,
            arn: identity.arn,
            account_id: identity.account.map(Account),
            access_key_id: identity.access_key_id,
            user_name: identity.user_name,
            session_context: identity.session.as_ref().map(SessionContext::of),
            invoked_by: identity.invoked_by,
            identity_provider: identity.identity_provider,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_issuer: Option<Issuer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_id_federation_data: Option<WebIdFederationData<'a>>,
    attributes: Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Issuer<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    principal_id: &'a str,
    arn: &'a str,
    account_id: Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WebIdFederationData<'a> {
    federated_provider: &'a str,
    attributes: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    creation_date: Instant,
    mfa_authenticated: &'static str,
}

impl<'a> SessionContext<'a> {
    fn of(session: &Session<'a>) -> SessionContext<'a> {
        SessionContext {
            session_issuer: session.issuer.as_ref().map(|issuer| Issuer {
                kind: issuer.kind,
                principal_id: issuer.principal_id,
                arn: issuer.arn,
                account_id: Account(issuer.account),
                user_name: issuer.user_name,
            }),
            web_id_federation_data: session.federated_provider.map(|provider| WebIdFederationData {
                federated_provider: provider,
                attributes: serde_json::Map::new(),
            }),
            attributes: Attributes {
                creation_date: Instant(session.created),
                mfa_authenticated: if session.mfa { "true" } else { "false" },
            },
            source_identity: session.source_identity,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Concerned<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<Account>,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(rename = "ARN")]
    arn: &'a str,
}

impl<'a> Concerned<'a> {
    fn of(resource: &Resource<'a>) -> Concerned<'a> {
        Concerned {
            account_id: resource.account.map(Account),
            kind: resource.kind,
            arn: resource.arn,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TlsDetails<'a> {
    tls_version: &'a str,
    cipher_suite: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_provided_host_header: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_exchange: Option<&'a str>,
}

impl<'a> TlsDetails<'a> {
    fn of(tls: Tls<'a>) -> TlsDetails<'a> {
        TlsDetails {
            tls_version: tls.version,
            cipher_suite: tls.cipher_suite,
            client_provided_host_header: tls.host,
            key_exchange: tls.key_exchange,
        }
    }
}

/// `2022-08-10T22:38:27Z`: records show whole seconds.
struct Instant(Timestamp);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seconds = Timestamp::from_seconds(self.0.seconds());
        serializer.collect_str(&format_args!("{:.0}", seconds.calendar()))
    }
}

struct Account(AccountId);

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

struct Id(Uuid);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Text that should be JSON; shown as a string where it is not.
struct Json<'a>(&'a str);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Between tokens JSON may have line breaks, within strings it cannot; a record stays on one line.
        let line = if self.0.contains(['\n', '\r']) {
            Cow::Owned(self.0.replace(['\n', '\r'], " "))
        } else {
            Cow::Borrowed(self.0)
        };
        match serde_json::from_str::<&RawValue>(&line) {
            Ok(json) => json.serialize(serializer),
            Err(_) => serializer.serialize_str(self.0),
        }
    }
}
