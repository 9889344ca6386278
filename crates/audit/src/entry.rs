//! What is recorded about one call or one event, and its compact, frozen encoding.
//!
//! The encoding is a byte for the schema's version, then one CBOR map with small integer keys in ascending order,
//! of definite length and without absent members, so that equal entries have equal bytes. Released keys keep
//! their meaning for good; readers skip keys they do not know. `docs/audit-log-format.md` states it in full.

use ambient::Timestamp;
use arn::AccountId;
use minicbor::{Decode, Encode};
use uuid::Uuid;

use crate::wire;

/// The version of the schema that [`Entry::encode`] writes.
pub const SCHEMA: u8 = 1;

/// One record: an API call that was authenticated, or an event of the service's own making.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Entry<'a> {
    /// Names this record; unique.
    #[cbor(n(0), with = "wire::scalar")]
    pub event_id: Uuid,
    /// When the call came in, to the millisecond.
    #[cbor(n(1), with = "wire::scalar")]
    pub time: Timestamp,
    /// A call, or an event of the service's own making.
    #[cbor(n(2), with = "wire::scalar")]
    pub event_type: EventType,
    /// The service: `kms.amazonaws.com`.
    #[cbor(b(3), encode_with = "wire::short")]
    pub event_source: &'a str,
    /// The operation, or the event's name: `Encrypt`, `RotateKey`.
    #[cbor(b(4), encode_with = "wire::short")]
    pub event_name: &'a str,
    /// The Region that answered.
    #[cbor(b(5), encode_with = "wire::short")]
    pub region: &'a str,
    /// The account in whose trail the record belongs.
    #[cbor(n(6), with = "wire::scalar")]
    pub recipient: AccountId,
    /// Who called.
    #[b(7)]
    pub identity: Identity<'a>,
    /// The caller's address, or the name of the service that called.
    #[cbor(b(8), encode_with = "wire::short")]
    pub source_ip: &'a str,
    /// What the client calls itself, or the name of the service that called; absent where it said nothing.
    #[cbor(b(9), encode_with = "wire::maybe_short")]
    pub user_agent: Option<&'a str>,
    /// The request id that the answer carried; service events have none.
    #[cbor(n(10), with = "wire::maybe", has_nil)]
    pub request_id: Option<Uuid>,
    /// Whether the operation only reads, in CloudTrail's sense: using a key is reading.
    #[n(11)]
    pub read_only: bool,
    /// The code of the refusal as the answer had it: `AccessDeniedException`.
    #[cbor(b(12), encode_with = "wire::maybe_short")]
    pub error_code: Option<&'a str>,
    /// The message of the refusal; it holds nothing that a member not to be recorded held.
    #[cbor(b(13), encode_with = "wire::maybe_short")]
    pub error_message: Option<&'a str>,
    /// The input: text of a JSON object with the members that are to be recorded, in lower camel case.
    #[cbor(b(14), encode_with = "wire::json")]
    pub request_parameters: Option<&'a str>,
    /// The output, in the same form; for calls that change something.
    #[cbor(b(15), encode_with = "wire::json")]
    pub response_elements: Option<&'a str>,
    /// What the operation adds of its own, in the same form.
    #[cbor(b(16), encode_with = "wire::json")]
    pub additional: Option<&'a str>,
    /// What a service event tells, in the same form.
    #[cbor(b(17), encode_with = "wire::json")]
    pub service_event_details: Option<&'a str>,
    /// The resources that the call was about.
    #[cbor(b(18), encode_with = "wire::resources", is_nil = "wire::none", default)]
    pub resources: Vec<Resource<'a>>,
    /// How the connection was protected; absent without TLS and for service events.
    #[b(19)]
    pub tls: Option<Tls<'a>>,
    /// Ties together the records that different accounts have of one call.
    #[cbor(n(20), with = "wire::maybe", has_nil)]
    pub shared_event_id: Option<Uuid>,
}

/// Where a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    /// A call to the API.
    ApiCall,
    /// The service acted by itself.
    ServiceEvent,
    /// A kind that a later version of the format knows.
    Other(u32),
}

