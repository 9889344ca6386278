//! Does this policy let this caller do this to that?

use arn::{AccountId, Arn};

use crate::glob;
use crate::{Actions, AwsPrincipal, Effect, Policy, Principals, Resources, Statement, Version};

/// What a request asks of one resource.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// Who asks.
    pub caller: Caller<'q>,
    /// The action, as in `kms:Encrypt`.
    pub action: &'q str,
    /// What it is asked of.
    pub resource: &'q Arn,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'q> {
    /// The caller's account.
    pub account: AccountId,
    /// The caller's own ARN.
    pub arn: &'q Arn,
    /// Whether the caller is the account's root user, which an account principal names by itself.
    pub root: bool,
}

/// Where a policy is attached, which settles what a missing element means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// On the resource: the `Principal` element decides whom it speaks of.
    Resource,
    /// On the caller: it speaks of the caller alone.
    Identity,
}

/// What one policy says, and which of its statements says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'p> {
    /// An explicit Deny: final, whatever any other policy says.
    Deny(&'p Statement),
    /// An Allow that names the caller.
    Allow(&'p Statement),
    /// An Allow for the caller's account: the account's identity policies decide.
    Delegate(&'p Statement),
    /// No statement speaks of this request.
    Silent,
}

/// How an element of a statement bears on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    Yes,
    Account,
    No,
    /// An element that is not evaluated yet.
    Unknown,
}

impl Policy {
    /// Decides by this policy alone. A Deny wins wherever it stands; of the Allows, one that names the caller
    /// wins over one that names its account.
    pub fn decide(&self, question: &Question<'_>, site: Site) -> Decision<'_> {
        let mut decision = Decision::Silent;
        for statement in &self.statements {
            let matched = statement.matches(question, site, self.version);
            match (statement.effect, matched) {
                (_, Match::No) | (Effect::Allow, Match::Unknown) => {}
                (Effect::Deny, _) => return Decision::Deny(statement),
                (Effect::Allow, Match::Yes) => {
                    if !matches!(decision, Decision::Allow(_)) {
                        decision = Decision::Allow(statement);
                    }
                }
                (Effect::Allow, Match::Account) => {
                    if decision == Decision::Silent {
                        decision = Decision::Delegate(statement);
                    }
                }
            }
        }
        decision
    }
}

impl Statement {
    fn matches(&self, question: &Question<'_>, site: Site, version: Version) -> Match {
        let principal = match site {
            Site::Resource => self.matches_principal(&question.caller),
            Site::Identity => Match::Yes,
        };
        let elements = [
            principal,
            self.matches_action(question.action),
            self.matches_resource(question, version),
        ];
        if elements.contains(&Match::No) {
            Match::No
        } else if self.conditional || elements.contains(&Match::Unknown) {
            Match::Unknown
        } else {
            principal
        }
    }

    fn matches_principal(&self, caller: &Caller<'_>) -> Match {
        let aws = match &self.principals {
            None => return Match::No,
            Some(Principals::Not(_)) => return Match::Unknown,
            Some(Principals::These { aws, .. }) => aws,
        };
        let mut matched = Match::No;
        for principal in aws {
            match principal {
                AwsPrincipal::Anyone => return Match::Yes,
                AwsPrincipal::Arn(arn) if arn == caller.arn => return Match::Yes,
                AwsPrincipal::Account(account) if *account == caller.account => {
                    // A Deny for the account is a Deny for everybody in it; `decide` reads it so.
                    matched = Match::Account;
                }
                AwsPrincipal::Account(_) | AwsPrincipal::Arn(_) | AwsPrincipal::Other(_) => {}
            }
        }
        if matched == Match::Account && caller.root {
            Match::Yes
        } else {
            matched
        }
    }

    fn matches_action(&self, action: &str) -> Match {
        let patterns = match &self.actions {
            None => return Match::No,
            Some(Actions::Not(_)) => return Match::Unknown,
            Some(Actions::These(patterns)) => patterns,
        };
        let matched = patterns.iter().any(|pattern| matches_action(pattern, action));
        if matched { Match::Yes } else { Match::No }
    }

    fn matches_resource(&self, question: &Question<'_>, version: Version) -> Match {
        let patterns = match &self.resources {
            None => return Match::No,
            Some(Resources::Not(_)) => return Match::Unknown,
            Some(Resources::These(patterns)) => patterns,
        };
        let mut matched = Match::No;
        for pattern in patterns {
            if version == Version::V2012 && pattern.contains("${") {
                matched = Match::Unknown;
            } else if glob::matches(pattern, question.resource.as_str()) {
                return Match::Yes;
            }
        }
        matched
    }
}

/// Actions compare without case; `pattern` is lower-cased already.
fn matches_action(pattern: &str, action: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    // The service's part holds no wildcard, so most foreign patterns end here, without a copy.
    let service = |text: &str| text.split_once(':').map_or(0, |(service, _)| service.len());
    let (ours, theirs) = (service(action), service(pattern));
    if ours != theirs
        || !action
            .get(..ours)
            .unwrap_or_default()
            .eq_ignore_ascii_case(pattern.get(..theirs).unwrap_or_default())
    {
        return false;
    }
    match pattern.get(theirs..) {
        Some(":*") => true,
        _ => glob::matches(pattern, &action.to_ascii_lowercase()),
    }
}
