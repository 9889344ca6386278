//! The condition values that a call brings to the policies that decide it.
//!
//! Sources: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference, "Condition keys for AWS
//! Key Management Service".

use std::collections::BTreeMap;
use std::net::IpAddr;

use ambient::Timestamp;
use arn::{AccountId, Arn, Region};
use identity::{Kind, Session};
use policy::{ConditionKey, Context, Found, Strength};
use store::StoreError;

use crate::own_policies::OwnPolicies;
use crate::{Caller, Demand, Subject, WebIdentity, federated};

/// What the transport and the clock know of a request.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The address it came from.
    pub source: IpAddr,
    /// Whether it came over TLS.
    pub is_secure: bool,
    /// When it came.
    pub time: Timestamp,
    /// The Region that it was signed for.
    pub region: Region,
    /// Its `User-Agent`.
    pub user_agent: Option<String>,
    /// Its `Referer`.
    pub referer: Option<String>,
}

/// What policies may ask of the members of a request.
pub trait Request: Sync {
    /// What the request has under `key` where it asks for `action`; `None` where the key is none of its own.
    fn value(&self, action: &str, key: &ConditionKey) -> Option<Found<'_>>;

    /// The encryption context that the request asks for `action` with; `None` where such a request has none.
    fn encryption_context(&self, _action: &str) -> Option<&BTreeMap<String, String>> {
        None
    }

    /// Whether it brings a code of the caller's second factor, without which it will not succeed.
    fn proves_second_factor(&self) -> bool {
        false
    }
}

/// A request without members that policies ask for.
#[derive(Debug, Clone, Copy)]
pub struct Bare;

impl Request for Bare {
    fn value(&self, _: &str, _: &ConditionKey) -> Option<Found<'_>> {
        None
    }
}

/// What policies may ask of a resource.
pub trait Resource: Sync {
    /// What the resource has under `key`; `None` where the key is none of its own.
    fn value<'r>(&'r self, key: &ConditionKey, view: &'r store::View) -> Option<Found<'r>>;

    /// How strongly a grant on the resource names the caller that it allows `action` to; `None` where no grant allows it.
    /// Asked once nothing denies and the policies do not allow.
    fn granted(&self, _action: &'static str, _asking: &Asking<'_>) -> Result<Option<Strength>, StoreError> {
        Ok(None)
    }
}

/// Finds what a demand is about among the targets of a call, by its ARN.
pub type Lookup<T> = for<'t> fn(&'t T, &Arn) -> Option<&'t dyn Resource>;

/// A call, as the policies that decide it see it.
#[derive(Clone, Copy)]
pub struct Asking<'c> {
    /// Who calls.
    pub caller: &'c Caller,
    /// Where from, when and how.
    pub surroundings: &'c Surroundings,
    /// What with.
    pub request: &'c dyn Request,
    /// On which snapshot.
    pub view: &'c store::View,
}

/// One demand of a call: what conditions see.
///
/// A key that AWS has values for and that nobody here answers is unknown, so that what rests on it fails closed; a key
/// that AWS doesn't have, or has no value for on such a call, is absent.
pub(crate) struct CallContext<'c> {
    pub(crate) asking: Asking<'c>,
    pub(crate) own: &'c OwnPolicies,
    pub(crate) action: &'static str,
    pub(crate) owner: AccountId,
    pub(crate) resource: Option<&'c dyn Resource>,
}