/// Who called. Source: CloudTrail User Guide, "CloudTrail userIdentity element".
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Identity<'a> {
    /// What kind of principal it is; absent for the service itself.
    #[cbor(n(0), with = "wire::maybe", has_nil)]
    pub kind: Option<IdentityKind>,
    /// The principal's unique id; for the root user the account's digits.
    #[cbor(b(1), encode_with = "wire::maybe_short")]
    pub principal_id: Option<&'a str>,
    /// The principal's ARN.
    #[cbor(b(2), encode_with = "wire::maybe_short")]
    pub arn: Option<&'a str>,
    /// The account that the principal belongs to.
    #[cbor(n(3), with = "wire::maybe", has_nil)]
    pub account: Option<AccountId>,
    /// The id of the access key that signed.
    #[cbor(b(4), encode_with = "wire::maybe_short")]
    pub access_key_id: Option<&'a str>,
    /// The user's name, or what a federated caller is called.
    #[cbor(b(5), encode_with = "wire::maybe_short")]
    pub user_name: Option<&'a str>,
    /// The session, where temporary credentials signed.
    #[b(6)]
    pub session: Option<Session<'a>>,
    /// The service that called on the principal's behalf, or `AWS Internal`.
    #[cbor(b(7), encode_with = "wire::maybe_short")]
    pub invoked_by: Option<&'a str>,
    /// The ARN of the identity provider that spoke for the principal.
    #[cbor(b(8), encode_with = "wire::maybe_short")]
    pub identity_provider: Option<&'a str>,
}

/// The kinds of principals, by CloudTrail's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are CloudTrail's")]
pub enum IdentityKind {
    Root,
    IamUser,
    AssumedRole,
    Role,
    FederatedUser,
    SamlUser,
    WebIdentityUser,
    AwsAccount,
    AwsService,
    Unknown,
    /// A kind that a later version of the format knows.
    Other(u32),
}

/// The session of temporary credentials.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Session<'a> {
    /// When the credentials were issued.
    #[cbor(n(0), with = "wire::scalar")]
    pub created: Timestamp,
    /// Whether they were obtained with a second factor.
    #[n(1)]
    pub mfa: bool,
    /// Who issued them.
    #[b(2)]
    pub issuer: Option<SessionIssuer<'a>>,
    /// The source identity that was set with them.
    #[cbor(b(3), encode_with = "wire::maybe_short")]
    pub source_identity: Option<&'a str>,
    /// The ARN of the identity provider that spoke for whoever obtained them.
    #[cbor(b(4), encode_with = "wire::maybe_short")]
    pub federated_provider: Option<&'a str>,
}

/// The role or user that a session stems from.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SessionIssuer<'a> {
    /// `Role`, `IAMUser` or `Root`.
    #[cbor(b(0), encode_with = "wire::short")]
    pub kind: &'a str,
    /// Its unique id.
    #[cbor(b(1), encode_with = "wire::short")]
    pub principal_id: &'a str,
    /// Its ARN.
    #[cbor(b(2), encode_with = "wire::short")]
    pub arn: &'a str,
    /// Its account.
    #[cbor(n(3), with = "wire::scalar")]
    pub account: AccountId,
    /// Its name.
    #[cbor(b(4), encode_with = "wire::maybe_short")]
    pub user_name: Option<&'a str>,
}

/// Something that a call was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Resource<'a> {
    /// Its ARN.
    #[cbor(b(0), encode_with = "wire::long")]
    pub arn: &'a str,
    /// Its type: `AWS::KMS::Key`.
    #[cbor(b(1), encode_with = "wire::short")]
    pub kind: &'a str,
    /// The account that owns it, where it has one.
    #[cbor(n(2), with = "wire::maybe", has_nil)]
    pub account: Option<AccountId>,
}

