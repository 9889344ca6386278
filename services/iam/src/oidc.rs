//! OpenID Connect providers, as operations find them.
//!
//! Source: IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM"; IAM API Reference, the operations' pages.
//! Known difference: a URL may have a port.

use std::str::FromStr;

use arn::{AccountId, Arn};
use engine::{ConditionKey, Demand, Described, Found, Resource, Targets, View, World};
use identity::{OidcProvider, OidcProviders};
use model::Shape;
use store::Held;

use crate::{IamError, limits, tags, users};

/// The ARN of a provider.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 20..=2048)]
pub struct ProviderArn(pub String);

/// The URL of a provider.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=255)]
pub struct ProviderUrl(pub String);

/// An audience of a provider's tokens.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=255)]
pub struct ClientId(pub String);

/// SHA-1 of a certificate, in hexadecimal digits.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 40..=40)]
pub struct Thumbprint(pub String);

/// The provider that a call is about.
#[derive(Debug)]
pub struct ProviderTarget {
    /// The account.
    pub account: AccountId,
    /// The ARN that was given.
    pub arn: Arn,
    found: Option<Held<OidcProvider>>,
}

impl Targets for ProviderTarget {
    fn resources(&self) -> Vec<Resource> {
        Vec::new()
    }

    fn described(&self, _: &Arn) -> Option<&dyn Described> {
        Some(self)
    }
}

impl Described for ProviderTarget {
    fn value<'r>(&'r self, key: &ConditionKey, _: &'r store::View) -> Option<Found<'r>> {
        tags::condition_of_resource(&self.found.as_ref()?.tags, key)
    }
}

impl ProviderTarget {
    /// The provider of this ARN, which is to be of the caller's account.
    pub fn of(ProviderArn(text): &ProviderArn, view: &View) -> Result<ProviderTarget, IamError> {
        let invalid = || IamError::Validation("Invalid ARN:  Could not be parsed!".to_owned());
        let arn = Arn::from_str(text).map_err(|_| invalid())?;
        let account = view.place().account;
        let Some(issuer) = arn.resource().strip_prefix("oidc-provider/") else {
            return Err(invalid());
        };
        let own = arn.service() == "iam" && arn.account() == Some(account);
        let found = match own {
            true => identity::oidc_provider_of(issuer, view.domain(), view.store())?,
            false => None,
        };
        // An ARN of another partition or Region is nobody's.
        let found = found.filter(|provider| provider.arn(account).as_ref() == Some(&arn));
        Ok(ProviderTarget { account, arn, found })
    }

    /// The provider.
    pub fn held(&self) -> Result<&Held<OidcProvider>, IamError> {
        let refusal =
            || IamError::NoSuchEntity(format!("OpenIDConnect Provider not found for arn {}", self.arn));
        self.found.as_ref().ok_or_else(refusal)
    }

    /// The demand to do `action` to it.
    pub fn demand(&self, action: &'static str) -> Demand {
        users::demand_on(action, self.arn.clone(), self.account)
    }

    /// Writes it anew, changed.
    pub fn change(
        &self,
        world: &mut World<'_>,
        change: impl FnOnce(&mut OidcProvider),
    ) -> Result<(), IamError> {
        let mut provider = self.held()?.record().as_ref().clone();
        change(&mut provider);
        let domain = world.view().domain();
        world
            .change()
            .put::<OidcProviders>(domain, provider.row_name(), provider);
        Ok(())
    }
}

/// The issuer that a URL names, with a host and no query, fragment or user.
pub fn issuer_of(ProviderUrl(url): &ProviderUrl) -> Result<&str, IamError> {
    let invalid = || IamError::Validation("Invalid Open ID Connect Provider URL".to_owned());
    let issuer = OidcProvider::issuer_of(url).ok_or_else(invalid)?;
    let (authority, path) = issuer.split_once('/').unwrap_or((issuer, ""));
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let of_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let of_path = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()+,;=:@%/".contains(&byte);
    let legal = !host.is_empty()
        && !host.starts_with(['-', '.'])
        && host.bytes().all(of_host)
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && path.bytes().all(of_path)
        && !path.split('/').any(|part| matches!(part, "." | ".."));
    match legal {
        true => Ok(issuer),
        false => Err(invalid()),
    }
}

/// Client ids, each once, in the order in which they were given.
pub fn client_ids(given: &[ClientId]) -> Result<Vec<String>, IamError> {
    let mut ids: Vec<String> = Vec::new();
    for ClientId(id) in given {
        if ids.len() > limits::CLIENT_IDS {
            break;
        }
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    match ids.len() <= limits::CLIENT_IDS {
        true => Ok(ids),
        false => Err(too_many_client_ids()),
    }
}

/// The refusal of one client id too many.
pub fn too_many_client_ids() -> IamError {
    IamError::LimitExceeded("ClientIdsPerOpenIdConnectProvider", limits::CLIENT_IDS)
}

/// Thumbprints in small letters, which are to be hexadecimal digits.
pub fn thumbprints(given: &[Thumbprint]) -> Result<Vec<String>, IamError> {
    if given.len() > limits::THUMBPRINTS {
        return Err(IamError::InvalidInput(
            "Thumbprint list must contain fewer than 5 entries.".to_owned(),
        ));
    }
    let is_hex = |Thumbprint(text): &Thumbprint| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !given.iter().all(is_hex) {
        return Err(IamError::InvalidInput(
            "Thumbprints are 40 hexadecimal digits.".to_owned(),
        ));
    }
    Ok(given
        .iter()
        .map(|Thumbprint(text)| text.to_ascii_lowercase())
        .collect())
}