impl<'c> CallContext<'c> {
    pub(crate) fn of(
        asking: Asking<'c>,
        own: &'c OwnPolicies,
        demand: &Demand,
        resource: Option<&'c dyn Resource>,
    ) -> CallContext<'c> {
        CallContext {
            asking,
            own,
            action: demand.action,
            owner: demand.owner,
            resource,
        }
    }

    /// What only the session and the request tell of the caller.
    fn of_session(&self, key: &ConditionKey) -> Option<Found<'_>> {
        let (principal, session) = (self.asking.caller.principal(), self.asking.caller.session());
        Some(match key.prefix() {
            "aws:tokenissuetime" => session.map_or(Found::Absent, |session| whole_seconds(session.issued())),
            "aws:multifactorauthpresent" if self.asking.request.proves_second_factor() => {
                Found::boolean(true)
            }
            "aws:multifactorauthage" if self.asking.request.proves_second_factor() => Found::text("0"),
            "aws:multifactorauthpresent" => {
                session.map_or(Found::Absent, |session| Found::boolean(session.mfa().is_some()))
            }
            "aws:multifactorauthage" => match session.and_then(Session::mfa) {
                Some(since) => Found::made(self.asking.surroundings.time.since(since).as_secs()),
                None => Found::Absent,
            },
            "aws:sourceidentity" => {
                let identity = session.and_then(|session| session.source_identity.as_deref());
                identity.map_or(Found::Absent, Found::text)
            }
            "aws:federatedprovider" => match principal.kind {
                Kind::FederatedUser => Found::made(principal.account),
                _ => {
                    let web = session.and_then(|session| session.web.as_ref());
                    web.map_or(Found::Absent, |web| Found::text(&web.provider))
                }
            },
            _ => return None,
        })
    }

    /// What an identity provider said of the caller.
    fn of_provider(&self, key: &ConditionKey) -> Option<Found<'_>> {
        let caller = self.asking.caller;
        match (caller.web_identity(), caller.session()) {
            (Some(web), _) => web.value(key),
            (None, Some(session)) => federated::value_in_session(session, key),
            (None, None) => None,
        }
    }

    fn of_surroundings(&self, key: &ConditionKey) -> Option<Found<'_>> {
        let Surroundings {
            source,
            is_secure,
            time,
            region,
            user_agent,
            referer,
        } = self.asking.surroundings;
        let text = |text: &'c Option<String>| text.as_deref().map_or(Found::Absent, Found::text);
        Some(match key.as_str() {
            // An IPv4 client of an IPv6 socket is still an IPv4 client.
            "aws:sourceip" => Found::made(source.to_canonical()),
            "aws:securetransport" => Found::boolean(*is_secure),
            "aws:currenttime" => whole_seconds(*time),
            "aws:epochtime" => Found::made(time.calendar().as_second()),
            "aws:requestedregion" => Found::text(region.as_str()),
            "aws:useragent" => text(user_agent),
            "aws:referer" => text(referer),
            _ => return None,
        })
    }

    /// The pairs of the encryption context, one by one and by their names. Source: KMS Developer Guide, "AWS KMS
    /// condition keys", `kms:EncryptionContext:context-key` and `kms:EncryptionContextKeys`.
    fn of_encryption_context(&self, key: &ConditionKey) -> Option<Found<'_>> {
        let name = match key.prefix() {
            "kms:encryptioncontext" => key.name()?,
            "kms:encryptioncontextkeys" => "",
            _ => return None,
        };
        let context = self.asking.request.encryption_context(self.action)?;
        if name.is_empty() {
            return Some(Found::texts(context.keys().map(String::as_str)));
        }
        let mut named = context.iter().filter(|(key, _)| key.to_lowercase() == name);
        Some(match (named.next(), named.next()) {
            (None, _) => Found::Absent,
            (Some((_, value)), None) => Found::text(value),
            // Which of two names that differ in case alone is meant can't be told.
            (Some(_), Some(_)) => Found::Unknown,
        })
    }

    fn of_resource(&self, key: &ConditionKey) -> Option<Found<'_>> {
        if key.as_str() == "aws:resourceaccount" {
            return Some(Found::made(self.owner));
        }
        self.resource?.value(key, self.asking.view)
    }
}