/// How a connection was protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Tls<'a> {
    /// `TLSv1.3` or `TLSv1.2`.
    #[cbor(b(0), encode_with = "wire::short")]
    pub version: &'a str,
    /// The cipher suite by its registered name: `TLS_AES_128_GCM_SHA256`.
    #[cbor(b(1), encode_with = "wire::short")]
    pub cipher_suite: &'a str,
    /// The host name that the client asked for, as in its `Host` header.
    #[cbor(b(2), encode_with = "wire::maybe_short")]
    pub host: Option<&'a str>,
    /// The named group of the key exchange: `X25519MLKEM768`.
    #[cbor(b(3), encode_with = "wire::maybe_short")]
    pub key_exchange: Option<&'a str>,
}

/// Bytes that are no entry of a schema this version knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableEntry {
    /// Written by a later version.
    #[error("the entry has schema version {0}, and this version of keystead reads up to {SCHEMA}")]
    Newer(u8),
    /// Not what any version writes.
    #[error("the entry is malformed: {0}")]
    Malformed(String),
}

impl<'a> Entry<'a> {
    /// The bytes that are recorded; at most [`limits::PAYLOAD`](crate::limits::PAYLOAD).
    ///
    /// Text past the limits is cut, so that a record never fails for what a caller sent.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(768);
        bytes.push(SCHEMA);
        // INVARIANT: writing into a vector does not fail, and no encoder here returns an error of its own.
        let _ = minicbor::encode(self, &mut bytes);
        bytes
    }

    /// Reads what [`Entry::encode`] wrote, borrowing its text.
    pub fn decode(payload: &'a [u8]) -> Result<Entry<'a>, UnreadableEntry> {
        match payload.split_first() {
            Some((&SCHEMA, record)) => {
                minicbor::decode(record).map_err(|cause| UnreadableEntry::Malformed(cause.to_string()))
            }
            Some((&version, _)) if version > SCHEMA => Err(UnreadableEntry::Newer(version)),
            _ => Err(UnreadableEntry::Malformed("no schema version".to_owned())),
        }
    }
}

impl EventType {
    pub(crate) fn code(self) -> u32 {
        match self {
            EventType::ApiCall => 0,
            EventType::ServiceEvent => 1,
            EventType::Other(code) => code,
        }
    }

    pub(crate) fn of_code(code: u32) -> EventType {
        match code {
            0 => EventType::ApiCall,
            1 => EventType::ServiceEvent,
            code => EventType::Other(code),
        }
    }
}

/// The kinds with their codes in the format and their names in CloudTrail. Codes are never used again.
const IDENTITY_KINDS: [(IdentityKind, u32, &str); 10] = [
    (IdentityKind::Unknown, 0, "Unknown"),
    (IdentityKind::Root, 1, "Root"),
    (IdentityKind::IamUser, 2, "IAMUser"),
    (IdentityKind::AssumedRole, 3, "AssumedRole"),
    (IdentityKind::Role, 4, "Role"),
    (IdentityKind::FederatedUser, 5, "FederatedUser"),
    (IdentityKind::SamlUser, 6, "SAMLUser"),
    (IdentityKind::WebIdentityUser, 7, "WebIdentityUser"),
    (IdentityKind::AwsAccount, 8, "AWSAccount"),
    (IdentityKind::AwsService, 9, "AWSService"),
];

impl IdentityKind {
    /// CloudTrail's name of the kind.
    pub fn as_str(self) -> &'static str {
        IDENTITY_KINDS
            .iter()
            .find(|(kind, ..)| *kind == self)
            .map_or("Unknown", |(.., name)| name)
    }

    pub(crate) fn code(self) -> u32 {
        match self {
            IdentityKind::Other(code) => code,
            known => IDENTITY_KINDS
                .iter()
                .find(|(kind, ..)| *kind == known)
                .map_or(0, |(_, code, _)| *code),
        }
    }

    pub(crate) fn of_code(code: u32) -> IdentityKind {
        IDENTITY_KINDS
            .iter()
            .find(|(_, known, _)| *known == code)
            .map_or(IdentityKind::Other(code), |(kind, ..)| *kind)
    }
}
