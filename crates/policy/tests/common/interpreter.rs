//! The policy language a second time, as plainly as it can be said: nothing is prepared, nothing is fast. What the
//! crate compiles has to agree with it.

use std::collections::HashMap;

use policy::{
    Caller, Condition, ConditionKey, Effect, Element, Found, Kind, Operator, Order, Policy, Principal,
    Question, Set, Statement, Strength, Test, Version,
};

use super::Outcome;

/// Yes, no, or not known.
pub type Truth = Option<bool>;

fn all(truths: impl IntoIterator<Item = Truth>) -> Truth {
    let truths: Vec<Truth> = truths.into_iter().collect();
    if truths.contains(&Some(false)) {
        Some(false)
    } else if truths.contains(&None) {
        None
    } else {
        Some(true)
    }
}

fn not(truth: Truth) -> Truth {
    truth.map(|holds| !holds)
}

fn any(truths: impl IntoIterator<Item = Truth>) -> Truth {
    not(all(truths.into_iter().map(not)))
}

/// What each statement makes of the question, and how strongly it names the caller.
pub fn examine(policy: &Policy, question: &Question<'_>) -> Vec<(Truth, Strength)> {
    policy
        .statements
        .iter()
        .map(|statement| of_statement(policy, statement, question))
        .collect()
}

pub fn decide(policy: &Policy, question: &Question<'_>) -> Outcome {
    let mut outcome = Outcome::Silent;
    for (statement, (truth, strength)) in policy.statements.iter().zip(examine(policy, question)) {
        match (statement.effect, truth) {
            (_, Some(false)) | (Effect::Allow, None) => {}
            (Effect::Deny, _) => return Outcome::Deny,
            (Effect::Allow, Some(true)) => outcome = outcome.max(Outcome::Allow(strength)),
        }
    }
    outcome
}

fn of_statement(policy: &Policy, statement: &Statement, question: &Question<'_>) -> (Truth, Strength) {
    let (named, strength) = match policy.kind {
        Kind::Key | Kind::Resource | Kind::Trust => match &statement.principals {
            None => (Some(false), Strength::Account),
            Some(principals) => of_principals(principals, statement.effect, question.caller),
        },
        Kind::Managed | Kind::Inline | Kind::Session => (Some(true), Strength::Itself),
    };
    let action = match &statement.actions {
        None => Some(false),
        Some(element) => listed(element, |pattern| {
            let pattern: Vec<Token> = tokens_of(&pattern.to_lowercase());
            Some(globs(&pattern, &question.action.to_lowercase(), false))
        }),
    };
    let resource = match (&statement.resources, policy.kind) {
        (None, Kind::Trust) => Some(true),
        (None, _) => Some(false),
        (Some(element), _) => listed(element, |pattern| {
            match expand(pattern, policy.version, question) {
                Expanded::Unknown => None,
                Expanded::Missing => Some(false),
                Expanded::Tokens(tokens) => Some(globs(&tokens, question.resource, true)),
            }
        }),
    };
    let conditions = statement.conditions.iter();
    let conditions = conditions.map(|condition| of_condition(condition, policy.version, question));
    (
        all([named, action, resource].into_iter().chain(conditions)),
        strength,
    )
}

fn listed<T>(element: &Element<T>, matches: impl Fn(&T) -> Truth) -> Truth {
    let truth = any(element.values().iter().map(matches));
    match element {
        Element::These(_) => truth,
        Element::Not(_) => not(truth),
    }
}

