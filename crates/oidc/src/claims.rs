//! What a token says, once its signature is verified.

use ambient::Timestamp;
use serde_json::{Map, Value};

use crate::json;
use crate::limits;

/// What a token says, and its issuer signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims(Map<String, Value>);

/// Why a token that is its issuer's is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// A claim that has to be there is not, or is nothing that it could be.
    #[error("Missing a required claim: {0}")]
    Missing(&'static str),
    /// It is another issuer's.
    #[error("the token is another issuer's")]
    Issuer,
    /// It is for somebody else.
    #[error("Incorrect token audience")]
    Audience,
    /// Its time is over.
    #[error("Token expired: current date/time {now} must be before the expiration date/time {expires}")]
    Expired {
        /// The time, in seconds since 1970.
        now: i64,
        /// When it ended.
        expires: i64,
    },
    /// Its time has not come.
    #[error("Token is not yet valid: current date/time {now} must not be before the date/time {since}")]
    NotYet {
        /// The time, in seconds since 1970.
        now: i64,
        /// When it begins.
        since: i64,
    },
}

/// Claims that differ in case alone have this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("which of several claims is meant can't be told")]
pub struct Ambiguous;

/// A verified token that is for us, now: who it speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Whom the provider speaks of.
    pub subject: String,
    /// Which of the provider's registered audiences the token is for.
    pub audience: String,
}

impl Claims {
    /// Claims whose signature was verified.
    pub(crate) fn believed(members: Map<String, Value>) -> Claims {
        Claims(members)
    }

    /// Checks who issued the token, whom it is for, and when.
    ///
    /// The audience is the authorized party (`azp`), where there is one, or else any of `aud`. Source: IAM User Guide,
    /// "Available keys for AWS OIDC federation".
    pub fn check(&self, issuer: &str, client_ids: &[String], now: Timestamp) -> Result<Subject, Rejected> {
        if json::text(&self.0, "iss").ok_or(Rejected::Missing("iss"))? != issuer {
            return Err(Rejected::Issuer);
        }
        let subject = json::text(&self.0, "sub")
            .filter(|subject| is_named(subject))
            .ok_or(Rejected::Missing("sub"))?;
        let audiences = audiences(&self.0).ok_or(Rejected::Missing("aud"))?;
        let candidates = match self.0.get("azp") {
            None => audiences,
            Some(party) => vec![party.as_str().ok_or(Rejected::Audience)?],
        };
        let audience = candidates
            .into_iter()
            .find(|audience| is_named(audience) && client_ids.iter().any(|id| id == audience))
            .ok_or(Rejected::Audience)?;
        self.check_times(now)?;
        Ok(Subject {
            subject: subject.to_owned(),
            audience: audience.to_owned(),
        })
    }

    fn check_times(&self, now: Timestamp) -> Result<(), Rejected> {
        let now = now.seconds();
        let leeway = i64::try_from(limits::LEEWAY.as_secs()).unwrap_or(0);
        let expires = seconds(self.0.get("exp")).ok_or(Rejected::Missing("exp"))?;
        let issued = seconds(self.0.get("iat")).ok_or(Rejected::Missing("iat"))?;
        let begins = match self.0.get("nbf") {
            None => issued,
            given => seconds(given).ok_or(Rejected::Missing("nbf"))?,
        };
        if now >= expires.saturating_add(leeway) {
            return Err(Rejected::Expired { now, expires });
        }
        for since in [issued, begins] {
            if now < since.saturating_sub(leeway) {
                return Err(Rejected::NotYet { now, since });
            }
        }
        Ok(())
    }

    /// A claim by its name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The claim of a name, in whatever case.
    pub fn named(&self, lower: &str) -> Result<Option<&Value>, Ambiguous> {
        let mut named = self.0.iter().filter(|(name, _)| name.to_lowercase() == lower);
        match (named.next(), named.next()) {
            (found, None) => Ok(found.map(|(_, value)| value)),
            _ => Err(Ambiguous),
        }
    }

    /// All claims.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }
}

/// A name that can be kept and recorded.
fn is_named(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= limits::SUBJECT && !name.chars().any(char::is_control)
}

/// `aud`, which is one text or a list of them.
fn audiences(claims: &Map<String, Value>) -> Option<Vec<&str>> {
    match claims.get("aud")? {
        Value::String(one) => Some(vec![one]),
        Value::Array(several) => several.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// A time in whole seconds since 1970; fractions are cut.
fn seconds(value: Option<&Value>) -> Option<i64> {
    /// Beyond it a float has no whole seconds.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let value = value?;
    value.as_i64().or_else(|| {
        let seconds = value.as_f64().filter(|seconds| seconds.abs() < EXACT)?;
        #[allow(clippy::cast_possible_truncation, reason = "it was bounded above")]
        Some(seconds.floor() as i64)
    })
}
