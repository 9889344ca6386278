//! Callers without an access key, whom an OpenID Connect provider speaks for. Nothing is open to them but to take on roles that
//! trust the provider.
//!
//! Source: STS API Reference, `AssumeRoleWithWebIdentity`; IAM User Guide, "Available keys for AWS OIDC federation".

use ambient::Timestamp;
use arn::{AccountId, Arn};
use identity::{OidcProvider, Session};
use oidc::{Claims, Issuers, NotVerified, Refused, Rejected, Subject, Unverified};
use policy::{ConditionKey, Decision, Found, Question, Strength};
use store::StoreError;

use crate::judge::{Decide, sid_of};
use crate::{Authority, Caller, Cause, Wanted};

/// What all that such callers may be allowed is called.
const OPEN: &[&str] = &[
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetSourceIdentity",
    "sts:TagSession",
];

/// Whom a provider speaks for, by a token that was verified. Only [`identify`] makes one.
#[derive(Debug)]
pub struct WebIdentity {
    provider: Arn,
    issuer: String,
    claims: Claims,
    subject: Subject,
}

impl WebIdentity {
    /// The provider's ARN.
    pub fn provider(&self) -> &Arn {
        &self.provider
    }

    /// Whom it speaks of.
    pub fn subject(&self) -> &str {
        &self.subject.subject
    }

    /// Which of its registered audiences the token is for.
    pub fn audience(&self) -> &str {
        &self.subject.audience
    }

    /// What the token says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Whether the provider is as it was, as far as this rests on it.
    pub(crate) fn is_good(&self, account: AccountId, view: &store::View) -> Result<bool, StoreError> {
        let Some(domain) = identity::domain_of(account, view) else {
            return Ok(false);
        };
        let provider = identity::oidc_provider_of(&self.issuer, domain, view)?;
        Ok(provider.is_some_and(|provider| provider.client_ids.contains(&self.subject.audience)))
    }

    /// A claim as policies see it: `id.example.com/pay:sub`. `None` where the key is not of this provider's.
    pub(crate) fn value(&self, key: &ConditionKey) -> Option<Found<'_>> {
        let name = claim_of(key, &self.issuer)?;
        Some(match name {
            "aud" => Found::text(&self.subject.audience),
            "sub" => Found::text(&self.subject.subject),
            _ => match self.claims.named(name) {
                Ok(claim) => claim.map_or(Found::Absent, found),
                Err(oidc::Ambiguous) => Found::Unknown,
            },
        })
    }
}

/// What of its provider's claims a session of a role keeps: its audience and its subject. `None` where the key is none of them.
pub(crate) fn value_in_session<'s>(session: &'s Session, key: &ConditionKey) -> Option<Found<'s>> {
    let web = session.web.as_ref()?;
    let (_, issuer) = web.provider.split_once(":oidc-provider/")?;
    Some(match claim_of(key, issuer)? {
        "aud" => Found::text(&web.audience),
        "sub" => Found::text(&web.subject),
        _ => Found::Absent,
    })
}

/// The claim, in small letters, that a key names of an issuer.
fn claim_of<'k>(key: &'k ConditionKey, issuer: &str) -> Option<&'k str> {
    // A host called `aws` must not be able to speak of `aws:SourceIp`.
    if !issuer.contains(['.', ':', '/']) {
        return None;
    }
    key.as_str()
        .strip_prefix(issuer.to_lowercase().as_str())?
        .strip_prefix(':')
}

fn found(claim: &oidc::Value) -> Found<'_> {
    match claim {
        oidc::Value::String(text) => Found::text(text),
        oidc::Value::Bool(truth) => Found::boolean(*truth),
        oidc::Value::Number(number) => Found::made(number),
        oidc::Value::Array(list) => {
            let texts: Option<Vec<&str>> = list.iter().map(oidc::Value::as_str).collect();
            texts.map_or(Found::Unknown, Found::texts)
        }
        oidc::Value::Null => Found::Absent,
        oidc::Value::Object(_) => Found::Unknown,
    }
}

/// Why nobody is believed to have sent a token.
#[derive(Debug, thiserror::Error)]
pub enum NoWebIdentity {
    /// The account has no provider of this issuer.
    #[error("No OpenIDConnect provider found in your account for {0}")]
    NoProvider(String),
    /// The token is not believed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The token is its issuer's, and not for us or not for now.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// Ours to mend: the provider could not be read.
    #[error("the provider could not be read")]
    Store(#[from] StoreError),
}

impl From<NotVerified> for NoWebIdentity {
    fn from(error: NotVerified) -> NoWebIdentity {
        Refused::Token(error).into()
    }
}

/// Verifies a token that is presented to an account, by the provider that the account has for the token's issuer.
pub async fn identify(
    token: &str,
    account: AccountId,
    view: &store::View,
    issuers: &Issuers,
    now: Timestamp,
) -> Result<Caller, NoWebIdentity> {
    let token = Unverified::parse(token)?;
    let claimed = token.claimed_issuer().ok_or(Rejected::Missing("iss"))?;
    let found = match (
        identity::domain_of(account, view),
        OidcProvider::issuer_of(claimed),
    ) {
        (Some(domain), Some(issuer)) => identity::oidc_provider_of(issuer, domain, view)?,
        _ => None,
    };
    let provider = found.ok_or_else(|| NoWebIdentity::NoProvider(claimed.chars().take(255).collect()))?;
    let url = provider.url();
    let claims = issuers.verify(&token, &url, &provider.thumbprints).await?;
    let subject = claims.check(&url, &provider.client_ids, now)?;
    let arn = provider
        .arn(account)
        .ok_or(StoreError::Damaged("OpenID Connect providers"))?;
    Ok(Caller::of_web_identity(
        account,
        WebIdentity {
            provider: arn,
            issuer: provider.issuer.clone(),
            claims,
            subject,
        },
    ))
}

/// The decision on what such a caller wants: the role's trust policy has to name the provider.
pub(crate) fn decide(
    wanted: Wanted<'_>,
    question: &Question<'_>,
    account: AccountId,
    decide: Decide,
) -> Result<(), Cause> {
    let Authority::Resource(trust) = wanted.authority else {
        return Err(Cause::Untrusted(None));
    };
    if wanted.owner != account || !OPEN.contains(&wanted.action) {
        return Err(Cause::Untrusted(None));
    }
    match decide(trust, question) {
        // Everybody is not meant to be whoever any provider speaks for.
        Decision::Allow(_, Strength::Itself) => Ok(()),
        Decision::Deny(source) => Err(Cause::Untrusted(sid_of(source))),
        Decision::Allow(..) | Decision::Silent => Err(Cause::Untrusted(None)),
    }
}