fn of_principals(principals: &Element<Principal>, effect: Effect, caller: Caller<'_>) -> (Truth, Strength) {
    // What the caller may be called, in the words of a policy.
    let mut names: Vec<(Vec<String>, Strength)> = match caller {
        Caller::Root(_) | Caller::Anonymous => vec![],
        Caller::User(user) => vec![(vec![user.arn.to_string(), user.id.to_owned()], Strength::Itself)],
        Caller::Session { role, arn } => vec![
            (vec![arn.to_string()], Strength::Itself),
            (vec![role.arn.to_string(), role.id.to_owned()], Strength::Role),
        ],
        Caller::Federated { arn, user } => {
            let by = user.map(|user| (vec![user.arn.to_string(), user.id.to_owned()], Strength::Role));
            std::iter::once((vec![arn.to_string()], Strength::Itself))
                .chain(by)
                .collect()
        }
        Caller::Service(name) => vec![(
            vec![format!("Service {name}"), "Service *".to_owned()],
            Strength::Itself,
        )],
        Caller::Provider(name) => {
            vec![(
                vec![format!("Federated {name}"), "Federated *".to_owned()],
                Strength::Itself,
            )]
        }
    };
    let owner = match caller {
        Caller::Root(account) => Some(account),
        Caller::User(user) => user.arn.account(),
        Caller::Session { arn, .. } | Caller::Federated { arn, .. } => arn.account(),
        _ => None,
    };
    if let Some(account) = owner {
        let strength = if matches!(caller, Caller::Root(_)) {
            Strength::Itself
        } else {
            Strength::Account
        };
        names.push((vec![format!("arn:aws:iam::{account}:root")], strength));
    }
    let values: Vec<String> = principals
        .values()
        .iter()
        .map(|principal| match principal {
            Principal::Service(name) => format!("Service {name}"),
            Principal::Federated(name) => format!("Federated {name}"),
            Principal::CanonicalUser(_) => "canonical".to_owned(),
            other => other.to_string(),
        })
        .collect();
    let canonical = |spellings: &[String]| {
        spellings.iter().any(|name| name.ends_with(":root")) && values.contains(&"canonical".to_owned())
    };
    let is_listed = |spellings: &[String]| match spellings.iter().any(|name| values.contains(name)) {
        true => Some(true),
        false if canonical(spellings) => None,
        false => Some(false),
    };
    let anyone = values.contains(&"*".to_owned());
    match principals {
        Element::These(_) => {
            let mut best = (Some(false), Strength::Account);
            if anyone {
                best = (Some(true), Strength::Everybody);
            }
            for (spellings, strength) in &names {
                match (is_listed(spellings), best) {
                    (Some(true), (Some(true), known)) => best = (Some(true), known.max(*strength)),
                    (Some(true), _) => best = (Some(true), *strength),
                    (None, (Some(false), _)) => best = (None, *strength),
                    _ => {}
                }
            }
            best
        }
        Element::Not(_) if anyone => (Some(false), Strength::Everybody),
        Element::Not(_) => {
            let listed = names.iter().map(|(spellings, _)| is_listed(spellings));
            let spared = match effect {
                Effect::Deny if names.is_empty() => Some(false),
                Effect::Deny => all(listed),
                Effect::Allow => any(listed),
            };
            (not(spared), Strength::Everybody)
        }
    }
}

/// A character of a pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Token {
    /// Written in the policy.
    Written(char),
    /// Brought by a variable.
    Brought(char),
    One,
    Run,
}

fn tokens_of(text: &str) -> Vec<Token> {
    text.chars()
        .map(|letter| match letter {
            '*' => Token::Run,
            '?' => Token::One,
            letter => Token::Written(letter),
        })
        .collect()
}

enum Expanded {
    Unknown,
    Missing,
    Tokens(Vec<Token>),
}

fn expand(text: &str, version: Version, question: &Question<'_>) -> Expanded {
    let mut tokens = Vec::new();
    let (mut missing, mut rest) = (false, text);
    if version == Version::V2012 {
        while let Some(at) = rest.find("${") {
            tokens.extend(tokens_of(&rest[..at]));
            let inside = &rest[at + 2..];
            // A brace in a default's quotes doesn't end it.
            let mut quotes = 0;
            let end = inside.chars().position(|letter| {
                quotes += usize::from(letter == '\'');
                letter == '}' && quotes % 2 == 0
            });
            let end: usize = inside.chars().take(end.unwrap()).map(char::len_utf8).sum();
            rest = &inside[end + 1..];
            let inside = &inside[..end];
            if ["*", "?", "$"].contains(&inside) {
                tokens.push(Token::Written(inside.chars().next().unwrap()));
                continue;
            }
            let (key, default) = match inside.split_once(',') {
                None => (inside, None),
                Some((key, default)) => (key, Some(default.trim().trim_matches('\''))),
            };
            let key = ConditionKey::new(key.trim()).unwrap();
            match (question.context.find(&key), default) {
                (Found::One(value), _) => tokens.extend(value.chars().map(Token::Brought)),
                (Found::Unknown, _) => return Expanded::Unknown,
                (Found::Many(values), _) if !values.is_empty() => return Expanded::Unknown,
                (_, Some(default)) => tokens.extend(default.chars().map(Token::Brought)),
                // A later variable may still be unknown; the first that isn't plain decides.
                (_, None) => {
                    missing = true;
                    break;
                }
            }
        }
    }
    if missing {
        return Expanded::Missing;
    }
    tokens.extend(tokens_of(rest));
    Expanded::Tokens(tokens)
}