/// What there is to ask of who somebody is, however it calls.
pub(crate) fn of_principal<'c>(
    subject: Subject<'c>,
    own: &'c OwnPolicies,
    key: &ConditionKey,
) -> Option<Found<'c>> {
    let principal = subject.principal;
    if let Some(web) = subject.web {
        return of_web_identity(web, key);
    }
    Some(match key.prefix() {
        "aws:principalarn" => {
            let issuer = principal
                .issuer
                .as_ref()
                .filter(|_| principal.kind == Kind::AssumedRole);
            Found::text(issuer.map_or(principal.arn.as_str(), |role| role.arn.as_str()))
        }
        "aws:principalaccount" | "kms:calleraccount" => Found::made(principal.account),
        "aws:principaltype" => Found::text(match principal.kind {
            Kind::Root | Kind::Operator => "Account",
            Kind::User => "User",
            Kind::AssumedRole => "AssumedRole",
            Kind::FederatedUser => "FederatedUser",
            // INVARIANT: it was answered above.
            Kind::WebIdentity => return Some(Found::Absent),
        }),
        "aws:username" => {
            let name = principal.name.as_deref().filter(|_| principal.kind == Kind::User);
            name.map_or(Found::Absent, Found::text)
        }
        "aws:userid" => Found::text(&principal.id),
        "aws:principaltag" => {
            let tag = key.name().and_then(|name| own.tag(name));
            tag.map_or(Found::Absent, Found::text)
        }
        // Services that call on somebody's behalf come with a context of their own.
        "aws:principalisawsservice" | "aws:viaawsservice" => Found::boolean(false),
        _ => return None,
    })
}

/// What there is to ask of a caller who has no role yet and did not sign. Source: IAM User Guide, "AWS global condition context
/// keys", the availability of each.
fn of_web_identity<'c>(web: &'c WebIdentity, key: &ConditionKey) -> Option<Found<'c>> {
    Some(match key.prefix() {
        "aws:federatedprovider" => Found::text(web.provider().as_str()),
        "aws:principalisawsservice" | "aws:viaawsservice" => Found::boolean(false),
        "aws:principalarn"
        | "aws:principalaccount"
        | "kms:calleraccount"
        | "aws:principaltype"
        | "aws:tokenissuetime"
        | "aws:multifactorauthpresent"
        | "aws:multifactorauthage"
        | "aws:sourceidentity"
        | "aws:username"
        | "aws:userid"
        | "aws:principaltag" => Found::Absent,
        _ => return None,
    })
}

/// A time as policies write it: `2026-01-02T03:04:05Z`.
pub(crate) fn whole_seconds(time: Timestamp) -> Found<'static> {
    Found::made(format_args!("{:.0}", time.calendar()))
}

impl Context for CallContext<'_> {
    fn find(&self, key: &ConditionKey) -> Found<'_> {
        of_principal(self.asking.caller.subject(), self.own, key)
            .or_else(|| self.of_session(key))
            .or_else(|| self.of_surroundings(key))
            .or_else(|| self.of_encryption_context(key))
            .or_else(|| self.asking.request.value(self.action, key))
            .or_else(|| self.of_resource(key))
            .or_else(|| self.of_provider(key))
            .unwrap_or_else(|| match UNANSWERED.binary_search(&key.prefix()) {
                Ok(_) => Found::Unknown,
                Err(_) => Found::Absent,
            })
    }
}

/// The keys that AWS has a value for and that are answered here by nobody yet, lower-cased, sorted, without the part that
/// a request brings.
///
/// Sources: IAM User Guide, "AWS global condition context keys" and "IAM and AWS STS condition context keys"; Service
/// Authorization Reference, "Condition keys for AWS Key Management Service".
const UNANSWERED: &[&str] = &[
    "iam:associatedresourcearn",
    "iam:awsservicename",
    "iam:organizationspolicyid",
    "iam:passedtoservice",
    "sts:awsservicename",
    "sts:requestcontext",
    "sts:requestcontextproviders",
    "sts:taskpolicyarn",
];

#[cfg(test)]
mod tests {
    use super::*;
    use identity::{Gathered, Issuer, Principal, Tag};