/// Whether the pattern matches; `arn` binds wildcards to the parts of an ARN.
pub fn globs(pattern: &[Token], text: &str, arn: bool) -> bool {
    let text: Vec<char> = text.chars().collect();
    let colons_before = |at: usize| {
        let before = pattern[..at].iter();
        before
            .filter(|token| matches!(token, Token::Written(':') | Token::Brought(':')))
            .count()
    };
    let mut known: HashMap<(usize, usize), bool> = HashMap::new();
    fn go(
        at: (usize, usize),
        pattern: &[Token],
        text: &[char],
        within: &dyn Fn(usize) -> bool,
        known: &mut HashMap<(usize, usize), bool>,
    ) -> bool {
        if let Some(result) = known.get(&at) {
            return *result;
        }
        let (p, t) = at;
        let result = match (pattern.get(p), text.get(t)) {
            (None, letter) => letter.is_none(),
            (Some(Token::Written(literal) | Token::Brought(literal)), letter) => {
                letter == Some(literal) && go((p + 1, t + 1), pattern, text, within, known)
            }
            (Some(Token::One), letter) => {
                letter.is_some_and(|letter| !within(p) || *letter != ':')
                    && go((p + 1, t + 1), pattern, text, within, known)
            }
            (Some(Token::Run), letter) => {
                go((p + 1, t), pattern, text, within, known)
                    || (letter.is_some_and(|letter| !within(p) || *letter != ':')
                        && go((p, t + 1), pattern, text, within, known))
            }
        };
        known.insert(at, result);
        result
    }
    let within = |at: usize| {
        // Several stars are as one.
        let next = pattern[at + 1..].iter().find(|token| **token != Token::Run);
        let ends_part = matches!(next, None | Some(Token::Written(':') | Token::Brought(':')));
        let star = pattern[at] == Token::Run;
        arn && colons_before(at) < 5 && !(star && ends_part)
    };
    go((0, 0), pattern, &text, &within, &mut known)
}

fn of_condition(condition: &Condition, version: Version, question: &Question<'_>) -> Truth {
    let Condition {
        operator,
        key,
        values,
    } = condition;
    let found = match question.context.find(key) {
        Found::Unknown => return None,
        Found::Absent => vec![],
        Found::One(value) => vec![value.into_owned()],
        Found::Many(values) => values.into_iter().map(|value| value.into_owned()).collect(),
    };
    if operator.test == Test::Null {
        return any(values
            .iter()
            .map(|value| Some(value.eq_ignore_ascii_case("true") == found.is_empty())));
    }
    let passes = |value: &String| {
        let equal =
            any(values
                .iter()
                .map(|ours| match compares(*operator, ours, value, version, question) {
                    Ok(truth) => truth,
                    Err(Unreadable) if operator.negated => None,
                    Err(Unreadable) => Some(false),
                }));
        if operator.negated { not(equal) } else { equal }
    };
    match (operator.set, found.is_empty()) {
        (Set::All, true) => Some(true),
        (Set::Any, true) if operator.if_exists => None,
        (Set::Any, true) => Some(false),
        (Set::One, true) => Some(operator.if_exists || operator.negated),
        (Set::All, false) => all(found.iter().map(passes)),
        (Set::Any, false) => any(found.iter().map(passes)),
        (Set::One, false) => {
            let readings = [any(found.iter().map(passes)), all(found.iter().map(passes))];
            if operator.negated && readings[0] != readings[1] {
                None
            } else {
                readings[0]
            }
        }
    }
}

/// A value of the request that the operator can't read.
struct Unreadable;

fn compares(
    operator: Operator,
    ours: &str,
    value: &str,
    version: Version,
    question: &Question<'_>,
) -> Result<Truth, Unreadable> {
    let ordered = |order: Order, ordering: std::cmp::Ordering| match order {
        Order::Equal => ordering.is_eq(),
        Order::Less => ordering.is_lt(),
        Order::LessOrEqual => ordering.is_le(),
        Order::Greater => ordering.is_gt(),
        Order::GreaterOrEqual => ordering.is_ge(),
    };
    let expanded = || match expand(ours, version, question) {
        Expanded::Unknown => Err(None),
        Expanded::Missing => Err(Some(false)),
        Expanded::Tokens(tokens) => Ok(tokens),
    };
    // Where there are no wildcards, they are text.
    let plain = || {
        expanded().map(|tokens| {
            tokens
                .iter()
                .map(|token| match token {
                    Token::Written(letter) | Token::Brought(letter) => *letter,
                    Token::One => '?',
                    Token::Run => '*',
                })
                .collect::<String>()
        })
    };
    let settled = |text: Result<bool, Truth>| match text {
        Ok(holds) => Ok(Some(holds)),
        Err(truth) => Ok(truth),
    };
    let truth = |text: &str| match text.to_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    match operator.test {
        Test::StringEquals => settled(plain().map(|ours| ours == value)),
        Test::StringEqualsIgnoreCase => {
            settled(plain().map(|ours| ours.to_lowercase() == value.to_lowercase()))
        }
        Test::StringLike => settled(expanded().map(|tokens| globs(&tokens, value, false))),
        Test::Numeric(order) => {
            let [ours, value] = [ours, value].map(|text| text.parse::<f64>());
            let ordering = value.map_err(|_| Unreadable)?.partial_cmp(&ours.unwrap());
            Ok(Some(ordered(order, ordering.unwrap())))
        }
        Test::Date(order) => {
            let ordering = date(value).ok_or(Unreadable)?.cmp(&date(ours).unwrap());
            Ok(Some(ordered(order, ordering)))
        }
        Test::Bool => {
            let value = truth(value).ok_or(Unreadable)?;
            settled(plain().map(|ours| truth(&ours) == Some(value)))
        }
        Test::Binary => {
            use base64::Engine as _;
            let bytes = |text: &str| {
                base64::engine::general_purpose::STANDARD
                    .decode(text)
                    .map_err(|_| Unreadable)
            };
            Ok(Some(bytes(ours)? == bytes(value)?))
        }
        Test::IpAddress => {
            let value: std::net::IpAddr = value.parse().map_err(|_| Unreadable)?;
            let (network, length) = ours.split_once('/').unwrap_or((ours, "128"));
            let network: std::net::IpAddr = network.parse().unwrap();
            let (ours, value) = (bits(network), bits(value));
            let length = length.parse::<usize>().unwrap().min(ours.len());
            Ok(Some(
                ours.len() == value.len() && ours[..length] == value[..length],
            ))
        }
        Test::Arn => of_arn(ours, value, version, question),
        Test::Null => unreachable!(),
    }
}

fn of_arn(ours: &str, value: &str, version: Version, question: &Question<'_>) -> Result<Truth, Unreadable> {
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    if parts.len() < 6 || parts[0] != "arn" {
        return Err(Unreadable);
    }
    if ours == "*" {
        return Ok(Some(true));
    }
    // Colons between braces belong to a variable.
    let mut patterns = vec![String::new()];
    let mut braces = false;
    for letter in ours.chars() {
        match letter {
            '{' => braces = version == Version::V2012,
            '}' => braces = false,
            _ => {}
        }
        if letter == ':' && !braces && patterns.len() < 6 {
            patterns.push(String::new());
        } else {
            patterns.last_mut().unwrap().push(letter);
        }
    }
    let parts = if patterns.len() == 1 { vec![value] } else { parts };
    Ok(all(patterns.iter().zip(parts).map(
        |(pattern, part)| match expand(pattern, version, question) {
            Expanded::Unknown => None,
            Expanded::Missing => Some(false),
            Expanded::Tokens(tokens) => Some(globs(&tokens, part, false)),
        },
    )))
}

fn bits(address: std::net::IpAddr) -> Vec<bool> {
    let octets = match address {
        std::net::IpAddr::V4(address) => address.octets().to_vec(),
        std::net::IpAddr::V6(address) => address.octets().to_vec(),
    };
    octets
        .iter()
        .flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1 == 1))
        .collect()
}

fn date(text: &str) -> Option<jiff::Timestamp> {
    if text.len() != 4
        && let Ok(second) = text.parse::<i64>()
    {
        return jiff::Timestamp::from_second(second).ok();
    }
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    if let Ok(timestamp) = whole.parse::<jiff::Timestamp>() {
        return Some(timestamp);
    }
    let civil = match whole.parse::<jiff::civil::DateTime>() {
        Ok(civil) => civil,
        Err(_) => whole.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0),
    };
    civil
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}