    /// What there is to ask of who it is; `-` where that is for others to say.
    fn told(kind: Kind, issuer: Option<&str>, key: &str) -> String {
        let account: AccountId = "111122223333".parse().unwrap();
        let arn = match kind {
            Kind::AssumedRole => "arn:aws:sts::111122223333:assumed-role/R/s",
            Kind::FederatedUser => "arn:aws:sts::111122223333:federated-user/bob",
            Kind::Root | Kind::Operator => "arn:aws:iam::111122223333:root",
            Kind::User | Kind::WebIdentity => "arn:aws:iam::111122223333:user/ada",
        };
        let principal = Principal {
            kind,
            account,
            arn: arn.parse().unwrap(),
            id: "ITS-ID".to_owned(),
            name: Some("ada".to_owned()),
            issuer: issuer.map(|arn| Issuer {
                arn: arn.parse().unwrap(),
                id: "ID-OF-ISSUER".to_owned(),
                name: None,
            }),
        };
        let tags = vec![Tag {
            key: "Team".to_owned(),
            value: "red".to_owned(),
        }];
        let own = OwnPolicies::given(
            Some(Gathered {
                tags,
                ..Gathered::default()
            }),
            None,
            &[],
        );
        let subject = Subject {
            principal: &principal,
            session: None,
            web: None,
        };
        match of_principal(subject, &own, &ConditionKey::new(key).unwrap()) {
            None => "-".to_owned(),
            Some(Found::Absent) => "absent".to_owned(),
            Some(Found::One(value)) => value.into_owned(),
            Some(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn policies_are_told_who_it_is() {
        let role = Some("arn:aws:iam::111122223333:role/R");
        let user = Some("arn:aws:iam::111122223333:user/ada");
        let arn = "aws:PrincipalArn";
        for (kind, issuer, key, value) in [
            (Kind::User, None, arn, "arn:aws:iam::111122223333:user/ada"),
            (Kind::AssumedRole, role, arn, "arn:aws:iam::111122223333:role/R"),
            (
                Kind::FederatedUser,
                user,
                arn,
                "arn:aws:sts::111122223333:federated-user/bob",
            ),
            (Kind::Root, None, arn, "arn:aws:iam::111122223333:root"),
            (Kind::User, None, "aws:PrincipalAccount", "111122223333"),
            (Kind::User, None, "kms:CallerAccount", "111122223333"),
            (Kind::Root, None, "aws:PrincipalType", "Account"),
            (Kind::Operator, None, "aws:PrincipalType", "Account"),
            (Kind::User, None, "aws:PrincipalType", "User"),
            (Kind::AssumedRole, role, "aws:PrincipalType", "AssumedRole"),
            (Kind::FederatedUser, user, "aws:PrincipalType", "FederatedUser"),
            (Kind::User, None, "aws:username", "ada"),
            (Kind::AssumedRole, role, "aws:username", "absent"),
            (Kind::FederatedUser, user, "aws:username", "absent"),
            (Kind::User, None, "aws:userid", "ITS-ID"),
            (Kind::AssumedRole, role, "aws:userid", "ITS-ID"),
            (Kind::User, None, "aws:PrincipalTag/team", "red"),
            (Kind::User, None, "aws:PrincipalTag/other", "absent"),
            (Kind::User, None, "aws:PrincipalIsAWSService", "false"),
            (Kind::User, None, "aws:ViaAWSService", "false"),
            (Kind::User, None, "aws:SourceIp", "-"),
            (Kind::User, None, "aws:TokenIssueTime", "-"),
            (Kind::User, None, "kms:KeySpec", "-"),
        ] {
            assert_eq!(told(kind, issuer, key), value, "{kind:?} {key}");
        }
    }

    #[test]
    fn the_table_can_be_searched() {
        assert!(UNANSWERED.is_sorted_by(|left, right| left < right));
        for key in UNANSWERED {
            let parsed = ConditionKey::new(key).map(|key| key.prefix().to_owned());
            assert_eq!(parsed.as_deref(), Some(*key));
        }
    }
}
